//! What can go wrong for a client.

use alloy_primitives::{Address, B256};

/// Everything that can fail here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chain, or the Enigma contract.
    #[error(transparent)]
    Chain(#[from] enigma_chain::Error),
    /// The contract is not the pinned network.
    #[error("expected the network {pinned}, the contract says {found}: wrong RPC, or wrong descriptor")]
    WrongNetwork {
        /// The network that was pinned.
        pinned: B256,
        /// What the contract's descriptor hashes to.
        found: B256,
    },
    /// The pinned public key is not a point.
    #[error("the pinned public key is not a point of BLS12-381")]
    PublicKey,
    /// No secret contract lives there.
    #[error("no secret contract lives at {0}; deploy one, or check the address")]
    UnknownContract(Address),
    /// The transaction went in but announced no input.
    #[error("transaction {0} created no task")]
    NoInput(B256),
    /// No commit within the patience.
    #[error(
        "task {index} of {contract} was not committed within {seconds} s; it stays pending, nothing is lost"
    )]
    NotCommitted {
        /// The secret contract.
        contract: Address,
        /// Its index.
        index: u64,
        /// How long was waited.
        seconds: u64,
    },
    /// The output does not decrypt: it is not the answer to this task.
    #[error("the output of task {index} does not decrypt: the RPC does not tell the truth")]
    ForeignOutput {
        /// Its index.
        index: u64,
    },
    /// The platform has no randomness.
    #[error("the system gives no randomness")]
    Randomness,
}
