//! A writer of the stake tree, for tests alone: on the chain `contracts/src/libraries/StakeTree.sol` writes it.
//! `tests/src/sealed` uses this file too.

use alloy_primitives::{B256, U256};
use enigma_protocol::{layout, lottery::LEVELS};

const WEIGHT: u32 = (1 << 30) - 1;

/// Storage of an Enigma contract.
pub trait Storage {
    /// The word at `slot`; zero if absent.
    fn get(&self, slot: B256) -> U256;
    /// Writes a word.
    fn set(&mut self, slot: B256, word: U256);
}

fn lane(word: U256, shift: usize) -> u32 {
    ((word >> shift).as_limbs()[0] & u64::from(u32::MAX)) as u32
}

fn with_lane(word: U256, shift: usize, value: u32) -> U256 {
    (word & !(U256::from(u32::MAX) << shift)) | (U256::from(value) << shift)
}

fn entry(root: U256, epoch: u64) -> u32 {
    let base = root.as_limbs()[0] & ((1 << 40) - 1);
    lane(root, 40 + 32 * epoch.saturating_sub(base).min(2) as usize)
}

/// Sets a seat's weight in `epoch`: it counts from `epoch + 2` on.
///
/// # Panics
/// The sum of all weights would reach 2^30.
pub fn set_weight(storage: &mut impl Storage, epoch: u64, seat: u64, weight: u32) {
    let root = storage.get(layout::TREE_ROOT);
    let entries = [0, 1, 2].map(|ahead| entry(root, epoch + ahead));
    let mut versions = entries.map(|e| e >> 30);
    // From the top down: the words that hold for epoch + 2, and the version to write each in.
    let mut path = Vec::new();
    for level in (0..LEVELS).rev() {
        let (index, shift) = (seat >> (3 * level + 3), 32 * (seat >> (3 * level) & 7) as usize);
        let words = versions.map(|version| storage.get(layout::tree_word(level, index, version)));
        let [current, next, later] = versions;
        let spare = if later != current && later != next {
            later
        } else {
            (0..3).find(|v| *v != current && *v != next).expect("three versions, two in use")
        };
        path.push((level, index, shift, words[2], spare));
        versions = words.map(|word| lane(word, shift) >> 30);
    }
    let (_, _, shift, leaf, _) = path[path.len() - 1];
    let change = i64::from(weight) - i64::from(lane(leaf, shift) & WEIGHT);
    let moved = |sum: u32| {
        let moved = u32::try_from(i64::from(sum & WEIGHT) + change).expect("a weight");
        assert!(moved <= WEIGHT, "the sum of all weights stays below 2^30");
        moved
    };
    let mut child = 0;
    for &(level, index, shift, word, spare) in path.iter().rev() {
        let value = child << 30 | moved(lane(word, shift));
        storage.set(layout::tree_word(level, index, spare), with_lane(word, shift, value));
        child = spare;
    }
    let mut root = U256::from(epoch);
    for (place, value) in [entries[0], entries[1], child << 30 | moved(entries[2])].into_iter().enumerate() {
        root = with_lane(root, 40 + 32 * place, value);
    }
    storage.set(layout::TREE_ROOT, root);
}
