//! A worker's directory: the machine's secret, its keys, its enclave's identity, node.json.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

use anyhow::{Context, Result};
use enigma_chain::accounts::{self, PrivateKeySigner};
use enigma_node::{
    Limits, NodeConfig, Role,
    config::Peer,
    genesis::{self, Newborn},
};

use super::source::Source;
use crate::{
    cli::{Join, NodeMore},
    operator::LOCAL_CHAIN,
    random::random,
    testnet::Progress,
    tools,
};

/// Where a node listens for peers, unless it is told or somebody else does.
const PORTS: std::ops::Range<u16> = 9_000..9_100;

/// Makes what is missing and writes node.json last: with it the directory is complete.
pub async fn settle(
    dir: &Path,
    args: &Join,
    more: &NodeMore,
    source: &Source,
    rpc: Vec<String>,
    progress: &Progress,
) -> Result<NodeConfig> {
    let operator_key = match &args.operator_key {
        Some(path) => accounts::to_hex(&read_key(path)?),
        None => hex::encode(random::<32>()?),
    };
    let newborn = Newborn {
        enclave: tools::enclave("enigma-worker-enclave")?,
        data_dir: dir.to_owned(),
        machine_secret: random()?,
        peer_seed: random()?,
        operator_key,
    };
    let identity = genesis::wake_worker(&newborn).await?;
    progress.done(&format!("the enclave's signing key is {}", identity.address));
    let listen = match args.listen {
        Some(listen) => listen,
        None => free(source.descriptor.chain_id)?,
    };
    let name = format!("worker-{}", hex::encode(&identity.address[..4]));
    let protocol = if listen.is_ipv4() { "ip4" } else { "ip6" };
    let own = Peer {
        name: name.clone(),
        role: Role::Worker,
        address: format!(
            "/{protocol}/{}/tcp/{}/p2p/{}",
            listen.ip(),
            listen.port(),
            genesis::peer_id_of(dir)?
        ),
        signer: Some(identity.address),
    };
    let mut peers = source.peers.clone();
    peers.push(own);
    let config = NodeConfig {
        name,
        role: Role::Worker,
        rpc,
        enigma: source.descriptor.enigma,
        public_key: hex::encode(source.descriptor.public_key),
        commitments: source.commitments.iter().map(hex::encode).collect(),
        enclave: newborn.enclave,
        data_dir: dir.to_owned(),
        listen: listen.to_string(),
        external: args.external.clone(),
        peers,
        discovery: true,
        api: more.api.api.clone(),
        limits: Limits::default(),
        record_dir: None,
        disk_mib: enigma_node::config::DISK_MIB,
    };
    config.save()?;
    progress.done(&format!("everything that it keeps is in {}", dir.display()));
    Ok(config)
}

/// A private key from a file.
pub fn read_key(path: &Path) -> Result<PrivateKeySigner> {
    let told = || format!("{}", path.display());
    accounts::from_hex(&std::fs::read_to_string(path).with_context(told)?).with_context(told)
}

/// Nodes of a local chain meet on this machine; others come from anywhere.
fn free(chain_id: u64) -> Result<SocketAddr> {
    let ip = IpAddr::from(if chain_id == LOCAL_CHAIN { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED });
    let mut all = PORTS.map(|port| SocketAddr::new(ip, port));
    all.find(|at| TcpListener::bind(at).is_ok()).with_context(|| {
        format!("no port from {} to {} is free; choose one with --listen", PORTS.start, PORTS.end - 1)
    })
}
