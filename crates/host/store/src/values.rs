//! What is stored.

use alloy_primitives::keccak256;

/// The address of a secret contract (its portal on Ethereum).
pub type Address = [u8; 20];

/// A 32-byte hash.
pub type Hash = [u8; 32];

/// The largest blob that is stored, in bytes: 64 MiB, twice what passes an
/// enclave's door.
pub const MAX_VALUE_BYTES: usize = 64 * 1024 * 1024;

/// The longest name of a named value, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// Bytes of a snapshot's chunk, as peers exchange them; the last one may be shorter.
pub const CHUNK_BYTES: usize = 98_304;

/// A contract's sealed whole state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The hash under which it was put; the store does not recompute it.
    pub hash: Hash,
    /// The sealed blob.
    pub sealed: Vec<u8>,
}

/// What a snapshot consists of. The store does not compare it with the snapshot's hash: whoever brings it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Bytes of the whole.
    pub length: u64,
    /// keccak256 of each chunk of [`CHUNK_BYTES`].
    pub hashes: Vec<Hash>,
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

/// What is held of a contract; sizes are of what was put, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The contract.
    pub contract: Address,
    /// Of its whole snapshots.
    pub snapshot_bytes: u64,
    /// Of the chunks that are here of snapshots being fetched.
    pub partial_bytes: u64,
    /// Of its deltas.
    pub delta_bytes: u64,
    /// The epoch of its last [`crate::Batch::touch`]; 0 if there was none.
    pub touched: u64,
}

/// Something that was found damaged and is treated as missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// A named value.
    Meta {
        /// Its name.
        name: String,
    },
    /// What a snapshot consists of: the snapshot is lost.
    Manifest {
        /// The contract.
        contract: Address,
        /// The snapshot's hash.
        hash: Hash,
    },
    /// One chunk of a snapshot.
    Chunk {
        /// The contract.
        contract: Address,
        /// The snapshot's hash.
        hash: Hash,
        /// Its place.
        index: u32,
    },
    /// Which snapshot is a contract's latest.
    Latest {
        /// The contract.
        contract: Address,
    },
    /// A delta.
    Delta {
        /// The contract.
        contract: Address,
        /// The task's index.
        index: u64,
    },
}

impl Manifest {
    /// The manifest of a sealed snapshot.
    #[must_use]
    pub fn of(sealed: &[u8]) -> Self {
        let hashes = sealed.chunks(CHUNK_BYTES).map(|chunk| keccak256(chunk).0).collect();
        Self { length: sealed.len() as u64, hashes }
    }

    /// Whether its length is one that is stored and takes as many chunks as it has.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.length <= MAX_VALUE_BYTES as u64
            && self.length.div_ceil(CHUNK_BYTES as u64) == self.hashes.len() as u64
    }

    /// Bytes of chunk `index`; `None` if there is no such chunk.
    #[must_use]
    pub fn chunk_len(&self, index: u32) -> Option<usize> {
        let left = self.length.checked_sub(u64::from(index) * CHUNK_BYTES as u64)?;
        (left > 0).then_some(left.min(CHUNK_BYTES as u64) as usize)
    }

    /// Whether `chunk` is chunk `index`.
    #[must_use]
    pub fn has(&self, index: u32, chunk: &[u8]) -> bool {
        self.chunk_len(index) == Some(chunk.len())
            && self.hashes.get(index as usize).is_some_and(|hash| *hash == keccak256(chunk).0)
    }

    /// The places of its chunks.
    pub(crate) fn places(&self) -> std::ops::Range<u32> {
        0..self.hashes.len() as u32
    }

    /// Length, 8 bytes big-endian, then hashes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.length.to_be_bytes().to_vec();
        self.hashes.iter().for_each(|hash| bytes.extend_from_slice(hash));
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, hashes) = bytes.split_first_chunk()?;
        let (hashes, rest) = hashes.as_chunks();
        let manifest = Self { length: u64::from_be_bytes(*length), hashes: hashes.to_vec() };
        (rest.is_empty() && manifest.is_whole()).then_some(manifest)
    }
}

impl Delta {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (input_hash, sealed) = bytes.split_first_chunk()?;
        Some(Self { input_hash: *input_hash, sealed: sealed.to_vec() })
    }
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

impl Held {
    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.snapshot_bytes.saturating_add(self.partial_bytes).saturating_add(self.delta_bytes)
    }
}
