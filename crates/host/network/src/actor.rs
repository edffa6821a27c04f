//! The task that owns the swarm and acts on its events.

mod connections;
mod discovery;
mod requests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::request_response::{InboundRequestId, OutboundRequestId, ResponseChannel};
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, Swarm};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep_until, timeout};

use self::discovery::Discovery;
use self::requests::Serving;
use crate::address::{self, Address};
use crate::behaviour::{self, Behaviour};
use crate::codec::Reply;
use crate::config::Serve;
use crate::incoming::Verdict;
use crate::lanes::Lanes;
use crate::peers::{Directory, Peers};
use crate::recorder::Tape;
use crate::records::Key;
use crate::{Config, Error, Incoming, PeerId};

/// How long the system may take to say where we listen.
const LISTEN: Duration = Duration::from_secs(10);

/// A request of ours and whoever waits for its reply.
pub(crate) struct Call {
    pub request: Vec<u8>,
    pub reply: oneshot::Sender<Result<Vec<u8>, Error>>,
}

/// What a handle asks for.
pub(crate) enum Command {
    Request { peer: PeerId, call: Call },
    AddPeer { id: PeerId, name: String, address: (String, Address), done: oneshot::Sender<()> },
    Provide { key: Key, done: oneshot::Sender<Result<(), Error>> },
    StopProviding { key: Key, done: oneshot::Sender<()> },
    Providers { key: Key, found: mpsc::Sender<PeerId> },
    ShutDown(oneshot::Sender<()>),
}

/// What a running actor leaves in others' hands.
pub(crate) struct Started {
    pub address: Multiaddr,
    pub directory: watch::Receiver<Directory>,
    pub incoming: mpsc::Receiver<Incoming>,
}

/// A request of ours on the wire.
struct Asked {
    peer: PeerId,
    reply: oneshot::Sender<Result<Vec<u8>, Error>>,
}

/// A peer's request whose reply is ready, or will not come.
struct Served {
    id: InboundRequestId,
    peer: PeerId,
    channel: ResponseChannel<Reply>,
    verdict: Option<Verdict>,
}

/// A peer's address, looked up.
type Resolved = (PeerId, Result<Vec<Multiaddr>, String>);

struct Actor {
    swarm: Swarm<Behaviour>,
    peers: Peers<Call>,
    commands: mpsc::Receiver<Command>,
    directory: watch::Sender<Directory>,
    incoming: mpsc::Sender<Incoming>,
    asked: HashMap<OutboundRequestId, Asked>,
    answers: FuturesUnordered<BoxFuture<'static, Served>>,
    serving: HashMap<InboundRequestId, Serving>,
    resolving: FuturesUnordered<BoxFuture<'static, Resolved>>,
    dials: HashMap<ConnectionId, PeerId>,
    discovery: Discovery,
    own_address: FuturesUnordered<BoxFuture<'static, Result<Vec<Multiaddr>, String>>>,
    max_inbound: usize,
    max_message_bytes: usize,
    request_timeout: Duration,
    tape: Tape,
}

/// Listens and starts the actor.
pub(crate) async fn start(
    config: Config,
    local: PeerId,
    lanes: Lanes,
    commands: mpsc::Receiver<Command>,
) -> Result<Started, Error> {
    let external = config.external.as_deref().map(|text| Address::parse_own(text, local)).transpose()?;
    let mut peers = Peers::new(lanes, config.discovery);
    let mut listed = Vec::new();
    for peer in &config.peers {
        let (id, address) = Address::parse(&peer.multiaddr)?;
        if id != local {
            let address = (peer.multiaddr.clone(), address);
            peers.list(id, peer.name.clone(), address, Instant::now());
            listed.push(id);
        }
    }
    if let Serve::Listed(more) = &config.serve {
        more.iter().for_each(|id| peers.list_without_address(*id));
    }

    let failed = |reason| Error::Listen { address: config.listen.clone(), reason };
    let listen = address::listen(&config.listen)?;
    let mut swarm = behaviour::swarm(&config).map_err(failed)?;
    let address = match timeout(LISTEN, listening(&mut swarm, listen)).await {
        Ok(listening) => listening.map_err(failed)?,
        Err(_) => return Err(failed("the system did not answer".to_owned())),
    };
    for id in listed {
        swarm.behaviour_mut().admit(id.0);
    }

    // Within what the channel can count.
    let max_inbound = config.max_inbound.clamp(1, 1 << 16);
    let (tell, incoming) = mpsc::channel(max_inbound);
    let (publish, directory) = watch::channel(peers.directory());
    let mut actor = Actor {
        swarm,
        peers,
        commands,
        directory: publish,
        incoming: tell,
        asked: HashMap::new(),
        answers: FuturesUnordered::new(),
        serving: HashMap::new(),
        resolving: FuturesUnordered::new(),
        dials: HashMap::new(),
        discovery: Discovery::new(external),
        own_address: FuturesUnordered::new(),
        max_inbound,
        max_message_bytes: config.max_message_bytes,
        request_timeout: config.request_timeout,
        tape: Tape(config.recorder),
    };
    actor.on_listening(address.clone());
    actor.refresh(Instant::now());
    tokio::spawn(actor.run());
    Ok(Started { address, directory, incoming })
}

async fn listening(swarm: &mut Swarm<Behaviour>, on: SocketAddr) -> Result<Multiaddr, String> {
    // libp2p sets SO_REUSEPORT, with which two nodes would quietly share a port
    // and each get some of the other's connections. A plain socket cannot have a
    // port that is taken.
    let probe = tokio::net::TcpListener::bind(on).await;
    drop(probe.map_err(|error| error.to_string())?);
    let on = address::multiaddr(on);
    swarm.listen_on(on).map_err(|error| error.to_string())?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { address, .. } => return Ok(address),
            SwarmEvent::ListenerError { error, .. } => return Err(error.to_string()),
            SwarmEvent::ListenerClosed { reason, .. } => {
                return Err(reason.err().map_or("closed".to_owned(), |e| e.to_string()));
            }
            _ => {}
        }
    }
}

impl Actor {
    async fn run(mut self) {
        loop {
            let due = self.peers.next_dial().into_iter().chain(self.discovery.due()).min();
            let due_time = sleep_until(due.unwrap_or_else(Instant::now).into());
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                command = self.commands.recv() => match command {
                    Some(Command::Request { peer, call }) => self.ask(peer, call),
                    Some(Command::AddPeer { id, name, address, done }) => {
                        self.peers.list(id, name, address, Instant::now());
                        self.swarm.behaviour_mut().admit(id.0);
                        self.publish();
                        let _ = done.send(());
                    }
                    Some(Command::Provide { key, done }) => {
                        let _ = done.send(self.provide(key));
                    }
                    Some(Command::StopProviding { key, done }) => {
                        self.stop_providing(key);
                        let _ = done.send(());
                    }
                    Some(Command::Providers { key, found }) => self.look_for_providers(key, found),
                    Some(Command::ShutDown(done)) => {
                        // Sockets are closed when this is told.
                        drop(self);
                        let _ = done.send(());
                        return;
                    }
                    None => return,
                },
                Some(served) = self.answers.next() => self.on_served(served),
                Some(found) = self.own_address.next() => self.on_own_address(found),
                Some((peer, addresses)) = self.resolving.next() => self.dial(peer, addresses),
                () = due_time, if due.is_some() => {
                    let now = Instant::now();
                    for (peer, address) in self.peers.due(now) {
                        self.resolve(peer, address);
                    }
                    self.on_discovery_due(now);
                }
            }
        }
    }

    fn publish(&self) {
        self.directory.send_replace(self.peers.directory());
    }
}
