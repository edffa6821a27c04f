//! `enigma status`: what runs, and where the network stands.

use std::process::ExitCode;

use anyhow::Result;
use enigma_chain::Chain;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    cli::Target,
    testnet::{Directory, Network, health},
};

/// Prints the status. Exit code 3 if the network is not running.
pub async fn run(target: Target) -> Result<ExitCode> {
    let directory = Directory::new(&target.data_dir)?;
    let network = directory.network()?;
    if !network.elsewhere && !directory.is_running() {
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
    let nodes = if network.elsewhere {
        join_all(network.api.iter().map(|url| look_from_afar(&chain, url))).await
    } else {
        join_all(network.nodes().map(|name| look(&directory, &network, &chain, name))).await
    };
    if target.json {
        let nodes: Vec<_> = nodes.iter().map(Look::json).collect();
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
    for node in nodes {
        let api = node.api.unwrap_or_default();
        let id = node.id.map(|id| format!("  id {id}")).unwrap_or_default();
        let runs = if node.runs { "running" } else { "STOPPED" };
        out!("{:9} {runs:8} {:8} {api}{id}", node.name, node.health());
    }
    Ok(ExitCode::SUCCESS)
}

/// One node, as its process and its API tell it.
struct Look<'a> {
    name: String,
    runs: bool,
    api: Option<&'a str>,
    told: Option<Value>,
    /// Of a worker, by which commands name it.
    id: Option<u64>,
}

async fn look<'a>(directory: &Directory, network: &'a Network, chain: &Chain, name: &'a str) -> Look<'a> {
    let api = network.api_of(name);
    let told = match api {
        Some(url) => health(url).await,
        None => None,
    };
    let id = id(chain, told.as_ref()).await;
    Look { name: name.to_owned(), runs: directory.is_node_running(name), api, told, id }
}

/// One node of which only the API is in reach.
async fn look_from_afar<'a>(chain: &Chain, url: &'a str) -> Look<'a> {
    let told = health(url).await;
    let name = told.as_ref().and_then(|told| told["name"].as_str()).unwrap_or("?").to_owned();
    let id = id(chain, told.as_ref()).await;
    Look { name, runs: told.is_some(), api: Some(url), told, id }
}

async fn id(chain: &Chain, told: Option<&Value>) -> Option<u64> {
    let told = told.filter(|told| told["role"] == "worker")?;
    chain.worker_id(told["enclave"]["address"].as_str()?.parse().ok()?).await.ok()
}

impl Look<'_> {
    fn health(&self) -> &'static str {
        match &self.told {
            Some(told) if told["ok"] == true => "well",
            Some(_) => "NOT WELL",
            None => "silent",
        }
    }

    fn json(&self) -> Value {
        json!({ "name": self.name, "id": self.id, "running": self.runs, "api": self.api, "health": self.told })
    }
}
