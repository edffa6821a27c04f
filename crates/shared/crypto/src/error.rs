//! Why a cryptographic operation was refused.

use crate::threshold::MAX_MEMBERS;

/// Why a cryptographic operation was refused. Carries sizes and member numbers, never key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // --- whoever sent the bytes ---
    /// The bytes are no compressed point of the curve.
    #[error("expected a compressed point of the curve")]
    PointEncoding,
    /// The point is on the curve but outside the subgroup of prime order.
    #[error("expected a point of the prime-order subgroup, the point lies outside")]
    PointOutsideSubgroup,
    /// The point is the point at infinity.
    #[error("expected a point, the point at infinity came")]
    PointAtInfinity,
    /// A scalar is zero or not below the group order.
    #[error("expected a scalar from 1 to the group order minus 1")]
    ScalarOutOfRange,
    /// A signature does not verify, is malformed, or has its `s` in the upper half.
    #[error("expected a valid signature")]
    WrongSignature,
    /// A ciphertext, its associated data or the key is not the one that was sealed.
    #[error("ciphertext does not open under this key and associated data")]
    Unopenable,
    /// An X25519 public key of small order gives a shared secret that everybody knows.
    #[error("expected a public key that contributes to the shared secret")]
    NonContributoryKey,

    // --- a member of a threshold committee ---
    /// This member's partial is not its share's evaluation.
    #[error("partial of member {member} is wrong: drop it and ask another member")]
    WrongPartial {
        /// Whose.
        member: u8,
    },
    /// A share does not lie on the public polynomial.
    #[error("share of member {member} does not match the public polynomial")]
    WrongShare {
        /// Whose.
        member: u8,
    },
    /// Two contributions carry the same member number.
    #[error("member {member} came twice")]
    DuplicateMember {
        /// Whose.
        member: u8,
    },
    /// Contributions that belong together are of different members or thresholds.
    #[error("expected contributions of one member and one threshold")]
    MixedContributions,

    // --- the caller ---
    /// A member number is zero or too high.
    #[error("expected a member number from 1 to {MAX_MEMBERS}, {index} came")]
    MemberOutOfRange {
        /// What came.
        index: u8,
    },
    /// A committee's numbers do not fit.
    #[error("expected 1 <= threshold <= members <= {MAX_MEMBERS}, threshold {threshold} of {members} came")]
    ThresholdOutOfRange {
        /// The threshold asked for.
        threshold: usize,
        /// The number of members asked for.
        members: usize,
    },
    /// Too few contributions.
    #[error("expected {expected} contributions, {came} came")]
    TooFew {
        /// How many are needed.
        expected: usize,
        /// How many there are.
        came: usize,
    },
    /// More was asked for, or given, than the construction allows.
    #[error("message is too long for this cipher or derivation")]
    TooLong,
}
