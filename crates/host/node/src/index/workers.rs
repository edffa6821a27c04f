//! Who is admitted and who is drawn. Asked for at most once a second, whatever is asked here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256};
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

/// All workers at one time, and what was revoked by then.
#[derive(Clone)]
pub(crate) struct Listed {
    /// By id.
    pub(crate) workers: Arc<Vec<WorkerRecord>>,
    revocations: u16,
    /// Of the platforms of these workers.
    barred: Arc<BTreeSet<B256>>,
}

impl Listed {
    /// Whether its admission was checked since something was last revoked.
    pub(crate) const fn is_checked(&self, worker: &WorkerRecord) -> bool {
        worker.checked == self.revocations
    }

    /// Whether its platform is barred.
    pub(crate) fn is_barred(&self, worker: &WorkerRecord) -> bool {
        self.barred.contains(&worker.platform)
    }
}

/// Workers and groups of one network.
pub(super) struct Workers {
    chain: Chain,
    list: Mutex<Option<(Instant, Listed)>>,
    groups: Mutex<Groups>,
}

impl Workers {
    pub(super) fn new(chain: Chain) -> Self {
        Self { chain, list: Mutex::default(), groups: Mutex::default() }
    }

    /// All of them by id, as they were within the last second.
    pub(super) async fn all(&self) -> Result<Arc<Vec<WorkerRecord>>> {
        Ok(self.listed().await?.workers)
    }

    /// The same with what was revoked.
    pub(super) async fn listed(&self) -> Result<Listed> {
        // Whoever comes while it is asked waits for the same answer.
        let mut list = self.list.lock().await;
        if let Some((at, listed)) = &*list
            && at.elapsed() < FRESH
        {
            return Ok(listed.clone());
        }
        let revocations = self.chain.revocations().await?;
        let count = self.chain.worker_count().await?;
        let workers: Vec<WorkerRecord> =
            stream::iter(0..count).map(|id| self.chain.worker(id)).buffered(AT_ONCE).try_collect().await?;
        // Whoever was checked since is on no barred platform.
        let doubtful: BTreeSet<B256> =
            workers.iter().filter(|w| w.checked != revocations).map(|w| w.platform).collect();
        let barred: Vec<Option<B256>> = stream::iter(doubtful)
            .map(async |platform| {
                self.chain.is_barred(platform).await.map(|barred| barred.then_some(platform))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let barred = Arc::new(barred.into_iter().flatten().collect());
        let listed = Listed { workers: Arc::new(workers), revocations, barred };
        *list = Some((Instant::now(), listed.clone()));
        Ok(listed)
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
