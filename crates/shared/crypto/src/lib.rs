//! Thin wrappers over the cryptography that the protocol names: each file turns one well-known construction
//! into the two or three calls that the rest of the project may make.
//!
//! Layout:
//! - [`scalar`]: secret, non-zero elements of the BLS12-381 scalar field, and the field's arithmetic.
//! - [`bls`]: points, hash to G1, evaluations `s·H(m)` and their check by one pairing.
//! - [`threshold`]: Shamir shares of `s`: dealing, resharing, combining, naming the wrong member.
//! - [`ibe`]: the Boneh–Franklin key encapsulation of the envelope.
//! - [`aead`]: XChaCha20-Poly1305 for envelopes, AES-256-GCM-SIV for keys that are used once.
//! - [`kdf`]: HKDF-SHA256 under a label.
//! - [`sign`]: secp256k1 signatures as Ethereum's `ecrecover` wants them.
//! - [`sealed_box`]: a one-shot box to an X25519 key.
//!
//! Invariants:
//! - Randomness arrives as arguments; nothing here has a source of its own.
//! - Every derivation and every hash to the curve takes a tag of [`enigma_primitives::tags`].
//! - A point that was decoded is in its subgroup and is not infinity; a decoded scalar is in range and not zero.
//! - Secrets are wiped when dropped, as far as the libraries below let us (their own stack frames are theirs).
//!
//! Deliberately absent: key generation between parties (that is the key enclave's), wire formats of messages
//! (those are the protocol's), other curves and ciphers.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod aead;
pub mod bls;
pub mod error;
pub mod ibe;
pub mod kdf;
pub mod scalar;
pub mod sealed_box;
pub mod sign;
pub mod threshold;

pub use error::Error;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod vectors;

/// The result of everything that can fail here.
pub type Result<T> = core::result::Result<T, Error>;
