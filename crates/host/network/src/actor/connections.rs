//! Dialling peers, and noticing that they came or went.

use std::time::Instant;

use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{DialError, SwarmEvent};
use libp2p::{Multiaddr, ping};

use super::Actor;
use crate::PeerId;
use crate::address::Address;
use crate::behaviour::BehaviourEvent;

impl Actor {
    pub(super) fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Requests(event)) => self.on_message(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.on_ping(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(event)) => self.on_identify(event),
            SwarmEvent::Behaviour(BehaviourEvent::Dht(event)) => self.on_dht(event),
            SwarmEvent::NewListenAddr { address, .. } => self.on_listening(address),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, num_established, .. } => {
                let peer = PeerId(peer_id);
                if self.dials.remove(&connection_id).is_some() {
                    self.peers.dial_ended(peer);
                }
                for call in self.peers.connected(peer, Instant::now()) {
                    self.send(peer, call);
                }
                if num_established.get() == 1 {
                    self.on_first_connection(peer);
                    tracing::info!(%peer, name = self.peers.name(peer), "connected");
                    self.publish();
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, cause, .. } => {
                let peer = PeerId(peer_id);
                let cause = cause.map(|error| error.to_string());
                tracing::info!(%peer, name = self.peers.name(peer), ?cause, "disconnected");
                self.peers.disconnected(peer, Instant::now());
                self.on_last_connection_lost(peer);
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

    pub(super) fn resolve(&mut self, peer: PeerId, address: Address) {
        let resolved = async move { (peer, address.resolve().await) };
        self.resolving.push(Box::pin(resolved));
    }

    pub(super) fn dial(&mut self, peer: PeerId, addresses: Result<Vec<Multiaddr>, String>) {
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

    /// An empty reason means that a search found nothing.
    pub(super) fn on_dial_failed(&mut self, peer: PeerId, reason: String) {
        tracing::debug!(%peer, name = self.peers.name(peer), %reason, "could not reach a peer");
        if self.search_instead(peer, &reason) {
            return;
        }
        let error = self.not_found(peer, reason);
        for call in self.peers.dial_failed(peer, Instant::now()) {
            let _ = call.reply.send(Err(error.clone()));
        }
    }

    /// A peer sent what makes no sense. Whoever does so repeatedly must leave.
    pub(super) fn on_malformed(&mut self, peer: PeerId) {
        tracing::debug!(%peer, "a peer sent nonsense");
        if self.swarm.behaviour_mut().gate.strike(peer.0, Instant::now()) {
            tracing::warn!(%peer, name = self.peers.name(peer), "a peer is shut out: it sends nonsense");
            // Fails if it has left by itself.
            let _ = self.swarm.disconnect_peer_id(peer.0);
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
