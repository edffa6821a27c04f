//! An audit of a network whose enclaves are simulated: every task executed once more, from nothing but what the chain
//! keeps and t shares of the network key, and every byte that can be compared is.
//!
//! ```text
//! committee  the key nodes' seats, unsealed as only the simulated platform lets a host: keys of any contract and epoch
//! history    what the chain tells: events, block hashes, and where every contract stands in the end
//! replay     one contract from its first input to its last commit: heads, snapshots, skips
//! task       one input: opened, run, reported, sealed
//! ```
//!
//! It shares with the worker enclave the EVM and the formats (`enigma-evm`, `enigma-protocol`, `enigma-crypto`), and none
//! of the enclave's own rooms: the rules of execution are written down here a second time. Deliberately absent: who
//! was allowed to commit and what it was paid, which the contract's own tests judge.

mod committee;
mod history;
mod replay;
mod task;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_evm::World;

pub use committee::Committee;
pub use history::{History, Standing};

/// What was found of one contract, all of it as the chain has it.
pub struct Audited {
    /// Inputs that were executed.
    pub executed: u64,
    /// Executed ones whose envelope did not open.
    pub unopened: u64,
    /// Inputs that were skipped.
    pub skipped: u64,
    /// Snapshots that were folded in.
    pub snapshots: u64,
    /// Wei of its outbound calls.
    pub sent: u128,
    /// Its numbered outbound calls.
    pub calls: u64,
    /// Inputs that are not final yet.
    pub pending: u64,
    /// The state head.
    pub head: B256,
    /// The world behind it.
    pub world: World,
}

/// Where the chain and the second execution differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The secret contract.
    pub contract: Address,
    /// The input, or the next one if it is about none.
    pub index: u64,
    /// What differs.
    pub what: String,
}

/// Executes everything once more.
///
/// # Errors
/// The first difference.
pub fn audit(history: &History, committee: &mut Committee) -> Result<BTreeMap<Address, Audited>, Difference> {
    replay::all(history, committee)
}
