//! A hook that sees every message in the clear.

use crate::PeerId;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From this node to the peer.
    Sent,
    /// From the peer to this node.
    Received,
}

/// Sees every request and reply above the encryption of the connection.
///
/// Meant for tests that search what hosts see for planted secrets. It is called
/// from the task that serves the network, so it must be quick.
pub trait Recorder: Send + Sync {
    /// Called once for each message, before it is sent or when it has come.
    fn record(&self, direction: Direction, peer: &PeerId, message: &[u8]);
}

/// The hook, if there is one.
#[derive(Clone)]
pub(crate) struct Tape(pub Option<std::sync::Arc<dyn Recorder>>);

impl Tape {
    pub(crate) fn record(&self, direction: Direction, peer: &PeerId, message: &[u8]) {
        if let Some(recorder) = &self.0 {
            recorder.record(direction, peer, message);
        }
    }
}
