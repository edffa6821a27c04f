//! The only user of the Ethereum provider library: everything that nodes and clients ask of the chain.
//!
//! ```text
//! bindings    the contracts' interfaces, generated from `contracts/artifacts`
//! accounts    local accounts: the well-known mnemonic
//! endpoints   several endpoints: which is asked, which rests
//! view        what one endpoint answers, as far as it can be checked cheaply
//! client      reads: blocks, headers, proofs, contract state, events
//! events      the contract's events in the protocol's words
//! decode      from logs to events
//! history     past events: of all, of one contract, of one transaction
//! tasks       the past of one task or account, by indexed logs
//! packed      commitments as `commit` takes them
//! node_api    a node's JSON-RPC, for queries
//! records     what the contract keeps: workers, parameters, epochs, money
//! sender      writes: one account's transactions, until they are mined or pointless
//! deployment  a new network: contracts, workers, stakes, genesis
//! local       what only a local chain can do
//! error       what went wrong, contract errors by name
//! ```
//!
//! Deliberately absent: any opinion about what is true. An enclave verifies what is fetched here.

pub mod accounts;
pub mod bindings;
mod client;
mod decode;
pub mod deployment;
mod endpoints;
mod error;
mod events;
mod history;
pub mod local;
mod node_api;
pub mod packed;
mod records;
mod sender;
mod tasks;
mod view;

pub use alloy::{dyn_abi, json_abi};
pub use client::{Chain, ChainBlock, NetworkState};
pub use endpoints::Options;
pub use error::{Error, contract_error_name};
pub use events::{
    ChunkEvent, CommitEvent, CreatedEvent, Event, FoundEvent, InputEvent, LostEvent, OutboundEvent,
    SkipEvent, SlashEvent, Span, TakeoverEvent, TaskOutcome,
};
pub use node_api::NodeApi;
pub use records::{Account, EpochWord, LostRecord, Pool, Seat, Turns, WorkerRecord};
pub use sender::{Dropped, Outcome, Refusal, SendOptions, Sender};
pub use tasks::SignedReceipt;

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
