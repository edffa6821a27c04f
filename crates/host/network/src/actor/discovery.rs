//! Finding peers and being found: announcing, searching, and what identify tells.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use futures::FutureExt;
use libp2p::kad::{self, GetProvidersOk, QueryId, QueryResult};
use libp2p::{Multiaddr, identify};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Actor;
use crate::address::Address;
use crate::behaviour::IDENTITY;
use crate::book::{Book, Reach};
use crate::dht;
use crate::records::{Key, OWN_KEYS};
use crate::{Error, PeerId};

/// Announcements under way at once.
const ANNOUNCING: usize = 8;

/// Searches for providers under way at once.
const LOOKUPS: usize = 64;

/// The wait before all keys are announced again, and the shortest time between
/// two rounds: for a listed peer that came, and for anybody else.
const SOON: Duration = Duration::from_millis(100);
const PAUSE_LISTED: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_secs(5);

/// How often a name in the own address is looked up, and how long that may take.
const REFRESH: Duration = Duration::from_secs(60);
const LOOK_UP: Duration = Duration::from_secs(5);

/// Addresses that this node tells others of itself.
const OWN_ADDRESSES: usize = 4;

/// What an actor knows and wants of the network around it.
pub(super) struct Discovery {
    /// The configured address, if there is one.
    external: Option<Address>,
    own: Vec<Multiaddr>,
    book: Book,
    keys: BTreeSet<Key>,
    queue: VecDeque<Key>,
    announcing: HashSet<QueryId>,
    announced: Option<Instant>,
    announce_at: Option<Instant>,
    refresh_at: Option<Instant>,
    lookups: HashMap<QueryId, mpsc::Sender<PeerId>>,
    searches: HashMap<QueryId, PeerId>,
    /// Peers that were searched for, and why the dial before that failed.
    searched: HashMap<PeerId, Option<String>>,
    /// Connected peers that did not say yet who they are.
    fresh: HashSet<PeerId>,
}

impl Discovery {
    pub(super) fn new(external: Option<Address>) -> Self {
        Self {
            external,
            own: Vec::new(),
            book: Book::new(Reach::default()),
            keys: BTreeSet::new(),
            queue: VecDeque::new(),
            announcing: HashSet::new(),
            announced: None,
            announce_at: None,
            refresh_at: None,
            lookups: HashMap::new(),
            searches: HashMap::new(),
            searched: HashMap::new(),
            fresh: HashSet::new(),
        }
    }

    /// When something must be done.
    pub(super) fn due(&self) -> Option<Instant> {
        self.announce_at.into_iter().chain(self.refresh_at).min()
    }
}

impl Actor {
    /// Does what is due.
    pub(super) fn on_discovery_due(&mut self, now: Instant) {
        if self.discovery.announce_at.is_some_and(|at| at <= now) {
            self.discovery.announce_at = None;
            self.discovery.announced = Some(now);
            self.discovery.queue = self.discovery.keys.iter().copied().collect();
            self.announce();
        }
        if self.discovery.refresh_at.is_some_and(|at| at <= now) {
            self.refresh(now);
        }
    }

    // Where we are.

    /// Looks the configured address up; the answer comes as [`Actor::on_own_address`].
    pub(super) fn refresh(&mut self, now: Instant) {
        self.discovery.refresh_at = None;
        let Some(external) = self.discovery.external.clone() else {
            return;
        };
        if external.is_name() {
            self.discovery.refresh_at = Some(now + REFRESH);
        }
        let found = timeout(LOOK_UP, external.resolve());
        let found = found.map(|found| found.unwrap_or_else(|_| Err("no answer in time".to_owned())));
        self.own_address.push(found.boxed());
    }

    pub(super) fn on_own_address(&mut self, found: Result<Vec<Multiaddr>, String>) {
        match found {
            Ok(found) => self.set_own(found),
            Err(reason) => tracing::warn!(%reason, "could not look up the address of this node"),
        }
    }

    /// One more address that this node listens on.
    pub(super) fn on_listening(&mut self, address: Multiaddr) {
        if self.discovery.external.is_none() {
            let mut own = self.discovery.own.clone();
            own.push(address);
            self.set_own(own);
        }
    }

    fn set_own(&mut self, mut own: Vec<Multiaddr>) {
        own.sort();
        own.dedup();
        own.truncate(OWN_ADDRESSES);
        if own == self.discovery.own {
            return;
        }
        for old in std::mem::take(&mut self.discovery.own) {
            if !own.contains(&old) {
                self.swarm.remove_external_address(&old);
            }
        }
        own.iter().for_each(|new| self.swarm.add_external_address(new.clone()));
        let reach = Reach::of(&own);
        self.discovery.book.set_reach(reach);
        if let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() {
            dht.set_reach(reach);
        }
        self.discovery.own = own;
        self.announce_all(true);
    }

    // Who the others are.

    pub(super) fn on_first_connection(&mut self, peer: PeerId) {
        self.discovery.searched.remove(&peer);
        self.discovery.fresh.insert(peer);
    }

    pub(super) fn on_last_connection_lost(&mut self, peer: PeerId) {
        self.discovery.fresh.remove(&peer);
    }

    pub(super) fn on_identify(&mut self, event: identify::Event) {
        let (peer, info) = match event {
            identify::Event::Received { peer_id, info, .. }
            | identify::Event::Pushed { peer_id, info, .. } => (PeerId(peer_id), info),
            _ => return,
        };
        if info.protocol_version != IDENTITY || !info.protocols.contains(&dht::PROTOCOL) {
            return;
        }
        let addresses = self.discovery.book.write(peer, info.listen_addrs);
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else {
            return;
        };
        if !addresses.is_empty() {
            dht.place(peer.0, &addresses);
        }
        if self.discovery.fresh.remove(&peer) {
            // Whoever has just come knows nothing of what we provide.
            let listed = self.swarm.behaviour().gate.is_listed(&peer.0);
            self.announce_all(listed);
        }
    }

    // What we provide.

    pub(super) fn provide(&mut self, key: Key) -> Result<(), Error> {
        if self.discovery.keys.len() >= OWN_KEYS && !self.discovery.keys.contains(&key) {
            return Err(Error::TooManyKeys { max: OWN_KEYS });
        }
        if self.discovery.keys.insert(key) {
            self.discovery.queue.push_back(key);
            self.announce();
        }
        Ok(())
    }

    pub(super) fn stop_providing(&mut self, key: Key) {
        self.discovery.keys.remove(&key);
        self.discovery.queue.retain(|queued| *queued != key);
        if let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() {
            dht.stop_providing(&key);
        }
    }

    fn announce_all(&mut self, listed: bool) {
        if self.discovery.keys.is_empty() {
            return;
        }
        let pause = if listed { PAUSE_LISTED } else { PAUSE };
        let soon = Instant::now() + SOON;
        let at = self.discovery.announced.map_or(soon, |last| soon.max(last + pause));
        let planned = self.discovery.announce_at;
        self.discovery.announce_at = Some(planned.map_or(at, |planned| planned.min(at)));
    }

    fn announce(&mut self) {
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else {
            return;
        };
        while self.discovery.announcing.len() < ANNOUNCING {
            let Some(key) = self.discovery.queue.pop_front() else {
                return;
            };
            if let Some(id) = dht.provide(&key) {
                self.discovery.announcing.insert(id);
            }
        }
    }

    // Whom we look for.

    pub(super) fn look_for_providers(&mut self, key: Key, found: mpsc::Sender<PeerId>) {
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else {
            return;
        };
        for (id, _) in self.discovery.lookups.iter().filter(|(_, found)| found.is_closed()) {
            dht.finish(*id);
        }
        // Dropping the sender ends the search for its caller.
        if self.discovery.lookups.len() < LOOKUPS {
            self.discovery.lookups.insert(dht.providers(&key), found);
        }
    }

    /// Finds a peer whose address is not configured, and dials it.
    pub(super) fn find(&mut self, peer: PeerId) {
        let known = self.discovery.book.read(peer);
        if known.is_empty() { self.search(peer, None) } else { self.dial(peer, Ok(known)) }
    }

    /// After a dial failed for `reason`: whether the peer is being searched for.
    pub(super) fn search_instead(&mut self, peer: PeerId, reason: &str) -> bool {
        let again = self.peers.is_sought(peer)
            && !self.peers.is_connected(peer)
            && !self.discovery.searched.contains_key(&peer)
            && self.swarm.behaviour().dht.is_enabled();
        if again {
            self.discovery.book.tear_out(peer);
            self.search(peer, Some(reason.to_owned()));
        }
        again
    }

    /// Why a peer was not found; an empty reason means that a search found nothing.
    pub(super) fn not_found(&mut self, peer: PeerId, reason: String) -> Error {
        match self.discovery.searched.remove(&peer) {
            Some(None) if reason.is_empty() => Error::UnknownPeer(peer),
            Some(Some(before)) if reason.is_empty() => Error::Unreachable { peer, reason: before },
            _ => Error::Unreachable { peer, reason },
        }
    }

    fn search(&mut self, peer: PeerId, reason: Option<String>) {
        self.discovery.searched.insert(peer, reason);
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else {
            return self.on_dial_failed(peer, String::new());
        };
        let id = dht.search(peer.0);
        self.discovery.searches.insert(id, peer);
    }

    fn on_searched(&mut self, peer: PeerId, peers: Vec<kad::PeerInfo>) {
        if self.peers.is_connected(peer) {
            self.discovery.searched.remove(&peer);
            self.peers.dial_ended(peer);
            return;
        }
        let told = peers.into_iter().filter(|found| found.peer_id == peer.0).flat_map(|found| found.addrs);
        let found = self.discovery.book.write(peer, told);
        if found.is_empty() {
            self.on_dial_failed(peer, String::new());
        } else {
            self.dial(peer, Ok(found));
        }
    }

    pub(super) fn on_dht(&mut self, event: kad::Event) {
        let kad::Event::OutboundQueryProgressed { id, result, step, .. } = event else {
            return;
        };
        match result {
            QueryResult::StartProviding(_) if self.discovery.announcing.remove(&id) => self.announce(),
            QueryResult::GetProviders(result) => {
                if let Ok(GetProvidersOk::FoundProviders { providers, .. }) = result {
                    self.on_providers(id, providers.into_iter().map(PeerId));
                }
                if step.last {
                    self.discovery.lookups.remove(&id);
                }
            }
            QueryResult::GetClosestPeers(result) if step.last => {
                if let Some(peer) = self.discovery.searches.remove(&id) {
                    let peers = match result {
                        Ok(found) => found.peers,
                        Err(kad::GetClosestPeersError::Timeout { peers, .. }) => peers,
                    };
                    self.on_searched(peer, peers);
                }
            }
            _ => {}
        }
    }

    fn on_providers(&mut self, id: QueryId, providers: impl Iterator<Item = PeerId>) {
        let own = *self.swarm.local_peer_id();
        let Some(dht) = self.swarm.behaviour_mut().dht.as_mut() else {
            return;
        };
        let Some(found) = self.discovery.lookups.get(&id) else {
            return;
        };
        for peer in providers.filter(|peer| peer.0 != own).take(crate::records::PROVIDERS) {
            // The search knows the addresses that came with the answer, and
            // forgets them when it ends.
            let addresses = dht.addresses_of(peer.0);
            self.discovery.book.write(peer, addresses);
            // Fails when the caller has heard enough.
            if found.try_send(peer).is_err() {
                dht.finish(id);
                return;
            }
        }
    }
}
