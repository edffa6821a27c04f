//! Adding dealings up (key generation) and interpolating them (resharing).
//!
//! Key generation: every dealer calls [`super::deal`]; a member's share is the *sum* of what it was dealt, the
//! public polynomial the sum of the dealers'. Resharing: every dealer i of the old committee calls [`reshare`]
//! with its own share; with the dealings of t old members, a new member *interpolates* what it was dealt, and
//! the polynomials alike. The secret stays the same; shares of the old and the new polynomial do not mix.

use enigma_primitives::Secret;
use zeroize::Zeroizing;

use super::{
    KeyShare, MemberIndex, PublicPolynomial, check_bounds, deal_coefficients, lagrange_at_zero,
    polynomial::weighted_sum,
};
use crate::{
    Error, Result,
    scalar::{Fr, Scalar, field_from_uniform},
};

/// Deals `secret` (an old share) to a new committee, with `threshold − 1` uniform seeds for the other
/// coefficients. Receivers check that the polynomial's public key is the old member's key.
///
/// # Errors
/// As [`super::deal`].
pub fn reshare(
    secret: &Scalar,
    members: u8,
    threshold: u8,
    seeds: &[Secret<[u8; 64]>],
) -> Result<(PublicPolynomial, Vec<KeyShare>)> {
    check_bounds(members, threshold)?;
    let needed = usize::from(threshold).saturating_sub(1);
    let seeds = seeds.get(..needed).ok_or(Error::TooFew { expected: needed, came: seeds.len() })?;
    let rest = seeds.iter().map(field_from_uniform);
    deal_coefficients(members, core::iter::once(secret.to_field()).chain(rest).collect())
}

impl KeyShare {
    /// The share of a generated key: the sum of what every dealer dealt to one member.
    ///
    /// # Errors
    /// [`Error::TooFew`] for none, [`Error::MixedContributions`] for different members.
    pub fn sum(dealt: &[&Self]) -> Result<Self> {
        Self::weighted(&vec![Fr::ONE; dealt.len()], dealt)
    }

    /// The share of a reshared key, from what each old member (the dealer) dealt to one new member. The
    /// dealers are as many as the *old* threshold, and the same for every new member.
    ///
    /// # Errors
    /// [`Error::TooFew`] for none, [`Error::MixedContributions`] for different receivers,
    /// [`Error::DuplicateMember`] for a dealer that came twice.
    pub fn from_reshared(dealt: &[(MemberIndex, &Self)]) -> Result<Self> {
        let (dealers, shares): (Vec<_>, Vec<_>) = dealt.iter().copied().unzip();
        Self::weighted(&lagrange_at_zero(&dealers)?, &shares)
    }

    fn weighted(weights: &[Fr], shares: &[&Self]) -> Result<Self> {
        let member = shares.first().ok_or(Error::TooFew { expected: 1, came: 0 })?.member();
        if shares.iter().any(|share| share.member() != member) {
            return Err(Error::MixedContributions);
        }
        let mut sum = Zeroizing::new(Fr::ZERO);
        for (weight, share) in weights.iter().zip(shares) {
            *sum += *weight * *share.scalar().to_field();
        }
        Ok(Self::new(member, Scalar::from_field(&sum)?))
    }
}

impl PublicPolynomial {
    /// The polynomial of a generated key: the sum of the dealers'.
    ///
    /// # Errors
    /// [`Error::TooFew`] for none, [`Error::MixedContributions`] for different thresholds.
    pub fn sum(dealt: &[&Self]) -> Result<Self> {
        Self::weighted(&vec![Fr::ONE; dealt.len()], dealt)
    }

    /// The polynomial of a reshared key, from each dealer's, as in [`KeyShare::from_reshared`].
    ///
    /// # Errors
    /// [`Error::TooFew`] for none, [`Error::MixedContributions`] for different thresholds,
    /// [`Error::DuplicateMember`] for a dealer that came twice.
    pub fn from_reshared(dealt: &[(MemberIndex, &Self)]) -> Result<Self> {
        let (dealers, polynomials): (Vec<_>, Vec<_>) = dealt.iter().copied().unzip();
        Self::weighted(&lagrange_at_zero(&dealers)?, &polynomials)
    }

    fn weighted(weights: &[Fr], polynomials: &[&Self]) -> Result<Self> {
        let threshold = polynomials.first().ok_or(Error::TooFew { expected: 1, came: 0 })?.threshold();
        if polynomials.iter().any(|p| p.threshold() != threshold) {
            return Err(Error::MixedContributions);
        }
        let sums = (0..threshold)
            .map(|k| weighted_sum(weights, polynomials.iter().filter_map(|p| p.commitments().get(k))))
            .collect::<Result<Vec<_>>>()?;
        Self::from_commitments(sums)
    }
}
