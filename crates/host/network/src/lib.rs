//! How nodes find each other and talk: one request, one reply, over encrypted
//! and mutually authenticated connections. The only user of libp2p.
//!
//! TCP, Noise and Yamux carry it. Peers are named by their Ed25519 public keys.
//! Some are listed with their addresses; others are found by a distributed hash
//! table (Kademlia, `/enigma/kad/1`), which one listed peer is enough to join.
//! It holds who provides what is named by 32 bytes. This crate moves bytes and
//! knows no message.
//!
//! # Layout
//!
//! - `network`: [`Network`], the handle: start, request, provide, providers,
//!   peers, shut down
//! - `config`: [`Config`], [`PeerAddress`], [`Serve`]
//! - `incoming`: [`Incoming`] and its [`Responder`], a peer's request to us
//! - `identity`: [`PeerId`] and [`peer_id_from_seed`]
//! - `actor`: the task that owns the swarm; `actor::requests`,
//!   `actor::connections` and `actor::discovery` act on its events
//! - `peers`: what is known of each peer, and when to dial it again; no I/O
//! - `lanes`: bounds our requests to each peer, and counts messages
//! - `address`: parsing and resolving configured multiaddresses
//! - `behaviour`: which libp2p protocols are spoken, and their limits
//! - `gate`: whose connections are admitted, and who is shut out
//! - `room`: who may hold how much memory with requests
//! - `dht`: Kademlia, with the addresses that it learns filtered
//! - `records`: who provides what, bounded
//! - `book`: addresses that others told; which make sense, and a bounded book
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
//! - Of connections, requests, memory and records, strangers cannot take what
//!   is kept for listed peers.
//! - With [`Serve::Listed`] a connection with anybody else is closed before a
//!   request on it is looked at.
//! - Whoever sends nonsense three times within a minute is disconnected and not
//!   served for a minute; if its identities change, so is its address.
//! - What is learned of addresses is bounded, in peers and for each, and only
//!   dialled: a peer's key is proven on every connection. So a lie about an
//!   address wastes a dial and nothing else. Names that others tell are never
//!   looked up.
//! - A listed peer that was lost and whose address is known is dialled again,
//!   at intervals that grow to 3 seconds (and 5 for the dial itself). A
//!   connection that is dead is noticed within 15 seconds.
//! - What is provided is announced every 5 minutes, and when a peer came; it
//!   expires after 20 minutes.
//! - [`Network::request`] ends within [`Config::request_timeout`].
//!
//! # Deliberately absent
//!
//! Gossip and relaying: Ethereum orders and publishes, so nodes only ever ask
//! each other. Values in the hash table. Trust: what a peer says, that it
//! provides something included, is checked by whoever asked.

mod actor;
mod address;
mod behaviour;
mod book;
mod codec;
mod config;
mod dht;
mod error;
mod gate;
mod identity;
mod incoming;
mod lanes;
mod network;
mod peers;
mod recorder;
mod records;
mod room;

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
