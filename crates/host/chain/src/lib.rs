//! The only user of the Ethereum provider library: everything that nodes and clients ask of the chain.
//!
//! ```text
//! bindings    the contracts' interfaces, generated from `contracts/artifacts`
//! accounts    local accounts: the well-known mnemonic
//! client      reads: blocks, headers, proofs, contract state, events
//! events      the contract's events in the protocol's words
//! history     past events: of all, of one contract, of one transaction
//! tasks       the past of one task or account, by indexed logs
//! node_api    a node's JSON-RPC, for queries
//! records     what the contract keeps: workers, parameters, epochs, money
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
mod history;
mod node_api;
mod records;
mod sender;
mod tasks;

pub use alloy::{dyn_abi, json_abi};
pub use client::{Chain, ChainBlock, NetworkState};
pub use error::{Error, contract_error_name};
pub use events::{CommitEvent, CreatedEvent, Event, InputEvent, TaskOutcome};
pub use node_api::NodeApi;
pub use records::{EpochWord, WorkerRecord};
pub use sender::Sender;
pub use tasks::SignedReceipt;

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
