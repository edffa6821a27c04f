//! Whether the chain says what the node says.

use alloy_primitives::B256;
use anyhow::{Context, Result, bail};
use enigma_chain::Chain;
use enigma_node::NodeConfig;
use enigma_protocol::{keys::commitments_hash, network::Descriptor};

use super::source::Source;

/// Compares everything that the chain knows; `pinned` is the network that the user wants. Returns the chain's endpoints.
pub async fn agrees(source: &Source, pinned: Option<B256>, rpc: &[String]) -> Result<Vec<String>> {
    let endpoints = if rpc.is_empty() { source.rpc.clone() } else { rpc.to_vec() };
    if endpoints.is_empty() {
        bail!("which chain? Name an endpoint of chain {}: --rpc URL", source.descriptor.chain_id);
    }
    let told = &source.descriptor;
    require(told, pinned)?;
    let chain = Chain::connect_all(&endpoints, told.enigma, Default::default())?;
    let id = chain.chain_id().await?;
    if id != told.chain_id {
        bail!("the endpoint is of chain {id}, the network lives on {}", told.chain_id);
    }
    let found = chain
        .descriptor(told.public_key)
        .await
        .with_context(|| format!("no Enigma contract answers at {}", told.enigma))?;
    let known = chain.network_state().await?.network;
    if found != *told || known != told.network() {
        bail!("the chain says that this is network {known}, the node says {}", told.network());
    }
    if chain.block(told.checkpoint_number).await?.hash != told.checkpoint_hash {
        bail!(
            "block {} of the chain is not the network's checkpoint: it is another history",
            told.checkpoint_number
        );
    }
    if chain.commitments_hash().await? != commitments_hash(&source.commitments) {
        bail!("the node tells another committee's commitments than the chain");
    }
    Ok(endpoints)
}

/// Whether the network of a directory that exists is the one that its chain and the user mean.
pub async fn still(config: &NodeConfig, pinned: Option<B256>) -> Result<()> {
    let key = hex::decode(&config.public_key).ok().and_then(|key| key.try_into().ok());
    let chain = Chain::connect_all(&config.rpc, config.enigma, Default::default())?;
    let descriptor = chain.descriptor(key.context("node.json: public_key is not 96 bytes in hex")?).await?;
    require(&descriptor, pinned)?;
    let known = chain.network_state().await?.network;
    if known != descriptor.network() {
        bail!("this directory is of network {}, its chain has {known}", descriptor.network());
    }
    Ok(())
}

fn require(descriptor: &Descriptor, pinned: Option<B256>) -> Result<()> {
    match pinned {
        Some(pinned) if descriptor.network() != pinned => {
            bail!("this is network {}, and --network wants {pinned}", descriptor.network())
        }
        _ => Ok(()),
    }
}
