//! The client in Rust: encrypts what a user sends, submits it, waits, decrypts what comes back.
//!
//! ```text
//! client   one account of one network: deploy, call, wait
//! session  one encapsulation for each contract and epoch: the second encryption is nearly free
//! outcome  how a task ended, as only its sender knows it
//! error    what went wrong and what to do
//! ```
//!
//! Invariants: plaintext leaves this crate encrypted or to its caller, never to a log; an output counts only if it
//! decrypts under the reply key of its own envelope and the context of its own task. Deliberately absent: queries.

mod client;
mod error;
mod outcome;
mod session;

pub use client::{Client, Code, Limits, Sent};
pub use error::Error;
pub use outcome::{Outcome, Report};

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
