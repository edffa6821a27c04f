//! The peers of a node and what it asks them: those that it was told of, and those that the others know.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256};
use enigma_network::{Config, Incoming, Network, PeerAddress, PeerId, PeerInfo, Serve};
use enigma_protocol::{
    Decode, Encode,
    peer::{PeerReply, PeerRequest, key_node_key, worker_key},
};
use tokio::sync::mpsc;

use crate::{Error, NodeConfig, Result, Role, enclave::files, record};

/// How long a peer may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what the peers know of others is believed, found or not.
const FOUND_FOR: Duration = Duration::from_secs(60);
const SOUGHT_EVERY: Duration = Duration::from_secs(5);
/// Others that are remembered.
const REMEMBERED: usize = 4_096;

/// A peer that the node was told of.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) id: PeerId,
    pub(crate) role: Role,
    pub(crate) name: String,
    /// A worker's enclave.
    pub(crate) signer: Option<Address>,
}

/// The network as one node sees it.
#[derive(Clone)]
pub(crate) struct Peers {
    network: Network,
    /// The Enigma network's identity.
    identity: B256,
    listed: Vec<Listed>,
    /// What was sought among peers, when, and who was found.
    sought: Arc<RwLock<Sought>>,
}

type Sought = BTreeMap<B256, (Instant, Vec<PeerId>)>;

impl Peers {
    /// Starts listening and dialling.
    pub(crate) async fn start(
        config: &NodeConfig,
        identity: B256,
    ) -> Result<(Self, mpsc::Receiver<Incoming>)> {
        let seed = files::require_32(&config.data_dir, files::PEER)?;
        let own = enigma_network::peer_id_from_seed(seed);
        let mut network = Config::new(seed, config.listen.clone());
        network.request_timeout = PATIENCE;
        network.serve = Serve::Anybody;
        network.external = config.external.clone();
        network.discovery = config.discovery;
        network.recorder = record::messages(config)?;
        network.peers = config
            .peers
            .iter()
            .map(|p| PeerAddress { name: p.name.clone(), multiaddr: p.address.clone() })
            .collect();
        let mut listed = Vec::new();
        for peer in &config.peers {
            let id: PeerId = peer.address.rsplit('/').next().unwrap_or_default().parse()?;
            if id != own {
                listed.push(Listed { id, role: peer.role, name: peer.name.clone(), signer: peer.signer });
            }
        }
        let (network, incoming) = Network::start(network).await?;
        Ok((Self { network, identity, listed, sought: Arc::default() }, incoming))
    }

    /// Lets others find this node: a worker by its enclave's signing key, a key node as one of them.
    pub(crate) async fn show(&self, role: Role, signer: Address) {
        let key = match role {
            Role::Worker => worker_key(self.identity, signer),
            Role::Key => key_node_key(self.identity),
        };
        self.provide(key).await;
    }

    /// This node's own id.
    pub(crate) fn own_id(&self) -> PeerId {
        self.network.local_peer_id()
    }

    /// The multiaddress that it listens on, with its id.
    pub(crate) fn own_address(&self) -> String {
        self.network.local_address().to_owned()
    }

    /// All listed peers.
    pub(crate) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// The listed peers of one role, by name.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = (PeerId, &str)> {
        self.listed.iter().filter(move |p| p.role == role).map(|p| (p.id, p.name.as_str()))
    }

    /// The key nodes: those that this node was told of; without any, those that its peers know.
    pub(crate) async fn key_nodes(&self) -> Vec<(PeerId, String)> {
        let listed: Vec<_> = self.of(Role::Key).map(|(id, name)| (id, name.to_owned())).collect();
        if !listed.is_empty() {
            return listed;
        }
        let found = self.seek(key_node_key(self.identity)).await;
        found.into_iter().map(|id| (id, format!("key node {id}"))).collect()
    }

    /// The peer whose enclave has this signing key, if this node was told of it or its peers know it.
    pub(crate) async fn worker(&self, signer: Address) -> Option<PeerId> {
        if let Some(listed) = self.listed.iter().find(|p| p.signer == Some(signer)) {
            return Some(listed.id);
        }
        self.seek(worker_key(self.identity, signer)).await.first().copied()
    }

    /// Peers that say that they have what `key` names; what was found a moment ago is not sought again.
    pub(crate) async fn seek(&self, key: B256) -> Vec<PeerId> {
        if let Some((at, found)) = self.sought.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            let fresh = if found.is_empty() { SOUGHT_EVERY } else { FOUND_FOR };
            if at.elapsed() < fresh {
                return found.clone();
            }
        }
        let found = self.network.providers(key.0).await.unwrap_or_else(|error| {
            tracing::debug!(%error, %key, "peers could not be asked who has it");
            Vec::new()
        });
        let found: Vec<PeerId> = found.into_iter().filter(|peer| *peer != self.own_id()).collect();
        let mut sought = self.sought.write().unwrap_or_else(PoisonError::into_inner);
        if sought.len() >= REMEMBERED {
            sought.clear();
        }
        sought.insert(key, (Instant::now(), found.clone()));
        found
    }

    /// Says that this node has what `key` names.
    pub(crate) async fn provide(&self, key: B256) {
        if let Err(error) = self.network.provide(key.0).await {
            tracing::debug!(%error, %key, "peers could not be told");
        }
    }

    /// Connections and counts of messages, of listed peers and whoever else is connected.
    pub(crate) fn connections(&self) -> Vec<PeerInfo> {
        self.network.peers()
    }

    /// Asks one peer.
    pub(crate) async fn ask(&self, peer: PeerId, request: &PeerRequest) -> Result<PeerReply> {
        let reply = self.network.request(&peer, request.to_bytes()).await?;
        PeerReply::from_bytes(&reply).map_err(|_| Error::Answer)
    }

    pub(crate) async fn shutdown(&self) {
        self.network.shutdown().await;
    }
}
