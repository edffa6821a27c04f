//! The untrusted halves: a worker node and a key node, each an actor around one enclave.
//!
//! ```text
//! config    what a node is told: endpoint, contract, peers, where its enclave and its data are
//! enclave   typed questions through an enclave's door
//! feeder    keeps an enclave's view at the chain's tip
//! tip       the newest block, asked for once for the whole node
//! peers     who is asked for keys, partials, snapshots and answers to queries
//! reception what peers ask, sorted: status here, queries to their queue, the rest to the actor
//! query     whom to ask a query, and the queue in front of a worker's enclave
//! index     contracts, tasks and epochs as events tell them, for the API
//! topology  who talks to whom
//! api       the answers of docs/rpc.md
//! front     all of the above, opened and closed together
//! prover    brings the proofs that an enclave asks for
//! record    for tests only: what passes a node's walls, in files
//! genesis   wakes new enclaves and runs the ceremony that deals the first key
//! worker    follows inputs, executes what the lottery assigns, commits
//! key       answers workers, opens epochs
//! ```
//!
//! A node decides when to do something, never what is true: its enclave and the chain check everything. It sees
//! ciphertext only. Deliberately absent: takeover, skipping, retention (later).

mod api;
pub mod config;
mod enclave;
mod error;
mod feeder;
mod front;
pub mod genesis;
mod index;
mod key;
mod peers;
mod prover;
mod query;
mod reception;
pub mod record;
mod tip;
mod topology;
mod worker;

pub use config::{NodeConfig, Role};
pub use enigma_rpc::Limits;
pub use error::Error;

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Runs the node that `config` describes until `stop` resolves, then ends cleanly.
///
/// # Errors
/// What cannot be mended by waiting: a bad configuration, an enclave that does not start or refuses its network.
pub async fn run(config: NodeConfig, stop: impl Future<Output = ()>) -> Result<()> {
    match config.role {
        Role::Worker => worker::run(config, stop).await,
        Role::Key => key::run(config, stop).await,
    }
}
