//! How a network is started.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{DEFAULT_MAX_MESSAGE_BYTES, PeerId, Recorder};

/// How a node takes part in the network.
#[derive(Clone)]
pub struct Config {
    /// The Ed25519 secret key of this node. A secret of the host, not of the
    /// enclave: it names the machine and guards nothing else.
    pub identity_seed: [u8; 32],
    /// Where to listen, as `address:port`; with port 0 the system chooses one,
    /// which [`crate::Network::local_address`] reports.
    pub listen: String,
    /// Where others reach this node, if that is not where it listens: a
    /// multiaddress (with or without its peer id) or `host:port`. A name is
    /// looked up here, now and then, and others are told the addresses.
    pub external: Option<String>,
    /// Whether to find peers that are not listed, and to be found, by a
    /// distributed hash table. One listed peer is enough to join it.
    pub discovery: bool,
    /// Whom to keep a connection to. An entry that names this node itself is
    /// passed over, so that all nodes may be given one list.
    pub peers: Vec<PeerAddress>,
    /// Whose connections to accept.
    pub serve: Serve,
    /// The largest request and the largest reply, in bytes, in both directions.
    pub max_message_bytes: usize,
    /// How long [`crate::Network::request`] may take, dialling included, and how
    /// long a peer's request may take from its first byte to our reply's last.
    pub request_timeout: Duration,
    /// How many requests of peers may wait for their replies at once. A quarter
    /// of them is kept for listed peers.
    pub max_inbound: usize,
    /// How many bytes of peers' requests may be held at once. Requests beyond
    /// are cut off while they are being received. Peers that are not listed get
    /// a quarter altogether and each an eighth of that (8 MiB of 256), and one
    /// listed peer gets half of the rest.
    pub max_inbound_bytes: usize,
    /// Sees every message in the clear; for tests.
    pub recorder: Option<Arc<dyn Recorder>>,
}

impl Config {
    /// A configuration without peers that serves only peers that are listed,
    /// with 30 seconds for a request, 64 requests and 256 MiB of them at once, and
    /// with discovery.
    #[must_use]
    pub fn new(identity_seed: [u8; 32], listen: impl Into<String>) -> Self {
        Self {
            identity_seed,
            listen: listen.into(),
            external: None,
            discovery: true,
            peers: Vec::new(),
            serve: Serve::Listed(Vec::new()),
            max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES,
            request_timeout: Duration::from_secs(30),
            max_inbound: 64,
            max_inbound_bytes: 8 * DEFAULT_MAX_MESSAGE_BYTES,
            recorder: None,
        }
    }
}

/// Leaves the seed out.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("external", &self.external)
            .field("discovery", &self.discovery)
            .field("peers", &self.peers)
            .field("serve", &self.serve)
            .finish_non_exhaustive()
    }
}

/// A peer and where to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// A name for people, shown in logs.
    pub name: String,
    /// A multiaddress such as `/ip4/192.0.2.1/tcp/9000/p2p/12D3KooW…` or
    /// `/dns4/worker-1/tcp/9000/p2p/12D3KooW…`, which is resolved anew for each
    /// dial.
    pub multiaddr: String,
}

/// With whom connections are made at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serve {
    /// [`Config::peers`], peers added later, and these, whose addresses need not
    /// be known.
    Listed(Vec<PeerId>),
    /// Anybody, within limits that keep room for listed peers.
    Anybody,
}
