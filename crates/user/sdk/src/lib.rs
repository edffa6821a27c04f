//! The client in Rust: encrypts what a user sends, submits it, waits, decrypts what comes back.
//!
//! ```text
//! client   one account of one network: deploy, call, wait, open what was sent before
//! task     what a task may cost, what is sent, and what ends the wait for it
//! session  one encapsulation for each contract and epoch: the second encryption is nearly free
//! view     reply keys that the account can derive again
//! query    private reads: read sessions, the encrypted question, the answer
//! relay    tasks that the account signs and another one sends
//! verify   whether an answer is the chain's: proofs, not words
//! refusal  why an enclave refused, in words
//! outcome  how a task ended, as only its sender knows it
//! life     what the chain tells everybody about a task
//! equivocation   the proof that an enclave is broken
//! error    what went wrong and what to do
//! ```
//!
//! Invariants: plaintext leaves this crate encrypted or to its caller, never to a log; an output counts only if it
//! decrypts under the reply key of its own envelope and the context of its own task; an answer to a query counts only
//! if an enclave of the contract's group signed it for the state that the chain has. The chain's RPC is believed about
//! which headers are the chain's.

mod client;
mod equivocation;
mod error;
mod life;
mod outcome;
mod query;
mod refusal;
mod relay;
mod session;
mod task;
mod verify;
mod view;

pub use client::Client;
pub use equivocation::{Equivocated, EquivocationProof, SignedReceipt};
pub use error::Error;
pub use life::{Life, Money, Price, Stage};
pub use outcome::{Outcome, Report};
pub use query::{Answer, Reader};
pub use refusal::Refusal;
pub use relay::{Authorised, Order, RelayedTask};
pub use task::{Code, Limits, Sent};
pub use view::ReplyKeys;

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;
