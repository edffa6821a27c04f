//! The newest block: asked for by one task of a node, known to all others.

use std::time::{Duration, Instant};

use enigma_chain::Chain;
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};

use crate::Result;

/// Where the chain is, as it last said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latest {
    pub(crate) height: u64,
    /// When it said so.
    pub(crate) heard: Instant,
}

/// Follows the chain's height; clones see the same.
#[derive(Clone)]
pub(crate) struct Tip(watch::Receiver<Latest>);

/// Asks the chain until it is dropped.
pub(crate) struct Asking(JoinHandle<()>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tip {
    /// Begins to ask, so often.
    ///
    /// # Errors
    /// The chain does not answer the first time.
    pub(crate) async fn follow(chain: Chain, every: Duration) -> Result<(Self, Asking)> {
        let first = Latest { height: chain.height().await?, heard: Instant::now() };
        let (told, tip) = watch::channel(first);
        let asking = tokio::spawn(async move {
            let mut tick = tokio::time::interval(every);
            tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let mut answers = true;
            loop {
                tick.tick().await;
                match chain.height().await {
                    Ok(height) => {
                        answers = true;
                        told.send_if_modified(|latest| {
                            let moved = latest.height != height;
                            *latest = Latest { height, heard: Instant::now() };
                            moved
                        });
                    }
                    // Said once, not fifty times a second.
                    Err(error) if answers => {
                        answers = false;
                        tracing::warn!(%error, "the chain does not answer");
                    }
                    Err(_) => {}
                }
            }
        });
        Ok((Self(tip), Asking(asking)))
    }

    /// What the chain last said.
    pub(crate) fn latest(&self) -> Latest {
        *self.0.borrow()
    }

    /// Waits until the height is another than `known`. For ever, once nobody asks any more.
    pub(crate) async fn left(mut self, known: u64) {
        if self.0.wait_for(|latest| latest.height != known).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits until the height is another one. For ever, once nobody asks any more.
    pub(crate) async fn moved(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
