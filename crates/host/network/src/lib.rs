//! How nodes talk to each other: one request, one reply, over encrypted and
//! mutually authenticated connections. The only user of libp2p.
//!
//! TCP, Noise and Yamux carry it. Peers are named by their Ed25519 public keys
//! and told explicitly; nothing is discovered. This crate moves bytes and knows
//! no message.
//!
//! # Layout
//!
//! - `network`: [`Network`], the handle: start, request, peers, shut down
//! - `config`: [`Config`], [`PeerAddress`], [`Serve`]
//! - `incoming`: [`Incoming`] and its [`Responder`], a peer's request to us
//! - `identity`: [`PeerId`] and [`peer_id_from_seed`]
//! - `actor`: the task that owns the swarm; `actor::requests` and
//!   `actor::connections` act on its events
//! - `peers`: what is known of each peer, and when to dial it again; no I/O
//! - `address`: parsing and resolving multiaddresses
//! - `behaviour`: which libp2p protocols are spoken, and their limits
//! - `codec`: the bytes of a request and a reply on a stream
//! - `recorder`: [`Recorder`], sees every message in the clear (for tests)
//! - `error`: [`Error`]
//!
//! # Invariants
//!
//! - No libp2p type is in the public interface.
//! - Every queue is bounded: at most [`REQUESTS_PER_PEER`] requests to a peer
//!   are under way and further callers wait; at most that many from a peer, and
//!   [`Config::max_inbound`] altogether, are served and further ones are
//!   answered "busy"; at most [`Config::max_inbound_bytes`] of requests are held.
//! - With [`Serve::Listed`] a connection from anybody else is closed before a
//!   request on it is looked at.
//! - A lost peer whose address is known is dialled again, at growing intervals.
//! - [`Network::request`] ends within [`Config::request_timeout`].
//!
//! # Deliberately absent
//!
//! Discovery, gossip and relaying: Ethereum orders and publishes, so nodes only
//! ever ask known nodes. Trust: what a peer says is checked by whoever asked.

mod actor;
mod address;
mod behaviour;
mod codec;
mod config;
mod error;
mod identity;
mod incoming;
mod network;
mod peers;
mod recorder;

pub use config::{Config, PeerAddress, Serve};
pub use error::Error;
pub use identity::{PeerId, peer_id_from_seed};
pub use incoming::{Incoming, Responder};
pub use network::Network;
pub use peers::{PeerInfo, REQUESTS_PER_PEER};
pub use recorder::{Direction, Recorder};

/// The default limit of a request and of a reply, in bytes: 32 MiB, what passes
/// an enclave's door.
pub const DEFAULT_MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;
