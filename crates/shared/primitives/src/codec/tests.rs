//! The codec keeps its promises for any bytes: round trip, one form, no panic, no trailing bytes.

use proptest::prelude::*;

use super::*;

/// One of everything, to push through both directions.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    small: u8,
    short: u16,
    word: u32,
    long: u64,
    wide: u128,
    flag: bool,
    address: Address,
    hash: B256,
    amount: U256,
    option: Option<u64>,
    blob: Vec<u8>,
    list: Vec<B256>,
}

const MAX_BLOB: usize = 64;
const MAX_LIST: usize = 4;

impl Encode for Sample {
    fn encode(&self, w: &mut Writer) {
        w.u8(self.small).u16(self.short).u32(self.word).u64(self.long).put(&self.wide).put(&self.flag);
        w.put(&self.address).put(&self.hash).put(&self.amount).put(&self.option);
        w.bytes(&self.blob).slice(&self.list);
    }
}

impl Decode for Sample {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            small: r.u8()?,
            short: r.u16()?,
            word: r.u32()?,
            long: r.u64()?,
            wide: r.get()?,
            flag: r.get()?,
            address: r.get()?,
            hash: r.get()?,
            amount: r.get()?,
            option: r.get()?,
            blob: r.bytes(MAX_BLOB)?.to_vec(),
            list: r.vec(MAX_LIST)?,
        })
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    let numbers = any::<(u8, u16, u32, u64, u128, bool, Option<u64>)>();
    let words = any::<([u8; 20], [u8; 32], [u8; 32])>();
    let lists = (
        prop::collection::vec(any::<u8>(), 0..=MAX_BLOB),
        prop::collection::vec(any::<[u8; 32]>(), 0..=MAX_LIST),
    );
    (numbers, words, lists).prop_map(|(n, w, l)| Sample {
        small: n.0,
        short: n.1,
        word: n.2,
        long: n.3,
        wide: n.4,
        flag: n.5,
        option: n.6,
        address: w.0.into(),
        hash: w.1.into(),
        amount: U256::from_be_bytes(w.2),
        blob: l.0,
        list: l.1.into_iter().map(B256::from).collect(),
    })
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(value in sample()) {
        prop_assert_eq!(Sample::from_bytes(&value.to_bytes()), Ok(value));
    }

    #[test]
    fn every_truncation_is_refused(value in sample(), cut in any::<prop::sample::Index>()) {
        let bytes = value.to_bytes();
        let short = &bytes[..cut.index(bytes.len())];
        let refused = matches!(Sample::from_bytes(short), Err(DecodeError::Truncated { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn trailing_bytes_are_refused(value in sample(), extra in prop::collection::vec(any::<u8>(), 1..9)) {
        let mut bytes = value.to_bytes();
        bytes.extend_from_slice(&extra);
        prop_assert_eq!(Sample::from_bytes(&bytes), Err(DecodeError::TrailingBytes { left: extra.len() }));
    }

    #[test]
    fn what_decodes_has_no_second_form(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(value) = Sample::from_bytes(&bytes) {
            prop_assert_eq!(value.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_flipped_byte_decodes_to_something_else_or_not_at_all(value in sample(), at in any::<prop::sample::Index>()) {
        let mut bytes = value.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 0xff;
        prop_assert_ne!(Sample::from_bytes(&bytes), Ok(value));
    }
}

#[test]
fn integers_are_big_endian_and_lengths_are_four_bytes() {
    let mut w = Writer::new();
    w.u16(1).u32(2).bytes(b"ab").put(&Some(3u8)).put(&None::<u8>).put(&true);
    assert_eq!(w.finish(), [0, 1, 0, 0, 0, 2, 0, 0, 0, 2, b'a', b'b', 1, 3, 0, 1]);
}

#[test]
fn a_length_above_its_bound_is_refused_before_anything_is_read() {
    let bytes = u32::MAX.to_be_bytes();
    let announced = u32::MAX as usize;
    let err = DecodeError::TooLong { what: "bytes", len: announced, max: 8 };
    assert_eq!(Reader::new(&bytes).bytes(8), Err(err));
    let err = DecodeError::TooLong { what: "items", len: announced, max: 8 };
    assert_eq!(Reader::new(&bytes).vec::<u64>(8), Err(err));
    let err = DecodeError::Truncated { expected: 8, left: 0 };
    assert_eq!(Reader::new(&bytes).vec::<u64>(usize::MAX), Err(err));
}

#[test]
fn a_flag_is_zero_or_one() {
    assert_eq!(bool::from_bytes(&[2]), Err(DecodeError::UnknownTag { what: "bool", tag: 2 }));
    assert_eq!(Option::<u8>::from_bytes(&[7, 0]), Err(DecodeError::UnknownTag { what: "option", tag: 7 }));
}
