//! The peers of a node and what it asks them.

use std::time::Duration;

use alloy_primitives::Address;
use enigma_network::{Config, Incoming, Network, PeerAddress, PeerId, PeerInfo};
use enigma_protocol::{
    Decode, Encode,
    peer::{PeerReply, PeerRequest},
};
use tokio::sync::mpsc;

use crate::{Error, NodeConfig, Result, Role, enclave::files, record};

/// How long a peer may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

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
    listed: Vec<Listed>,
}

impl Peers {
    /// Starts listening and dialling.
    pub(crate) async fn start(config: &NodeConfig) -> Result<(Self, mpsc::Receiver<Incoming>)> {
        let seed = files::require_32(&config.data_dir, files::PEER)?;
        let own = enigma_network::peer_id_from_seed(seed);
        let mut network = Config::new(seed, config.listen.clone());
        network.request_timeout = PATIENCE;
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
        Ok((Self { network, listed }, incoming))
    }

    /// This node's own id.
    pub(crate) fn own_id(&self) -> PeerId {
        self.network.local_peer_id()
    }

    /// All listed peers.
    pub(crate) fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// The peers of one role, by name.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = (PeerId, &str)> {
        self.listed.iter().filter(move |p| p.role == role).map(|p| (p.id, p.name.as_str()))
    }

    /// What a listed peer does.
    pub(crate) fn role(&self, peer: &PeerId) -> Option<Role> {
        self.listed.iter().find(|p| p.id == *peer).map(|p| p.role)
    }

    /// The peer whose enclave has this signing key.
    pub(crate) fn worker(&self, signer: Address) -> Option<PeerId> {
        self.listed.iter().find(|p| p.signer == Some(signer)).map(|p| p.id)
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
