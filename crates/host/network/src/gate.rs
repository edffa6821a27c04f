//! Who gets in: the limits of connections, the room that is kept for listed
//! peers, and who is shut out for a while.

mod hold;

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use self::hold::Hold;
use crate::room::Rooms;

/// Connections whose other end has not yet proven who it is.
const UNPROVEN: usize = 128;

/// As many again from addresses at which a listed peer was met, for a listed
/// peer that calls cannot be told from a stranger before it has proven itself.
const UNPROVEN_RESERVED: usize = 64;

/// Connections that strangers made to us.
const STRANGERS: usize = 128;

/// Of these, from one IP address (an IPv6 network of 64 bits counts as one).
const STRANGERS_PER_ADDRESS: usize = 32;

/// Connections that we made to peers that are not listed.
const FOUND: usize = 64;

/// Connections with one peer: both may dial at once, and either may not have
/// noticed that an old one is dead.
const PER_PEER: usize = 4;

/// Offences until a peer is shut out, and banned peers until their address is.
const STRIKES: u32 = 3;

/// How long an offence is remembered, and how long somebody is shut out.
pub(crate) const BAN: Duration = Duration::from_secs(60);

/// Offenders that are remembered.
const OFFENDERS: usize = 4096;

/// Somebody who misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Offender {
    Peer(PeerId),
    Address(IpAddr),
}

struct Offence {
    strikes: u32,
    until: Instant,
}

struct Connection {
    peer: PeerId,
    address: Option<IpAddr>,
    accepted: bool,
}

/// Admits connections and refuses them.
pub(crate) struct Gate {
    anybody: bool,
    listed: HashSet<PeerId>,
    rooms: Arc<Rooms>,
    unproven: HashSet<ConnectionId>,
    open: HashMap<ConnectionId, Connection>,
    /// Where listed peers were met last.
    homes: HashMap<PeerId, IpAddr>,
    offences: HashMap<Offender, Offence>,
}

/// Why a connection is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it is not listed")]
    NotListed,
    #[error("it is shut out for a while, since it sent nonsense")]
    ShutOut,
    #[error("there are too many connections")]
    TooMany,
}

impl Gate {
    pub(crate) fn new(anybody: bool, rooms: Arc<Rooms>) -> Self {
        Self {
            anybody,
            listed: HashSet::new(),
            rooms,
            unproven: HashSet::new(),
            open: HashMap::new(),
            homes: HashMap::new(),
            offences: HashMap::new(),
        }
    }

    /// Lists a peer: strangers cannot take its place.
    pub(crate) fn admit(&mut self, peer: PeerId) {
        self.listed.insert(peer);
    }

    pub(crate) fn is_listed(&self, peer: &PeerId) -> bool {
        self.listed.contains(peer)
    }

    /// Notes that a peer sent nonsense. Returns whether it is shut out from now on.
    pub(crate) fn strike(&mut self, peer: PeerId, now: Instant) -> bool {
        if !self.strike_at(Offender::Peer(peer), now) {
            return false;
        }
        // A new identity is free, an address is less so. Many nodes may share
        // this machine, and a listed peer another.
        let address = self.open.values().find(|open| open.peer == peer).and_then(|open| open.address);
        if let Some(address) = address
            && !address.is_loopback()
            && !self.homes.values().any(|home| *home == address)
        {
            self.strike_at(Offender::Address(address), now);
        }
        true
    }

    fn strike_at(&mut self, offender: Offender, now: Instant) -> bool {
        if self.offences.len() >= OFFENDERS && !self.offences.contains_key(&offender) {
            self.offences.retain(|_, offence| offence.until > now);
            let oldest = self.offences.iter().min_by_key(|(_, offence)| offence.until).map(|(who, _)| *who);
            if let Some(oldest) = oldest
                && self.offences.len() >= OFFENDERS
            {
                self.offences.remove(&oldest);
            }
        }
        let offence = self.offences.entry(offender).or_insert(Offence { strikes: 0, until: now });
        if offence.until <= now {
            offence.strikes = 0;
        }
        offence.strikes += 1;
        offence.until = now + BAN;
        offence.strikes >= STRIKES
    }

    /// Whether a peer is shut out now.
    pub(crate) fn shut_out(&self, peer: PeerId, now: Instant) -> bool {
        self.is_out(Offender::Peer(peer), now)
    }

    fn is_out(&self, offender: Offender, now: Instant) -> bool {
        self.offences.get(&offender).is_some_and(|offence| offence.strikes >= STRIKES && offence.until > now)
    }

    /// Somebody calls; who, is not known yet.
    fn knock(&mut self, id: ConnectionId, address: Option<IpAddr>, now: Instant) -> Result<(), Refusal> {
        if address.is_some_and(|address| self.is_out(Offender::Address(address), now)) {
            return Err(Refusal::ShutOut);
        }
        let home = address.is_some_and(|address| self.homes.values().any(|home| *home == address));
        let limit = if home { UNPROVEN + UNPROVEN_RESERVED } else { UNPROVEN };
        if self.unproven.len() >= limit {
            return Err(Refusal::TooMany);
        }
        self.unproven.insert(id);
        Ok(())
    }

    /// Somebody, now known, wants a connection, or we with them.
    fn enter(
        &self,
        peer: PeerId,
        address: Option<IpAddr>,
        accepted: bool,
        now: Instant,
    ) -> Result<(), Refusal> {
        if self.shut_out(peer, now) {
            return Err(Refusal::ShutOut);
        }
        if self.open.values().filter(|open| open.peer == peer).count() >= PER_PEER {
            return Err(Refusal::TooMany);
        }
        if self.is_listed(&peer) {
            return Ok(());
        }
        if !self.anybody {
            return Err(Refusal::NotListed);
        }
        let mut alike = 0;
        let mut neighbours = 0;
        for open in self.open.values() {
            if open.accepted == accepted && !self.is_listed(&open.peer) {
                alike += 1;
                neighbours += usize::from(open.address == address);
            }
        }
        let crowd = accepted
            && address.is_some_and(|address| !address.is_loopback())
            && neighbours >= STRANGERS_PER_ADDRESS;
        if crowd || alike >= if accepted { STRANGERS } else { FOUND } {
            return Err(Refusal::TooMany);
        }
        Ok(())
    }

    fn opened(&mut self, id: ConnectionId, connection: Connection) {
        self.unproven.remove(&id);
        if self.is_listed(&connection.peer)
            && let Some(address) = connection.address
        {
            self.homes.insert(connection.peer, address);
        }
        self.open.insert(id, connection);
    }

    fn hold(&mut self, peer: PeerId) -> Hold {
        let listed = self.is_listed(&peer);
        self.rooms.lay_aside(peer, listed);
        Hold { listed }
    }
}

/// The IP address in a multiaddress, or the network that counts as one.
fn ip(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => Some(ip.into()),
            None if ip.is_loopback() => Some(ip.into()),
            None => Some(IpAddr::from((u128::from(ip) >> 64 << 64).to_be_bytes())),
        },
        _ => None,
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = Hold;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.knock(id, ip(remote), Instant::now()).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.unproven.remove(&id);
        self.enter(peer, ip(remote), true, Instant::now()).map_err(ConnectionDenied::new)?;
        Ok(self.hold(peer))
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        if let Some(peer) = peer {
            self.enter(peer, None, false, Instant::now()).map_err(ConnectionDenied::new)?;
        }
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.enter(peer, ip(address), false, Instant::now()).map_err(ConnectionDenied::new)?;
        Ok(self.hold(peer))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(event) => {
                let address = ip(event.endpoint.get_remote_address());
                let accepted = event.endpoint.is_listener();
                self.opened(event.connection_id, Connection { peer: event.peer_id, address, accepted });
            }
            FromSwarm::ConnectionClosed(event) => drop(self.open.remove(&event.connection_id)),
            FromSwarm::ListenFailure(event) => drop(self.unproven.remove(&event.connection_id)),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn gate() -> Gate {
        Gate::new(true, Rooms::new(1 << 20))
    }

    fn enter(gate: &mut Gate, id: usize, peer: PeerId, address: Option<IpAddr>) -> Result<(), Refusal> {
        gate.enter(peer, address, true, Instant::now())?;
        gate.opened(ConnectionId::new_unchecked(id), Connection { peer, address, accepted: true });
        Ok(())
    }

    #[test]
    fn a_flood_of_strangers_leaves_room_for_listed_peers() {
        let mut gate = gate();
        let listed = PeerId::random();
        gate.admit(listed);
        let entered = (0..1000).filter(|id| enter(&mut gate, *id, PeerId::random(), HERE).is_ok()).count();
        assert_eq!(entered, STRANGERS);
        for id in 1000..1000 + PER_PEER {
            assert_eq!(enter(&mut gate, id, listed, HERE), Ok(()));
        }
        assert_eq!(enter(&mut gate, 2000, listed, HERE), Err(Refusal::TooMany));
    }

    #[test]
    fn one_address_cannot_take_all_the_strangers_room() {
        let mut gate = gate();
        let entered = (0..1000).filter(|id| enter(&mut gate, *id, PeerId::random(), FAR).is_ok()).count();
        assert_eq!(entered, STRANGERS_PER_ADDRESS);
        assert_eq!(enter(&mut gate, 1000, PeerId::random(), None), Ok(()));
        let (one, other): (Multiaddr, Multiaddr) =
            ("/ip6/2001:db8::1/tcp/1".parse().unwrap(), "/ip6/2001:db8::2/tcp/1".parse().unwrap());
        assert_eq!(ip(&one), ip(&other));
    }

    #[test]
    fn silent_callers_leave_room_for_where_listed_peers_live() {
        let mut gate = gate();
        let listed = PeerId::random();
        gate.admit(listed);
        let now = Instant::now();
        enter(&mut gate, 0, listed, FAR).unwrap();
        let knocks = (1..1000).filter(|id| gate.knock(ConnectionId::new_unchecked(*id), HERE, now).is_ok());
        assert_eq!(knocks.count(), UNPROVEN);
        assert_eq!(gate.knock(ConnectionId::new_unchecked(1000), FAR, now), Ok(()));
    }

    #[test]
    fn repeated_nonsense_shuts_a_peer_out_for_a_while_and_then_its_address() {
        let mut gate = gate();
        let now = Instant::now();
        for id in 0..STRIKES as usize {
            let peer = PeerId::random();
            enter(&mut gate, id, peer, FAR).unwrap();
            assert_eq!(gate.knock(ConnectionId::new_unchecked(100 + id), FAR, now), Ok(()));
            assert!(!gate.strike(peer, now) && !gate.strike(peer, now) && gate.strike(peer, now));
            assert_eq!(gate.enter(peer, FAR, true, now), Err(Refusal::ShutOut));
            assert_eq!(gate.enter(peer, FAR, true, now + BAN), Ok(()));
        }
        let knock = ConnectionId::new_unchecked(1000);
        assert_eq!(gate.knock(knock, FAR, now), Err(Refusal::ShutOut));
        assert_eq!(gate.knock(knock, HERE, now), Ok(()));
        assert_eq!(gate.knock(knock, FAR, now + BAN), Ok(()));
    }

    #[test]
    fn old_offences_are_forgotten_and_offenders_are_bounded() {
        let mut gate = gate();
        let (peer, now) = (PeerId::random(), Instant::now());
        for round in 0..10 {
            assert!(!gate.strike(peer, now + round * BAN));
        }
        for _ in 0..2 * OFFENDERS {
            gate.strike(PeerId::random(), now);
        }
        assert!(gate.offences.len() <= OFFENDERS);
    }

    #[test]
    fn nobody_else_enters_where_only_listed_peers_are_served() {
        let mut gate = Gate::new(false, Rooms::new(1 << 20));
        let listed = PeerId::random();
        gate.admit(listed);
        assert_eq!(enter(&mut gate, 0, listed, HERE), Ok(()));
        assert_eq!(enter(&mut gate, 1, PeerId::random(), HERE), Err(Refusal::NotListed));
    }
}
