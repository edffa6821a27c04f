//! What a node answers over HTTP and WebSocket: `docs/rpc.md`.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, Bytes};
use enigma_protocol::{door::Identity, envelope, network::VERIFIER_DEV, query::QueryRequest};
use enigma_rpc::{
    Api, Failure, Metrics, TaskKey,
    types::{
        Answer, Bootstrap, BootstrapPeer, Contract, Enclave, Epoch, Group, Health, Network, Parameters,
        PeerCount, Task, TasksQuery, Topology, Wei, Worker, WorkerName,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    NodeConfig, Role,
    config::Peer,
    index::{Index, Record},
    peers::Peers,
    query::Router,
    tip::Tip,
    topology::Survey,
};

/// A chain that has said nothing for so long does not answer.
const SILENCE: Duration = Duration::from_secs(10);
/// Blocks that a healthy node may be behind.
const BEHIND: u64 = 16;
/// Contracts that are told at most, the newest.
const CONTRACTS: usize = 1_000;
/// Tasks on a page, by default and at most.
const PAGE: (usize, usize) = (50, 200);
/// Peers that a node which joins is told of at most: the largest committee, and more than enough others.
const TOLD: usize = 64;
/// Chain id of local chains, whose endpoints hold no credentials.
const LOCAL_CHAIN: u64 = 31_337;
/// Questions to the chain at once.
const AT_ONCE: usize = 16;

/// A node's answers.
pub(crate) struct NodeApi {
    name: String,
    role: Role,
    network: Network,
    bootstrap: Bootstrap,
    enclave: Enclave,
    is_enclave_alive: Box<dyn Fn() -> bool + Send + Sync>,
    started: Instant,
    tip: Tip,
    index: Index,
    peers: Peers,
    router: Router,
    survey: Survey,
    metrics: Metrics,
}

impl NodeApi {
    /// Prepares the answers that never change.
    ///
    /// # Errors
    /// The chain does not answer.
    pub(crate) async fn new(
        config: &NodeConfig,
        identity: &Identity,
        is_enclave_alive: Box<dyn Fn() -> bool + Send + Sync>,
        tip: Tip,
        router: Router,
        metrics: Metrics,
    ) -> crate::Result<Self> {
        let (index, peers) = (router.index.clone(), router.peers.clone());
        let (d, p) = (index.descriptor(), index.parameters());
        let network = Network {
            network: d.network(),
            chain_id: d.chain_id,
            enigma: d.enigma,
            checkpoint_number: d.checkpoint_number,
            checkpoint_hash: d.checkpoint_hash,
            verifier: d.verifier,
            attestation_root: d.attestation_root,
            ruleset: d.ruleset,
            public_key: Bytes::copy_from_slice(&d.public_key),
            simulated: d.verifier == VERIFIER_DEV,
            keys: "dealt",
            token: index.chain().token().await?,
            parameters: Parameters {
                epoch_length: p.epoch_length,
                group_size: p.group_size,
                takeover: p.takeover,
                skip_epochs: p.skip_epochs,
                window: p.window,
                min_stake: p.min_stake,
            },
        };
        Ok(Self {
            name: config.name.clone(),
            role: config.role,
            bootstrap: bootstrap(config, identity, &peers, d.chain_id)?,
            network,
            enclave: Enclave { address: identity.address, measurement: identity.measurement },
            is_enclave_alive,
            started: Instant::now(),
            tip,
            survey: Survey::new(peers.clone(), &config.name, config.role),
            index,
            peers,
            router,
            metrics,
        })
    }

    async fn complete(&self, record: Record) -> crate::Result<Contract> {
        Ok(Contract {
            address: record.address,
            deployer: record.deployer,
            created_block: record.created_block,
            inputs: record.inputs,
            committed: record.committed,
            state_head: record.state_head,
            sealed_epoch: record.sealed_epoch,
            signers: record.signers,
            depth: record.depth,
            snapshot_hash: record.snapshot_hash,
            delta_bytes: record.delta_bytes,
            output_bytes: record.output_bytes,
            balance: Wei(self.index.chain().balance(record.address).await?),
        })
    }
}

/// What this node tells one that joins. Its own address stands first: whoever asked has reached it there before.
fn bootstrap(
    config: &NodeConfig,
    identity: &Identity,
    peers: &Peers,
    chain_id: u64,
) -> crate::Result<Bootstrap> {
    let told = |peer: &Peer| BootstrapPeer {
        name: peer.name.clone(),
        role: peer.role.name(),
        address: peer.address.clone(),
        signer: peer.signer,
    };
    let own = peers.own_id().to_string();
    let is_own = |peer: &&Peer| peer.address.ends_with(&own);
    let others = config.peers.iter().filter(|peer| !is_own(peer)).map(told);
    // Nobody reaches "every address of this machine".
    let is_somewhere =
        |peer: &&Peer| !["/ip4/0.0.0.0/", "/ip6/::/"].iter().any(|any| peer.address.starts_with(any));
    let listed = config.peers.iter().find(is_own).filter(is_somewhere).map(told);
    let this = listed.or_else(|| {
        let address = match &config.external {
            // A host and a port may be a name; only a multiaddress says of which kind.
            Some(address) if address.starts_with('/') => match address.contains("/p2p/") {
                true => address.clone(),
                false => format!("{address}/p2p/{own}"),
            },
            Some(_) => return None,
            None => peers.own_address(),
        };
        let signer = (config.role == Role::Worker).then_some(identity.address);
        Some(BootstrapPeer { name: config.name.clone(), role: config.role.name(), address, signer })
    });
    Ok(Bootstrap {
        commitments: config.commitment_bytes()?.iter().map(|c| Bytes::copy_from_slice(c)).collect(),
        peers: this.into_iter().chain(others).take(TOLD).collect(),
        rpc: if chain_id == LOCAL_CHAIN { config.rpc.clone() } else { Vec::new() },
    })
}

/// The reason goes to the log; who asks learns that there is one.
fn failed(error: impl std::fmt::Display) -> Failure {
    tracing::warn!(%error, "a request could not be answered");
    Failure::internal()
}

const NO_CONTRACT: Failure = Failure::not_found("no secret contract lives at this address");

impl Api for NodeApi {
    async fn network(&self) -> Result<Network, Failure> {
        Ok(self.network.clone())
    }

    async fn bootstrap(&self) -> Result<Bootstrap, Failure> {
        Ok(self.bootstrap.clone())
    }

    async fn health(&self) -> Result<Health, Failure> {
        let (latest, head) = (self.tip.latest(), self.index.head());
        let behind = latest.height.saturating_sub(head.number);
        let peers = self.peers.connections();
        let ok = (self.is_enclave_alive)() && latest.heard.elapsed() < SILENCE && behind <= BEHIND;
        Ok(Health {
            ok,
            name: self.name.clone(),
            role: self.role.name(),
            version: env!("CARGO_PKG_VERSION"),
            height: head.number,
            timestamp: head.timestamp,
            behind,
            peers: PeerCount { connected: peers.iter().filter(|p| p.connected).count(), known: peers.len() },
            enclave: self.enclave,
            uptime: self.started.elapsed().as_secs(),
        })
    }

    async fn epoch(&self) -> Result<Epoch, Failure> {
        self.index.epoch().await.map_err(failed)
    }

    async fn group(&self, contract: Address, epoch: Option<u64>) -> Result<Group, Failure> {
        if !self.index.knows(contract).await.map_err(failed)? {
            return Err(NO_CONTRACT);
        }
        let (epoch, workers) = self.index.ranks(contract, epoch).await.map_err(failed)?;
        if workers.is_empty() {
            return Err(Failure::not_found(
                "that epoch is over, or has no seed yet: only the others have groups",
            ));
        }
        Ok(Group { epoch, workers })
    }

    async fn workers(&self) -> Result<Vec<Worker>, Failure> {
        let listed = self.index.listed_workers().await.map_err(failed)?;
        let tell = |w: &enigma_chain::WorkerRecord| Worker {
            name: WorkerName { id: w.id, signer: w.signer, operator: w.operator },
            stake: Wei(w.stake),
            logged_in: w.logged_in,
            measurement: w.measurement,
            platform: w.platform,
            checked: listed.is_checked(w),
            barred: listed.is_barred(w),
            expiry: w.expiry,
        };
        Ok(listed.workers.iter().map(tell).collect())
    }

    async fn contracts(&self) -> Result<Vec<Contract>, Failure> {
        let records = self.index.contracts(CONTRACTS);
        let contracts = stream::iter(records).map(|record| self.complete(record)).buffered(AT_ONCE);
        contracts.try_collect().await.map_err(failed)
    }

    async fn contract(&self, contract: Address) -> Result<Contract, Failure> {
        let record = self.index.find_contract(contract).await.map_err(failed)?.ok_or(NO_CONTRACT)?;
        self.complete(record).await.map_err(failed)
    }

    async fn task(&self, key: TaskKey) -> Result<Task, Failure> {
        let missing = match key {
            TaskKey::Place(..) => "no such task: the contract has no input with this index",
            TaskKey::Transaction(_) => "no such task: the transaction is unknown, or created none",
        };
        self.index.task(key).await.map_err(failed)?.ok_or(Failure::not_found(missing))
    }

    async fn tasks(&self, query: TasksQuery) -> Result<Vec<Task>, Failure> {
        let limit = query.limit.unwrap_or(PAGE.0);
        if !(1..=PAGE.1).contains(&limit) {
            return Err(Failure::params("limit: expected 1 to 200"));
        }
        self.index.tasks(&query, limit).await.map_err(failed)
    }

    async fn topology(&self) -> Result<Topology, Failure> {
        Ok(self.survey.topology().await.as_ref().clone())
    }

    async fn query(&self, contract: Address, envelope: Bytes) -> Result<Answer, Failure> {
        if envelope.len() > envelope::LARGEST {
            return Err(Failure::params("envelope: expected at most 65,536 bytes"));
        }
        if !self.index.knows(contract).await.map_err(failed)? {
            return Err(NO_CONTRACT);
        }
        let request = QueryRequest { contract, envelope: envelope.to_vec().into() };
        let reply = self.router.ask(request).await.map_err(Failure::refused)?;
        Ok(Answer {
            epoch: reply.epoch,
            state_head: reply.state_head,
            block_number: reply.block_number,
            block_hash: reply.block_hash,
            salt: reply.salt,
            output: reply.output.0.into(),
            signature: Bytes::copy_from_slice(&reply.signature),
        })
    }

    fn measure(&self) {
        let connected = self.peers.connections().iter().filter(|p| p.connected).count();
        self.metrics.peers_connected.set(i64::try_from(connected).unwrap_or(i64::MAX));
    }
}
