//! What can go wrong in a node.

use enigma_protocol::door::Refusal;

/// Everything that can fail here. None of it carries content of tasks: a node never has any.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chain, or the contract.
    #[error(transparent)]
    Chain(#[from] enigma_chain::Error),
    /// The enclave's process.
    #[error("the enclave failed: {0}")]
    Enclave(#[from] enigma_enclave_host::Error),
    /// The enclave said no.
    #[error("the enclave refused: {:?} (detail {})", .0.code, .0.detail)]
    Refused(Refusal),
    /// The enclave answered something else than was asked.
    #[error("the enclave's answer does not fit the question")]
    Answer,
    /// The network of peers.
    #[error(transparent)]
    Network(#[from] enigma_network::Error),
    /// The API's server.
    #[error(transparent)]
    Rpc(#[from] enigma_rpc::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] enigma_store::Error),
    /// Too few key nodes gave a usable answer.
    #[error("{got} of {needed} key nodes answered; the last reason was {reason}")]
    Keys {
        /// Usable answers.
        got: usize,
        /// Answers that are needed.
        needed: usize,
        /// Why the last one that failed did.
        reason: String,
    },
    /// The worker's logic.
    #[error(transparent)]
    Worker(#[from] enigma_worker::Error),
    /// A file of the configuration or of the data directory.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The ceremony of genesis.
    #[error("genesis failed: {0}")]
    Genesis(&'static str),
}
