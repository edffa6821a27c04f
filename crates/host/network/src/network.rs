//! The handle to a running network.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::actor::{self, Call, Command};
use crate::address::Address;
use crate::identity::peer_id_from_seed;
use crate::lanes::Lanes;
use crate::peers::{Directory, Entry};
use crate::recorder::{Direction, Tape};
use crate::records::PROVIDERS;
use crate::{Config, Error, Incoming, PeerAddress, PeerId, PeerInfo};

/// Commands that may wait for the actor; further callers wait for a place.
const QUEUE: usize = 256;

/// How long providers are looked for, and how long for more after the first.
const SEARCH: Duration = Duration::from_secs(5);
const LINGER: Duration = Duration::from_millis(500);

/// A node's part in the network. Cloning is cheap and gives a handle to the
/// same; dropping the last one shuts it down.
#[derive(Clone)]
pub struct Network {
    commands: mpsc::Sender<Command>,
    directory: watch::Receiver<Directory>,
    local: Arc<Local>,
}

struct Local {
    id: PeerId,
    address: String,
    max_message_bytes: usize,
    request_timeout: Duration,
    discovery: bool,
    lanes: Lanes,
    tape: Tape,
}

impl Network {
    /// Listens, begins to dial the configured peers, and returns a handle and
    /// the queue of peers' requests. Must be called inside a Tokio runtime.
    ///
    /// When the queue's receiver is dropped, requests are declined.
    ///
    /// # Errors
    /// [`Error::InvalidAddress`] or [`Error::Listen`].
    pub async fn start(config: Config) -> Result<(Self, mpsc::Receiver<Incoming>), Error> {
        let id = peer_id_from_seed(config.identity_seed);
        let (commands, queue) = mpsc::channel(QUEUE);
        let tape = Tape(config.recorder.clone());
        let mut local = Local {
            id,
            address: String::new(),
            max_message_bytes: config.max_message_bytes,
            request_timeout: config.request_timeout,
            discovery: config.discovery,
            lanes: Lanes::default(),
            tape,
        };
        let started = actor::start(config, id, local.lanes.clone(), queue).await?;
        local.address = format!("{}/p2p/{id}", started.address);
        let network = Self { commands, directory: started.directory, local: Arc::new(local) };
        Ok((network, started.incoming))
    }

    /// Sends a request and waits for the reply. If there is no connection, the
    /// peer is dialled first, at its listed address or where other nodes say that
    /// it is; if [`crate::REQUESTS_PER_PEER`] requests to it are
    /// under way, this one waits its turn.
    ///
    /// Ends within [`Config::request_timeout`]. Dropping the future gives the
    /// reply up; the peer may still act on the request.
    ///
    /// # Errors
    /// Any of the second group of [`Error`], [`Error::UnknownPeer`],
    /// [`Error::TooLarge`] or [`Error::ShutDown`].
    pub async fn request(&self, peer: &PeerId, request: Vec<u8>) -> Result<Vec<u8>, Error> {
        if request.len() > self.local.max_message_bytes {
            return Err(Error::TooLarge { length: request.len(), max: self.local.max_message_bytes });
        }
        if *peer == self.local.id || !self.local.discovery && !self.directory.borrow().contains_key(peer) {
            return Err(Error::UnknownPeer(*peer));
        }
        let lane = self.local.lanes.to(*peer);
        let exchange = async {
            let _turn = Arc::clone(&lane.turns).acquire_owned().await.map_err(|_| Error::ShutDown)?;
            self.local.tape.record(Direction::Sent, peer, &request);
            lane.count(Direction::Sent);
            let (reply, answer) = oneshot::channel();
            let call = Call { request, reply };
            self.command(Command::Request { peer: *peer, call }).await?;
            answer.await.map_err(|_| Error::ShutDown)?
        };
        let after = self.local.request_timeout;
        let reply = timeout(after, exchange).await.unwrap_or(Err(Error::TimedOut { peer: *peer, after }))?;
        self.local.tape.record(Direction::Received, peer, &reply);
        lane.count(Direction::Received);
        Ok(reply)
    }

    /// Lists a further peer, or gives a listed one another name and address, and
    /// returns its id. It is dialled in the background.
    ///
    /// # Errors
    /// [`Error::InvalidAddress`] or [`Error::ShutDown`].
    pub async fn add_peer(&self, peer: PeerAddress) -> Result<PeerId, Error> {
        let (id, address) = Address::parse(&peer.multiaddr)?;
        if id == self.local.id {
            return Ok(id);
        }
        let (done, finished) = oneshot::channel();
        let add = Command::AddPeer { id, name: peer.name, address: (peer.multiaddr, address), done };
        self.command(add).await?;
        finished.await.map_err(|_| Error::ShutDown)?;
        Ok(id)
    }

    /// Says that this node provides what `key` names, now and until told otherwise:
    /// it is announced again now and then, and whenever a connection to the network
    /// was made. Without [`Config::discovery`] nobody hears it.
    ///
    /// # Errors
    /// [`Error::TooManyKeys`] or [`Error::ShutDown`].
    pub async fn provide(&self, key: [u8; 32]) -> Result<(), Error> {
        let (done, finished) = oneshot::channel();
        self.command(Command::Provide { key, done }).await?;
        finished.await.map_err(|_| Error::ShutDown)?
    }

    /// Announces `key` no more. Others may name this node for up to 20 minutes yet.
    ///
    /// # Errors
    /// [`Error::ShutDown`].
    pub async fn stop_providing(&self, key: [u8; 32]) -> Result<(), Error> {
        let (done, finished) = oneshot::channel();
        self.command(Command::StopProviding { key, done }).await?;
        finished.await.map_err(|_| Error::ShutDown)
    }

    /// Others who say that they provide what `key` names, as far as this node and
    /// the network know, first found first; at most 16. Anybody may say so: check
    /// what they give. They can be asked by [`Network::request`].
    ///
    /// Ends when the search is over, half a second after the first was found, or
    /// after 5 seconds; nobody found in time is no error. At most 64 searches run
    /// at once, and further ones find nobody.
    ///
    /// # Errors
    /// [`Error::ShutDown`].
    pub async fn providers(&self, key: [u8; 32]) -> Result<Vec<PeerId>, Error> {
        let (found, mut results) = mpsc::channel(2 * PROVIDERS);
        let mut deadline = Instant::now() + SEARCH;
        self.command(Command::Providers { key, found }).await?;
        let mut providers = Vec::new();
        while let Ok(Some(peer)) = timeout_at(deadline, results.recv()).await {
            if providers.is_empty() {
                deadline = deadline.min(Instant::now() + LINGER);
            }
            if !providers.contains(&peer) {
                providers.push(peer);
            }
            if providers.len() >= PROVIDERS {
                break;
            }
        }
        Ok(providers)
    }

    /// The listed peers and whoever else is connected, by id.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerInfo> {
        let directory = self.directory.borrow();
        directory.values().map(Entry::info).collect()
    }

    /// Waits, without a bound of its own, until there is a connection to `peer`.
    ///
    /// # Errors
    /// [`Error::ShutDown`].
    pub async fn connected(&self, peer: &PeerId) -> Result<(), Error> {
        self.connection_is(peer, true).await
    }

    /// Waits, without a bound of its own, until there is no connection to `peer`.
    ///
    /// # Errors
    /// [`Error::ShutDown`].
    pub async fn disconnected(&self, peer: &PeerId) -> Result<(), Error> {
        self.connection_is(peer, false).await
    }

    async fn connection_is(&self, peer: &PeerId, wanted: bool) -> Result<(), Error> {
        let mut directory = self.directory.clone();
        let reached = directory.wait_for(|directory| {
            let connected = directory.get(peer).is_some_and(|entry| entry.info.connected);
            connected == wanted
        });
        reached.await.map(drop).map_err(|_| Error::ShutDown)
    }

    /// This node's id.
    #[must_use]
    pub fn local_peer_id(&self) -> PeerId {
        self.local.id
    }

    /// The multiaddress that this node listens on, with the real port and its
    /// peer id, as others may list it. If it listens on all interfaces, the
    /// first that was reported.
    #[must_use]
    pub fn local_address(&self) -> &str {
        &self.local.address
    }

    /// Closes all connections and stops listening; returns when that is done.
    pub async fn shutdown(&self) {
        let (done, finished) = oneshot::channel();
        if self.command(Command::ShutDown(done)).await.is_ok() {
            // Fails only if somebody else's shutdown came first.
            drop(finished.await);
        }
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        let sent = self.commands.send(command).await;
        sent.map_err(|_| Error::ShutDown)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("address", &self.local.address).finish_non_exhaustive()
    }
}
