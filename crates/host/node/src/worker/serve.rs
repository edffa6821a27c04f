//! Answering peers: manifests and chunks of snapshots, co-signatures. Several at once, and no more.

use enigma_worker::Worker;
use tokio::{sync::mpsc, task::JoinSet};

use super::world::NodeWorld;
use crate::reception::{Asked, declined};

/// Peers that are answered at once.
const AT_ONCE: usize = 16;

/// Answers peers, for ever.
pub(crate) async fn peers(worker: &Worker<NodeWorld>, mut asked: mpsc::Receiver<Asked>) {
    let mut answering = JoinSet::new();
    while let Some(request) = asked.recv().await {
        while answering.len() >= AT_ONCE {
            answering.join_next().await;
        }
        while answering.try_join_next().is_some() {}
        let worker = worker.clone();
        answering.spawn(async move {
            let reply = worker.answer(&request.request).await.unwrap_or(declined(0));
            if let Err(error) = request.reply(&reply) {
                tracing::debug!(%error, "a peer was not answered");
            }
        });
    }
    std::future::pending().await
}
