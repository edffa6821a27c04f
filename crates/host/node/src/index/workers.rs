//! Who is admitted and who is drawn. Asked for at most once a second, whatever is asked here.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::Address;
use enigma_chain::{Chain, WorkerRecord};
use enigma_protocol::clock::SEQUENCE;
use enigma_rpc::types::WorkerName;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Mutex;

use crate::Result;

/// How old the list of workers may be.
const FRESH: Duration = Duration::from_secs(1);
/// Questions under way at once.
const AT_ONCE: usize = 16;
/// Groups that are remembered.
const GROUPS: usize = 4_096;

type Groups = HashMap<(Address, u64), Vec<u64>>;

/// Workers and groups of one network.
pub(super) struct Workers {
    chain: Chain,
    list: Mutex<Option<(Instant, Arc<Vec<WorkerRecord>>)>>,
    groups: Mutex<Groups>,
}

impl Workers {
    pub(super) fn new(chain: Chain) -> Self {
        Self { chain, list: Mutex::default(), groups: Mutex::default() }
    }

    /// All of them by id, as they were within the last second.
    pub(super) async fn all(&self) -> Result<Arc<Vec<WorkerRecord>>> {
        // Whoever comes while it is asked waits for the same answer.
        let mut list = self.list.lock().await;
        if let Some((at, workers)) = &*list
            && at.elapsed() < FRESH
        {
            return Ok(workers.clone());
        }
        let count = self.chain.worker_count().await?;
        let workers: Vec<WorkerRecord> =
            stream::iter(0..count).map(|id| self.chain.worker(id)).buffered(AT_ONCE).try_collect().await?;
        let workers = Arc::new(workers);
        *list = Some((Instant::now(), workers.clone()));
        Ok(workers)
    }

    /// Who may serve a contract in an epoch, with their ranks. It never changes once the epoch has a seed.
    pub(super) async fn sequence(&self, contract: Address, epoch: u64) -> Result<Vec<(usize, WorkerName)>> {
        let known = self.groups.lock().await.get(&(contract, epoch)).cloned();
        let ids = match known {
            Some(ids) => ids,
            None => {
                let ids = self.chain.group(contract, epoch, SEQUENCE as u8).await?;
                let mut groups = self.groups.lock().await;
                if groups.len() >= GROUPS {
                    groups.clear();
                }
                if !ids.is_empty() {
                    groups.insert((contract, epoch), ids.clone());
                }
                ids
            }
        };
        let all = self.all().await?;
        let named = |(rank, id): (usize, &u64)| {
            all.iter().find(|worker| worker.id == *id).map(|worker| (rank, name(worker)))
        };
        Ok(ids.iter().take(SEQUENCE).enumerate().filter_map(named).collect())
    }
}

/// A worker, in short.
pub(crate) fn name(worker: &WorkerRecord) -> WorkerName {
    WorkerName { id: worker.id, signer: worker.signer, operator: worker.operator }
}
