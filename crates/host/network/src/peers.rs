//! What is known of each peer, and when to dial it again. No I/O: events and
//! the time come in, decisions go out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::lanes::{Lane, Lanes};
use crate::{Direction, PeerId};

/// How many requests to one peer may be under way at once, and how many of one
/// peer's requests are served at once.
pub const REQUESTS_PER_PEER: usize = 16;

/// The wait before a lost peer is dialled; it doubles with each failure.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait between two dials.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Peers that are not listed and are being looked for at once.
const SOUGHT: usize = 128;

/// A connection that lived shorter than this counts as a failed dial, so that a
/// peer that accepts and hangs up at once is not dialled in a circle.
const STABLE: Duration = Duration::from_secs(10);

/// What a node knows of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerInfo {
    /// The peer's id.
    pub id: PeerId,
    /// Its name in the configuration; empty for one that merely connected.
    pub name: String,
    /// Its address in the configuration.
    pub multiaddr: Option<String>,
    /// Whether there is a connection at this moment.
    pub connected: bool,
    /// Messages sent to it, requests and replies, since it is known.
    pub sent: u64,
    /// Messages that came from it.
    pub received: u64,
}

/// A peer as callers see it: its info, and the lane that bounds and counts what is exchanged.
#[derive(Clone)]
pub(crate) struct Entry {
    pub info: PeerInfo,
    pub lane: Arc<Lane>,
}

impl Entry {
    /// What is known of the peer, with the counts of this moment.
    pub(crate) fn info(&self) -> PeerInfo {
        let (sent, received) = self.lane.counts();
        PeerInfo { sent, received, ..self.info.clone() }
    }
}

pub(crate) type Directory = BTreeMap<PeerId, Entry>;

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<C> {
    /// There is a connection: send it.
    Send(C),
    /// It waits for a dial, which must be begun now if there is an address.
    Wait(Option<Address>),
    /// It waits, and the peer must be found first.
    Find,
    /// It is not known where the peer is, and peers are not looked for.
    NoAddress(C),
    /// Too many peers are looked for already.
    Full(C),
}

struct Peer<C> {
    name: String,
    address: Option<(String, Address)>,
    /// Unlisted peers are forgotten when they leave.
    listed: bool,
    lane: Arc<Lane>,
    connected_since: Option<Instant>,
    dialing: bool,
    failures: u32,
    next_dial: Option<Instant>,
    /// Requests that came while there was no connection.
    waiting: Vec<C>,
}

impl<C> Peer<C> {
    fn new(listed: bool, lane: Arc<Lane>) -> Self {
        Self {
            name: String::new(),
            address: None,
            listed,
            lane,
            connected_since: None,
            dialing: false,
            failures: 0,
            next_dial: None,
            waiting: Vec::new(),
        }
    }

    fn begin_dial(&mut self) -> Option<Address> {
        if self.dialing || self.connected_since.is_some() {
            return None;
        }
        let (_, address) = self.address.as_ref()?;
        self.dialing = true;
        self.next_dial = None;
        Some(address.clone())
    }

    fn dial_later(&mut self, now: Instant) {
        if self.address.is_some() && !self.dialing {
            self.next_dial = Some(now + wait_after(self.failures));
        }
    }
}

/// All peers; `C` is a request that waits for a connection.
pub(crate) struct Peers<C> {
    peers: BTreeMap<PeerId, Peer<C>>,
    lanes: Lanes,
    /// Whether peers can be found whose addresses are not known.
    find: bool,
}

impl<C> Peers<C> {
    pub(crate) fn new(lanes: Lanes, find: bool) -> Self {
        Self { peers: BTreeMap::new(), lanes, find }
    }

    fn entry(&mut self, id: PeerId, listed: bool) -> &mut Peer<C> {
        self.peers.entry(id).or_insert_with(|| Peer::new(listed, self.lanes.to(id)))
    }

    /// Lists a peer, or changes its name and address. It is due at once.
    pub(crate) fn list(&mut self, id: PeerId, name: String, address: (String, Address), now: Instant) {
        let peer = self.entry(id, true);
        peer.listed = true;
        peer.name = name;
        peer.address = Some(address);
        if peer.connected_since.is_none() && !peer.dialing {
            peer.failures = 0;
            peer.next_dial = Some(now);
        }
    }

    /// Lists a peer that must find us by itself.
    pub(crate) fn list_without_address(&mut self, id: PeerId) {
        self.entry(id, true).listed = true;
    }

    pub(crate) fn name(&self, id: PeerId) -> &str {
        self.peers.get(&id).map_or("", |peer| &peer.name)
    }

    /// Counts a message.
    pub(crate) fn count(&self, id: PeerId, direction: Direction) {
        if let Some(peer) = self.peers.get(&id) {
            peer.lane.count(direction);
        }
    }

    pub(crate) fn directory(&self) -> Directory {
        let entry = |(id, peer): (&PeerId, &Peer<C>)| {
            let info = PeerInfo {
                id: *id,
                name: peer.name.clone(),
                multiaddr: peer.address.as_ref().map(|(text, _)| text.clone()),
                connected: peer.connected_since.is_some(),
                sent: 0,
                received: 0,
            };
            (*id, Entry { info, lane: Arc::clone(&peer.lane) })
        };
        let shown = |(_, peer): &(&PeerId, &Peer<C>)| peer.listed || peer.connected_since.is_some();
        self.peers.iter().filter(shown).map(entry).collect()
    }

    /// A request to `id`. One to a lost peer brings its next dial forward.
    pub(crate) fn request(&mut self, id: PeerId, call: C) -> Next<C> {
        let sought = |peer: &&Peer<C>| !peer.listed && peer.connected_since.is_none();
        let full = !self.peers.contains_key(&id) && self.peers.values().filter(sought).count() >= SOUGHT;
        match self.peers.get_mut(&id) {
            Some(peer) if peer.connected_since.is_some() => return Next::Send(call),
            Some(peer) if peer.dialing || peer.address.is_some() => {
                peer.waiting.push(call);
                return Next::Wait(peer.begin_dial());
            }
            _ if !self.find => return Next::NoAddress(call),
            _ if full => return Next::Full(call),
            _ => {}
        }
        let peer = self.entry(id, false);
        peer.dialing = true;
        peer.waiting.push(call);
        Next::Find
    }

    /// Whether requests wait until a peer is found whose address is not configured.
    pub(crate) fn is_sought(&self, id: PeerId) -> bool {
        let peer = self.peers.get(&id);
        peer.is_some_and(|peer| peer.address.is_none() && !peer.waiting.is_empty())
    }

    pub(crate) fn is_connected(&self, id: PeerId) -> bool {
        self.peers.get(&id).is_some_and(|peer| peer.connected_since.is_some())
    }

    /// A connection was made, whoever dialled. Returns the requests that waited.
    pub(crate) fn connected(&mut self, id: PeerId, now: Instant) -> Vec<C> {
        let peer = self.entry(id, false);
        peer.connected_since.get_or_insert(now);
        peer.next_dial = None;
        std::mem::take(&mut peer.waiting)
    }

    /// The last connection to a peer was lost.
    pub(crate) fn disconnected(&mut self, id: PeerId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if !peer.listed {
            self.peers.remove(&id);
            return;
        }
        let since = peer.connected_since.take();
        let stable = since.is_some_and(|since| now.duration_since(since) >= STABLE);
        peer.failures = if stable { 0 } else { peer.failures.saturating_add(1) };
        peer.dial_later(now);
    }

    /// A dial succeeded or is not needed any more.
    pub(crate) fn dial_ended(&mut self, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.dialing = false;
        }
    }

    /// A dial failed. Returns the requests that waited for it.
    pub(crate) fn dial_failed(&mut self, id: PeerId, now: Instant) -> Vec<C> {
        let Some(peer) = self.peers.get_mut(&id) else {
            return Vec::new();
        };
        peer.dialing = false;
        if peer.connected_since.is_some() {
            return Vec::new();
        }
        peer.dial_later(now);
        peer.failures = peer.failures.saturating_add(1);
        let waiting = std::mem::take(&mut peer.waiting);
        if !peer.listed {
            self.peers.remove(&id);
        }
        waiting
    }

    /// When the next dial is due.
    pub(crate) fn next_dial(&self) -> Option<Instant> {
        self.peers.values().filter_map(|peer| peer.next_dial).min()
    }

    /// The peers to dial now; each counts as being dialled from here on.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<(PeerId, Address)> {
        let due = self.peers.iter_mut().filter(|(_, peer)| peer.next_dial.is_some_and(|at| at <= now));
        due.filter_map(|(id, peer)| Some((*id, peer.begin_dial()?))).collect()
    }
}

fn wait_after(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2u32.saturating_pow(failures)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer_id_from_seed;

    const SECOND: Duration = Duration::from_secs(1);

    fn listed(now: Instant) -> (Peers<u8>, PeerId, Address) {
        let id = peer_id_from_seed([1; 32]);
        let text = format!("/ip4/127.0.0.1/tcp/9000/p2p/{id}");
        let (_, address) = Address::parse(&text).unwrap();
        let mut peers = Peers::new(Lanes::default(), false);
        peers.list(id, "one".to_owned(), (text, address.clone()), now);
        (peers, id, address)
    }

    #[test]
    fn a_listed_peer_is_dialled_once_at_once() {
        let now = Instant::now();
        let (mut peers, id, address) = listed(now);
        assert_eq!(peers.due(now), [(id, address)]);
        assert_eq!(peers.due(now + 100 * SECOND), []);
        assert_eq!(peers.next_dial(), None);
    }

    #[test]
    fn failed_dials_come_at_growing_intervals_up_to_a_limit() {
        let mut now = Instant::now();
        let (mut peers, id, _) = listed(now);
        let mut waits = Vec::new();
        for _ in 0..10 {
            assert_eq!(peers.due(now).len(), 1);
            assert_eq!(peers.dial_failed(id, now), [0; 0]);
            let next = peers.next_dial().unwrap();
            waits.push(next - now);
            now = next;
        }
        assert_eq!(waits[..3], [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]);
        assert_eq!(waits[9], LONGEST_WAIT);
    }

    #[test]
    fn a_stable_connection_resets_the_interval_and_a_short_one_does_not() {
        let mut now = Instant::now();
        let (mut peers, id, _) = listed(now);
        for expected in [2, 4, 8] {
            peers.due(now);
            peers.dial_ended(id);
            peers.connected(id, now);
            peers.disconnected(id, now);
            let next = peers.next_dial().unwrap();
            assert_eq!(next - now, FIRST_WAIT * expected);
            now = next;
        }
        peers.due(now);
        peers.dial_ended(id);
        peers.connected(id, now);
        peers.disconnected(id, now + STABLE);
        assert_eq!(peers.next_dial(), Some(now + STABLE + FIRST_WAIT));
    }

    #[test]
    fn a_request_to_a_lost_peer_brings_the_dial_forward_and_waits_for_it() {
        let now = Instant::now();
        let (mut peers, id, address) = listed(now);
        peers.due(now);
        peers.dial_failed(id, now);
        assert_eq!(peers.request(id, 1), Next::Wait(Some(address)));
        assert_eq!(peers.request(id, 2), Next::Wait(None));
        assert_eq!(peers.next_dial(), None);
        assert_eq!(peers.connected(id, now), [1, 2]);
        assert_eq!(peers.request(id, 3), Next::Send(3));
    }

    #[test]
    fn a_failed_dial_fails_what_waited_unless_the_peer_called_meanwhile() {
        let now = Instant::now();
        let (mut peers, id, _) = listed(now);
        peers.due(now);
        peers.request(id, 1);
        assert_eq!(peers.dial_failed(id, now), [1]);
        peers.due(now + SECOND);
        peers.connected(id, now + SECOND);
        assert_eq!(peers.dial_failed(id, now + SECOND), [0; 0]);
        assert_eq!(peers.request(id, 2), Next::Send(2));
        assert_eq!(peers.next_dial(), None);
    }

    #[test]
    fn strangers_are_forgotten_when_they_leave() {
        let now = Instant::now();
        let stranger = peer_id_from_seed([2; 32]);
        let mut peers = Peers::new(Lanes::default(), false);
        assert_eq!(peers.request(stranger, 1), Next::NoAddress(1));
        peers.connected(stranger, now);
        assert_eq!(peers.request(stranger, 2), Next::Send(2));
        assert!(peers.directory()[&stranger].info.connected);
        peers.disconnected(stranger, now);
        assert!(peers.directory().is_empty());
        assert_eq!(peers.next_dial(), None);
    }

    #[test]
    fn a_peer_that_must_be_found_is_sought_once_and_forgotten_if_it_is_not() {
        let (now, sought) = (Instant::now(), peer_id_from_seed([2; 32]));
        let mut peers = Peers::new(Lanes::default(), true);
        assert_eq!(peers.request(sought, 1), Next::Find);
        assert_eq!(peers.request(sought, 2), Next::Wait(None));
        assert!(peers.is_sought(sought) && peers.directory().is_empty());
        assert_eq!(peers.dial_failed(sought, now), [1, 2]);
        assert!(!peers.is_sought(sought) && peers.peers.is_empty());
        assert_eq!(peers.request(sought, 3), Next::Find);
        assert_eq!(peers.connected(sought, now), [3]);
    }

    #[test]
    fn only_so_many_peers_are_sought_at_once() {
        let mut peers = Peers::new(Lanes::default(), true);
        let ids = (0..=SOUGHT).map(|_| PeerId(libp2p::PeerId::random()));
        let found = ids.filter(|id| peers.request(*id, 1) == Next::Find).count();
        assert_eq!(found, SOUGHT);
        assert_eq!(peers.request(peer_id_from_seed([2; 32]), 1), Next::Full(1));
    }

    #[test]
    fn a_listed_peer_without_address_stays_and_is_not_dialled() {
        let now = Instant::now();
        let id = peer_id_from_seed([3; 32]);
        let mut peers = Peers::new(Lanes::default(), false);
        peers.list_without_address(id);
        peers.connected(id, now);
        peers.disconnected(id, now);
        assert!(!peers.directory()[&id].info.connected);
        assert_eq!(peers.next_dial(), None);
        assert_eq!(peers.request(id, 1), Next::NoAddress(1));
    }
}
