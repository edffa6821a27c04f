//! What events said: every contract, and the newest tasks. No I/O.

use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256};
use enigma_chain::{CommitEvent, CreatedEvent, EpochWord, Event, InputEvent, SkipEvent};
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
    /// An epoch, and the ranks that were passed over in it: bit r is rank r.
    passed_over: (u64, u8),
}

impl Record {
    /// The ranks that were passed over in an epoch, a bit each.
    pub(crate) fn silent(&self, epoch: u64) -> u8 {
        if self.passed_over.0 == epoch { self.passed_over.1 } else { 0 }
    }
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
            Event::Skipped(skip) => self.skip(skip, news),
            Event::TakenOver(takeover) => {
                if let Some(record) = self.contracts.get_mut(&takeover.contract) {
                    record.passed_over = (takeover.epoch, takeover.silent);
                }
            }
            Event::Slashed(_) | Event::DeclaredLost(_) | Event::ChunkPosted(_) | Event::Found(_) => {}
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
            passed_over: (0, 0),
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
            task.committed = present::committed(event, task);
            took.push(Took { seconds: event.timestamp.saturating_sub(task.created.time) });
            news.push((Topic::Receipts, *number));
        }
    }

    fn skip(&mut self, event: &SkipEvent, news: &mut Vec<News>) {
        let Some(record) = self.contracts.get_mut(&event.contract) else { return };
        record.committed = event.index.saturating_add(1);
        record.state_head = event.state_head;
        let Some(number) = self.places.get(&(event.contract, event.index)) else { return };
        let Some(task) = self.tasks.get_mut(number) else { return };
        task.committed = Some(present::skipped(event));
        news.push((Topic::Receipts, *number));
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

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use enigma_chain::{TakeoverEvent, TaskOutcome};
    use enigma_protocol::{
        input::{Input, Kind},
        network::{RULESET, VERIFIER_DEV, simulated_root},
        receipt::Status,
    };
    use enigma_rpc::types::Before;

    use super::*;

    const ONE: Address = Address::repeat_byte(5);
    const OTHER: Address = Address::repeat_byte(6);

    fn memory() -> Memory {
        let mut memory = Memory::new(&Descriptor {
            chain_id: 31_337,
            enigma: Address::repeat_byte(1),
            checkpoint_number: 1,
            checkpoint_hash: B256::repeat_byte(2),
            verifier: VERIFIER_DEV,
            attestation_root: simulated_root(),
            ruleset: RULESET,
            public_key: [3; 96],
        });
        for (contract, depth) in [(ONE, 0), (OTHER, 2)] {
            note(&mut memory, created(contract, depth));
        }
        memory
    }

    fn created(contract: Address, depth: u8) -> Event {
        let deployer = Address::repeat_byte(9);
        Event::Created(CreatedEvent { contract, deployer, signers: 1, depth, block_number: 2 })
    }

    fn note(memory: &mut Memory, event: Event) -> Vec<News> {
        let mut news = Vec::new();
        memory.note(&event, &mut news, &mut Vec::new());
        news
    }

    fn input(contract: Address, index: u64, block: u64, transaction: u8) -> Event {
        let input = Input {
            kind: if index == 0 { Kind::Deploy } else { Kind::Task },
            sender: Address::with_last_byte(transaction),
            on_behalf_of: B256::ZERO,
            value: U256::ZERO,
            gas_limit: 1,
            commit_gas: 1,
            price_cap: 1,
            tip: 1,
            epoch: 2,
            inclusion_epoch: 2,
            block_number: block,
            timestamp: 100 + block,
            base_fee: 1,
            inflow: U256::ZERO,
            code_hash: B256::ZERO,
            envelope_hash: B256::ZERO,
        };
        Event::Input(Box::new(InputEvent {
            contract,
            index,
            head: B256::ZERO,
            input,
            envelope: vec![0; 7],
            code: Vec::new(),
            block_hash: B256::with_last_byte(block as u8),
            transaction: B256::with_last_byte(transaction),
        }))
    }

    fn skip(contract: Address, index: u64) -> Event {
        Event::Skipped(SkipEvent {
            contract,
            index,
            state_head: B256::repeat_byte(0x51),
            sender: Address::with_last_byte(1),
            refund: U256::from(77),
            block_number: 30,
            timestamp: 130,
            transaction: B256::repeat_byte(0xdd),
        })
    }

    #[test]
    fn a_skipped_task_is_over_and_the_next_one_has_its_turn() {
        let mut memory = memory();
        for index in [0, 1] {
            note(&mut memory, input(ONE, index, 10, index as u8));
        }
        memory.head.number = 30;
        assert_eq!(note(&mut memory, skip(ONE, 0)), [(Topic::Receipts, 0)]);
        let task = memory.task(TaskKey::Place(ONE, 0)).unwrap();
        let end = task.committed.unwrap();
        assert_eq!((task.stage, end.status, end.block), (Stage::Committed, "skipped", 30));
        assert_eq!((end.pay.0, end.refund.0), (U256::ZERO, U256::from(77)));
        assert_eq!(memory.task(TaskKey::Place(ONE, 1)).unwrap().stage, Stage::Executing);
        let record = memory.contract(ONE).unwrap();
        assert_eq!((record.committed, record.state_head), (1, B256::repeat_byte(0x51)));
        assert_eq!(record.sealed_epoch, 0, "a skip seals nothing");
    }

    #[test]
    fn who_was_passed_over_is_silent_in_that_epoch_only() {
        let mut memory = memory();
        let takeover =
            |silent| Event::TakenOver(TakeoverEvent { contract: ONE, epoch: 5, silent, block_number: 30 });
        note(&mut memory, takeover(0b1));
        note(&mut memory, takeover(0b101));
        let silent = |contract, epoch| memory.contract(contract).unwrap().silent(epoch);
        assert_eq!([silent(ONE, 5), silent(ONE, 6), silent(ONE, 4), silent(OTHER, 5)], [0b101, 0, 0, 0]);
    }

    #[test]
    fn what_goes_back_is_what_was_not_paid_and_a_returned_value() {
        let mut memory = memory();
        let Event::Input(mut rich) = input(ONE, 0, 10, 1) else { unreachable!() };
        // Paid ahead: (100 + 800 / 8) · 2.
        (rich.input.commit_gas, rich.input.gas_limit, rich.input.price_cap) = (100, 800, 2);
        rich.input.value = U256::from(1_000);
        note(&mut memory, Event::Input(rich));
        note(&mut memory, commit(ONE, 0, 0));
        let end = memory.task(TaskKey::Place(ONE, 0)).unwrap().committed.unwrap();
        assert_eq!((end.pay.0, end.refund.0), (U256::from(5), U256::from(400 - 5 + 1_000)));
    }

    fn commit(contract: Address, first: u64, last: u64) -> Event {
        let outcome = |_| TaskOutcome {
            status: Status::ValueReturned,
            gas_charged: 32_768,
            pay: U256::from(5),
            output: vec![0; 10],
            delta: vec![0; 20],
        };
        Event::Commit(Box::new(CommitEvent {
            contract,
            first_index: first,
            last_index: last,
            epoch: 2,
            state_head: B256::repeat_byte(7),
            snapshot_hash: B256::repeat_byte(8),
            outcomes: (first..=last).map(outcome).collect(),
            block_number: 20,
            timestamp: 120,
            transaction: B256::repeat_byte(0xcc),
        }))
    }

    #[test]
    fn a_task_waits_executes_and_is_committed() {
        let mut memory = memory();
        for (index, transaction) in [(0, 1), (1, 2), (2, 2)] {
            assert_eq!(note(&mut memory, input(ONE, index, 10, transaction)), [(Topic::Tasks, index)]);
        }
        memory.head.number = 10;
        let stage = |memory: &Memory, index| {
            let task = memory.task(TaskKey::Place(ONE, index)).unwrap();
            (task.stage, task.ahead)
        };
        let stages = [0, 1, 2].map(|index| stage(&memory, index));
        assert_eq!(stages, [(Stage::Executing, 0), (Stage::Waiting, 1), (Stage::Waiting, 2)]);

        let news = note(&mut memory, commit(ONE, 0, 1));
        assert_eq!(news, [(Topic::Receipts, 0), (Topic::Receipts, 1)]);
        let stages = [0, 1, 2].map(|index| stage(&memory, index));
        assert_eq!(stages, [(Stage::Committed, 0), (Stage::Committed, 0), (Stage::Executing, 0)]);
        let first = memory.task(TaskKey::Transaction(B256::with_last_byte(2))).unwrap();
        assert_eq!((first.index, first.committed.unwrap().status), (1, "valueReturned"), "the first of two");

        let record = memory.contract(ONE).unwrap();
        assert_eq!((record.inputs, record.committed, record.sealed_epoch), (3, 2, 2));
        assert_eq!((record.delta_bytes, record.output_bytes), (40, 20));
        assert_eq!(memory.contract(OTHER).unwrap().committed, 0, "contracts do not mix");
    }

    #[test]
    fn a_task_waits_until_its_block_is_deep_enough() {
        let mut memory = memory();
        note(&mut memory, input(OTHER, 0, 10, 1));
        for (height, stage) in [(10, Stage::Waiting), (11, Stage::Waiting), (12, Stage::Executing)] {
            memory.head.number = height;
            assert_eq!(memory.task(TaskKey::Place(OTHER, 0)).unwrap().stage, stage, "at {height}");
        }
    }

    #[test]
    fn pages_follow_one_another_without_gap_or_overlap() {
        let mut memory = memory();
        for index in 0..10 {
            note(&mut memory, input(ONE, index, 10 + index / 4, 1));
            note(&mut memory, input(OTHER, index, 10 + index / 4, 2));
        }
        let (mut query, mut seen) = (TasksQuery::default(), Vec::new());
        loop {
            let (page, more) = memory.tasks(&query, 3);
            assert!(!more, "nothing was forgotten");
            let Some(last) = page.last() else { break };
            query.before =
                Some(Before { block: last.created.block, contract: last.contract, index: last.index });
            seen.extend(page.iter().map(|t| (t.index, t.contract)));
        }
        let expected: Vec<_> = (0..10).rev().flat_map(|i| [(i, OTHER), (i, ONE)]).collect();
        assert_eq!(seen, expected);
        let of = |query: TasksQuery| memory.tasks(&query, 50).0.len();
        assert_eq!(of(TasksQuery { contract: Some(ONE), ..TasksQuery::default() }), 10);
        let sender = Some(Address::with_last_byte(2));
        assert_eq!(of(TasksQuery { sender, ..TasksQuery::default() }), 10);
        assert_eq!(of(TasksQuery { contract: Some(ONE), sender, ..TasksQuery::default() }), 0);
    }

    #[test]
    fn memory_is_bounded_and_says_what_it_forgot() {
        let mut memory = memory();
        for index in 0..TASKS as u64 + 5 {
            note(&mut memory, input(ONE, index, 10 + index, (index % 250) as u8));
        }
        assert_eq!((memory.tasks.len(), memory.places.len()), (TASKS, TASKS));
        assert!(memory.transactions.len() <= TASKS);
        assert!(memory.task(TaskKey::Place(ONE, 4)).is_none());
        assert_eq!(memory.oldest().unwrap().index, 5);
        let before = Some(Before { block: 16, contract: ONE, index: 6 });
        let (page, more) = memory.tasks(&TasksQuery { before, ..TasksQuery::default() }, 50);
        assert_eq!((page.len(), more), (1, true));
        assert_eq!(memory.contract(ONE).unwrap().inputs, TASKS as u64 + 5);
        note(&mut memory, commit(ONE, 0, 0));
        assert_eq!(memory.contract(ONE).unwrap().committed, 1, "a forgotten task still counts");
    }

    #[test]
    fn what_was_known_is_no_news_and_what_changed_is() {
        let (mut before, mut after) = (memory(), memory());
        for memory in [&mut before, &mut after] {
            note(memory, input(ONE, 0, 10, 1));
        }
        note(&mut before, input(ONE, 1, 11, 2));
        note(&mut after, input(ONE, 1, 12, 2));
        let task = |index| after.task(TaskKey::Place(ONE, index)).unwrap();
        assert!(before.knew(&task(0)));
        assert!(!before.knew(&task(1)), "it is in another block now");
        note(&mut after, commit(ONE, 0, 0));
        assert!(!before.knew(&after.task(TaskKey::Place(ONE, 0)).unwrap()), "it is committed now");
    }
}
