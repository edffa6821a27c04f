//! Who talks to whom, as the nodes themselves tell it. Peers are asked at most once a second, whoever asks here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use enigma_network::PeerId;
use enigma_protocol::peer::{PeerReply, PeerRequest, StatusRequest};
use enigma_rpc::types::{Link, Node, Topology};
use futures::{StreamExt, stream};
use tokio::{sync::Mutex, time::timeout};

use crate::{
    Role,
    peers::{Listed, Peers},
};

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(1);
/// How long one peer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Peers asked at once.
const AT_ONCE: usize = 16;

/// Asks a node's peers about themselves.
pub(crate) struct Survey {
    peers: Peers,
    name: String,
    role: Role,
    last: Mutex<Option<(Instant, Arc<Topology>)>>,
}

impl Survey {
    pub(crate) fn new(peers: Peers, name: &str, role: Role) -> Self {
        Self { peers, name: name.to_owned(), role, last: Mutex::default() }
    }

    /// All nodes that are known here, this one first.
    pub(crate) async fn topology(&self) -> Arc<Topology> {
        // Whoever comes meanwhile waits for the same answer.
        let mut last = self.last.lock().await;
        if let Some((at, topology)) = &*last
            && at.elapsed() < FRESH
        {
            return topology.clone();
        }
        let others = stream::iter(self.peers.listed().to_vec()).map(|peer| self.ask(peer)).buffered(AT_ONCE);
        let mut nodes = vec![self.own()];
        nodes.extend(others.collect::<Vec<_>>().await);
        let topology = Arc::new(Topology { nodes });
        *last = Some((Instant::now(), topology.clone()));
        topology
    }

    fn own(&self) -> Node {
        let links = self.peers.connections().into_iter().map(|info| Link {
            peer: info.id.to_string(),
            connected: info.connected,
            sent: info.sent,
            received: info.received,
        });
        Node {
            name: self.name.clone(),
            role: self.role.name(),
            peer: self.peers.own_id().to_string(),
            own: true,
            reachable: true,
            peers: links.collect(),
        }
    }

    /// Name and role are those that this node was told: a peer cannot pass for another.
    async fn ask(&self, peer: Listed) -> Node {
        let request = PeerRequest::Status(StatusRequest {});
        let status = match timeout(PATIENCE, self.peers.ask(peer.id, &request)).await {
            Ok(Ok(PeerReply::Status(status))) => Some(status),
            _ => None,
        };
        let reachable = status.is_some();
        let links = status.into_iter().flat_map(|s| s.peers.0).filter_map(|link| {
            let id: PeerId = std::str::from_utf8(&link.peer.0).ok()?.parse().ok()?;
            let (connected, sent, received) = (link.connected, link.sent, link.received);
            Some(Link { peer: id.to_string(), connected, sent, received })
        });
        Node {
            name: peer.name,
            role: peer.role.name(),
            peer: peer.id.to_string(),
            own: false,
            reachable,
            peers: links.collect(),
        }
    }
}
