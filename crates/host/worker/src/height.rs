//! The block that a worker is at, and waiting for it to move. Whoever waits longest wakes first: a watch of tokio's wakes in
//! an order by chance, and a simulation's seed could not be replayed.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

pub(crate) struct Height {
    now: AtomicU64,
    moved: Notify,
}

impl Height {
    pub(crate) fn new(block: u64) -> Self {
        Self { now: AtomicU64::new(block), moved: Notify::new() }
    }

    pub(crate) fn get(&self) -> u64 {
        self.now.load(Ordering::Acquire)
    }

    /// Moves, maybe to where it was: something was read anew.
    pub(crate) fn set(&self, block: u64) {
        self.now.store(block, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Waits until `is_there` says so; it is asked now and after every move.
    pub(crate) async fn until(&self, mut is_there: impl FnMut(u64) -> bool) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            // Before the look, so that no move between it and the wait is missed.
            moved.as_mut().enable();
            if is_there(self.get()) {
                return;
            }
            moved.await;
        }
    }
}
