//! What goes in and out of an enclave: one choice of requests, one of replies, for each of the two enclaves.
//!
//! A frame is a version byte and one message. What comes from the host is called `Untrusted…`.

mod common;
mod key;
mod worker;

pub use common::*;
pub use key::*;
pub use worker::*;

use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};

/// Version of the door.
pub const VERSION: u8 = 1;

/// A frame's bytes.
pub fn frame(message: &impl Encode) -> Vec<u8> {
    let mut w = Writer::new();
    w.u8(VERSION).put(message);
    w.finish()
}

/// The message of a frame.
///
/// # Errors
/// Another version, or not the encoding of a message.
pub fn unframe<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut r = Reader::new(bytes);
    let version = r.u8()?;
    if version != VERSION {
        return Err(DecodeError::UnknownTag { what: "door version", tag: version.into() });
    }
    let message = r.get()?;
    r.finish()?;
    Ok(message)
}
