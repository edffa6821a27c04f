//! How a task ended, as only its sender knows it.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    output::{InnerStatus, Output, PrivateLog},
    relayed::Unauthorised,
};

/// The end of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned these bytes.
    Returned(Vec<u8>),
    /// The contract reverted with these bytes.
    Reverted(Vec<u8>),
    /// The EVM stopped it; the number says why (`enigma_evm::HaltCode`).
    Halted(u8),
    /// Its expiry was over at the block of its inclusion.
    Expired,
    /// Its output and state change were larger than its `commitGas` pays for.
    TooLarge,
    /// Nothing is deployed there: the deployment failed.
    NotDeployed,
    /// Relayed, and its author's authorisation does not cover it; nothing ran. `None`: a reason that this version does
    /// not know.
    NotAuthorised(Option<Unauthorised>),
    /// The enclave could not open its envelope.
    Unopened,
}

impl From<&Output> for Outcome {
    fn from(output: &Output) -> Self {
        match output.status {
            InnerStatus::Success => Self::Returned(output.data.clone()),
            InnerStatus::Reverted => Self::Reverted(output.data.clone()),
            InnerStatus::Halted => Self::Halted(output.data.first().copied().unwrap_or_default()),
            InnerStatus::Expired => Self::Expired,
            InnerStatus::TooLarge => Self::TooLarge,
            InnerStatus::NotDeployed => Self::NotDeployed,
            InnerStatus::NotAuthorised => Self::NotAuthorised(Unauthorised::from_data(&output.data)),
        }
    }
}

/// A finished task.
#[derive(Clone, Debug)]
pub struct Report {
    /// The secret contract.
    pub contract: Address,
    /// Its index there.
    pub index: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The logs that the sender may see.
    pub logs: Vec<PrivateLog>,
    /// Gas used inside, exact.
    pub gas_used: u64,
    /// What it paid, wei.
    pub paid: U256,
    /// The transaction that created it.
    pub transaction: B256,
    /// The transaction that committed it.
    pub commit: B256,
    /// Block of the commit.
    pub commit_block: u64,
}
