//! What a node or a network.json tells of the network. Nothing of it is believed before the chain agrees.

use std::path::Path;

use alloy_primitives::{Address, B256, Bytes};
use anyhow::{Context, Result, anyhow, bail};
use enigma_chain::NodeApi;
use enigma_node::{Role, config::Peer};
use enigma_protocol::network::Descriptor;
use serde::Deserialize;
use serde_json::Value;

use crate::testnet::Network;

/// Peers that are taken from one node.
const PEERS: usize = 64;
/// Commitments of the largest committee.
const COMMITMENTS: usize = 64;

/// A network, as somebody tells it.
pub struct Source {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// Whether the descriptor is the user's own, from a network.json.
    pub is_pinned: bool,
    /// Commitments of the committee's public polynomial.
    pub commitments: Vec<[u8; 96]>,
    /// Some nodes.
    pub peers: Vec<Peer>,
    /// The chain's endpoints, if these are told.
    pub rpc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldNetwork {
    chain_id: u64,
    enigma: Address,
    checkpoint_number: u64,
    checkpoint_hash: B256,
    verifier: u8,
    attestation_root: B256,
    ruleset: u64,
    public_key: Bytes,
}

#[derive(Deserialize)]
struct ToldBootstrap {
    commitments: Vec<Bytes>,
    peers: Vec<ToldPeer>,
    rpc: Vec<String>,
}

#[derive(Deserialize)]
struct ToldPeer {
    name: String,
    role: Role,
    address: String,
    signer: Option<Address>,
}

impl Source {
    /// Asks the node at this URL, or the nodes that a network.json names until one answers.
    pub async fn ask(told: &str) -> Result<Self> {
        if told.starts_with("http://") || told.starts_with("https://") {
            return Self::of_node(told).await;
        }
        let path = Path::new(told);
        let bytes = std::fs::read(path)
            .with_context(|| format!("--join {told}: expected a node's URL or a network.json"))?;
        let network: Network = serde_json::from_slice(&bytes).with_context(|| told.to_owned())?;
        let pinned = network.descriptor()?;
        let mut last = anyhow!("{told} names no node's API");
        for url in &network.api {
            match Self::of_node(url).await {
                Ok(found) if found.descriptor.network() == pinned.network() => {
                    // The file's endpoint is meant for clients, who are where this is.
                    return Ok(Self { is_pinned: true, rpc: vec![network.rpc], ..found });
                }
                Ok(found) => {
                    last = anyhow!(
                        "{url} serves the network {}, not {}",
                        found.descriptor.network(),
                        pinned.network()
                    );
                }
                Err(error) => last = error,
            }
        }
        Err(last.context("none of the network's nodes can be asked"))
    }

    async fn of_node(url: &str) -> Result<Self> {
        let (network, bootstrap) = NodeApi::new(url)?.introduction().await?;
        Self::read(network, bootstrap)
            .with_context(|| format!("the node at {url} answers with what is no network"))
    }

    fn read(network: Value, bootstrap: Value) -> Result<Self> {
        let network: ToldNetwork = serde_json::from_value(network)?;
        let told: ToldBootstrap = serde_json::from_value(bootstrap)?;
        if told.commitments.is_empty() || told.commitments.len() > COMMITMENTS {
            bail!("expected 1 to {COMMITMENTS} commitments, it tells {}", told.commitments.len());
        }
        let peer = |p: ToldPeer| Peer {
            name: printable(&p.name),
            role: p.role,
            address: p.address,
            signer: p.signer,
        };
        Ok(Self {
            descriptor: Descriptor {
                chain_id: network.chain_id,
                enigma: network.enigma,
                checkpoint_number: network.checkpoint_number,
                checkpoint_hash: network.checkpoint_hash,
                verifier: network.verifier,
                attestation_root: network.attestation_root,
                ruleset: network.ruleset,
                public_key: point(&network.public_key)?,
            },
            is_pinned: false,
            commitments: told.commitments.iter().map(point).collect::<Result<_>>()?,
            peers: told.peers.into_iter().take(PEERS).map(peer).collect(),
            rpc: told.rpc,
        })
    }
}

fn point(bytes: &Bytes) -> Result<[u8; 96]> {
    bytes.as_ref().try_into().map_err(|_| anyhow!("expected a point of 96 bytes, it has {}", bytes.len()))
}

/// A stranger's name, fit for a log.
fn printable(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_graphic()).take(32).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn network() -> Value {
        json!({
            "chainId": 31_337, "enigma": Address::ZERO, "checkpointNumber": 1, "checkpointHash": B256::ZERO,
            "verifier": 1, "attestationRoot": B256::ZERO, "ruleset": 1, "publicKey": Bytes::from(vec![7; 96]),
            "simulated": true,
        })
    }

    #[test]
    fn what_a_node_tells_is_bounded_before_it_is_used() {
        let peer = json!({ "name": "key-1\u{1b}[2J", "role": "key", "address": "/ip4/127.0.0.1/tcp/1", "signer": null });
        let told = |commitments: usize, peers: usize| {
            let commitments = vec![Bytes::from(vec![7; 96]); commitments];
            Source::read(
                network(),
                json!({ "commitments": commitments, "peers": vec![&peer; peers], "rpc": [] }),
            )
        };
        let source = told(3, 200).unwrap();
        assert_eq!((source.peers.len(), source.peers[0].name.as_str()), (PEERS, "key-1[2J"));
        assert!(told(0, 1).is_err() && told(COMMITMENTS + 1, 1).is_err());
        let mut short = network();
        short["publicKey"] = "0x00".into();
        assert!(Source::read(short, json!({ "commitments": [], "peers": [], "rpc": [] })).is_err());
    }
}
