//! What is stored.

/// The address of a secret contract (its portal on Ethereum).
pub type Address = [u8; 20];

/// A 32-byte hash.
pub type Hash = [u8; 32];

/// The largest blob that is stored, in bytes: 64 MiB, twice what passes an
/// enclave's door.
pub const MAX_VALUE_BYTES: usize = 64 * 1024 * 1024;

/// The longest name of a named value, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// A contract's sealed whole state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The hash under which it was put; the store does not recompute it.
    pub hash: Hash,
    /// The sealed blob.
    pub sealed: Vec<u8>,
}

/// The sealed state change of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The hash of the input that caused it.
    pub input_hash: Hash,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

/// A place on the chain up to which somebody has followed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The block's number.
    pub number: u64,
    /// The block's hash, which tells after a restart whether the chain has
    /// been reorganised below it.
    pub hash: Hash,
}

impl Cursor {
    /// Number, 8 bytes big-endian, then hash.
    pub(crate) fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.number.to_be_bytes());
        bytes[8..].copy_from_slice(&self.hash);
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, hash) = bytes.split_first_chunk()?;
        Some(Self { number: u64::from_be_bytes(*number), hash: hash.try_into().ok()? })
    }
}
