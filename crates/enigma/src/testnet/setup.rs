//! A network whose nodes run elsewhere, each on its directory: what `enigma up` does before it starts nodes.

use std::path::Path;

use anyhow::{Context, Result, bail};
use enigma_chain::Chain;

use super::{
    Directory, Network, Progress, create,
    layout::{Layout, Services},
    supervise::Size,
};

/// Creates the network, or finds that it exists on this chain already. The chain must run.
///
/// # Errors
/// The chain does not answer, or is another than the one that the directory's network lives on.
pub async fn set_up(
    directory: &Directory,
    size: Size,
    services: Services,
    progress: &Progress,
) -> Result<Network> {
    let layout = Layout::Services(services.clone());
    let network = match directory.find_network()? {
        Some(known) => {
            require_same_chain(&services.chain, &known).await?;
            // Clients may reach it by other ports than the last time.
            let network = Network { rpc: services.public_chain, api: vec![services.public_api], ..known };
            directory.save_network(&network)?;
            progress.done("the network exists, and its chain is this one");
            network
        }
        None => {
            clear(directory)?;
            create::create(directory, size, &layout, progress).await?
        }
    };
    // Whoever sees only the public node's directory finds there what a client pins.
    if let Some(place) = layout.public_node() {
        Directory::new(&directory.path(&place.name))?.save_network(&network)?;
    }
    Ok(network)
}

/// A chain that was begun anew does not know the network.
async fn require_same_chain(url: &str, network: &Network) -> Result<()> {
    let chain = Chain::connect(url, network.enigma)?;
    let height = chain.height().await.with_context(|| format!("the chain at {url}"))?;
    let is_same = height >= network.checkpoint_number
        && chain.block(network.checkpoint_number).await?.hash == network.checkpoint_hash;
    if !is_same {
        bail!(
            "the chain at {url} is not the one of this network; delete the nodes' data, or bring its chain back"
        );
    }
    Ok(())
}

/// Removes what a setup that was interrupted left in the nodes' directories: an identity that another machine sealed
/// would be refused. The directories themselves stay; they may be mounts.
fn clear(directory: &Directory) -> Result<()> {
    let told = |path: &Path| format!("{}", path.display());
    std::fs::create_dir_all(directory.root()).with_context(|| told(directory.root()))?;
    for node in std::fs::read_dir(directory.root())? {
        let node = node?;
        if !node.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(node.path())? {
            let file = file?;
            if file.file_type()?.is_file() {
                std::fs::remove_file(file.path()).with_context(|| told(&file.path()))?;
            }
        }
    }
    Ok(())
}
