//! What an enclave asks of its hardware: evidence of what it is, sealed storage, randomness; and the frames
//! through which it talks.
//!
//! Layout:
//! - [`platform`]: the trait [`Platform`] and the values that it trades in.
//! - [`identity`]: the enclave's own keys, made inside and kept sealed.
//! - [`serve()`]: the life of an enclave process.
//! - [`simulated`]: [`SimulatedPlatform`], for machines without SGX. It protects nothing and says so.
//! - [`frames`]: length-prefixed messages over any pair of byte streams: the enclave's one door.
//!
//! Invariants:
//! - Enclaves on different platforms derive different keys: [`Platform::key_label`] enters every derivation.
//! - What is sealed opens only on the same machine, in an enclave of the same measurement, for the same
//!   purpose. Sealing is not freshness: the host may bring an older blob, and the caller must notice.
//! - A frame's length is bounded before anything is reserved for it.
//!
//! Deliberately absent: the source of randomness of the simulated platform (its binary passes one in), clocks,
//! and the verification of real evidence, which is the attestation code's.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod frames;
pub mod identity;
pub mod platform;
pub mod serve;
pub mod simulated;

pub use frames::{MAX_FRAME, read_frame, write_frame};
pub use identity::{Awake, Identity};
pub use platform::{Evidence, Platform, Purpose, Sealed, random_secret};
pub use serve::{Boot, serve, simulated_measurement};
pub use simulated::{RandomSource, SimulatedPlatform};

/// Why the platform could not do what was asked. Carries sizes and kinds only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source of randomness failed: nothing may go on without it.
    #[error("expected random bytes, the platform's source failed")]
    RandomnessUnavailable,
    /// A sealed blob is of another machine, enclave or purpose, or is damaged.
    #[error("sealed blob does not open on this machine, for this enclave and purpose")]
    Unsealable,
    /// There is too much to seal.
    #[error("expected less to seal than the cipher can take")]
    TooMuchToSeal,
    /// A frame is above its bound.
    #[error("expected a frame of at most {max} bytes, {length} were announced")]
    FrameTooLong {
        /// Its length in bytes.
        length: usize,
        /// The bound in bytes.
        max: usize,
    },
    /// The stream ended inside a frame.
    #[error("expected the rest of a frame, the stream ended")]
    FrameCutShort,
    /// The stream failed.
    #[error("stream failed: {0:?}")]
    Stream(std::io::ErrorKind),
}

/// The result of everything that can fail here.
pub type Result<T> = core::result::Result<T, Error>;

impl From<Error> for enigma_protocol::door::Refusal {
    /// Which of the two can only be a matter of what was being done; both are numbers and no text.
    fn from(error: Error) -> Self {
        match error {
            Error::Unsealable => enigma_protocol::door::Code::NotSealedHere.into(),
            _ => enigma_protocol::door::Code::NoRandomness.into(),
        }
    }
}
