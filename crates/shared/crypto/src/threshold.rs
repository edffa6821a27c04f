//! Shamir's secret sharing of the network key over the scalar field, with Feldman's public commitments
//! ("A Practical Scheme for Non-interactive Verifiable Secret Sharing", 1987).
//!
//! Member i of n holds `f(i)` for a polynomial f of degree t − 1; the network key is `f(0)`, which nobody
//! holds. Any t members' evaluations `f(i)·H(m)` combine to `f(0)·H(m)`; fewer say nothing.

mod combine;
mod polynomial;
mod reshare;
mod share;

pub use combine::{Partial, combine, open, partial};
pub use polynomial::PublicPolynomial;
pub use reshare::reshare;
pub use share::{KeyShare, MemberIndex};

use enigma_primitives::Secret;
use zeroize::Zeroizing;

use crate::{
    Error, Result,
    scalar::{Fr, Scalar, field_from_index, field_from_uniform},
};

/// The most members of a committee.
pub const MAX_MEMBERS: u8 = 64;

/// Makes a polynomial of degree `threshold − 1` from `threshold` uniform seeds, and deals it to members
/// 1 to `members`. The polynomial itself is erased; the dealer keeps the shares no longer than it must.
///
/// # Errors
/// [`Error::ThresholdOutOfRange`], [`Error::TooFew`] seeds; [`Error::ScalarOutOfRange`] if a coefficient or a
/// share is zero, which random seeds never give.
pub fn deal(
    members: u8,
    threshold: u8,
    seeds: &[Secret<[u8; 64]>],
) -> Result<(PublicPolynomial, Vec<KeyShare>)> {
    check_bounds(members, threshold)?;
    let needed = usize::from(threshold);
    let seeds = seeds.get(..needed).ok_or(Error::TooFew { expected: needed, came: seeds.len() })?;
    deal_coefficients(members, seeds.iter().map(field_from_uniform).collect())
}

fn check_bounds(members: u8, threshold: u8) -> Result<()> {
    if threshold == 0 || threshold > members || members > MAX_MEMBERS {
        return Err(Error::ThresholdOutOfRange { threshold: threshold.into(), members: members.into() });
    }
    Ok(())
}

/// Deals the polynomial with these coefficients, constant term first.
fn deal_coefficients(
    members: u8,
    coefficients: Vec<Zeroizing<Fr>>,
) -> Result<(PublicPolynomial, Vec<KeyShare>)> {
    let commitments = coefficients
        .iter()
        .map(|c| Scalar::from_field(c).map(|c| c.public_key()))
        .collect::<Result<Vec<_>>>()?;
    let shares = (1..=members)
        .map(|index| {
            let x = field_from_index(index);
            let zero = Zeroizing::new(Fr::ZERO);
            let value = coefficients.iter().rev().fold(zero, |acc, c| Zeroizing::new(*acc * x + **c));
            Ok(KeyShare::new(MemberIndex::new(index)?, Scalar::from_field(&value)?))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok((PublicPolynomial::from_commitments(commitments)?, shares))
}

/// The weights that interpolate a polynomial at 0 from its values at `members`, in their order.
fn lagrange_at_zero(members: &[MemberIndex]) -> Result<Vec<Fr>> {
    let points: Vec<Fr> = members.iter().map(|m| field_from_index(m.get())).collect();
    members
        .iter()
        .zip(&points)
        .enumerate()
        .map(|(i, (member, x))| {
            let (mut numerator, mut denominator) = (Fr::ONE, Fr::ONE);
            for (j, other) in points.iter().enumerate() {
                if i != j {
                    numerator *= *other;
                    denominator *= *other - *x;
                }
            }
            // Only a member that came twice makes the denominator zero.
            let inverse: Option<Fr> = denominator.invert_vartime().into();
            inverse.map(|inverse| numerator * inverse).ok_or(Error::DuplicateMember { member: member.get() })
        })
        .collect()
}

#[cfg(test)]
mod tests;
