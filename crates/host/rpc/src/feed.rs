//! What happens, for whoever subscribed. Written once, read by every subscriber.

use std::sync::Arc;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::broadcast;

use crate::jsonrpc::raw;

/// Notifications that a subscriber may lag behind.
pub(crate) const LAG: usize = 1_024;

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Tasks, when they are created.
    Tasks,
    /// Tasks, when they are committed.
    Receipts,
    /// Epochs, when they begin.
    Epochs,
    /// Blocks.
    Blocks,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) contract: Option<Address>,
    pub(crate) result: Arc<RawValue>,
}

/// Where a node publishes.
#[derive(Clone, Debug)]
pub struct Feed([broadcast::Sender<Event>; 4]);

impl Default for Feed {
    fn default() -> Self {
        Self(std::array::from_fn(|_| broadcast::Sender::new(LAG)))
    }
}

impl Feed {
    /// Tells every subscriber; `contract` is what a subscription may be limited to.
    pub fn publish(&self, topic: Topic, contract: Option<Address>, result: &impl Serialize) {
        let sender = self.sender(topic);
        if sender.receiver_count() > 0
            && let Ok(result) = raw(result)
        {
            // Fails if the last subscriber has just left.
            let _ = sender.send(Event { contract, result: result.into() });
        }
    }

    pub(crate) fn subscribe(&self, topic: Topic) -> broadcast::Receiver<Event> {
        self.sender(topic).subscribe()
    }

    fn sender(&self, topic: Topic) -> &broadcast::Sender<Event> {
        let [tasks, receipts, epochs, blocks] = &self.0;
        match topic {
            Topic::Tasks => tasks,
            Topic::Receipts => receipts,
            Topic::Epochs => epochs,
            Topic::Blocks => blocks,
        }
    }
}
