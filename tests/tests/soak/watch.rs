//! What became of the tasks, as the chain tells it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, U256};
use enigma_chain::{Chain, Event};

/// How long nothing may become final.
const PATIENCE: Duration = Duration::from_secs(120);

/// Counted while it happens.
#[derive(Debug, Default)]
pub struct Watch {
    /// Inputs that were announced, deployments among them.
    pub announced: AtomicU64,
    /// Inputs that are final.
    pub done: AtomicU64,
}

/// Counted in the end.
#[derive(Debug, Default)]
pub struct Seen {
    pub receipts: u64,
    pub takeovers: u64,
    pub slashes: u64,
    pub slashed: U256,
    pub skips: u64,
    pub epochs: BTreeMap<u64, u64>,
    next: BTreeMap<Address, u64>,
}

impl Watch {
    /// Follows the chain from block `next` until `inputs` inputs are final.
    ///
    /// # Panics
    /// Nothing becomes final for too long, or something becomes final twice or out of order.
    pub async fn until(&self, chain: &Chain, mut next: u64, inputs: u64) -> Seen {
        let (mut seen, mut moved) = (Seen::default(), Instant::now());
        while self.done.load(Ordering::Relaxed) < inputs {
            assert!(moved.elapsed() < PATIENCE, "nothing became final for {PATIENCE:?}: {self:?}, {seen:?}");
            let height = chain.height().await.expect("the chain");
            if height < next {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            let height = height.min(next + 99);
            for event in chain.events(next, height).await.expect("the chain").events {
                if self.take(&mut seen, &event) {
                    moved = Instant::now();
                }
            }
            next = height + 1;
        }
        seen
    }

    fn take(&self, seen: &mut Seen, event: &Event) -> bool {
        match event {
            Event::Input(_) => drop(self.announced.fetch_add(1, Ordering::Relaxed)),
            Event::Commit(commit) => {
                let next = seen.next.entry(commit.contract).or_default();
                assert_eq!(*next, commit.first_index, "every index once, in order: {}", commit.contract);
                let count = commit.last_index + 1 - commit.first_index;
                *next += count;
                seen.receipts += 1;
                *seen.epochs.entry(commit.epoch).or_default() += count;
                self.done.fetch_add(count, Ordering::Relaxed);
                return true;
            }
            Event::Skipped(skip) => {
                *seen.next.entry(skip.contract).or_default() += 1;
                seen.skips += 1;
                self.done.fetch_add(1, Ordering::Relaxed);
                return true;
            }
            Event::TakenOver(_) => seen.takeovers += 1,
            Event::Slashed(slash) => {
                seen.slashes += 1;
                seen.slashed += slash.amount;
            }
            _ => {}
        }
        false
    }
}
