//! The worker enclave: opens tasks, runs the EVM, seals state, signs receipts.
//!
//! One door (`door`): a frame in, a frame out. A task passes through these rooms, one file each:
//!
//! ```text
//! facts    proofs → what the chain says of the contract, and that these are its next inputs
//! keys     which keys that takes; requests for them; combining the answers of t key enclaves
//! sessions keys of sessions that were opened before, as long as their input key
//! open     envelopes → calldata, or a failure that the sender answers for
//! ready    keys and state: here, or what is missing
//! restore  the sealed state → a world, checked against the chain's state head
//! worlds   the worlds in memory, each by the head that the chain has for it
//! execute  one task on a world → outcome, encrypted output, sealed delta
//! room     how many tasks fit one receipt
//! receipt  everything → one receipt, signed
//! query    a read: a static call for who proves to be entitled
//! answered queries that were answered, so that none is answered twice
//! ```
//!
//! Invariants: a receipt is signed only for inputs that the chain ordered, on the state that the chain recorded,
//! as proven at the tip of a followed chain, and is the same bytes whoever signs it for the same anchor; a failure receipt
//! only under a key that was proven right; what is missing is asked for, never guessed. What leaves is ciphertext, hashes
//! and numeric codes.
//!
//! Deliberately absent: I/O and clocks, the choice of what to work on (the host's, the chain checks it), outside reads.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod answered;
mod door;
mod execute;
mod facts;
mod keys;
mod open;
mod query;
mod ready;
mod receipt;
mod restore;
mod room;
mod sessions;
mod worlds;

pub use door::WorkerEnclave;
