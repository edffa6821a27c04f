//! What a worker's host decides: whose turn it is, who signs with whom, who takes over, what is skipped, where a state
//! comes from. All that it touches is one trait, [`World`]; the node implements it with a chain, an enclave and peers, the
//! simulation with a model of them, a seed, and time that does not pass by itself.
//!
//! ```text
//! world    the trait: chain, enclave, peers
//! worker   the loop: follow the chain, start what is due, few things at a time, no contract before another
//! height   the block that a worker is at
//! turn     what there is to do for a contract now; pure
//! lead     execute, gather signatures, commit
//! cosign   execute and sign what another worker leads
//! ledger   what events told, in the database; checked as it comes, read anew when it makes no sense
//! track    one contract of it
//! states   the sealed state for an enclave: from here, from peers, from the chain
//! sync     snapshots by chunks, from several peers, resumable
//! lost     snapshots that nobody has: declared, posted, rebuilt
//! ```
//!
//! A host decides when to do something, never what is true: enclave and chain check everything. It sees ciphertext only.
//! Invariants: every queue and every concurrency is bounded; nothing that one contract does holds up another; whatever is
//! in the database can be had again, and is not believed when it does not fit.
//!
//! Deliberately absent: I/O (the world's), keys and plaintext (the enclave's), queries (the node's: they change nothing).

mod cosign;
mod error;
#[cfg(test)]
mod fixtures;
mod height;
mod lead;
mod ledger;
mod lost;
mod states;
mod sync;
mod track;
mod turn;
mod worker;
mod world;

pub use error::Error;
pub use worker::Worker;
pub use world::{Signed, Span, Standing, States, Work, World};

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
