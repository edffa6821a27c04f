//! Words shared by everything: secrets, domain tags, the binary codec, size classes.
//!
//! Layout:
//! - [`secret`]: [`Secret`], the only place where key material may live.
//! - [`tags`]: every domain tag of the project, in one file.
//! - [`codec`]: [`Reader`] and [`Writer`], the total and bounded binary encoding of every wire and disk format.
//! - [`size`]: padding classes for lengths and gas, so that sizes say little.
//!
//! Invariants:
//! - A [`Secret`] is never cloned, serialised or printed by accident; it is wiped when dropped and compared
//!   in constant time.
//! - Decoding is total: any bytes give a value or a [`DecodeError`], never a panic, and never reserve more
//!   memory than the bytes justify. An encoding has one form; trailing bytes are refused.
//!
//! Deliberately absent: I/O, clocks, randomness, and cryptography beyond Keccak-256 of a tag.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod codec;
pub mod secret;
pub mod size;
pub mod tags;

pub use codec::{Decode, DecodeError, Encode, Reader, Writer};
pub use secret::Secret;
pub use size::{gas_class, pad, size_class, unpad};
pub use tags::{AadTag, CurveTag, HashTag, KdfLabel};
