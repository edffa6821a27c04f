//! Which libp2p protocols are spoken, and their limits.

use std::time::Duration;

use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Swarm, SwarmBuilder, identify, noise, ping, tcp, yamux};

use crate::codec::{Codec, PROTOCOL};
use crate::config::{Config, Serve};
use crate::dht::Dht;
use crate::gate::Gate;
use crate::identity;
use crate::peers::REQUESTS_PER_PEER;
use crate::room::Rooms;

/// Names this network in the identify protocol.
pub(crate) const IDENTITY: &str = "/enigma/id/1";

/// Requests on one connection: what both ends may ask, and as much again for
/// requests whose callers gave up.
const STREAMS: usize = 4 * REQUESTS_PER_PEER;

/// Streams of all protocols on one connection.
const ALL_STREAMS: usize = 2 * STREAMS;

/// How long a dial, with its handshakes, may take.
const DIAL: Duration = Duration::from_secs(5);

/// How long a connection to a peer that is not listed stays open unused.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// How often a connection is tried, and how long that may take: the network may
/// have been cut without TCP's noticing.
const PING: Duration = Duration::from_secs(5);
const PONG: Duration = Duration::from_secs(10);

/// What runs on every connection.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    // First, because it may deny a connection, and because it lays the account
    // aside that the codec of `requests` takes.
    pub gate: Gate,
    pub ping: ping::Behaviour,
    pub requests: request_response::Behaviour<Codec>,
    pub identify: Toggle<identify::Behaviour>,
    pub dht: Toggle<Dht>,
}

impl Behaviour {
    fn new(config: &Config) -> Self {
        let keys = identity::keypair(config.identity_seed);
        let own = keys.public().to_peer_id();
        let rooms = Rooms::new(config.max_inbound_bytes);
        let mut gate = Gate::new(config.serve == Serve::Anybody, rooms.clone());
        let mut dht = config.discovery.then(|| Dht::new(own));
        if let Serve::Listed(listed) = &config.serve {
            for peer in listed {
                gate.admit(peer.0);
                dht.iter_mut().for_each(|dht| dht.admit(peer.0));
            }
        }
        // Addresses are kept in our own book, so identify keeps none.
        let identify = identify::Config::new(IDENTITY.to_owned(), keys.public())
            .with_agent_version("enigma".to_owned())
            .with_hide_listen_addrs(true)
            .with_push_listen_addr_updates(true)
            .with_cache_size(0);
        Self {
            gate,
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING).with_timeout(PONG)),
            requests: request_response::Behaviour::with_codec(
                Codec::new(config.max_message_bytes, rooms),
                [(PROTOCOL, ProtocolSupport::Full)],
                request_response::Config::default()
                    .with_request_timeout(config.request_timeout)
                    .with_max_concurrent_streams(STREAMS),
            ),
            identify: config.discovery.then(|| identify::Behaviour::new(identify)).into(),
            dht: dht.into(),
        }
    }

    /// Lets a listed peer in, and past the limits that strangers may exhaust.
    pub(crate) fn admit(&mut self, peer: libp2p::PeerId) {
        self.gate.admit(peer);
        if let Some(dht) = self.dht.as_mut() {
            dht.admit(peer);
        }
    }
}

/// A swarm that listens nowhere yet.
///
/// # Errors
/// What the encryption layer says when it refuses the key.
pub(crate) fn swarm(config: &Config) -> Result<Swarm<Behaviour>, String> {
    let multiplexer = || {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(ALL_STREAMS);
        config
    };
    let built = SwarmBuilder::with_existing_identity(identity::keypair(config.identity_seed))
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, multiplexer)
        .map_err(|error| error.to_string())?
        .with_behaviour(|_| Behaviour::new(config))
        .map_err(|error| error.to_string())?
        .with_swarm_config(|swarm| swarm.with_idle_connection_timeout(IDLE))
        .with_connection_timeout(DIAL)
        .build();
    Ok(built)
}
