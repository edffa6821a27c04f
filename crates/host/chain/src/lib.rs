//! The only user of the Ethereum provider library: everything that nodes and clients ask of the chain.
//!
//! ```text
//! bindings    the contracts' interfaces, generated from `contracts/artifacts`
//! accounts    local accounts: the well-known mnemonic
//! client      reads: blocks, headers, proofs, contract state, events
//! events      the contract's events in the protocol's words
//! sender      writes: one account's transactions, in order
//! deployment  a new network: contracts, workers, stakes, genesis
//! error       what went wrong, contract errors by name
//! ```
//!
//! Deliberately absent: any opinion about what is true. An enclave verifies what is fetched here.

pub mod accounts;
pub mod bindings;
mod client;
pub mod deployment;
mod error;
mod events;
mod sender;

pub use alloy::{dyn_abi, json_abi};
pub use client::{Chain, ChainBlock, NetworkState};
pub use error::{Error, contract_error_name};
pub use events::{CommitEvent, InputEvent, TaskOutcome};
pub use sender::Sender;

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
