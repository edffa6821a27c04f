//! What crosses any wire: the byte rules of `docs/bytes.md` in Rust.
//!
//! ```text
//! hash      H("name", …): tagged Keccak over ABI words
//! wire      records and choices with one encoding each, every length bounded
//! network   the descriptor, whose hash is `network`; BLS messages per purpose
//! input     what Ethereum orders: inputs, input heads, contexts
//! state     state heads over ciphertext, sealing of deltas and snapshots
//! envelope  what a client encrypts to (contract, epoch)
//! output    what the sender gets back, encrypted under its reply key
//! receipt   the signed outcome (EIP-712)
//! outbound  what a secret contract does on Ethereum
//! fees      the schedule: what a commit pays
//! layout    storage slots of the Enigma contract
//! lottery   the stake tree and the sequence of workers, over any reader of slots
//! clock     whose turn it is: the order of the sequence, and how long each position waits
//! snapshot  sealed snapshots in chunks that are checked one by one
//! keys      requests for keys and the answers of key enclaves
//! query     private reads: who may, what is asked, what comes back
//! relayed   tasks that an account signs and somebody else sends
//! view_key  reply keys that an account can derive again
//! genesis   dealing the first shares
//! door      what goes in and out of an enclave
//! peer      what nodes say to each other
//! ```
//!
//! Invariants: decoding is total and bounded; one value has one encoding; nothing here reads a clock, draws
//! randomness or does I/O. Deliberately absent: policy (who may have a key: `key-enclave`) and execution (`evm`).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod clock;
pub mod door;
pub mod envelope;
pub mod fees;
pub mod genesis;
pub mod hash;
pub mod input;
pub mod keys;
pub mod layout;
pub mod lottery;
pub mod network;
pub mod outbound;
pub mod output;
pub mod peer;
pub mod query;
pub mod receipt;
pub mod relayed;
pub mod snapshot;
pub mod state;
pub mod view_key;
pub mod wire;

pub use enigma_primitives::codec::{Decode, DecodeError, Encode};
