//! The public side of a shared secret.

use blst::{MultiPoint, blst_p2_affine, min_sig::AggregatePublicKey};
use enigma_primitives::{Decode, DecodeError, Encode, Reader, Writer};

use super::{KeyShare, MAX_MEMBERS, MemberIndex};
use crate::{
    Error, Result,
    bls::PublicKey,
    scalar::{Fr, field_from_index, to_le_bytes},
};

/// The commitments `a_k·G2` to the coefficients of a sharing polynomial, constant term first. As many as the
/// threshold. Fixes the public key, and every member's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicPolynomial {
    public_key: PublicKey,
    commitments: Vec<PublicKey>,
}

impl PublicPolynomial {
    /// From the commitments, constant term first.
    ///
    /// # Errors
    /// [`Error::ThresholdOutOfRange`] for none or more than [`MAX_MEMBERS`].
    pub fn from_commitments(commitments: Vec<PublicKey>) -> Result<Self> {
        let threshold = commitments.len();
        match commitments.first() {
            Some(&public_key) if threshold <= usize::from(MAX_MEMBERS) => {
                Ok(Self { public_key, commitments })
            }
            _ => Err(Error::ThresholdOutOfRange { threshold, members: threshold }),
        }
    }

    /// The commitments, constant term first.
    pub fn commitments(&self) -> &[PublicKey] {
        &self.commitments
    }

    /// How many members an evaluation takes.
    pub const fn threshold(&self) -> usize {
        self.commitments.len()
    }

    /// The public key of the shared secret: `f(0)·G2`.
    pub const fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The public key of one member's share: `f(index)·G2`, evaluated in the exponent.
    ///
    /// # Errors
    /// [`Error::PointAtInfinity`] if that share is zero, which an honest polynomial never gives.
    pub fn member_key(&self, member: MemberIndex) -> Result<PublicKey> {
        let x = field_from_index(member.get());
        let powers: Vec<Fr> =
            core::iter::successors(Some(Fr::ONE), |power| Some(*power * x)).take(self.threshold()).collect();
        weighted_sum(&powers, self.commitments.iter())
    }

    /// Checks that a dealt share lies on the polynomial.
    ///
    /// # Errors
    /// [`Error::WrongShare`].
    pub fn verify_share(&self, share: &KeyShare) -> Result<()> {
        let wrong = Error::WrongShare { member: share.member().get() };
        if self.member_key(share.member()).map_err(|_| wrong)? == share.public_key() {
            Ok(())
        } else {
            Err(wrong)
        }
    }
}

/// `Σ weight·point` for public weights. Both have one length.
pub(super) fn weighted_sum<'a>(
    weights: &[Fr],
    points: impl Iterator<Item = &'a PublicKey>,
) -> Result<PublicKey> {
    let points: Vec<blst_p2_affine> = points.map(|p| *p.point()).collect();
    if points.is_empty() || points.len() != weights.len() {
        return Err(Error::TooFew { expected: weights.len().max(1), came: points.len() });
    }
    let scalars: Vec<u8> = weights.iter().flat_map(to_le_bytes).collect();
    let sum = points.as_slice().mult(&scalars, 255);
    PublicKey::from_sum(AggregatePublicKey::from(sum).to_public_key().into())
}

/// A `u32` count, then 96 bytes a commitment.
impl Encode for PublicPolynomial {
    fn encode(&self, w: &mut Writer) {
        w.slice(&self.commitments);
    }
}

impl Decode for PublicPolynomial {
    fn decode(r: &mut Reader<'_>) -> core::result::Result<Self, DecodeError> {
        Self::from_commitments(r.vec(MAX_MEMBERS.into())?)
            .map_err(|_| DecodeError::Invalid { what: "public polynomial" })
    }
}
