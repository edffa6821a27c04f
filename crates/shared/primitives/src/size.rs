//! Padding classes: lengths and gas are rounded up, so that they say little about what is inside.

use crate::codec::{DecodeError, Reader, Writer};

/// The smallest gas class.
pub const MIN_GAS_CLASS: u64 = 32_768;

/// The padded size in bytes for `len` bytes: `min` doubled until it fits.
///
/// A `min` of 0 counts as 1. Where doubling would overflow, `len` itself is the class.
pub const fn size_class(len: usize, min: usize) -> usize {
    let mut class = if min == 0 { 1 } else { min };
    while class < len {
        class = match class.checked_mul(2) {
            Some(double) => double,
            None => return len,
        };
    }
    class
}

/// The charged gas for `gas` used: the next power of two, at least [`MIN_GAS_CLASS`]. Above 2^63 it is
/// `u64::MAX`.
pub const fn gas_class(gas: u64) -> u64 {
    if gas <= MIN_GAS_CLASS {
        return MIN_GAS_CLASS;
    }
    match gas.checked_next_power_of_two() {
        Some(class) => class,
        None => u64::MAX,
    }
}

/// `u32 length ‖ data ‖ zeros`, as long as the class of the first two parts with the smallest class `min`.
pub fn pad(data: &[u8], min: usize) -> Vec<u8> {
    let mut w = Writer::new();
    w.bytes(data);
    let mut padded = w.finish();
    padded.resize(size_class(padded.len(), min), 0);
    padded
}

/// The data inside what [`pad`] made.
///
/// # Errors
/// The length does not fit, or the padding is not all zeros.
pub fn unpad(padded: &[u8]) -> Result<&[u8], DecodeError> {
    let mut r = Reader::new(padded);
    let data = r.bytes(padded.len())?;
    if r.rest().iter().any(|b| *b != 0) {
        return Err(DecodeError::Invalid { what: "padding" });
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn classes_double_from_the_minimum() {
        assert_eq!(size_class(0, 256), 256);
        assert_eq!(size_class(256, 256), 256);
        assert_eq!(size_class(257, 256), 512);
        assert_eq!(size_class(1025, 256), 2048);
        assert_eq!(size_class(3, 0), 4);
        assert_eq!(size_class(usize::MAX, 1), usize::MAX);
    }

    #[test]
    fn gas_is_a_power_of_two_from_32768() {
        assert_eq!(gas_class(0), 32_768);
        assert_eq!(gas_class(32_768), 32_768);
        assert_eq!(gas_class(32_769), 65_536);
        assert_eq!(gas_class(1 << 63), 1 << 63);
        assert_eq!(gas_class((1 << 63) + 1), u64::MAX);
    }

    #[test]
    fn padding_that_carries_data_is_refused() {
        let mut padded = pad(b"abc", 16);
        assert_eq!(unpad(&padded), Ok(&b"abc"[..]));
        padded[15] = 1;
        assert_eq!(unpad(&padded), Err(DecodeError::Invalid { what: "padding" }));
    }

    proptest! {
        #[test]
        fn what_is_padded_comes_back(data: Vec<u8>, min in 0usize..600) {
            let padded = pad(&data, min);
            prop_assert_eq!(padded.len(), size_class(data.len() + 4, min));
            prop_assert_eq!(unpad(&padded), Ok(&data[..]));
        }

        #[test]
        fn unpadding_anything_never_panics(bytes: Vec<u8>) {
            let _ = unpad(&bytes);
        }
    }
}
