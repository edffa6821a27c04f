//! Records and choices with exactly one encoding, declared once.
//!
//! `record!` encodes a struct field by field; `choice!` writes one byte that names the variant and then its
//! payload. Variable parts are [`Blob`] and [`List`], whose bounds are part of the type.

use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};

/// Bytes, at most `MAX` of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blob<const MAX: usize>(pub Vec<u8>);

impl<const MAX: usize> Encode for Blob<MAX> {
    fn encode(&self, w: &mut Writer) {
        w.bytes(&self.0);
    }
}

impl<const MAX: usize> Decode for Blob<MAX> {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.bytes(MAX).map(|b| Self(b.to_vec()))
    }
}

impl<const MAX: usize> From<Vec<u8>> for Blob<MAX> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// Items, at most `MAX` of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode(&self, w: &mut Writer) {
        w.slice(&self.0);
    }
}

impl<T: Decode, const MAX: usize> Decode for List<T, MAX> {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.vec(MAX).map(Self)
    }
}

impl<T, const MAX: usize> From<Vec<T>> for List<T, MAX> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

/// Declares a struct whose encoding is that of its fields, in order.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl enigma_primitives::codec::Encode for $name {
            #[allow(unused_variables)] // a record may have no field
            fn encode(&self, w: &mut enigma_primitives::codec::Writer) {
                $(w.put(&self.$field);)*
            }
        }

        impl enigma_primitives::codec::Decode for $name {
            #[allow(unused_variables)]
            fn decode(
                r: &mut enigma_primitives::codec::Reader<'_>,
            ) -> Result<Self, enigma_primitives::codec::DecodeError> {
                Ok(Self { $($field: r.get()?,)* })
            }
        }
    };
}

/// Declares an enum: one byte for the variant, then its payload.
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $tag:literal => $variant:ident($payload:ty),)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant)] // one message at a time, made and taken apart at once
        pub enum $name { $($(#[$variant_meta])* $variant($payload),)* }

        impl enigma_primitives::codec::Encode for $name {
            fn encode(&self, w: &mut enigma_primitives::codec::Writer) {
                match self { $(Self::$variant(payload) => { w.u8($tag); w.put(payload); })* }
            }
        }

        impl enigma_primitives::codec::Decode for $name {
            fn decode(
                r: &mut enigma_primitives::codec::Reader<'_>,
            ) -> Result<Self, enigma_primitives::codec::DecodeError> {
                match r.u8()? {
                    $($tag => r.get().map(Self::$variant),)*
                    tag => Err(enigma_primitives::codec::DecodeError::UnknownTag {
                        what: stringify!($name),
                        tag: tag.into(),
                    }),
                }
            }
        }
    };
}

pub(crate) use {choice, record};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_its_bound_is_refused_by_the_reader() {
        for len in [0usize, 3, 4, 5, 1_000] {
            let blob = Blob::<1_000>(vec![7; len]).to_bytes();
            assert_eq!(Blob::<4>::from_bytes(&blob).is_ok(), len <= 4);
            let list = List::<u64, 1_000>(vec![7; len]).to_bytes();
            assert_eq!(List::<u64, 4>::from_bytes(&list).is_ok(), len <= 4);
        }
    }

    #[test]
    fn an_announced_length_reserves_nothing() {
        // Four gigabytes announced, none sent.
        assert!(Blob::<{ usize::MAX }>::from_bytes(&[0xff; 4]).is_err());
        assert!(List::<u8, { usize::MAX }>::from_bytes(&[0xff; 4]).is_err());
    }
}
