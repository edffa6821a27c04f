//! `enigma status`: what runs, and where the network stands.

use std::process::ExitCode;

use anyhow::Result;
use enigma_chain::Chain;
use serde_json::json;

use crate::{cli::Target, testnet::Directory};

/// Prints the status. Exit code 3 if the network is not running.
pub async fn run(target: Target) -> Result<ExitCode> {
    let directory = Directory::new(&target.data_dir)?;
    let network = directory.network()?;
    if !directory.is_running() {
        if target.json {
            out!("{}", json!({ "ok": true, "running": false, "network": network }));
        } else {
            out!("The network in {} is stopped; `enigma up` goes on with it.", target.data_dir.display());
        }
        return Ok(ExitCode::from(3));
    }
    let chain = Chain::connect(&network.rpc, network.enigma)?;
    let (height, state) = tokio::try_join!(chain.height(), chain.network_state())?;
    let weight = chain.sequence(network.enigma, state.epoch, u64::MAX >> 1).await.map(|s| s.len()).ok();
    let nodes: Vec<_> = network.nodes().map(|name| (name, directory.is_node_running(name))).collect();
    if target.json {
        let nodes: Vec<_> = nodes.iter().map(|(n, up)| json!({ "name": n, "running": up })).collect();
        out!(
            "{}",
            json!({
                "ok": true, "running": true, "network": network, "block": height, "epoch": state.epoch,
                "nextEpochSeeded": state.next_seeded(), "workersInLottery": weight, "nodes": nodes,
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    out!("network   {}  SIMULATED", network.network);
    out!("chain     {}  block {height}", network.rpc);
    out!("contract  {}", network.enigma);
    out!("epoch     {}{}", state.epoch, if state.next_seeded() { ", the next one is seeded" } else { "" });
    out!("keys      {} ({} of {} make a key)", network.keys, network.threshold, network.key_nodes.len());
    if let Some(weight) = weight {
        out!("lottery   {weight} workers");
    }
    for (name, up) in nodes {
        out!("{name:9} {}", if up { "running" } else { "STOPPED" });
    }
    Ok(ExitCode::SUCCESS)
}
