//! Reads new blocks, publishes to subscribers, reads anew after a reorganisation.

use std::{sync::PoisonError, time::Duration};

use enigma_chain::ChainBlock;
use enigma_rpc::{Topic, types::Block};

use super::{
    Index,
    memory::{Head, Memory, News},
};
use crate::{Result, tip::Tip};

/// Blocks whose events are asked for at once.
const SPAN: u64 = 2_000;
/// Blocks that are told one by one; after a longer pause only the newest is.
const TOLD: u64 = 64;
/// Pause after the chain failed.
const PAUSE: Duration = Duration::from_millis(500);

impl Index {
    /// Follows the chain, for ever.
    pub(super) async fn follow(self, mut tip: Tip) {
        let mut live = false;
        loop {
            let height = tip.latest().height;
            match self.advance(height, live).await {
                Ok(()) => {
                    live = true;
                    if self.head().number == tip.latest().height {
                        tip.moved().await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the index could not be brought up to date");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Reads up to block `height`; tells subscribers, unless it is the first reading.
    async fn advance(&self, height: u64, live: bool) -> Result<()> {
        let head = self.head();
        if height == head.number && head.timestamp != 0 {
            return Ok(());
        }
        let newest = self.chain.block(height).await?;
        let known = match height.checked_sub(head.number) {
            None => false,
            Some(0) => newest.hash == head.hash,
            Some(1) => newest.parent == head.hash,
            Some(_) => self.chain.block(head.number).await?.hash == head.hash,
        };
        if !known {
            tracing::warn!(block = head.number, "the chain was reorganised: the index is read anew");
            return self.read_anew(&newest, live).await;
        }
        let mut from = head.number;
        while from < height {
            let to = height.min(from.saturating_add(SPAN));
            let events = self.chain.history(from + 1, to).await?;
            // Endpoints have headers and logs of all blocks, but state of the last ones alone: it is asked of the newest.
            let reached = if to == height {
                self.head_at(&newest).await?
            } else {
                let ChainBlock { number, hash, timestamp, .. } = self.chain.block(to).await?;
                Head { number, hash, timestamp, ..head }
            };
            let news = self.write(|memory| {
                let (mut news, mut took) = (Vec::new(), Vec::new());
                events.iter().for_each(|event| memory.note(event, &mut news, &mut took));
                memory.head = reached;
                self.count(&news, &took.iter().map(|t| t.seconds).collect::<Vec<_>>());
                news
            });
            if live {
                self.tell(&news, head, reached).await?;
            }
            from = to;
        }
        // The checkpoint itself: nothing to read, but its time and epochs.
        if height == head.number {
            let reached = self.head_at(&newest).await?;
            self.write(|memory| memory.head = reached);
        }
        self.metrics.height.set(i64::try_from(height).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Builds a new memory beside the old one, which goes on answering; tells what was not known before.
    async fn read_anew(&self, newest: &ChainBlock, live: bool) -> Result<()> {
        let mut memory = Memory::new(&self.descriptor);
        let (mut news, mut took) = (Vec::new(), Vec::new());
        while memory.head.number < newest.number {
            let to = newest.number.min(memory.head.number.saturating_add(SPAN));
            let events = self.chain.history(memory.head.number + 1, to).await?;
            events.iter().for_each(|event| memory.note(event, &mut news, &mut took));
            memory.head.number = to;
        }
        memory.head = self.head_at(newest).await?;
        let before = self.write(|current| {
            news.retain(|(_, number)| memory.numbered(*number).is_some_and(|task| !current.knew(&task)));
            std::mem::replace(&mut *current, memory).head
        });
        self.metrics.height.set(i64::try_from(newest.number).unwrap_or(i64::MAX));
        if live {
            let reached = self.head();
            self.tell(&news, Head { number: newest.number.saturating_sub(1), ..before }, reached).await?;
        }
        Ok(())
    }

    async fn head_at(&self, block: &ChainBlock) -> Result<Head> {
        let epochs = self.chain.epoch_word(block.number).await?;
        self.metrics.epoch.set(i64::try_from(epochs.epoch_of(block.number + 1)).unwrap_or(i64::MAX));
        Ok(Head { number: block.number, hash: block.hash, timestamp: block.timestamp, epochs })
    }

    fn count(&self, news: &[News], took: &[u64]) {
        let seen = news.iter().filter(|(topic, _)| *topic == Topic::Tasks).count();
        self.metrics.tasks_seen.inc_by(seen as u64);
        took.iter().for_each(|seconds| self.metrics.committed_after(*seconds));
    }

    /// Publishes what the blocks after `before` up to `reached` brought.
    async fn tell(&self, news: &[News], before: Head, reached: Head) -> Result<()> {
        let first = before.number.saturating_add(1).max(reached.number.saturating_sub(TOLD));
        for number in first..=reached.number {
            let block = match number == reached.number {
                true => Block { number, hash: reached.hash, timestamp: reached.timestamp },
                false => {
                    let block = self.chain.block(number).await?;
                    Block { number, hash: block.hash, timestamp: block.timestamp }
                }
            };
            self.feed.publish(Topic::Blocks, None, &block);
        }
        for (topic, number) in news {
            let Some(mut task) = self.read(|memory| memory.numbered(*number)) else { continue };
            self.name_worker(&mut task).await;
            self.feed.publish(*topic, Some(task.contract), &task);
        }
        if before.epochs.epoch_of(before.number) != reached.epochs.epoch_of(reached.number) {
            self.feed.publish(Topic::Epochs, None, &self.epoch_at(reached).await?);
        }
        Ok(())
    }

    fn write<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
        change(&mut self.memory.write().unwrap_or_else(PoisonError::into_inner))
    }
}
