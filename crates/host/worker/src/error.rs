//! What can go wrong for a worker's host.

use alloy_primitives::{Address, B256};
use enigma_protocol::door::Refusal;

/// Everything that can fail here. None of it carries content of tasks: a host never has any.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The enclave said no.
    #[error("the enclave refused: {:?} (detail {})", .0.code, .0.detail)]
    Refused(Refusal),
    /// The chain said no, by the name of the contract's error: as a rule, another worker was faster.
    #[error("the chain refused: {0}")]
    Overtaken(String),
    /// Chain, peers, key nodes or the enclave's process do not do their part; waiting helps.
    #[error("{0}")]
    Unavailable(String),
    /// What the chain's endpoint told does not fit together.
    #[error("the chain's endpoint told nonsense of {contract}: {what}")]
    Nonsense {
        /// The secret contract.
        contract: Address,
        /// What does not fit.
        what: &'static str,
    },
    /// Too few workers of the group signed.
    #[error("{got} of {needed} workers signed; the last reason was {reason}")]
    Signatures {
        /// Signatures.
        got: usize,
        /// Needed.
        needed: usize,
        /// Why the last one that failed did.
        reason: String,
    },
    /// A snapshot that neither this worker nor a peer has.
    #[error("nobody has the snapshot {0}")]
    Snapshot(B256),
    /// What was to be done is not any more, or not yet: look again.
    #[error("{0}")]
    NotNow(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] enigma_store::Error),
}
