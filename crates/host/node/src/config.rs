//! What a node is told. A JSON file in its data directory.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use enigma_rpc::Limits;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The file's name in a node's data directory.
pub const FILE: &str = "node.json";

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Executes tasks.
    Worker,
    /// Keeps a share of the network key.
    Key,
}

impl Role {
    /// Its name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Key => "key",
        }
    }
}

/// A peer of a local network.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Peer {
    /// For logs, such as "worker-1".
    pub name: String,
    /// What it does.
    pub role: Role,
    /// Multiaddress with peer id.
    pub address: String,
    /// A worker's enclave, by its signing key: the lottery names workers so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Address>,
}

/// Everything that one node needs to run.
#[derive(Clone, Serialize, Deserialize)]
pub struct NodeConfig {
    /// Its name in logs.
    pub name: String,
    /// What it does.
    pub role: Role,
    /// HTTP endpoints of the chain, the preferred one first. A single one may stand there without a list.
    #[serde(with = "one_or_many")]
    pub rpc: Vec<String>,
    /// The Enigma contract.
    pub enigma: Address,
    /// The network's public key, 96 bytes in hex.
    pub public_key: String,
    /// Commitments of the committee's public polynomial, each 96 bytes in hex.
    pub commitments: Vec<String>,
    /// The enclave's program.
    pub enclave: PathBuf,
    /// Where the node keeps its data.
    pub data_dir: PathBuf,
    /// `address:port` for peers.
    pub listen: String,
    /// `address:port` or multiaddress under which other nodes reach it, if that is not where it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<String>,
    /// Its peers.
    pub peers: Vec<Peer>,
    /// Whether to find peers that are not listed, and to be found by them.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub discovery: bool,
    /// `address:port` of its API (`docs/rpc.md`); without one it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// MiB that a worker's database may take.
    #[serde(default = "disk_mib")]
    pub disk_mib: u64,
    /// What the API takes at most.
    #[serde(default)]
    pub limits: Limits,
    /// For tests only: where to write every frame and message that passes, see [`crate::record`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_dir: Option<PathBuf>,
}

const fn yes() -> bool {
    true
}

/// A list of strings that is written as a string while it has one.
mod one_or_many {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        Many(Vec<String>),
    }

    pub(super) fn serialize<S: Serializer>(list: &Vec<String>, serializer: S) -> Result<S::Ok, S::Error> {
        match list.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        Ok(match Either::deserialize(deserializer)? {
            Either::One(one) => vec![one],
            Either::Many(many) => many,
        })
    }
}

/// MiB that a worker's database may take, if nothing else is said.
pub const DISK_MIB: u64 = 8_192;

const fn disk_mib() -> u64 {
    DISK_MIB
}

impl NodeConfig {
    /// Reads the file in `data_dir`.
    ///
    /// # Errors
    /// No such file, or not this format.
    pub fn load(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(FILE);
        let fail = |reason: String| Error::File { path: path.display().to_string(), reason };
        let text = std::fs::read_to_string(&path).map_err(|e| fail(e.to_string()))?;
        serde_json::from_str(&text).map_err(|e| fail(e.to_string()))
    }

    /// Writes the file into its data directory.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn save(&self) -> Result<()> {
        let path = self.data_dir.join(FILE);
        let fail = |reason: String| Error::File { path: path.display().to_string(), reason };
        let text = serde_json::to_string_pretty(self).map_err(|e| fail(e.to_string()))?;
        std::fs::write(&path, text + "\n").map_err(|e| fail(e.to_string()))
    }

    /// The public key's bytes.
    pub(crate) fn public_key_bytes(&self) -> Result<[u8; 96]> {
        self.point(&self.public_key)
    }

    /// The commitments' bytes.
    pub(crate) fn commitment_bytes(&self) -> Result<Vec<[u8; 96]>> {
        self.commitments.iter().map(|c| self.point(c)).collect()
    }

    fn point(&self, text: &str) -> Result<[u8; 96]> {
        let bytes = hex::decode(text).ok().and_then(|b| b.try_into().ok());
        bytes.ok_or_else(|| Error::File {
            path: self.data_dir.join(FILE).display().to_string(),
            reason: "expected points of 96 bytes in hex".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_endpoint_needs_no_list_and_discovery_is_the_default() {
        let mut config = json!({
            "name": "worker-1", "role": "worker", "rpc": "http://127.0.0.1:8545", "enigma": Address::ZERO,
            "public_key": "", "commitments": [], "enclave": "", "data_dir": "", "listen": "127.0.0.1:0", "peers": [],
        });
        let read: NodeConfig = serde_json::from_value(config.clone()).unwrap();
        assert_eq!((read.rpc.as_slice(), read.discovery), (&["http://127.0.0.1:8545".to_owned()][..], true));
        assert_eq!(serde_json::to_value(&read).unwrap()["rpc"], config["rpc"]);
        config["rpc"] = json!(["http://one", "http://other"]);
        config["discovery"] = false.into();
        let read: NodeConfig = serde_json::from_value(config.clone()).unwrap();
        assert_eq!((read.rpc.len(), read.discovery), (2, false));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!((&written["rpc"], &written["discovery"]), (&config["rpc"], &config["discovery"]));
    }
}
