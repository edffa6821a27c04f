//! The key enclave: keeps one share of the network key and evaluates it by the release rule.
//!
//! One door (`door`): a frame in, a frame out. Behind it:
//!
//! ```text
//! genesis  one member deals shares, every member accepts its own and signs for `S`
//! seat     the share with the network it belongs to, and how it is sealed
//! heads    which block this enclave is at; what a later life must have seen before it serves
//! beacon   signs an epoch open, once the epoch before has begun
//! release  the release rule: who may have which key, judged on proven facts alone
//! ```
//!
//! Invariants: the share leaves only sealed to this enclave; a partial leaves only encrypted to the worker that
//! the chain entitles to it (or, for a beacon, when it may be public); what a request claims about the chain is
//! never believed; a life that may have been rewound serves nobody. Deliberately absent: distributed generation, resharing, admissions by quote (later), I/O.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod beacon;
mod door;
mod genesis;
mod heads;
mod release;
mod seat;

pub use door::KeyEnclave;
