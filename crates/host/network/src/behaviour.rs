//! Which libp2p protocols are spoken, and their limits.

use std::time::Duration;

use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Swarm, SwarmBuilder, noise, ping, tcp, yamux};

use crate::codec::{Codec, PROTOCOL};
use crate::config::{Config, Serve};
use crate::identity;
use crate::peers::REQUESTS_PER_PEER;

/// Streams on one connection: what both ends may ask, and as much again for
/// requests whose callers gave up.
const STREAMS: usize = 4 * REQUESTS_PER_PEER;

/// Connections whose other end has not yet proven who it is.
const UNPROVEN: u32 = 64;

/// Connections that others made to us.
const ACCEPTED: u32 = 256;

/// Connections with one peer: both may dial at once, and either may not have
/// noticed that an old one is dead.
const PER_PEER: u32 = 4;

/// How long a dial, with its handshakes, may take.
const DIAL: Duration = Duration::from_secs(10);

/// Peers are few and asked again and again, so idle connections stay open; dead
/// ones are found by pings.
const IDLE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What runs on every connection.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    // The first two come first because they may deny a connection.
    pub limits: connection_limits::Behaviour,
    pub allowed: Toggle<allow_block_list::Behaviour<AllowedPeers>>,
    pub ping: ping::Behaviour,
    pub requests: request_response::Behaviour<Codec>,
}

impl Behaviour {
    fn new(config: &Config) -> Self {
        let limits = ConnectionLimits::default()
            .with_max_pending_incoming(Some(UNPROVEN))
            .with_max_established_incoming(Some(ACCEPTED))
            .with_max_established_per_peer(Some(PER_PEER));
        let allowed = match &config.serve {
            Serve::Anybody => None,
            Serve::Listed(listed) => {
                let mut allowed = allow_block_list::Behaviour::<AllowedPeers>::default();
                for peer in listed {
                    allowed.allow_peer(peer.0);
                }
                Some(allowed)
            }
        };
        Self {
            limits: connection_limits::Behaviour::new(limits),
            allowed: allowed.into(),
            ping: ping::Behaviour::default(),
            requests: request_response::Behaviour::with_codec(
                Codec::new(config.max_message_bytes, config.max_inbound_bytes),
                [(PROTOCOL, ProtocolSupport::Full)],
                request_response::Config::default()
                    .with_request_timeout(config.request_timeout)
                    .with_max_concurrent_streams(STREAMS),
            ),
        }
    }

    /// Lets a listed peer in, and past the limits that strangers may exhaust.
    pub(crate) fn admit(&mut self, peer: libp2p::PeerId) {
        match self.allowed.as_mut() {
            Some(allowed) => drop(allowed.allow_peer(peer)),
            None => self.limits.bypass_peer_id(&peer),
        }
    }
}

/// A swarm that listens nowhere yet.
///
/// # Errors
/// What the encryption layer says when it refuses the key.
pub(crate) fn swarm(config: &Config) -> Result<Swarm<Behaviour>, String> {
    let built = SwarmBuilder::with_existing_identity(identity::keypair(config.identity_seed))
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| error.to_string())?
        .with_behaviour(|_| Behaviour::new(config))
        .map_err(|error| error.to_string())?
        .with_swarm_config(|swarm| swarm.with_idle_connection_timeout(IDLE))
        .with_connection_timeout(DIAL)
        .build();
    Ok(built)
}
