//! Who executes: the stake tree and the sequence of workers, over any reader of the contract's storage.
//!
//! The Solidity twin is `contracts/src/libraries/{StakeTree,Lottery}.sol`; `vectors/lottery.json` binds them. An
//! enclave reads through Merkle proofs, a host through an RPC, a test from a map: the code is the same.

use alloy_primitives::{Address, B256, U256};
use enigma_primitives::tags;

use crate::{hash::Words, layout};

/// Levels of words in the tree; the top word is at `LEVELS − 1`.
pub const LEVELS: u32 = 5;
/// Workers the tree has room for.
pub const SEATS: u64 = 1 << (3 * LEVELS);

const WEIGHT_BITS: u32 = 30;
const WEIGHT_MASK: u32 = (1 << WEIGHT_BITS) - 1;

/// Reads storage words of the Enigma contract at one block.
pub trait Slots {
    /// Why a word cannot be read: it was not proven, or the RPC failed.
    type Error;
    /// The word at `slot`.
    ///
    /// # Errors
    /// As the reader says.
    fn read(&self, slot: B256) -> Result<U256, Self::Error>;
}

/// A lane of a word: a weight, and where the child's word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lane {
    weight: u64,
    version: u32,
}

impl Lane {
    fn from_bits(bits: u32) -> Self {
        Self { weight: u64::from(bits & WEIGHT_MASK), version: bits >> WEIGHT_BITS }
    }

    /// The 32 bits of `word` that start at `shift`.
    fn at(word: U256, shift: usize) -> Self {
        let low = (word >> shift).as_limbs()[0];
        Self::from_bits((low & u64::from(u32::MAX)) as u32)
    }
}

/// A drawn worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The worker's id, which is its seat.
    pub id: u64,
    /// Its weight in this epoch: whole ENG.
    pub weight: u64,
}

/// The entry of `treeRoot` that counts for `epoch`: total weight and version of the top word.
fn root_entry(root: U256, epoch: u64) -> Lane {
    let base = root.as_limbs()[0] & ((1 << 40) - 1);
    let entry = epoch.saturating_sub(base).min(2);
    Lane::at(root, 40 + 32 * entry as usize)
}

/// The total weight of the lottery in `epoch`.
///
/// # Errors
/// As the reader says.
pub fn total_weight<S: Slots>(slots: &S, epoch: u64) -> Result<u64, S::Error> {
    Ok(root_entry(slots.read(layout::TREE_ROOT)?, epoch).weight)
}

/// The first `count` workers of `contract`'s sequence in `epoch` (fewer if there are fewer), drawn without
/// replacement, weighted by stake.
///
/// # Errors
/// As the reader says.
pub fn sequence<S: Slots>(
    slots: &S,
    contract: Address,
    epoch: u64,
    seed: B256,
    count: usize,
) -> Result<Vec<Drawn>, S::Error> {
    let top = root_entry(slots.read(layout::TREE_ROOT)?, epoch);
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut left = top.weight;
    for j in 0..count as u64 {
        if left == 0 {
            break;
        }
        let hash = Words::tagged(tags::DRAW).word(seed).address(contract).int(j).hash();
        let point = U256::from_be_bytes(hash.0) % U256::from(left);
        let Some(one) = descend(slots, top.version, point.as_limbs()[0], &drawn)? else { break };
        left = left.saturating_sub(one.weight);
        drawn.push(one);
    }
    Ok(drawn)
}

/// Walks from the top word to the seat at `point`, passing over the weights of those already drawn.
/// `None` if a word holds less than its parent says: only a broken reader does that.
fn descend<S: Slots>(
    slots: &S,
    mut version: u32,
    mut point: u64,
    drawn: &[Drawn],
) -> Result<Option<Drawn>, S::Error> {
    let mut index = 0u64;
    for level in (0..LEVELS).rev() {
        let word = slots.read(layout::tree_word(level, index, version))?;
        let Some((child, lane, rest)) = pick(word, level, index, point, drawn) else { return Ok(None) };
        if level == 0 {
            return Ok(Some(Drawn { id: child, weight: lane.weight }));
        }
        (index, version, point) = (child, lane.version, rest);
    }
    Ok(None)
}

/// The child of node (level, index) that `point` falls into, its lane, and the point within it.
fn pick(word: U256, level: u32, index: u64, mut point: u64, drawn: &[Drawn]) -> Option<(u64, Lane, u64)> {
    for j in 0..8u64 {
        let child = 8 * index + j;
        let lane = Lane::at(word, 32 * j as usize);
        let gone: u64 = drawn.iter().filter(|d| d.id >> (3 * level) == child).map(|d| d.weight).sum();
        let weight = lane.weight.saturating_sub(gone);
        if point < weight {
            return Some((child, lane, point));
        }
        point -= weight;
    }
    None
}

/// The group of a contract as the chain stores it once drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The epoch it was drawn for.
    pub epoch: u64,
    /// Bit r: rank r was passed over in this epoch.
    pub silent: u8,
    /// Worker ids in the order of their ranks.
    pub ids: Vec<u64>,
}

impl Group {
    /// Reads the packed slot (`docs/bytes.md`, storage layout).
    pub fn unpack(word: U256) -> Self {
        let field = |shift: usize, bits: u32| (word >> shift).as_limbs()[0] & ((1u64 << bits) - 1);
        let count = field(40, 8).min(8) as usize;
        Self {
            epoch: field(0, 40),
            silent: field(48, 8) as u8,
            ids: (0..count).map(|i| field(56 + 24 * i, 24)).collect(),
        }
    }
}
