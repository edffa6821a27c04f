//! Tasks: those that are kept, and older ones, which are read from the chain.

use std::collections::HashMap;

use enigma_chain::{CommitEvent, InputEvent};
use enigma_crypto::sign;
use enigma_protocol::receipt::domain_separator;
use enigma_rpc::{
    TaskKey,
    types::{Committed, Task, TasksQuery, WorkerName},
};

use super::{Index, present, workers::name};
use crate::Result;

/// Blocks whose events are asked for at once, and how often for one page.
const SPAN: u64 = 5_000;
const SPANS: usize = 20;

impl Index {
    /// A task, with the worker that is to execute it or has, and what was done outside for it.
    ///
    /// # Errors
    /// The chain does not answer.
    pub(crate) async fn task(&self, key: TaskKey) -> Result<Option<Task>> {
        let task = match self.read(|memory| memory.task(key)) {
            Some(task) => Some(task),
            None => self.past_task(key).await?,
        };
        let Some(mut task) = task else { return Ok(None) };
        match task.committed {
            Some(committed) => {
                let (contract, index) = (task.contract, task.index);
                let made = self.chain.outbound_of(committed.transaction, contract, index);
                let (worker, made) = tokio::try_join!(self.signer(&task), async { Ok(made.await?) })?;
                (task.worker, task.outbound) = (worker, Some(made.iter().map(present::outbound).collect()));
            }
            None => self.name_worker(&mut task).await,
        }
        Ok(Some(task))
    }

    /// Tasks that fit the query, newest first.
    ///
    /// # Errors
    /// The chain does not answer.
    pub(crate) async fn tasks(&self, query: &TasksQuery, limit: usize) -> Result<Vec<Task>> {
        let (mut tasks, is_short) = self.read(|memory| memory.tasks(query, limit));
        if is_short {
            tasks.extend(self.past_tasks(query, limit - tasks.len()).await?);
        }
        for task in &mut tasks {
            self.name_worker(task).await;
        }
        Ok(tasks)
    }

    async fn past_task(&self, key: TaskKey) -> Result<Option<Task>> {
        let event = match key {
            TaskKey::Transaction(transaction) => self.chain.inputs_in(transaction).await?.into_iter().next(),
            TaskKey::Place(contract, index) => {
                let record = self.find_contract(contract).await?;
                let Some(record) = record.filter(|r| index < r.inputs) else {
                    return Ok(None);
                };
                self.chain.input(contract, index, record.created_block).await?
            }
        };
        let Some(event) = event else { return Ok(None) };
        let mut task = present::task(&event);
        let is_committed = self.contract(task.contract).is_some_and(|r| task.index < r.committed);
        if is_committed {
            let commit = self.chain.commit_of(task.contract, task.index, task.created.block).await?;
            task.committed = match commit {
                Some(commit) => present::committed(&commit, &task),
                None => self.skipped(&task).await?,
            };
        }
        Ok(Some(self.read(|memory| memory.staged(task))))
    }

    /// Goes back from the oldest task that is kept, or from `before`, a span of blocks at a time.
    async fn past_tasks(&self, query: &TasksQuery, limit: usize) -> Result<Vec<Task>> {
        let oldest = self.read(|memory| memory.oldest().map(|t| (t.created.block, t.contract, t.index)));
        let Some(oldest) = oldest else { return Ok(Vec::new()) };
        let end = match query.before.map(|b| (b.block, b.contract, b.index)) {
            Some(before) if before.0 <= oldest.0 => before,
            _ => oldest,
        };
        let first = self.descriptor.checkpoint_number;
        let (mut to, mut found, mut begins) = (end.0, Vec::new(), true);
        for _ in 0..SPANS {
            let from = to.saturating_sub(SPAN - 1).max(first);
            let mut inputs = self.chain.inputs(from, to, query.contract, query.sender).await?;
            if begins {
                // Only what came before the task that the page begins at, within that task's block.
                begins = false;
                let place = self.place_in(&inputs, end).await?;
                inputs.truncate(place);
            }
            inputs.reverse();
            let room = limit - found.len();
            found.extend(inputs.into_iter().take(room));
            if found.len() >= limit || from <= first {
                break;
            }
            to = from - 1;
        }
        self.with_outcomes(found).await
    }

    /// How many of `inputs` lie before the task that a page begins at. A filter may have left that task out, so its
    /// block is read without one.
    async fn place_in(
        &self,
        inputs: &[InputEvent],
        (block, contract, index): (u64, alloy_primitives::Address, u64),
    ) -> Result<usize> {
        let whole = self.chain.inputs(block, block, None, None).await?;
        let after: Vec<_> = whole
            .iter()
            .skip_while(|e| (e.contract, e.index) != (contract, index))
            .map(|e| (e.contract, e.index))
            .collect();
        let is_newer =
            |e: &&InputEvent| e.input.block_number == block && after.contains(&(e.contract, e.index));
        Ok(inputs.iter().filter(|e| !is_newer(e)).count())
    }

    async fn with_outcomes(&self, inputs: Vec<InputEvent>) -> Result<Vec<Task>> {
        // Receipts cover several tasks: what was read for one may do for the next.
        let mut receipts: HashMap<_, Vec<CommitEvent>> = HashMap::new();
        let mut tasks = Vec::with_capacity(inputs.len());
        for event in inputs {
            let mut task = present::task(&event);
            let (contract, index) = (task.contract, task.index);
            if self.contract(contract).is_some_and(|r| index < r.committed) {
                let known = receipts.entry(contract).or_default();
                task.committed = known.iter().find_map(|commit| present::committed(commit, &task));
                if task.committed.is_none() {
                    match self.chain.commit_of(contract, index, task.created.block).await? {
                        Some(commit) => {
                            task.committed = present::committed(&commit, &task);
                            known.push(commit);
                        }
                        None => task.committed = self.skipped(&task).await?,
                    }
                }
            }
            tasks.push(self.read(|memory| memory.staged(task)));
        }
        Ok(tasks)
    }

    /// What is left of a task that the cursor has passed, but no receipt covers.
    async fn skipped(&self, task: &Task) -> Result<Option<Committed>> {
        let skip = self.chain.skip_of(task.contract, task.index, task.created.block).await?;
        Ok(skip.as_ref().map(present::skipped))
    }

    /// Who signed a committed task's receipt, if the transaction called the contract itself.
    async fn signer(&self, task: &Task) -> Result<Option<WorkerName>> {
        let Some(committed) = task.committed.filter(|c| c.status != present::SKIPPED) else {
            return Ok(None);
        };
        let receipts = self.chain.receipts_in(committed.transaction, self.descriptor.network()).await?;
        let own = receipts.iter().find(|r| {
            r.receipt.secret_contract == task.contract && r.receipt.first_index == committed.first_index
        });
        let domain = domain_separator(self.descriptor.chain_id, self.descriptor.enigma);
        let signer = own.and_then(|r| sign::recover(r.receipt.digest(domain), r.signatures.first()?).ok());
        let workers = self.workers().await?;
        Ok(signer.and_then(|signer| workers.iter().find(|w| w.signer == signer)).map(name))
    }
}
