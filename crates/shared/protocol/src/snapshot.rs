//! Sealed snapshots in chunks: each chunk can be checked by itself against the hash that the chain has, so it does not
//! matter which peers bring which.

use alloy_primitives::{B256, keccak256};
use enigma_primitives::tags;

use crate::{
    hash::Words,
    peer::MAX_SNAPSHOT,
    wire::{List, record},
};

/// Bytes of a chunk; the last one may be shorter.
pub const CHUNK: usize = 98_304;
/// Chunks of the largest snapshot.
pub const MAX_CHUNKS: usize = MAX_SNAPSHOT.div_ceil(CHUNK);

record! {
    /// What a snapshot consists of. Its hash is the snapshot's.
    pub struct Manifest {
        /// Bytes of the whole.
        pub length: u64,
        /// keccak256 of each chunk.
        pub hashes: List<B256, MAX_CHUNKS>,
    }
}

impl Manifest {
    /// The manifest of a sealed snapshot.
    pub fn of(sealed: &[u8]) -> Self {
        let hashes: Vec<B256> = sealed.chunks(CHUNK).map(keccak256).collect();
        Self { length: sealed.len() as u64, hashes: hashes.into() }
    }

    /// The snapshot's hash, as receipts and the chain have it.
    pub fn hash(&self) -> B256 {
        let chunks: Vec<u8> = self.hashes.0.iter().flat_map(|h| h.0).collect();
        Words::tagged(tags::SNAPSHOT_HASH).int(self.length).word(keccak256(chunks)).hash()
    }

    /// Whether it can be that of a snapshot: as many chunks as its length takes.
    pub fn is_whole(&self) -> bool {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        length <= MAX_SNAPSHOT && length.div_ceil(CHUNK) == self.hashes.0.len()
    }

    /// Bytes of chunk `index`; `None` if there is no such chunk.
    pub fn chunk_len(&self, index: usize) -> Option<usize> {
        let length = usize::try_from(self.length).ok()?;
        let from = index.checked_mul(CHUNK).filter(|&from| from < length)?;
        Some((length - from).min(CHUNK))
    }

    /// Whether `chunk` is chunk `index`.
    pub fn has(&self, index: usize, chunk: &[u8]) -> bool {
        self.chunk_len(index) == Some(chunk.len()) && self.hashes.0.get(index) == Some(&keccak256(chunk))
    }
}

/// The hash of a sealed snapshot.
pub fn snapshot_hash(sealed: &[u8]) -> B256 {
    Manifest::of(sealed).hash()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 7 + 3) as u8).collect()
    }

    #[test]
    fn every_chunk_is_known_by_its_place_and_no_other_bytes_are() {
        for length in [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5] {
            let sealed = blob(length);
            let manifest = Manifest::of(&sealed);
            assert!(manifest.is_whole());
            for (i, chunk) in sealed.chunks(CHUNK).enumerate() {
                assert!(manifest.has(i, chunk));
                assert!(!manifest.has(i + 1, chunk) || manifest.hashes.0[i] == manifest.hashes.0[i + 1]);
                let mut flipped = chunk.to_vec();
                flipped[chunk.len() / 2] ^= 1;
                assert!(!manifest.has(i, &flipped));
                assert!(!manifest.has(i, &chunk[..chunk.len() - 1]));
            }
            assert!(!manifest.has(length.div_ceil(CHUNK), &[]));
        }
    }

    #[test]
    fn a_manifest_of_another_length_has_another_hash() {
        let manifest = Manifest::of(&blob(CHUNK + 1));
        let longer = Manifest { length: manifest.length + 1, ..manifest.clone() };
        assert_ne!(manifest.hash(), longer.hash());
        assert!(longer.is_whole());
        assert!(!Manifest { length: 3 * CHUNK as u64, ..manifest.clone() }.is_whole());
        assert!(!Manifest { length: u64::MAX, ..manifest }.is_whole());
    }

    #[test]
    fn the_largest_snapshot_fits() {
        assert_eq!(MAX_CHUNKS, 171);
        let whole = Manifest { length: MAX_SNAPSHOT as u64, hashes: vec![B256::ZERO; MAX_CHUNKS].into() };
        assert!(whole.is_whole());
    }
}
