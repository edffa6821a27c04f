//! A network with one secret contract, and who sends it tasks without the command line.

use std::time::Duration;

use alloy_primitives::{Address, U256, hex, keccak256};
use enigma_chain::{CommitEvent, Event, Sender, accounts};
use enigma_sdk::{Client, Limits, Outcome, Sent};
use enigma_tests::network::{Network, watch::Watch};
use tokio::runtime::Runtime;

/// How long a task may take, with whatever goes before it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends tasks to a contract; stopped with its network.
pub struct User {
    runtime: Runtime,
    client: Client,
    pub watch: Watch,
    pub network: Network,
    pub contract: Address,
}

impl User {
    /// Of a new contract whose receipts need so many signatures.
    pub fn of(code: &str, signers: u8) -> Self {
        let network = Network::started();
        let watch = Watch::of(&network);
        let told = network.run(&["deploy", code, "--signers", &signers.to_string(), "--json"]);
        let contract = told.succeeded().json()["address"].as_str().unwrap().parse().unwrap();
        let key = hex::decode(network.told()["publicKey"].as_str().unwrap()).unwrap().try_into().unwrap();
        let runtime = Runtime::new().unwrap();
        let chain = network.chain();
        let descriptor = runtime.block_on(chain.descriptor(key)).unwrap();
        let sender = Sender::new(chain, accounts::local(0).unwrap());
        let client = runtime.block_on(Client::connect(sender, descriptor)).unwrap();
        Self { runtime, client, watch, network, contract }
    }

    /// Sends a task and does not wait for it. All arguments are numbers.
    pub fn send(&self, function: &str, arguments: &[u64], limits: Limits) -> Sent {
        let words = arguments.iter().map(|number| U256::from(*number).to_be_bytes::<32>().to_vec());
        let body = [keccak256(function)[..4].to_vec()].into_iter().chain(words).collect::<Vec<_>>().concat();
        self.runtime.block_on(self.client.send(self.contract, body, U256::ZERO, limits)).expect("a task")
    }

    /// The number that a task returned.
    pub fn result_of(&self, sent: &Sent) -> U256 {
        let report = self.runtime.block_on(self.client.wait(sent, PATIENCE)).expect("an outcome");
        let Outcome::Returned(word) = report.outcome else { panic!("{:?}", report.outcome) };
        U256::from_be_slice(&word)
    }

    /// The commit of a task that has one.
    pub fn commit_of(&self, sent: &Sent) -> CommitEvent {
        let ours = |event| match event {
            Event::Commit(commit) if (commit.first_index..=commit.last_index).contains(&sent.index) => {
                Some(*commit)
            }
            _ => None,
        };
        self.watch.since(sent.block).into_iter().find_map(ours).expect("its commit")
    }
}
