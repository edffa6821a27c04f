//! What can go wrong between nodes.

use std::time::Duration;

use crate::PeerId;

/// The network could not be started, or a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Ours: configuration and use.
    /// A peer id is not the base58 form of a public key's hash.
    #[error("{text:?} is not a peer id; expected one like 12D3KooW…")]
    InvalidPeerId {
        /// What was given.
        text: String,
    },
    /// An address is not one that this network can use.
    #[error("{address:?} is not a usable address: {reason}")]
    InvalidAddress {
        /// What was given.
        address: String,
        /// What is wrong with it, and what was expected.
        reason: String,
    },
    /// The listening address could not be had.
    #[error("could not listen on {address}: {reason}; is another program using it?")]
    Listen {
        /// The address that was to be listened on.
        address: String,
        /// What the operating system said.
        reason: String,
    },
    /// The peer is neither listed nor connected, and no node that was asked knows where it is.
    #[error("the peer {0} is unknown: nobody asked knows its address; add it with its address")]
    UnknownPeer(PeerId),
    /// The message is over the limit and was not sent.
    #[error("the message has {length} bytes where at most {max} are allowed; send less")]
    TooLarge {
        /// Length of the message in bytes.
        length: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// So many keys are provided already.
    #[error("at most {max} keys can be provided at once; stop providing some")]
    TooManyKeys {
        /// The limit.
        max: usize,
    },
    /// This network was shut down.
    #[error("the network was shut down; start it again")]
    ShutDown,

    // Theirs, or the wire's: worth trying again or elsewhere.
    /// No connection could be made.
    #[error("the peer {peer} cannot be reached: {reason}")]
    Unreachable {
        /// Whom we tried to reach.
        peer: PeerId,
        /// What stood in the way.
        reason: String,
    },
    /// The connection went away before the reply came. The peer may or may not
    /// have acted on the request; a peer that does not list us ends it so, too.
    #[error("the connection to {peer} was lost before its reply came ({reason})")]
    ConnectionLost {
        /// Whom we asked.
        peer: PeerId,
        /// What was noticed of it.
        reason: String,
    },
    /// The reply did not come in time. The peer may or may not have acted.
    #[error("the peer {peer} did not reply within {after:?}")]
    TimedOut {
        /// Whom we asked.
        peer: PeerId,
        /// The time allowed by the configuration.
        after: Duration,
    },
    /// The peer has no room for the request now and did not act on it.
    #[error("the peer {0} is busy; try again later or ask another")]
    Busy(PeerId),
    /// The peer took the request and gave no reply.
    #[error("the peer {0} declined to reply")]
    Declined(PeerId),
    /// The peer does not speak this protocol.
    #[error("the peer {0} does not speak this protocol; is it a node of the same version?")]
    OtherProtocol(PeerId),
}
