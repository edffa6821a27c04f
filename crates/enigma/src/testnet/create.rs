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

use super::{
    Progress,
    directory::Directory,
    layout::{Layout, Place},
    network::Network,
    supervise::Size,
};
use crate::{random::random, tools};

/// ENG that each local worker stakes.
const STAKE: u64 = 10_000;
/// Years for which local workers are admitted.
const ADMITTED_YEARS: u64 = 10;

/// A node to be.
struct Seat {
    place: Place,
    role: Role,
    newborn: Newborn,
    operator: Address,
    peer: Peer,
}

/// Creates the network on a chain that runs already.
pub async fn create(
    directory: &Directory,
    size: Size,
    layout: &Layout,
    progress: &Progress,
) -> Result<Network> {
    let keys = seats(directory, Role::Key, size.key_nodes, layout)?;
    let mut workers = seats(directory, Role::Worker, size.workers, layout)?;
    let identities = wake_workers(&mut workers).await?;
    let mut public: Vec<Seat> = match layout.public_node() {
        Some(place) => vec![seat(directory, place, Role::Worker, size.workers)?],
        None => Vec::new(),
    };
    let public_identities = wake_workers(&mut public).await?;
    let candidates = try_join_all(keys.iter().map(|seat| genesis::new_key_node(&seat.newborn))).await?;
    let enclaves = keys.len() + workers.len() + public.len();
    progress.done(&format!("{enclaves} enclaves made their identities"));

    let bare = Chain::connect(&layout.chain(), Address::ZERO)?;
    let deployer = Sender::new(bare, accounts::local(accounts::DEPLOYER)?);
    deployment::mine_block(&deployer).await?;
    let measurements = identities.first().map(|i| i.measurement).into_iter().collect();
    let (token, enigma) = deployment::deploy_contracts(&deployer, Parameters::LOCAL, measurements).await?;
    let deployer = Sender::new(deployer.chain().with_enigma(enigma), accounts::local(accounts::DEPLOYER)?);
    progress.done(&format!("contracts deployed, Enigma at {enigma}"));

    let stake = U256::from(STAKE) * U256::from(10).pow(U256::from(18));
    admit(&deployer, token, &workers, &identities, stake).await?;
    log_in(&deployer, token, &workers, &identities, stake).await?;
    // Known to the contract, as a node must be, but without weight in the lottery.
    admit(&deployer, token, &public, &public_identities, U256::ZERO).await?;
    progress.done(&format!("{} workers admitted and staked", workers.len()));

    let descriptor = deployer.chain().descriptor([0; 96]).await?;
    let threshold = size.threshold();
    let committee = genesis::deal(candidates, descriptor, threshold).await?;
    start_keys(&deployer, &committee, &keys, threshold).await?;
    progress.done(&format!("network key dealt to {} key nodes, {threshold} make an evaluation", keys.len()));

    let network = describe(&committee.descriptor, token, layout, threshold, &keys, &workers);
    let seats = keys.into_iter().chain(workers).chain(public).collect();
    write_configs(&network, &layout.chain(), &committee, seats)?;
    directory.save_network(&network)?;
    Ok(network)
}

/// Directories, keys and places of the nodes of one role.
fn seats(directory: &Directory, role: Role, count: u32, layout: &Layout) -> Result<Vec<Seat>> {
    (0..count).map(|i| seat(directory, layout.place(role, i)?, role, i)).collect()
}

/// One node: `index` picks its operator's account among those of its role.
fn seat(directory: &Directory, place: Place, role: Role, index: u32) -> Result<Seat> {
    let (program, account) = match role {
        Role::Key => ("enigma-key-enclave", accounts::FIRST_KEY_NODE),
        Role::Worker => ("enigma-worker-enclave", accounts::FIRST_WORKER),
    };
    let operator = accounts::local(account + index)?;
    let newborn = Newborn {
        enclave: tools::enclave(program)?,
        data_dir: directory.path(&place.name),
        machine_secret: random()?,
        peer_seed: random()?,
        operator_key: accounts::to_hex(&operator),
    };
    let peer_id = genesis::peer_id(newborn.peer_seed);
    let address = format!("{}/p2p/{peer_id}", place.address);
    let peer = Peer { name: place.name.clone(), role, address, signer: None };
    Ok(Seat { place, role, newborn, operator: operator.address(), peer })
}

/// Wakes the enclaves of these workers and notes by which key others know them.
async fn wake_workers(seats: &mut [Seat]) -> Result<Vec<Public>> {
    let identities = try_join_all(seats.iter().map(|seat| genesis::new_worker(&seat.newborn))).await?;
    for (seat, identity) in seats.iter_mut().zip(&identities) {
        seat.peer.signer = Some(identity.address);
    }
    Ok(identities)
}

/// Admits these workers and gives their operators what they will stake.
async fn admit(
    deployer: &Sender,
    token: Address,
    workers: &[Seat],
    identities: &[Public],
    stake: U256,
) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    for (seat, identity) in workers.iter().zip(identities) {
        let admission = Admission {
            signer: identity.address,
            operator: seat.operator,
            measurement: identity.measurement,
            platform: identity.platform,
            expiry: now + ADMITTED_YEARS * 365 * 86_400,
        };
        deployment::admit(deployer, token, &admission, stake).await?;
    }
    Ok(())
}

/// Their operators stake, and log in to the lottery.
async fn log_in(
    deployer: &Sender,
    token: Address,
    workers: &[Seat],
    identities: &[Public],
    stake: U256,
) -> Result<()> {
    try_join_all(workers.iter().zip(identities).map(|(seat, identity)| async {
        let operator = accounts::from_hex(&seat.newborn.operator_key)?;
        let operator = Sender::new(deployer.chain().clone(), operator);
        deployment::stake_and_login(&operator, token, identity.address, stake).await
    }))
    .await?;
    Ok(())
}

async fn start_keys(deployer: &Sender, committee: &Committee, seats: &[Seat], threshold: u8) -> Result<()> {
    let public_key = PublicKey::from_bytes(&committee.descriptor.public_key)?;
    let keys = KeyGeneration {
        public_key: public_key.to_eip2537().to_vec(),
        commitments_hash: commitments_hash(&committee.commitments),
        threshold,
        members: committee.members.clone(),
        operators: seats.iter().map(|seat| seat.operator).collect(),
        signatures: committee.signatures.clone(),
    };
    deployment::genesis(deployer, &keys).await.context("the contract refused the key generation")
}

fn describe(
    descriptor: &Descriptor,
    token: Address,
    layout: &Layout,
    threshold: u8,
    keys: &[Seat],
    workers: &[Seat],
) -> Network {
    let network: B256 = descriptor.network();
    let (rpc, port_base, elsewhere, api) = match layout {
        Layout::Ports(port) => {
            let api = workers.iter().chain(keys).map(|s| format!("http://{}", s.place.api)).collect();
            (layout.chain(), *port, false, api)
        }
        Layout::Services(services) => {
            (services.public_chain.clone(), 0, true, vec![services.public_api.clone()])
        }
    };
    Network {
        network,
        simulated: true,
        keys: "dealt".into(),
        rpc,
        port_base,
        elsewhere,
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
        key_nodes: keys.iter().map(|s| s.place.name.clone()).collect(),
        workers: workers.iter().map(|s| s.place.name.clone()).collect(),
        api,
    }
}

fn write_configs(network: &Network, chain: &str, committee: &Committee, seats: Vec<Seat>) -> Result<()> {
    let peers: Vec<Peer> = seats.iter().map(|s| s.peer.clone()).collect();
    for seat in seats {
        let config = NodeConfig {
            name: seat.place.name,
            role: seat.role,
            rpc: vec![chain.to_owned()],
            enigma: network.enigma,
            public_key: network.public_key.clone(),
            commitments: committee.commitments.iter().map(hex::encode).collect(),
            enclave: seat.newborn.enclave,
            data_dir: seat.newborn.data_dir,
            listen: seat.place.listen,
            external: Some(seat.place.address),
            peers: peers.clone(),
            discovery: true,
            api: Some(seat.place.api),
            limits: Limits::default(),
            record_dir: None,
            disk_mib: enigma_node::config::DISK_MIB,
        };
        config.save()?;
    }
    Ok(())
}
