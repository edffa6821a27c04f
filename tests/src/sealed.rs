//! The real enclaves on a chain that is only a map: whole lives of tasks in one process, in milliseconds.
//!
//! ```text
//! entropy   randomness that replays: of enclaves, of clients, of attacks
//! chain     headers, state roots and Merkle proofs over a map of storage words
//! stake     the writer of the stake tree
//! contract  what the Enigma contract would store, and which receipts it would refuse
//! client    seals envelopes, decrypts outputs
//! reader    an account that reads, with its session key
//! door      an enclave behind its frames, fed like a host would
//! network   four key enclaves, some workers, one contract: genesis, epochs, tasks
//! ```
//!
//! Everything is deterministic: a network started twice gives the same bytes.

pub mod chain;
pub mod client;
pub mod contract;
pub mod door;
pub mod entropy;
pub mod network;
pub mod reader;
#[path = "../../crates/shared/protocol/tests/stake_tree/mod.rs"]
pub mod stake;

pub use chain::Chain;
pub use client::{Client, Letter};
pub use contract::{Enigma, Events, Standing, Terms};
pub use door::{KeyDoor, WorkerDoor};
pub use entropy::Entropy;
pub use network::{Network, Plan, Sent};
pub use reader::{Query, Question, Reader, Relay};
