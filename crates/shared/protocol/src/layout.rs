//! Storage slots of the Enigma contract that enclaves read. Golden file: `contracts/storage-layout.json`.

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::input::RING;

const fn fixed(slot: u64) -> B256 {
    B256::new(U256::from_limbs([slot, 0, 0, 0]).to_be_bytes())
}

/// `epochLength, groupSize, takeover, skipEpochs, window, minStake`.
pub const PARAMETERS: B256 = fixed(0);
/// The network's identity.
pub const NETWORK: B256 = fixed(1);
/// `epoch, start, nextStart, era, revocations`.
pub const EPOCH: B256 = fixed(2);
/// keccak256 of the commitments of the committee's public polynomial.
pub const COMMITMENTS_HASH: B256 = fixed(5);
/// Entry points of the stake tree.
pub const TREE_ROOT: B256 = fixed(6);

const TREE: u64 = 7;
const SEEDS: u64 = 8;
const WORKERS: u64 = 9;
const WORKER_IDS: u64 = 10;
const MEASUREMENTS: u64 = 11;
const SECRET_CONTRACTS: u64 = 12;
const HEADS: u64 = 13;
const LOST: u64 = 17;
const BARRED_PLATFORMS: u64 = 21;

/// Places of the ring of seeds.
const SEED_RING: u64 = 4;

fn entry(key: B256, mapping: u64) -> B256 {
    let mut bytes = [0u8; 64];
    bytes[..32].copy_from_slice(key.as_slice());
    bytes[32..].copy_from_slice(fixed(mapping).as_slice());
    keccak256(bytes)
}

fn plus(slot: B256, offset: u64) -> B256 {
    B256::from(U256::from_be_bytes(slot.0).wrapping_add(U256::from(offset)))
}

/// A word of the stake tree.
pub fn tree_word(level: u32, index: u64, version: u32) -> B256 {
    entry(B256::from(U256::from((u64::from(level) << 32) | (index << 2) | u64::from(version))), TREE)
}

/// The seed of an epoch, if that is the current one, or the next one after its beacon was posted: a ring, in which other
/// epochs' seeds lie too.
pub fn seed(epoch: u64) -> B256 {
    entry(fixed(epoch % SEED_RING), SEEDS)
}

/// Word `offset` (0 to 4) of a worker's record.
pub fn worker(id: u64, offset: u64) -> B256 {
    plus(entry(fixed(id), WORKERS), offset)
}

/// Id + 1 of the worker with this signing key's address.
pub fn worker_id(signer: Address) -> B256 {
    entry(signer.into_word(), WORKER_IDS)
}

/// Whether a measurement is allowed.
pub fn measurement(measurement: B256) -> B256 {
    entry(measurement, MEASUREMENTS)
}

/// Whether nothing that runs on this platform may serve.
pub fn barred_platform(platform: B256) -> B256 {
    entry(platform, BARRED_PLATFORMS)
}

/// Word `offset` (0 to 5) of a secret contract's record.
pub fn secret_contract(contract: Address, offset: u64) -> B256 {
    plus(entry(contract.into_word(), SECRET_CONTRACTS), offset)
}

/// Word `offset` (0 to 2) of the declaration that a contract's state is lost.
pub fn lost(contract: Address, offset: u64) -> B256 {
    plus(entry(contract.into_word(), LOST), offset)
}

/// The input head after input `index`.
pub fn head(contract: Address, index: u64) -> B256 {
    plus(entry(contract.into_word(), HEADS), index % RING)
}
