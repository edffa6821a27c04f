//! The task that owns the swarm and acts on its events.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::request_response::{self, Message, OutboundFailure, OutboundRequestId};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, Swarm, ping};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep_until, timeout};

use crate::address::{self, Address};
use crate::behaviour::{self, Behaviour, BehaviourEvent};
use crate::codec::{Reply, Request};
use crate::config::Serve;
use crate::peers::{Directory, Next, Peers, REQUESTS_PER_PEER};
use crate::recorder::{Direction, Tape};
use crate::{Config, Error, Incoming, PeerId, Responder};

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
    peer: PeerId,
    channel: request_response::ResponseChannel<Reply>,
    reply: Option<Vec<u8>>,
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
    serving: FuturesUnordered<BoxFuture<'static, Served>>,
    serving_by_peer: HashMap<PeerId, usize>,
    resolving: FuturesUnordered<BoxFuture<'static, Resolved>>,
    dials: HashMap<ConnectionId, PeerId>,
    max_inbound: usize,
    max_message_bytes: usize,
    request_timeout: Duration,
    tape: Tape,
}

/// Listens and starts the actor.
pub(crate) async fn start(
    config: Config,
    local: PeerId,
    commands: mpsc::Receiver<Command>,
) -> Result<Started, Error> {
    let mut peers = Peers::new();
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
    let actor = Actor {
        swarm,
        peers,
        commands,
        directory: publish,
        incoming: tell,
        asked: HashMap::new(),
        serving: FuturesUnordered::new(),
        serving_by_peer: HashMap::new(),
        resolving: FuturesUnordered::new(),
        dials: HashMap::new(),
        max_inbound,
        max_message_bytes: config.max_message_bytes,
        request_timeout: config.request_timeout,
        tape: Tape(config.recorder),
    };
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
            let due = self.peers.next_dial();
            let dial_time = sleep_until(due.unwrap_or_else(Instant::now).into());
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
                    Some(Command::ShutDown(done)) => {
                        // Sockets are closed when this is told.
                        drop(self);
                        let _ = done.send(());
                        return;
                    }
                    None => return,
                },
                Some(served) = self.serving.next() => self.on_served(served),
                Some((peer, addresses)) = self.resolving.next() => self.dial(peer, addresses),
                () = dial_time, if due.is_some() => {
                    for (peer, address) in self.peers.due(Instant::now()) {
                        self.resolve(peer, address);
                    }
                }
            }
        }
    }

    fn publish(&self) {
        self.directory.send_replace(self.peers.directory());
    }

    // Our requests.

    fn ask(&mut self, peer: PeerId, call: Call) {
        match self.peers.request(peer, call) {
            Next::Send(call) => self.send(peer, call),
            Next::Wait(Some(address)) => self.resolve(peer, address),
            Next::Wait(None) => {}
            Next::NoAddress(call) => {
                let reason = "it is not connected and its address is not known".to_owned();
                let _ = call.reply.send(Err(Error::Unreachable { peer, reason }));
            }
        }
    }

    fn send(&mut self, peer: PeerId, call: Call) {
        // Its caller may have given up while it waited for a connection.
        if call.reply.is_closed() {
            return;
        }
        let request = Request { bytes: call.request, room: None };
        let requests = &mut self.swarm.behaviour_mut().requests;
        let id = requests.send_request(&peer.0, request);
        let reply = call.reply;
        self.asked.insert(id, Asked { peer, reply });
    }

    fn on_reply(&mut self, id: OutboundRequestId, reply: Result<Reply, OutboundFailure>) {
        let Some(Asked { peer, reply: to }) = self.asked.remove(&id) else {
            return;
        };
        let lost = |reason: String| Error::ConnectionLost { peer, reason };
        let result = match reply {
            Ok(Reply::Answered(bytes)) => Ok(bytes),
            Ok(Reply::Busy) => Err(Error::Busy(peer)),
            Ok(Reply::Declined) => Err(Error::Declined(peer)),
            Err(OutboundFailure::Timeout) => Err(Error::TimedOut { peer, after: self.request_timeout }),
            Err(OutboundFailure::UnsupportedProtocols) => Err(Error::OtherProtocol(peer)),
            Err(OutboundFailure::DialFailure) => {
                Err(Error::Unreachable { peer, reason: "the connection was lost meanwhile".to_owned() })
            }
            Err(OutboundFailure::ConnectionClosed) => Err(lost("it was closed".to_owned())),
            Err(OutboundFailure::Io(error)) => Err(lost(error.to_string())),
        };
        // Fails if the caller has given up.
        let _ = to.send(result);
    }

    // Peers' requests.

    fn on_request(
        &mut self,
        peer: PeerId,
        request: Request,
        channel: request_response::ResponseChannel<Reply>,
    ) {
        self.tape.record(Direction::Received, &peer, &request.bytes);
        let of_peer = self.serving_by_peer.get(&peer).copied().unwrap_or(0);
        if self.serving.len() >= self.max_inbound || of_peer >= REQUESTS_PER_PEER {
            tracing::debug!(%peer, "too many requests at once: answered busy");
            self.reply(channel, Reply::Busy);
            return;
        }
        let (reply, answer) = oneshot::channel();
        let incoming = Incoming {
            from: peer,
            request: request.bytes,
            respond: Responder { reply, max_message_bytes: self.max_message_bytes, _room: request.room },
        };
        // The queue has a place for everything that may be served at once, so
        // this fails only when nobody listens any more.
        if self.incoming.try_send(incoming).is_err() {
            self.reply(channel, Reply::Declined);
            return;
        }
        self.serving_by_peer.insert(peer, of_peer + 1);
        self.serving.push(Box::pin(async move { Served { peer, channel, reply: answer.await.ok() } }));
    }

    fn on_served(&mut self, served: Served) {
        if let Some(count) = self.serving_by_peer.get_mut(&served.peer) {
            *count -= 1;
            if *count == 0 {
                self.serving_by_peer.remove(&served.peer);
            }
        }
        let reply = match served.reply {
            Some(bytes) => {
                self.tape.record(Direction::Sent, &served.peer, &bytes);
                Reply::Answered(bytes)
            }
            None => Reply::Declined,
        };
        self.reply(served.channel, reply);
    }

    fn reply(&mut self, channel: request_response::ResponseChannel<Reply>, reply: Reply) {
        let requests = &mut self.swarm.behaviour_mut().requests;
        if requests.send_response(channel, reply).is_err() {
            tracing::debug!("a reply came too late: its peer is gone");
        }
    }

    // Connections.

    fn resolve(&mut self, peer: PeerId, address: Address) {
        let resolved = async move { (peer, address.resolve().await) };
        self.resolving.push(Box::pin(resolved));
    }

    fn dial(&mut self, peer: PeerId, addresses: Result<Vec<Multiaddr>, String>) {
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(reason) => return self.on_dial_failed(peer, reason),
        };
        let dial = DialOpts::peer_id(peer.0)
            .addresses(addresses)
            .condition(PeerCondition::Disconnected)
            // From the listening port, two nodes that dial each other at once
            // would open one connection with two dialling ends.
            .allocate_new_port()
            .build();
        let id = dial.connection_id();
        match self.swarm.dial(dial) {
            Ok(()) => drop(self.dials.insert(id, peer)),
            // It connected to us while we looked its address up.
            Err(DialError::DialPeerConditionFalse(_)) => self.peers.dial_ended(peer),
            Err(error) => self.on_dial_failed(peer, error.to_string()),
        }
    }

    fn on_dial_failed(&mut self, peer: PeerId, reason: String) {
        tracing::debug!(%peer, name = self.peers.name(peer), %reason, "could not reach a peer");
        for call in self.peers.dial_failed(peer, Instant::now()) {
            let reason = reason.clone();
            let _ = call.reply.send(Err(Error::Unreachable { peer, reason }));
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Requests(event)) => self.on_message(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.on_ping(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, num_established, .. } => {
                let peer = PeerId(peer_id);
                if self.dials.remove(&connection_id).is_some() {
                    self.peers.dial_ended(peer);
                }
                for call in self.peers.connected(peer, Instant::now()) {
                    self.send(peer, call);
                }
                if num_established.get() == 1 {
                    tracing::info!(%peer, name = self.peers.name(peer), "connected");
                    self.publish();
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, cause, .. } => {
                let peer = PeerId(peer_id);
                let cause = cause.map(|error| error.to_string());
                tracing::info!(%peer, name = self.peers.name(peer), ?cause, "disconnected");
                self.peers.disconnected(peer, Instant::now());
                self.publish();
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some(peer) = self.dials.remove(&connection_id) {
                    self.on_dial_failed(peer, error.to_string());
                }
            }
            SwarmEvent::IncomingConnectionError { error, peer_id, .. } => {
                tracing::debug!(?peer_id, %error, "refused a connection");
            }
            SwarmEvent::ListenerClosed { reason, .. } => {
                tracing::error!(?reason, "stopped listening");
            }
            _ => {}
        }
    }

    fn on_message(&mut self, event: request_response::Event<Request, Reply>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request, channel, .. } => self.on_request(PeerId(peer), request, channel),
                Message::Response { request_id, response } => self.on_reply(request_id, Ok(response)),
            },
            request_response::Event::OutboundFailure { request_id, error, .. } => {
                self.on_reply(request_id, Err(error))
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, %error, "a peer's request failed");
            }
            request_response::Event::ResponseSent { .. } => {}
        }
    }

    /// A connection that answers no ping is dead, though TCP may not have
    /// noticed; closing it lets the peer be dialled again.
    fn on_ping(&mut self, event: ping::Event) {
        if let Err(ping::Failure::Timeout | ping::Failure::Other { .. }) = event.result {
            tracing::debug!(peer = %event.peer, "closing a connection that answers no ping");
            self.swarm.close_connection(event.connection);
        }
    }
}
