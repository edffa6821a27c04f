//! Small numbers in few bytes: deltas travel in calldata, where a byte costs 25 gas.
//!
//! A number is one length byte (0 to 32) and that many big-endian bytes without leading zeros, so it has one
//! form and a zero is a single byte.

use alloy_primitives::U256;
use enigma_primitives::{DecodeError, Reader, Writer};

/// Appends `value`.
pub(crate) fn put(w: &mut Writer, value: U256) {
    let bytes = value.to_be_bytes_trimmed_vec();
    // A 256-bit number has at most 32 bytes.
    w.u8(u8::try_from(bytes.len()).unwrap_or(u8::MAX)).raw(&bytes);
}

/// Reads a number.
///
/// # Errors
/// Truncated, longer than 32 bytes, or with a leading zero.
pub(crate) fn get(r: &mut Reader<'_>) -> Result<U256, DecodeError> {
    let bytes = {
        let len = usize::from(r.u8()?);
        r.raw(len)?
    };
    if bytes.first() == Some(&0) {
        return Err(DecodeError::Invalid { what: "number without leading zeros" });
    }
    U256::try_from_be_slice(bytes).ok_or(DecodeError::Invalid { what: "number of at most 32 bytes" })
}

/// Appends `value`.
pub(crate) fn put_u64(w: &mut Writer, value: u64) {
    put(w, U256::from(value));
}

/// Reads a number of at most 64 bits.
///
/// # Errors
/// As [`get`], or larger than `u64::MAX`.
pub(crate) fn get_u64(r: &mut Reader<'_>) -> Result<u64, DecodeError> {
    get(r)?.try_into().map_err(|_| DecodeError::Invalid { what: "number of at most 64 bits" })
}

/// Reads a count of items that each take at least `least` bytes.
///
/// # Errors
/// As [`get_u64`], or more than the bytes that are left can hold.
pub(crate) fn get_count(r: &mut Reader<'_>, least: usize) -> Result<usize, DecodeError> {
    let max = r.left() / least.max(1);
    let len = usize::try_from(get_u64(r)?).unwrap_or(usize::MAX);
    if len > max { Err(DecodeError::TooLong { what: "items", len, max }) } else { Ok(len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_short_form() {
        for value in [U256::ZERO, U256::from(1), U256::from(256), U256::from(u64::MAX), U256::MAX] {
            let mut w = Writer::new();
            put(&mut w, value);
            assert_eq!(w.as_slice().len(), 1 + value.byte_len());
            assert_eq!(get(&mut Reader::new(w.as_slice())), Ok(value));
        }
        assert!(get(&mut Reader::new(&[1, 0])).is_err());
        assert!(get(&mut Reader::new(&[2, 0, 1])).is_err());
        let mut long = [1u8; 34];
        long[0] = 33;
        assert!(get(&mut Reader::new(&long)).is_err());
        assert!(get_u64(&mut Reader::new(&[9, 1, 0, 0, 0, 0, 0, 0, 0, 0])).is_err());
    }

    #[test]
    fn a_count_is_bounded_by_the_bytes_that_follow() {
        assert_eq!(get_count(&mut Reader::new(&[1, 2, 0, 0]), 1), Ok(2));
        assert!(get_count(&mut Reader::new(&[1, 200, 0, 0]), 1).is_err());
        assert!(get_count(&mut Reader::new(&[8, 255, 255, 255, 255, 255, 255, 255, 255]), 1).is_err());
    }
}
