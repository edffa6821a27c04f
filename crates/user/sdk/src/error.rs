//! What can go wrong for a client.

use alloy_primitives::{Address, B256, U256};

use enigma_chain::SkipEvent;

use crate::Refusal;

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
    /// The transaction went in but did not announce what it did.
    #[error("transaction {0} was mined and announced nothing; ask another RPC endpoint")]
    NoEvent(B256),
    /// A contract has no such task.
    #[error("{contract} has no task {index}; its first one is 0")]
    UnknownTask {
        /// The secret contract.
        contract: Address,
        /// The index that was asked for.
        index: u64,
    },
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
    /// Nobody executed the task, and it was given up.
    #[error(
        "task {index} of {contract} was skipped: nobody executed it in time; its fee and value ({refund} wei) were credited to its sender, who takes them with withdraw() of the Enigma contract; send it again"
    )]
    Skipped {
        /// The secret contract.
        contract: Address,
        /// Its index.
        index: u64,
        /// Wei that were credited to the sender.
        refund: U256,
        /// The transaction that skipped it.
        transaction: B256,
    },
    /// The output does not decrypt: it is not the answer to this task.
    #[error("the output of task {index} does not decrypt: the RPC does not tell the truth")]
    ForeignOutput {
        /// Its index.
        index: u64,
    },
    /// The task was sent by another account.
    #[error("task {index} was sent by {sender}, whose results only it can read")]
    NotOurs {
        /// Its index.
        index: u64,
        /// Who sent it.
        sender: Address,
    },
    /// Another account must send this task.
    #[error("this task must be sent by {named}, not by {account}: its envelope opens for nobody else")]
    NotTheRelayer {
        /// Whom its author named.
        named: Address,
        /// Who would have sent it.
        account: Address,
    },
    /// A task that somebody signed wants more of its relayer than the relayer allows.
    #[error("this task sends {value} wei of its relayer's along, and {most} are allowed: nothing was sent")]
    RelayedValue {
        /// Wei that the author wants along.
        value: U256,
        /// Wei that the relayer allows.
        most: U256,
    },
    /// A task that somebody signed is over: whoever sent it would pay for nothing.
    #[error(
        "this task expired at unix time {expiry}: nothing would run, and it would be paid for; have it authorised again"
    )]
    RelayedTooLate {
        /// Unix seconds.
        expiry: u64,
    },
    /// An answer to the question for a nonce is none.
    #[error("the answer holds no nonce: the worker runs another version")]
    NoNonce,
    /// The platform has no randomness.
    #[error("the system gives no randomness")]
    Randomness,

    /// No node was named that could be asked.
    #[error("no node to ask: a read needs the API of one node of the network at least")]
    NoNodes,
    /// A node does not answer a query, or not sensibly.
    #[error("{0}; the read may be asked of another node")]
    Node(enigma_chain::Error),
    /// A query was refused.
    #[error("the read was refused by {node}: {refusal}")]
    Refused {
        /// The node's API.
        node: String,
        /// Why.
        refusal: Refusal,
    },
    /// The answer does not decrypt under the query's key, or answers another query.
    #[error(
        "{node} sent an answer that does not decrypt: it answers something else, or was changed on its way"
    )]
    ForeignAnswer {
        /// The node's API.
        node: String,
    },
    /// The answer is not signed, or not by a worker that is admitted.
    #[error("the answer is signed by {signer}, which is no admitted enclave of this network: a false answer")]
    NotAdmitted {
        /// Who signed; zero if the signature is none.
        signer: Address,
    },
    /// The signer does not serve the contract.
    #[error(
        "the answer is signed by {signer}, which is not in the contract's group of epoch {epoch}: a false answer"
    )]
    NotInGroup {
        /// Who signed.
        signer: Address,
        /// The epoch that the answer names.
        epoch: u64,
    },
    /// The answer names another epoch than the chain.
    #[error("the answer is of epoch {told}, the chain has {found} after that block: a false answer")]
    WrongEpoch {
        /// What the answer says.
        told: u64,
        /// What the chain says.
        found: u64,
    },
    /// The answer was computed on another state than the chain's.
    #[error("the answer was read from state {told}, the chain has {found}: a stale or false answer")]
    WrongState {
        /// What the answer says.
        told: B256,
        /// What the chain says.
        found: B256,
    },
    /// The answer's block is too old.
    #[error(
        "the answer is of block {block}, {behind} blocks behind the newest; {most} are accepted: ask another node, or accept more"
    )]
    Stale {
        /// The answer's block.
        block: u64,
        /// How far it is behind.
        behind: u64,
        /// How far it may be.
        most: u64,
    },
    /// The answer's block is not one of the chain's.
    #[error(
        "the answer is of block {number} ({hash}), which the RPC does not have: a reorganisation, an RPC that is behind, or another chain; ask again"
    )]
    UnknownBlock {
        /// The block's number.
        number: u64,
        /// The hash that the answer names.
        hash: B256,
    },
    /// The chain's RPC proves nothing, or not what was asked.
    #[error("the chain's RPC gives no valid Merkle proofs of block {0}: use one that does (eth_getProof)")]
    Unproven(u64),
}

impl Error {
    /// What a skipped task ends with.
    pub(crate) const fn skipped(skip: &SkipEvent) -> Self {
        let SkipEvent { contract, index, refund, transaction, .. } = *skip;
        Self::Skipped { contract, index, refund, transaction }
    }

    /// Whether another node may do better, as far as can be told from the answer of one.
    pub(crate) const fn is_one_nodes(&self) -> bool {
        matches!(
            self,
            Self::Node(_)
                | Self::Refused { .. }
                | Self::ForeignAnswer { .. }
                | Self::NotAdmitted { .. }
                | Self::NotInGroup { .. }
                | Self::WrongEpoch { .. }
                | Self::WrongState { .. }
                | Self::Stale { .. }
                | Self::UnknownBlock { .. }
        )
    }
}
