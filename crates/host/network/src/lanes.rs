//! Bounds the requests to each peer, whether it is known yet or not.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

use crate::peers::REQUESTS_PER_PEER;
use crate::{Direction, PeerId};

/// What all requests to one peer share.
#[derive(Debug)]
pub(crate) struct Lane {
    pub turns: Arc<Semaphore>,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Lane {
    fn new() -> Self {
        let turns = Arc::new(Semaphore::new(REQUESTS_PER_PEER));
        Self { turns, sent: AtomicU64::new(0), received: AtomicU64::new(0) }
    }

    /// Counts a message.
    pub(crate) fn count(&self, direction: Direction) {
        let counter = if direction == Direction::Sent { &self.sent } else { &self.received };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Messages sent and received.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }
}

/// The lanes in use.
#[derive(Clone, Default)]
pub(crate) struct Lanes(Arc<Mutex<HashMap<PeerId, Weak<Lane>>>>);

impl Lanes {
    /// The one lane to a peer.
    pub(crate) fn to(&self, peer: PeerId) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(&peer).and_then(Weak::upgrade) {
            return lane;
        }
        if lanes.len() == lanes.capacity() {
            lanes.retain(|_, lane| lane.strong_count() > 0);
        }
        let lane = Arc::new(Lane::new());
        lanes.insert(peer, Arc::downgrade(&lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer_id_from_seed;

    #[test]
    fn a_peer_has_one_lane_and_unused_ones_are_forgotten() {
        let lanes = Lanes::default();
        let kept = lanes.to(peer_id_from_seed([0; 32]));
        for _ in 0..1000 {
            lanes.to(PeerId(libp2p::PeerId::random()));
        }
        assert!(Arc::ptr_eq(&kept, &lanes.to(peer_id_from_seed([0; 32]))));
        assert!(lanes.0.lock().unwrap().len() < 100);
    }
}
