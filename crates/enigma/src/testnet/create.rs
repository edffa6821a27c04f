//! A new network: identities of the enclaves, contracts, the ceremony, genesis.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result};
use enigma_chain::{
    Chain, Sender, accounts,
    deployment::{self, Admission, KeyGeneration, Parameters},
};
use enigma_crypto::bls::PublicKey;
use enigma_node::{
    Limits, NodeConfig, Role,
    config::Peer,
    genesis::{self, Committee, Newborn, Public},
};
use enigma_protocol::{keys::commitments_hash, network::Descriptor};
use futures::future::try_join_all;

use super::{Progress, chain, directory::Directory, network::Network, supervise::Size};
use crate::tools;

/// ENG that each local worker stakes.
const STAKE: u64 = 10_000;
/// Years for which local workers are admitted.
const ADMITTED_YEARS: u64 = 10;

/// Ports of key nodes and of workers begin so far behind the chain's: for peers, and for their API.
const KEY_PORTS: (u16, u16) = (1, 41);
const WORKER_PORTS: (u16, u16) = (21, 61);

/// The ports of so many nodes.
pub fn node_ports(port: u16, key_nodes: usize, workers: usize) -> impl Iterator<Item = u16> {
    let ports =
        |first: u16, count: usize| (0..count).map_while(move |i| first.checked_add(u16::try_from(i).ok()?));
    let both = move |(peers, api): (u16, u16), count| {
        ports(port.saturating_add(peers), count).chain(ports(port.saturating_add(api), count))
    };
    both(KEY_PORTS, key_nodes).chain(both(WORKER_PORTS, workers))
}

/// A node to be.
struct Seat {
    name: String,
    role: Role,
    newborn: Newborn,
    operator: Address,
    listen: String,
    api: String,
    peer: Peer,
}

/// Creates the network on a chain that runs already.
pub async fn create(directory: &Directory, size: Size, port: u16, progress: &Progress) -> Result<Network> {
    let keys = seats(directory, Role::Key, size.key_nodes, port)?;
    let mut workers = seats(directory, Role::Worker, size.workers, port)?;
    let identities = try_join_all(workers.iter().map(|seat| genesis::new_worker(&seat.newborn))).await?;
    for (seat, identity) in workers.iter_mut().zip(&identities) {
        seat.peer.signer = Some(identity.address);
    }
    let candidates = try_join_all(keys.iter().map(|seat| genesis::new_key_node(&seat.newborn))).await?;
    progress.done(&format!("{} enclaves made their identities", keys.len() + workers.len()));

    let bare = Chain::connect(&chain::url(port), Address::ZERO)?;
    let deployer = Sender::new(bare, accounts::local(accounts::DEPLOYER)?);
    deployment::mine_block(&deployer).await?;
    let measurements = identities.first().map(|i| i.measurement).into_iter().collect();
    let (token, enigma) = deployment::deploy_contracts(&deployer, Parameters::LOCAL, measurements).await?;
    let deployer = Sender::new(deployer.chain().with_enigma(enigma), accounts::local(accounts::DEPLOYER)?);
    progress.done(&format!("contracts deployed, Enigma at {enigma}"));

    admit(&deployer, token, &workers, &identities).await?;
    progress.done(&format!("{} workers admitted and staked", workers.len()));

    let descriptor = deployer.chain().descriptor([0; 96]).await?;
    let threshold = size.threshold();
    let committee = genesis::deal(candidates, descriptor, threshold).await?;
    start_keys(&deployer, &committee, threshold).await?;
    progress.done(&format!("network key dealt to {} key nodes, {threshold} make an evaluation", keys.len()));

    let network = describe(&committee.descriptor, token, port, threshold, &keys, &workers);
    write_configs(&network, &committee, keys, workers)?;
    directory.save_network(&network)?;
    Ok(network)
}

/// Directories, keys and ports of the nodes of one role.
fn seats(directory: &Directory, role: Role, count: u32, port: u16) -> Result<Vec<Seat>> {
    let (kind, program, account, (peers, api)) = match role {
        Role::Key => ("key", "enigma-key-enclave", accounts::FIRST_KEY_NODE, KEY_PORTS),
        Role::Worker => ("worker", "enigma-worker-enclave", accounts::FIRST_WORKER, WORKER_PORTS),
    };
    let enclave = tools::enclave(program)?;
    (0..count)
        .map(|i| {
            let name = format!("{kind}-{}", i + 1);
            let operator = accounts::local(account + i)?;
            let newborn = Newborn {
                enclave: enclave.clone(),
                data_dir: directory.path(&name),
                machine_secret: random()?,
                peer_seed: random()?,
                operator_key: accounts::to_hex(&operator),
            };
            let at = |first: u16| Ok::<_, anyhow::Error>(port + first + u16::try_from(i)?);
            let (at, api) = (at(peers)?, format!("127.0.0.1:{}", at(api)?));
            let peer_id = genesis::peer_id(newborn.peer_seed);
            let peer = Peer {
                name: name.clone(),
                role,
                address: format!("/ip4/127.0.0.1/tcp/{at}/p2p/{peer_id}"),
                signer: None,
            };
            let listen = format!("127.0.0.1:{at}");
            Ok(Seat { name, role, newborn, operator: operator.address(), listen, api, peer })
        })
        .collect()
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
    Ok(bytes)
}

async fn admit(deployer: &Sender, token: Address, workers: &[Seat], identities: &[Public]) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let stake = U256::from(STAKE) * U256::from(10).pow(U256::from(18));
    for (seat, identity) in workers.iter().zip(identities) {
        let admission = Admission {
            signer: identity.address,
            operator: seat.operator,
            measurement: identity.measurement,
            expiry: now + ADMITTED_YEARS * 365 * 86_400,
        };
        deployment::admit(deployer, token, &admission, stake).await?;
    }
    try_join_all(workers.iter().zip(identities).map(|(seat, identity)| async {
        let operator = accounts::from_hex(&seat.newborn.operator_key)?;
        let operator = Sender::new(deployer.chain().clone(), operator);
        deployment::stake_and_login(&operator, token, identity.address, stake).await
    }))
    .await?;
    Ok(())
}

async fn start_keys(deployer: &Sender, committee: &Committee, threshold: u8) -> Result<()> {
    let public_key = PublicKey::from_bytes(&committee.descriptor.public_key)?;
    let keys = KeyGeneration {
        public_key: public_key.to_eip2537().to_vec(),
        commitments_hash: commitments_hash(&committee.commitments),
        threshold,
        members: committee.members.clone(),
        signatures: committee.signatures.clone(),
    };
    deployment::genesis(deployer, &keys).await.context("the contract refused the key generation")
}

fn describe(
    descriptor: &Descriptor,
    token: Address,
    port: u16,
    threshold: u8,
    keys: &[Seat],
    workers: &[Seat],
) -> Network {
    let network: B256 = descriptor.network();
    Network {
        network,
        simulated: true,
        keys: "dealt".into(),
        rpc: chain::url(port),
        port_base: port,
        chain_id: descriptor.chain_id,
        enigma: descriptor.enigma,
        token,
        checkpoint_number: descriptor.checkpoint_number,
        checkpoint_hash: descriptor.checkpoint_hash,
        verifier: descriptor.verifier,
        attestation_root: descriptor.attestation_root,
        ruleset: descriptor.ruleset,
        public_key: hex::encode(descriptor.public_key),
        threshold,
        key_nodes: keys.iter().map(|s| s.name.clone()).collect(),
        workers: workers.iter().map(|s| s.name.clone()).collect(),
        api: workers.iter().chain(keys).map(|s| format!("http://{}", s.api)).collect(),
    }
}

fn write_configs(
    network: &Network,
    committee: &Committee,
    keys: Vec<Seat>,
    workers: Vec<Seat>,
) -> Result<()> {
    let seats: Vec<Seat> = keys.into_iter().chain(workers).collect();
    let peers: Vec<Peer> = seats.iter().map(|s| s.peer.clone()).collect();
    for seat in seats {
        let config = NodeConfig {
            name: seat.name,
            role: seat.role,
            rpc: network.rpc.clone(),
            enigma: network.enigma,
            public_key: network.public_key.clone(),
            commitments: committee.commitments.iter().map(hex::encode).collect(),
            enclave: seat.newborn.enclave,
            data_dir: seat.newborn.data_dir,
            listen: seat.listen,
            peers: peers.clone(),
            api: Some(seat.api),
            limits: Limits::default(),
            record_dir: None,
        };
        config.save()?;
    }
    Ok(())
}
