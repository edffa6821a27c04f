//! What a node tells of the chain: contracts, tasks, epochs, read from events and kept in bounded memory.
//!
//! ```text
//! memory   what events said: every contract, the newest tasks; no I/O
//! present  from an event to a task as the API tells it
//! follow   reads new blocks, publishes to subscribers, reads anew after a reorganisation
//! past     tasks that are older than what is kept
//! workers  who is admitted and who is drawn, asked for at most once a second
//! turns    the drawn ones in the order of their turns
//! ```
//!
//! A cache for people and clients: nothing that an enclave or the chain decides is built on it.

mod follow;
mod memory;
mod past;
mod present;
mod turns;
mod workers;

use std::sync::{Arc, PoisonError, RwLock};

use alloy_primitives::Address;
use enigma_chain::{Chain, EpochWord, deployment::Parameters};
use enigma_protocol::network::Descriptor;
use enigma_rpc::{
    Feed, Metrics,
    types::{Epoch, Ranked, Task, WorkerName},
};
use tokio::task::JoinHandle;

use crate::{Result, tip::Tip};
use memory::Memory;
use workers::Workers;

pub(crate) use memory::{Head, Record};

/// The index of one node. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Index {
    chain: Chain,
    descriptor: Arc<Descriptor>,
    parameters: Parameters,
    memory: Arc<RwLock<Memory>>,
    workers: Arc<Workers>,
    feed: Feed,
    metrics: Metrics,
}

/// Keeps an index up to date until it is dropped.
pub(crate) struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Index {
    /// Begins to read, from the network's checkpoint.
    ///
    /// # Errors
    /// The chain does not answer.
    pub(crate) async fn start(
        chain: Chain,
        descriptor: &Descriptor,
        tip: Tip,
        feed: Feed,
        metrics: Metrics,
    ) -> Result<(Self, Following)> {
        let index = Self {
            parameters: chain.parameters().await?,
            workers: Arc::new(Workers::new(chain.clone())),
            memory: Arc::new(RwLock::new(Memory::new(descriptor))),
            descriptor: Arc::new(descriptor.clone()),
            chain,
            feed,
            metrics,
        };
        let following = tokio::spawn(index.clone().follow(tip));
        Ok((index, Following(following)))
    }

    /// The chain that it reads.
    pub(crate) const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The network.
    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The network's parameters.
    pub(crate) const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The block that it has read up to.
    pub(crate) fn head(&self) -> Head {
        self.read(|memory| memory.head)
    }

    /// A contract. One that is so new that it was not read here yet is read from the chain.
    ///
    /// # Errors
    /// The chain does not answer; here and below.
    pub(crate) async fn find_contract(&self, contract: Address) -> Result<Option<Record>> {
        if let Some(record) = self.contract(contract) {
            return Ok(Some(record));
        }
        if !self.knows(contract).await? {
            return Ok(None);
        }
        let head = self.head().number;
        let newest = self.chain.height().await?.min(head.saturating_add(AHEAD));
        let events = self.chain.history(head.saturating_add(1), newest).await?;
        let mut ahead = Memory::new(&self.descriptor);
        events.iter().for_each(|event| ahead.note(event, &mut Vec::new(), &mut Vec::new()));
        // It may have been read here in the meantime.
        Ok(ahead.contract(contract).or_else(|| self.contract(contract)))
    }

    /// Whether a secret contract lives there, as this index or else the chain knows.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn knows(&self, contract: Address) -> Result<bool> {
        Ok(self.contract(contract).is_some()
            || !self.chain.secret_contract(contract).await?.deployer.is_zero())
    }

    /// A contract.
    pub(crate) fn contract(&self, contract: Address) -> Option<Record> {
        self.read(|memory| memory.contract(contract))
    }

    /// The newest contracts, at most so many.
    pub(crate) fn contracts(&self, most: usize) -> Vec<Record> {
        self.read(|memory| memory.contracts(most))
    }

    /// All admitted workers.
    ///
    /// # Errors
    /// As above; here and below.
    pub(crate) async fn workers(&self) -> Result<Arc<Vec<enigma_chain::WorkerRecord>>> {
        self.workers.all().await
    }

    /// The same with what was revoked.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn listed_workers(&self) -> Result<workers::Listed> {
        self.workers.listed().await
    }

    /// Who serves a contract, in the order of their turns, as many as a group has; in the epoch of the next block, if none
    /// is named. Empty without a lottery.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn group(
        &self,
        contract: Address,
        epoch: Option<u64>,
    ) -> Result<(u64, Vec<WorkerName>)> {
        let (epoch, turns) = self.turns(contract, epoch).await?;
        let size = self.parameters.group_size.into();
        Ok((epoch, turns.into_iter().take(size).map(|ranked| ranked.worker).collect()))
    }

    /// The group of a contract by rank, and whoever serves in the place of those that were passed over.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn ranks(&self, contract: Address, epoch: Option<u64>) -> Result<(u64, Vec<Ranked>)> {
        let (epoch, turns) = self.turns(contract, epoch).await?;
        Ok((epoch, turns::told(turns, self.parameters.group_size.into())))
    }

    /// All who may serve a contract, in the order of their turns.
    async fn turns(&self, contract: Address, epoch: Option<u64>) -> Result<(u64, Vec<Ranked>)> {
        let head = self.head();
        let epoch = epoch.unwrap_or_else(|| head.epochs.epoch_of(head.number.saturating_add(1)));
        let silent = self.contract(contract).map_or(0, |record| record.silent(epoch));
        Ok((epoch, turns::in_order(self.workers.sequence(contract, epoch).await?, silent)))
    }

    /// The epoch of the newest block.
    ///
    /// # Errors
    /// As above.
    pub(crate) async fn epoch(&self) -> Result<Epoch> {
        self.epoch_at(self.head()).await
    }

    async fn epoch_at(&self, head: Head) -> Result<Epoch> {
        let epoch = head.epochs.epoch_of(head.number);
        let (start, next_start) = head.epochs.bounds(head.number);
        let workers = self.workers.all().await?;
        Ok(Epoch {
            epoch,
            start,
            next_start,
            length: self.parameters.epoch_length,
            height: head.number,
            seeded: epoch >= FIRST_LOTTERY,
            workers: workers.iter().filter(|w| w.logged_in).count() as u64,
            weight: if epoch >= FIRST_LOTTERY { self.chain.total_weight(epoch).await? } else { 0 },
        })
    }

    /// Names the worker that is to execute a task.
    async fn name_worker(&self, task: &mut Task) {
        if task.committed.is_none()
            && let Ok((_, group)) = self.group(task.contract, None).await
        {
            task.worker = group.first().copied();
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Memory) -> T) -> T {
        look(&self.memory.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Blocks that are read for a contract which was not read here yet.
const AHEAD: u64 = 64;

/// Epoch 0 is the setup and epoch 1 closes the first set of workers: the first with a seed is this.
const FIRST_LOTTERY: u64 = 2;

/// Before anything was read.
const NO_EPOCHS: EpochWord = EpochWord { stored: 0, start: 0, next_start: 0, revocations: 0 };
