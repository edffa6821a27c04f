//! Peers' requests as they come in: what needs no enclave is answered here, queries go to their queue, the rest to the
//! node's actor. So a node tells its status while its enclave is at work.

use enigma_network::{Incoming, PeerId, Responder};
use enigma_protocol::{
    Decode, Encode,
    peer::{Declined, Link, NodeStatus, PeerReply, PeerRequest},
};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

use crate::{
    NodeConfig, Role,
    peers::Peers,
    query::{Desk, Origin, UNASKED},
};

/// Requests that may wait for the actor; the network lets in no more.
const WAITING: usize = 64;

/// A peer's request for the actor.
pub(crate) struct Asked {
    pub(crate) from: PeerId,
    pub(crate) request: PeerRequest,
    pub(crate) respond: Responder,
}

impl Asked {
    /// Answers. Whether the answer arrives is not known here.
    pub(crate) fn reply(self, reply: &PeerReply) -> crate::Result<()> {
        Ok(self.respond.respond(reply.to_bytes())?)
    }
}

/// The answer "no", with a code.
pub(crate) const fn declined(code: u16) -> PeerReply {
    PeerReply::Declined(Declined { code })
}

/// Receives until it is dropped.
pub(crate) struct Receiving(JoinHandle<()>);

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Reception {
    peers: Peers,
    name: String,
    role: Role,
    /// The queue to this node's enclave, if it answers queries.
    desk: Option<Desk>,
    actor: mpsc::Sender<Asked>,
}

/// Begins to receive. Returns what the actor has to answer.
pub(crate) fn open(
    config: &NodeConfig,
    peers: Peers,
    desk: Option<Desk>,
    mut incoming: mpsc::Receiver<Incoming>,
) -> (mpsc::Receiver<Asked>, Receiving) {
    let (actor, asked) = mpsc::channel(WAITING);
    let reception = Reception { peers, name: config.name.clone(), role: config.role, desk, actor };
    let task = tokio::spawn(async move {
        let mut waiting = JoinSet::new();
        while let Some(request) = incoming.recv().await {
            while waiting.try_join_next().is_some() {}
            reception.receive(request, &mut waiting);
        }
    });
    (asked, Receiving(task))
}

impl Reception {
    fn receive(&self, Incoming { from, request, respond }: Incoming, waiting: &mut JoinSet<()>) {
        let reply = match PeerRequest::from_bytes(&request) {
            Ok(PeerRequest::Status(_)) => PeerReply::Status(self.status()),
            Ok(PeerRequest::Query(request)) => {
                let answered = self.desk.as_ref().ok_or(UNASKED);
                match answered.and_then(|desk| desk.submit(Origin::Peer(from), request)) {
                    Ok(answered) => {
                        waiting.spawn(async move {
                            let reply = match answered.await.unwrap_or(Err(UNASKED)) {
                                Ok(reply) => PeerReply::Query(reply),
                                Err(code) => declined(code),
                            };
                            let _ = respond.respond(reply.to_bytes());
                        });
                        return;
                    }
                    Err(code) => declined(code),
                }
            }
            Ok(request) => {
                // There is a place for all that the network lets in; a lost responder declines by itself.
                let _ = self.actor.try_send(Asked { from, request, respond });
                return;
            }
            Err(_) => return respond.malformed(),
        };
        if let Err(error) = respond.respond(reply.to_bytes()) {
            tracing::debug!(%error, %from, "a peer was not answered");
        }
    }

    fn status(&self) -> NodeStatus {
        let links = self.peers.connections().into_iter().take(256).map(|info| Link {
            peer: info.id.to_string().into_bytes().into(),
            connected: info.connected,
            sent: info.sent,
            received: info.received,
        });
        let mut name = self.name.clone().into_bytes();
        name.truncate(64);
        NodeStatus {
            name: name.into(),
            role: match self.role {
                Role::Worker => 1,
                Role::Key => 2,
            },
            peers: links.collect::<Vec<_>>().into(),
        }
    }
}
