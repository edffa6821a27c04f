//! What events said: every contract, and the newest tasks. No I/O.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256};
use enigma_chain::{CommitEvent, CreatedEvent, EpochWord, Event, InputEvent};
use enigma_protocol::{network::Descriptor, state::genesis_state_head};
use enigma_rpc::{
    TaskKey, Topic,
    types::{Stage, Task, TasksQuery},
};

use super::{NO_EPOCHS, present};

/// Tasks that are kept.
pub(super) const TASKS: usize = 4_096;

/// The block that was read up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    /// Unix seconds.
    pub(crate) timestamp: u64,
    /// Epochs as that block left them.
    pub(crate) epochs: EpochWord,
}

/// A secret contract as its events tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) address: Address,
    pub(crate) deployer: Address,
    pub(crate) created_block: u64,
    pub(crate) signers: u8,
    pub(crate) depth: u8,
    /// The next index.
    pub(crate) inputs: u64,
    /// Index of the oldest pending input.
    pub(crate) committed: u64,
    pub(crate) state_head: B256,
    pub(crate) sealed_epoch: u64,
    pub(crate) snapshot_hash: B256,
    pub(crate) delta_bytes: u64,
    pub(crate) output_bytes: u64,
}

/// Something that subscribers may want to know: a task, by its number here.
pub(super) type News = (Topic, u64);

/// A task that was committed, for those who count.
pub(super) struct Took {
    /// From its block to its commit's.
    pub(super) seconds: u64,
}

/// All that is kept.
pub(super) struct Memory {
    pub(super) head: Head,
    network: B256,
    contracts: HashMap<Address, Record>,
    /// Contracts in the order in which they were created.
    order: Vec<Address>,
    /// The newest tasks by number, oldest first.
    tasks: BTreeMap<u64, Task>,
    next: u64,
    places: HashMap<(Address, u64), u64>,
    /// The first task of a transaction.
    transactions: HashMap<B256, u64>,
}

impl Memory {
    pub(super) fn new(descriptor: &Descriptor) -> Self {
        let head = Head {
            number: descriptor.checkpoint_number,
            hash: descriptor.checkpoint_hash,
            timestamp: 0,
            epochs: NO_EPOCHS,
        };
        Self {
            head,
            network: descriptor.network(),
            contracts: HashMap::new(),
            order: Vec::new(),
            tasks: BTreeMap::new(),
            next: 0,
            places: HashMap::new(),
            transactions: HashMap::new(),
        }
    }

    /// Notes an event.
    pub(super) fn note(&mut self, event: &Event, news: &mut Vec<News>, took: &mut Vec<Took>) {
        match event {
            Event::Created(created) => self.create(created),
            Event::Input(input) => news.extend(self.input(input)),
            Event::Commit(commit) => self.commit(commit, news, took),
        }
    }

    fn create(&mut self, event: &CreatedEvent) {
        let record = Record {
            address: event.contract,
            deployer: event.deployer,
            created_block: event.block_number,
            signers: event.signers,
            depth: event.depth,
            inputs: 0,
            committed: 0,
            state_head: genesis_state_head(self.network, event.contract),
            sealed_epoch: 0,
            snapshot_hash: B256::ZERO,
            delta_bytes: 0,
            output_bytes: 0,
        };
        if self.contracts.insert(event.contract, record).is_none() {
            self.order.push(event.contract);
        }
    }

    fn input(&mut self, event: &InputEvent) -> Option<News> {
        let record = self.contracts.get_mut(&event.contract)?;
        record.inputs = event.index.saturating_add(1);
        let number = self.next;
        self.next += 1;
        self.tasks.insert(number, present::task(event));
        self.places.insert((event.contract, event.index), number);
        self.transactions.entry(event.transaction).or_insert(number);
        while self.tasks.len() > TASKS {
            self.forget_oldest();
        }
        Some((Topic::Tasks, number))
    }

    fn forget_oldest(&mut self) {
        let Some((number, task)) = self.tasks.pop_first() else { return };
        self.places.remove(&(task.contract, task.index));
        // The transaction's other tasks may still be here: its first one is not any more.
        if self.transactions.get(&task.created.transaction) == Some(&number) {
            self.transactions.remove(&task.created.transaction);
        }
    }

    fn commit(&mut self, event: &CommitEvent, news: &mut Vec<News>, took: &mut Vec<Took>) {
        let Some(record) = self.contracts.get_mut(&event.contract) else { return };
        record.committed = event.last_index.saturating_add(1);
        record.state_head = event.state_head;
        if !event.snapshot_hash.is_zero() {
            record.snapshot_hash = event.snapshot_hash;
            record.sealed_epoch = event.epoch;
        }
        for outcome in &event.outcomes {
            record.delta_bytes = record.delta_bytes.saturating_add(outcome.delta.len() as u64);
            record.output_bytes = record.output_bytes.saturating_add(outcome.output.len() as u64);
        }
        for index in event.first_index..=event.last_index {
            let Some(number) = self.places.get(&(event.contract, index)) else { continue };
            let Some(task) = self.tasks.get_mut(number) else { continue };
            task.committed = present::committed(event, index);
            took.push(Took { seconds: event.timestamp.saturating_sub(task.created.time) });
            news.push((Topic::Receipts, *number));
        }
    }

    /// A contract.
    pub(super) fn contract(&self, contract: Address) -> Option<Record> {
        self.contracts.get(&contract).copied()
    }

    /// The newest contracts.
    pub(super) fn contracts(&self, most: usize) -> Vec<Record> {
        self.order.iter().rev().take(most).filter_map(|address| self.contract(*address)).collect()
    }

    /// A task that is kept.
    pub(super) fn task(&self, key: TaskKey) -> Option<Task> {
        let number = match key {
            TaskKey::Place(contract, index) => self.places.get(&(contract, index)),
            TaskKey::Transaction(transaction) => self.transactions.get(&transaction),
        };
        self.numbered(*number?)
    }

    /// A task by its number here.
    pub(super) fn numbered(&self, number: u64) -> Option<Task> {
        self.tasks.get(&number).map(|task| self.staged(task.clone()))
    }

    /// Tasks that are kept and fit the query, newest first; and whether what is older than these is not kept.
    pub(super) fn tasks(&self, query: &TasksQuery, limit: usize) -> (Vec<Task>, bool) {
        let before = query.before.map(|before| {
            let found = self.places.get(&(before.contract, before.index)).copied();
            // Not kept: then everything that is kept from its block on is newer.
            found.unwrap_or_else(|| {
                let newer = self.tasks.iter().find(|(_, task)| task.created.block >= before.block);
                newer.map_or(self.next, |(number, _)| *number)
            })
        });
        let fits = |task: &&Task| {
            query.contract.is_none_or(|contract| contract == task.contract)
                && query.sender.is_none_or(|sender| sender == task.sender)
        };
        let older = self.tasks.range(..before.unwrap_or(u64::MAX)).rev().map(|(_, task)| task);
        let found: Vec<Task> = older.filter(fits).take(limit).map(|t| self.staged(t.clone())).collect();
        let forgotten = self.next > self.tasks.len() as u64;
        let is_short = found.len() < limit && forgotten;
        (found, is_short)
    }

    /// The oldest task that is kept.
    pub(super) fn oldest(&self) -> Option<&Task> {
        self.tasks.values().next()
    }

    /// Fills in what depends on where contract and chain are now.
    pub(super) fn staged(&self, mut task: Task) -> Task {
        let record = self.contract(task.contract);
        task.ahead = record.map_or(0, |r| task.index.saturating_sub(r.committed));
        let ripe = record.map_or(0, |r| task.created.block.saturating_add(r.depth.into()));
        task.stage = match task.committed {
            Some(_) => Stage::Committed,
            None if task.ahead == 0 && self.head.number >= ripe => Stage::Executing,
            None => Stage::Waiting,
        };
        task
    }

    /// Whether this very task, as committed as it is, was known here: then a second reading is no news.
    pub(super) fn knew(&self, task: &Task) -> bool {
        let known = self.places.get(&(task.contract, task.index)).and_then(|number| self.tasks.get(number));
        known.is_some_and(|known| {
            known.created == task.created
                && known.committed.map(|c| c.transaction) == task.committed.map(|c| c.transaction)
        })
    }
}
