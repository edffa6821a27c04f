//! Queries: whom to ask, and the queue in front of the one actor that owns a worker's enclave.
//!
//! ```text
//! desk    the bounded queue, with a share for each peer
//! router  finds the worker that holds the keys; a query makes one hop at most
//! ```
//!
//! A query is ciphertext here, and so is its answer. Neither is logged.

mod desk;
mod router;

use std::time::Duration;

use enigma_protocol::door::Code;

pub(crate) use desk::{Desk, Origin, Question, Questions};
pub(crate) use router::Router;

/// How long one worker may take, from the moment it takes the question on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The code of a refusal by a host: no worker that holds the keys could be asked.
pub(crate) const UNASKED: u16 = 0;

/// Whether every enclave would refuse with this code: then no other is asked.
fn is_final(code: u16) -> bool {
    [Code::Malformed, Code::NotOpened, Code::NotAuthorised, Code::Expired, Code::Replayed]
        .into_iter()
        .any(|last| last as u16 == code)
}
