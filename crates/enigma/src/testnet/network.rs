//! `network.json`: what a client of the local network needs, and pins.

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result};
use enigma_protocol::network::Descriptor;
use serde::{Deserialize, Serialize};

use super::Size;

/// One local network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// The network's identity.
    pub network: B256,
    /// Nothing protects it but the operating system.
    pub simulated: bool,
    /// How the network key came to be: "dealt".
    pub keys: String,
    /// HTTP endpoint of the chain.
    pub rpc: String,
    /// First port, if the nodes run on this machine.
    pub port_base: u16,
    /// The nodes run elsewhere, such as in containers: no process of this machine is theirs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The Enigma contract.
    pub enigma: Address,
    /// The stake token.
    pub token: Address,
    /// Block from which enclaves follow the chain.
    pub checkpoint_number: u64,
    /// Its hash.
    pub checkpoint_hash: B256,
    /// How enclaves verify headers: 1, dev.
    pub verifier: u8,
    /// Root of attestation.
    pub attestation_root: B256,
    /// Rules of execution.
    pub ruleset: u64,
    /// `S`, 96 bytes in hex.
    pub public_key: String,
    /// Partials that make a key.
    pub threshold: u8,
    /// Names of the key nodes' directories.
    pub key_nodes: Vec<String>,
    /// Names of the workers' directories.
    pub workers: Vec<String>,
    /// APIs that clients may ask, each of which answers everything: all nodes', workers first, or the public ones.
    #[serde(default)]
    pub api: Vec<String>,
}

impl Network {
    /// The descriptor that a client pins.
    pub fn descriptor(&self) -> Result<Descriptor> {
        let key = hex::decode(&self.public_key).ok().and_then(|k| k.try_into().ok());
        Ok(Descriptor {
            chain_id: self.chain_id,
            enigma: self.enigma,
            checkpoint_number: self.checkpoint_number,
            checkpoint_hash: self.checkpoint_hash,
            verifier: self.verifier,
            attestation_root: self.attestation_root,
            ruleset: self.ruleset,
            public_key: key.context("network.json: publicKey is not 96 bytes in hex")?,
        })
    }

    /// How many nodes it has.
    pub fn size(&self) -> Size {
        let count = |nodes: &[String]| u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        Size { workers: count(&self.workers), key_nodes: count(&self.key_nodes) }
    }

    /// Names of all nodes' directories, key nodes first.
    pub fn nodes(&self) -> impl Iterator<Item = &String> {
        self.key_nodes.iter().chain(&self.workers)
    }

    /// The API of a node by its name, where every node's is reached.
    pub fn api_of(&self, name: &str) -> Option<&str> {
        if self.elsewhere {
            return None;
        }
        let place = self.workers.iter().chain(&self.key_nodes).position(|n| n == name)?;
        self.api.get(place).map(String::as_str)
    }
}
