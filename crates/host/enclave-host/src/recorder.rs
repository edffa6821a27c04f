//! A hook that sees every frame.

/// Which way a frame passed the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the host into the enclave: a request.
    In,
    /// Out of the enclave to the host: a reply.
    Out,
}

/// Sees every frame that passes the door, without its length prefix.
///
/// Meant for tests that search what crosses the wall for planted secrets. It is
/// called from the task that serves the door, so it must be quick.
pub trait Recorder: Send + Sync {
    /// Called once for each frame, in the order in which they passed.
    fn record(&self, direction: Direction, frame: &[u8]);
}
