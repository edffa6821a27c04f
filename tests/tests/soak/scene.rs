//! A network, its chain's pace, its audit.

use std::path::PathBuf;

use alloy_primitives::Address;
use enigma_chain::Chain;
use enigma_protocol::network::Descriptor;
use enigma_tests::{
    audit::{Audited, Committee, Difference, History, audit},
    network::{Network, rpc},
};
use serde_json::json;

/// What a client of a network knows.
pub struct Known {
    pub chain: Chain,
    pub descriptor: Descriptor,
    key_nodes: Vec<PathBuf>,
}

impl Known {
    /// As `network.json` tells it, and a chain at `url`.
    pub fn of(network: &Network, url: &str) -> Self {
        let told = network.told();
        let enigma: Address = told["enigma"].as_str().unwrap().parse().unwrap();
        let names = told["keyNodes"].as_array().unwrap().iter();
        let key_nodes: Vec<PathBuf> =
            names.map(|name| network.data_dir().join(name.as_str().unwrap())).collect();
        let descriptor = Committee::unsealed(&key_nodes).descriptor().clone();
        Self { chain: Chain::connect(url, enigma).unwrap(), descriptor, key_nodes }
    }

    /// Everything that the chain tells.
    pub async fn history(&self) -> History {
        History::read(&self.chain, self.descriptor.checkpoint_number).await.expect("the chain's history")
    }

    /// Executes everything once more.
    pub fn audit(
        &self,
        history: &History,
    ) -> Result<std::collections::BTreeMap<Address, Audited>, Difference> {
        audit(history, &mut Committee::unsealed(&self.key_nodes))
    }
}

/// A block a second and no other: a transaction waits for the next one, as on a real chain.
pub fn keep_pace(port: u16) {
    rpc::call(port, "evm_setIntervalMining", json!([1]));
}
