//! The handle to a running network.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::actor::{self, Call, Command};
use crate::address::Address;
use crate::identity::peer_id_from_seed;
use crate::peers::{Directory, Entry};
use crate::recorder::{Direction, Tape};
use crate::{Config, Error, Incoming, PeerAddress, PeerId, PeerInfo};

/// Commands that may wait for the actor; further callers wait for a place.
const QUEUE: usize = 256;

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
            tape,
        };
        let started = actor::start(config, id, queue).await?;
        local.address = format!("{}/p2p/{id}", started.address);
        let network = Self { commands, directory: started.directory, local: Arc::new(local) };
        Ok((network, started.incoming))
    }

    /// Sends a request and waits for the reply. If there is no connection, the
    /// peer is dialled first; if [`crate::REQUESTS_PER_PEER`] requests to it are
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
        let (lane, traffic) = match self.directory.borrow().get(peer) {
            Some(entry) => (Arc::clone(&entry.lane), Arc::clone(&entry.traffic)),
            None => return Err(Error::UnknownPeer(*peer)),
        };
        let exchange = async {
            let _turn = lane.acquire_owned().await.map_err(|_| Error::ShutDown)?;
            self.local.tape.record(Direction::Sent, peer, &request);
            traffic.count(Direction::Sent);
            let (reply, answer) = oneshot::channel();
            let call = Call { request, reply };
            self.command(Command::Request { peer: *peer, call }).await?;
            answer.await.map_err(|_| Error::ShutDown)?
        };
        let after = self.local.request_timeout;
        let reply = timeout(after, exchange).await.unwrap_or(Err(Error::TimedOut { peer: *peer, after }))?;
        self.local.tape.record(Direction::Received, peer, &reply);
        traffic.count(Direction::Received);
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
