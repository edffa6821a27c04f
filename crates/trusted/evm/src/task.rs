//! What goes into an execution.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use enigma_primitives::Secret;

/// The most gas that one task may ask for (EIP-7825).
pub const TASK_GAS_CAP: u64 = revm::primitives::eip7825::TX_GAS_LIMIT_CAP;

/// What `block.gaslimit` says inside, whatever the chain says.
pub const BLOCK_GAS_LIMIT: u64 = 30_000_000;

/// One input, opened: what [`crate::execute()`] runs.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub struct Task<'a> {
    /// What to do.
    pub kind: Kind<'a>,
    /// `msg.sender` of the first frame and `tx.origin`.
    pub sender: Address,
    /// Who called the Enigma contract: the relayer of a relayed task, else the sender. A query has none.
    pub caller: Address,
    /// The word that a forwarding contract set, else zero.
    pub on_behalf_of: B256,
    /// The nonce that this task spends, if it was relayed: the sender's own, as [`crate::World::task_nonce`] has it.
    pub relayed: Option<u64>,
    /// Wei sent along; stays on the chain unless the task succeeds. Ignored for a query.
    pub value: U256,
    /// Wei that the portal held at inclusion, plus `sent`, minus `delivered`. It never decreases on the chain;
    /// a smaller figure than the world has already seen counts as no deposit.
    pub inflow: U256,
    /// Gas for everything, the intrinsic cost of an Ethereum transaction included; at most [`TASK_GAS_CAP`].
    pub gas_limit: u64,
    /// Fields of the block of inclusion.
    pub block: BlockContext,
    /// What `blockhash` knows, by block number. Missing ones are zero.
    pub block_hashes: &'a BTreeMap<u64, B256>,
    /// Seed of the randomness precompile, used for this task alone.
    pub randomness: &'a Secret<[u8; 32]>,
    /// Bounds on what the task may use and leave behind.
    pub limits: Limits,
}

redacted!(Task<'_>, Kind<'_>);

/// What a task does.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub enum Kind<'a> {
    /// Creates the root contract.
    Deploy {
        /// Creation code and constructor arguments, at most 49,152 bytes (EIP-3860).
        init_code: &'a Bytes,
    },
    /// Calls the root contract.
    Call {
        /// What the root receives as `msg.data`.
        calldata: &'a Bytes,
    },
    /// Calls the root contract statically: nothing can be written and no value moves.
    Query {
        /// What the root receives as `msg.data`.
        calldata: &'a Bytes,
    },
}

/// Block fields that contracts can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockContext {
    /// `block.number`.
    pub number: u64,
    /// `block.timestamp`, seconds since 1970.
    pub timestamp: u64,
    /// `block.basefee`, wei per gas.
    pub base_fee: u64,
    /// `block.chainid`.
    pub chain_id: u64,
    /// `block.prevrandao`: the task's own, not the chain's.
    pub prevrandao: B256,
}

/// Bounds on one task. All are counts of bytes, so that every executor hits them at the same place. They are
/// part of the ruleset: executors with other limits are another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory of all frames that are open at once.
    pub memory: u64,
    /// Return or revert data of the task.
    pub output: usize,
    /// All logs: data, and 32 bytes for the address and for each topic.
    pub logs: usize,
    /// The encoded delta.
    pub delta: usize,
    /// The world after the task, see [`crate::World::size`].
    pub world: u64,
}

impl Limits {
    /// The limits of the first ruleset.
    pub const RULESET_1: Self =
        Self { memory: 32 << 20, output: 128 << 10, logs: 128 << 10, delta: 256 << 10, world: 64 << 20 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::RULESET_1
    }
}
