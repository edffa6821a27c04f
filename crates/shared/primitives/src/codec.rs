//! The binary encoding of every wire and disk format that is ours.
//!
//! Integers are big-endian and of fixed width; lengths and counts are a `u32` in front; an option is one byte,
//! 0 or 1, and then the value; a bool is one byte, 0 or 1. Each value has exactly one encoding.

use alloy_primitives::{Address, B256, U256};

/// Why bytes were refused. Carries sizes and names only, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside a value.
    #[error("truncated: expected {expected} more bytes, {left} are left")]
    Truncated {
        /// Bytes that the value needs.
        expected: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A length or count is above its bound.
    #[error("too long: expected at most {max} {what}, {len} were announced")]
    TooLong {
        /// What is counted: "bytes" or "items".
        what: &'static str,
        /// What came.
        len: usize,
        /// The bound.
        max: usize,
    },
    /// Bytes are left after the value.
    #[error("expected the end, {left} more bytes came")]
    TrailingBytes {
        /// How many.
        left: usize,
    },
    /// A tag byte (a bool, an option, a variant, a version) has no meaning.
    #[error("{what}: expected a known tag, {tag} came")]
    UnknownTag {
        /// What the tag should choose.
        what: &'static str,
        /// What came.
        tag: u64,
    },
    /// The bytes are well-formed but are no value of the type.
    #[error("expected a valid {what}")]
    Invalid {
        /// What they should have been.
        what: &'static str,
    },
}

/// A value with an encoding.
pub trait Encode {
    /// Appends the encoding to `w`.
    fn encode(&self, w: &mut Writer);

    /// The encoding on its own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.encode(&mut w);
        w.finish()
    }
}

/// A value that can be read from hostile bytes.
pub trait Decode: Sized {
    /// Reads one value and leaves `r` after it.
    ///
    /// # Errors
    /// The bytes are not the encoding of a value.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads a value that must be all of `bytes`.
    ///
    /// # Errors
    /// The bytes are not the encoding of a value, or more bytes follow.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let value = Self::decode(&mut r)?;
        r.finish()?;
        Ok(value)
    }
}

/// Builds an encoding.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty encoding.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends the encoding of `value`.
    pub fn put(&mut self, value: &(impl Encode + ?Sized)) -> &mut Self {
        value.encode(self);
        self
    }

    /// Appends `bytes` as they are, with no length in front.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    /// Appends two bytes.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends four bytes.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends eight bytes.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Appends a length (four bytes) and then `bytes`.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(bytes.len()).raw(bytes)
    }

    /// Appends a count (four bytes) and then each item.
    pub fn slice<T: Encode>(&mut self, items: &[T]) -> &mut Self {
        self.length(items.len());
        for item in items {
            item.encode(self);
        }
        self
    }

    /// The bytes written so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The finished encoding.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// A length above `u32::MAX` is written as `u32::MAX`: no reader's bound lets that pass, so it is refused
    /// over there rather than cut here.
    fn length(&mut self, len: usize) -> &mut Self {
        self.u32(u32::try_from(len).unwrap_or(u32::MAX))
    }
}

/// Reads hostile bytes from front to back.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes not read yet.
    pub const fn left(&self) -> usize {
        self.0.len()
    }

    /// The next value of type `T`.
    ///
    /// # Errors
    /// As [`Decode::decode`].
    pub fn get<T: Decode>(&mut self) -> Result<T, DecodeError> {
        T::decode(self)
    }

    /// The next `len` bytes, with no length in front.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self
            .0
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated { expected: len, left: self.0.len() })?;
        self.0 = tail;
        Ok(head)
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, tail) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(DecodeError::Truncated { expected: N, left: self.0.len() })?;
        self.0 = tail;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// A length (four bytes, at most `max_len`) and that many bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`], [`DecodeError::TooLong`].
    pub fn bytes(&mut self, max_len: usize) -> Result<&'a [u8], DecodeError> {
        let len = self.length("bytes", max_len)?;
        self.raw(len)
    }

    /// A count (four bytes, at most `max`) and that many items.
    ///
    /// Nothing is reserved ahead of what was really read: an announced count costs its sender bytes.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`], or whatever an item is refused for.
    pub fn vec<T: Decode>(&mut self, max: usize) -> Result<Vec<T>, DecodeError> {
        let count = self.length("items", max)?;
        (0..count).map(|_| T::decode(self)).collect()
    }

    /// Refuses trailing bytes.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`].
    pub const fn finish(self) -> Result<(), DecodeError> {
        match self.0.len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes { left }),
        }
    }

    fn length(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        let len = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if len > max { Err(DecodeError::TooLong { what, len, max }) } else { Ok(len) }
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Encode for $type {
            fn encode(&self, w: &mut Writer) {
                w.raw(&self.to_be_bytes());
            }
        }
        impl Decode for $type {
            fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                r.array().map(Self::from_be_bytes)
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, u128);

impl Encode for bool {
    fn encode(&self, w: &mut Writer) {
        w.u8(u8::from(*self));
    }
}

impl Decode for bool {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        flag(r, "bool")
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, w: &mut Writer) {
        w.raw(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array()
    }
}

impl Encode for B256 {
    fn encode(&self, w: &mut Writer) {
        w.raw(&self.0);
    }
}

impl Decode for B256 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array().map(Self::new)
    }
}

impl Encode for Address {
    fn encode(&self, w: &mut Writer) {
        w.raw(self.as_slice());
    }
}

impl Decode for Address {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array().map(Self::new)
    }
}

impl Encode for U256 {
    fn encode(&self, w: &mut Writer) {
        w.raw(&self.to_be_bytes::<32>());
    }
}

impl Decode for U256 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array().map(Self::from_be_bytes::<32>)
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.is_some());
        if let Some(value) = self {
            value.encode(w);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if flag(r, "option")? { T::decode(r).map(Some) } else { Ok(None) }
    }
}

/// The counterpart is [`Reader::vec`], which takes a bound; `Vec<u8>` is read by [`Reader::bytes`] as well.
impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, w: &mut Writer) {
        w.slice(self);
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, w: &mut Writer) {
        (**self).encode(w);
    }
}

fn flag(r: &mut Reader<'_>, what: &'static str) -> Result<bool, DecodeError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(DecodeError::UnknownTag { what, tag: tag.into() }),
    }
}

#[cfg(test)]
mod tests;
