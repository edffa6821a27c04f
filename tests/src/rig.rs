//! The real enclaves on a real chain, in one process: anvil with the real contracts, four key enclaves and three worker
//! enclaves behind their frames, and every message between them in the test's hands.
//!
//! ```text
//! genesis  contracts, admissions, stakes, the ceremony, the first epoch
//! seats    an enclave with what a host feeds it: headers and proofs
//! epochs   beacons, and mining up to the next epoch
//! ledger   inputs and commits as the events tell them; what they carry is what a host would store
//! inputs   clients: terms, envelopes, deployments, tasks, and whatever bytes a hostile one sends
//! execute  pending inputs to a receipt: proofs, keys, state
//! commits  receipts to the chain, or to nothing but its opinion; a broken enclave's signature
//! money    what everybody is owed, what the schedule says
//! program  the secret contract of these tests
//! ```
//!
//! Nothing runs by itself and nothing sleeps: a block is mined for every transaction and whenever a test says so.

mod commits;
mod epochs;
mod execute;
mod genesis;
mod inputs;
mod ledger;
mod money;
pub mod program;
mod seats;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, Sender, accounts, deployment::Parameters};
use enigma_protocol::{door::Refusal, network::Descriptor};

pub use commits::Commitment;
pub use inputs::{Sent, Terms, Text};
pub use money::{Books, expected_pay};

use crate::{anvil::Anvil, sealed::Entropy};
use ledger::Ledger;
use seats::{Facts, Headers, KeySeat, WorkerSeat};

/// Key enclaves.
pub const KEYS: usize = 4;
/// Partials that make a key.
pub const THRESHOLD: usize = 3;
/// Worker enclaves, of which a group holds two: there is always one that was not drawn.
pub const WORKERS: usize = 3;

/// Short epochs, a short window, and a group that leaves a worker out.
pub const PARAMETERS: Parameters =
    Parameters { epoch_length: 8, group_size: 2, takeover: 3, skip_epochs: 2, window: 2, min_stake: 100 };

/// A whole network in one process.
pub struct Rig {
    /// The chain's process.
    pub anvil: Anvil,
    /// The Enigma contract on it.
    pub chain: Chain,
    /// What clients pin.
    pub descriptor: Descriptor,
    /// Its hash.
    pub network: B256,
    /// The stake token.
    pub token: Address,
    deployer: Sender,
    carrier: Sender,
    users: Vec<Sender>,
    commitments: Vec<[u8; 96]>,
    keys: Vec<KeySeat>,
    workers: Vec<WorkerSeat>,
    headers: Headers,
    facts: Facts,
    ledger: Ledger,
    snapshots: BTreeMap<B256, Vec<u8>>,
    entropy: Entropy,
}

impl Rig {
    /// The account of user `index`, 0 to 8. Account 9 carries commits.
    pub fn user(&self, index: usize) -> &Sender {
        &self.users[index]
    }

    /// The operator of worker `index`, who is paid for its work.
    pub fn operator(&self, index: usize) -> &Sender {
        &self.workers[index].operator
    }

    /// The deployer of the network.
    pub const fn deployer(&self) -> &Sender {
        &self.deployer
    }

    /// Mines `count` blocks.
    pub fn mine(&self, count: u64) {
        self.anvil.call("anvil_mine", serde_json::json!([format!("{count:#x}")]));
    }

    /// Places of the workers, in the order of the contract's group in the current epoch: rank 0 first.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn group(&self, contract: Address) -> Vec<usize> {
        let epoch = self.epoch().await;
        let ids =
            self.chain.sequence(contract, epoch, PARAMETERS.group_size.into()).await.expect("a sequence");
        ids.iter().map(|id| self.workers.iter().position(|w| w.id == *id).expect("a worker")).collect()
    }

    /// The current epoch.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn epoch(&self) -> u64 {
        self.chain.network_state().await.expect("a network").epoch
    }
}

fn sender(chain: &Chain, account: u32) -> Sender {
    Sender::new(chain.clone(), accounts::local(account).expect("an account"))
}

/// Why an enclave did not do what it was asked.
pub type Refused<T> = Result<T, Refusal>;
