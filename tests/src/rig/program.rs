//! The secret contract of these tests, by hand: small, and with every way to end.
//!
//! The first word of the calldata says what to do: 1 reverts with the counter, a larger number returns that many
//! bytes, anything else counts up and returns the counter. Everything takes value.

/// Creation code.
#[rustfmt::skip]
pub const CODE: &[u8] = &[
    // Returns what follows: codecopy(0, 9, 42), return(0, 42).
    0x60, 42, 0x80, 0x60, 9, 0x5f, 0x39, 0x5f, 0xf3,
    // 0: calldataload(0); 1 goes to 30, more goes to 39.
    0x5f, 0x35, 0x80, 0x60, 1, 0x14, 0x60, 30, 0x57,
    0x80, 0x60, 1, 0x10, 0x60, 39, 0x57,
    // 16: count up, return the counter.
    0x5f, 0x54, 0x60, 1, 0x01, 0x80, 0x5f, 0x55, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3,
    // 30: revert with the counter.
    0x5b, 0x5f, 0x54, 0x5f, 0x52, 0x60, 32, 0x5f, 0xfd,
    // 39: return as many bytes.
    0x5b, 0x5f, 0xf3,
];

/// Calldata that counts up.
pub const COUNT: &[u8] = &[];

/// Calldata that reverts.
pub fn revert() -> Vec<u8> {
    word(1)
}

/// Calldata that returns `size` bytes, at least 2.
pub fn large(size: u64) -> Vec<u8> {
    word(size)
}

/// A number as the contract takes and returns it.
pub fn word(number: u64) -> Vec<u8> {
    [&[0; 24][..], &number.to_be_bytes()].concat()
}
