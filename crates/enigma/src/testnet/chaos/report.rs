//! What was done, and what became of every task, by the chain alone.

use std::{collections::BTreeMap, time::Duration};

use alloy_primitives::{Address, U256};
use anyhow::Result;
use enigma_chain::{Chain, Event};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Plan, harm::Deed, load::Sent};
use crate::testnet::Network;

/// How long the network may take to finish what is pending once all is healed: a group's whole clock and the deadline of
/// a skip are over by then on a local chain.
const PATIENCE: Duration = Duration::from_secs(240);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Blocks between a task and its commit above which it was delayed: a takeover, and one for the commit itself.
const PROMPT: u64 = 4;
/// Delayed tasks that are told to people.
const TOLD: usize = 12;

/// A task of the load and its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Task {
    created: u64,
    /// Blocks of its commits: one is right.
    commits: u8,
    committed: Option<u64>,
    skipped: Option<u64>,
}

/// The whole story.
pub struct Report {
    seed: u64,
    chain: Chain,
    since: u64,
    deeds: Vec<Deed>,
    tasks: BTreeMap<(Address, u64), Task>,
    slashes: Vec<(u64, u64)>,
    takeovers: Vec<(u64, Address)>,
    sent: u64,
    failed: u64,
    /// Contracts whose state is not what their tasks made it, and how.
    wrong: Vec<String>,
}

impl Report {
    pub fn begin(plan: &Plan, network: &Network, since: u64) -> Result<Self> {
        Ok(Self {
            seed: plan.seed,
            chain: Chain::connect(&network.rpc, network.enigma)?,
            since,
            deeds: Vec::new(),
            tasks: BTreeMap::new(),
            slashes: Vec::new(),
            takeovers: Vec::new(),
            sent: 0,
            failed: 0,
            wrong: Vec::new(),
        })
    }

    pub fn add(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }

    /// Waits until every task has its end, then reads how all of them ended.
    pub async fn finish(&mut self, sent: Vec<Sent>) -> Result<()> {
        let contracts: Vec<Address> = sent.iter().map(|source| source.contract).collect();
        self.deeds.sort_by_key(|deed| deed.at);
        self.quiet(&contracts).await?;
        let events = self.chain.history(self.since, self.chain.height().await?).await?;
        self.read(&contracts, events);
        for source in &sent {
            self.sent += source.sent;
            self.failed += source.failed;
            self.compare(source).await;
        }
        Ok(())
    }

    async fn quiet(&self, contracts: &[Address]) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        for contract in contracts {
            loop {
                let record = self.chain.secret_contract(*contract).await?;
                if record.cursor >= record.inputCount || Instant::now() > deadline {
                    break;
                }
                sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    fn read(&mut self, contracts: &[Address], events: Vec<Event>) {
        let ours = |contract: &Address| contracts.contains(contract);
        for event in events {
            match event {
                Event::Input(input) if ours(&input.contract) => {
                    let task = Task { created: input.input.block_number, ..Task::default() };
                    self.tasks.insert((input.contract, input.index), task);
                }
                Event::Commit(commit) if ours(&commit.contract) => {
                    for index in commit.first_index..=commit.last_index {
                        if let Some(task) = self.tasks.get_mut(&(commit.contract, index)) {
                            task.commits = task.commits.saturating_add(1);
                            task.committed = Some(commit.block_number);
                        }
                    }
                }
                Event::Skipped(skip) => {
                    if let Some(task) = self.tasks.get_mut(&(skip.contract, skip.index)) {
                        task.skipped = Some(skip.block_number);
                    }
                }
                Event::Slashed(slash) => self.slashes.push((slash.block_number, slash.worker)),
                Event::TakenOver(takeover) => self.takeovers.push((takeover.block_number, takeover.contract)),
                _ => {}
            }
        }
    }

    /// Whether a contract's state is what its committed tasks make of it.
    async fn compare(&mut self, source: &Sent) {
        // The first input is the deployment.
        let is_done = |((contract, index), task): &(&(Address, u64), &Task)| {
            *contract == source.contract && *index > 0 && task.committed.is_some()
        };
        let expected = U256::from(self.tasks.iter().filter(is_done).count());
        match source.arrived().await {
            Ok(arrived) if arrived == expected => {}
            Ok(arrived) => self
                .wrong
                .push(format!("{}: {expected} transfers are final, {arrived} arrived", source.contract)),
            Err(error) => {
                self.wrong.push(format!("{}: its state cannot be read: {error:#}", source.contract))
            }
        }
    }

    /// Whether every task had exactly one end, and every state is right.
    pub fn is_sound(&self) -> bool {
        self.lost().is_empty() && self.doubled() == 0 && self.wrong.is_empty()
    }

    fn lost(&self) -> Vec<(Address, u64)> {
        let has_no_end = |task: &Task| task.committed.is_none() && task.skipped.is_none();
        self.tasks.iter().filter(|(_, task)| has_no_end(task)).map(|(key, _)| *key).collect()
    }

    fn doubled(&self) -> usize {
        let ends = |task: &Task| usize::from(task.commits) + usize::from(task.skipped.is_some());
        self.tasks.values().filter(|task| ends(task) > 1).count()
    }

    /// Tasks and the blocks that they took, the slowest first.
    fn delayed(&self) -> Vec<((Address, u64), u64)> {
        let blocks = |task: &Task| Some(task.committed?.saturating_sub(task.created));
        let slow =
            |(key, task): (&(Address, u64), &Task)| Some((*key, blocks(task).filter(|b| *b > PROMPT)?));
        let mut delayed: Vec<_> = self.tasks.iter().filter_map(slow).collect();
        delayed.sort_by_key(|(_, blocks)| std::cmp::Reverse(*blocks));
        delayed
    }

    fn finals(&self) -> usize {
        self.tasks.values().filter(|task| task.committed.is_some()).count()
    }

    fn skipped(&self) -> usize {
        self.tasks.values().filter(|task| task.skipped.is_some()).count()
    }

    /// Sent and mined, and not on the chain in the end: a reorganisation took them away and they did not come back.
    fn undone(&self) -> u64 {
        let tasks = self.tasks.keys().filter(|(_, index)| *index > 0).count() as u64;
        self.sent.saturating_sub(tasks)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let place = |(contract, index): &(Address, u64)| json!({ "contract": contract, "index": index });
        json!({
            "ok": self.is_sound(),
            "seed": self.seed,
            "deeds": self.deeds.iter().map(Deed::json).collect::<Vec<_>>(),
            "created": self.tasks.len(),
            "final": self.finals(),
            "skipped": self.skipped(),
            "lost": self.lost().iter().map(place).collect::<Vec<_>>(),
            "doubled": self.doubled(),
            "wrong": self.wrong,
            "delayed": self.delayed().iter().map(|(key, blocks)| {
                json!({ "contract": key.0, "index": key.1, "blocks": blocks })
            }).collect::<Vec<_>>(),
            "notSent": self.failed,
            "undone": self.undone(),
            "takeovers": self.takeovers.iter().map(|(block, contract)| {
                json!({ "block": block, "contract": contract })
            }).collect::<Vec<_>>(),
            "slashes": self.slashes.iter().map(|(block, worker)| {
                json!({ "block": block, "worker": worker })
            }).collect::<Vec<_>>(),
        })
    }

    /// For people.
    pub fn print(&self) {
        out!("\nwhat was done (seed {})", self.seed);
        for deed in &self.deeds {
            out!("  {:6.1} s  block {:6}  {}", deed.at.as_secs_f32(), deed.block, deed.healed());
        }
        out!("\nwhat became of the tasks");
        out!("  created   {}", self.tasks.len());
        out!("  final     {}", self.finals());
        out!("  skipped   {}", self.skipped());
        let lost = self.lost();
        out!("  lost      {}{}", lost.len(), if lost.is_empty() { "" } else { "  <- MUST BE NONE" });
        for (contract, index) in lost.iter().take(TOLD) {
            out!("            task {index} of {contract}");
        }
        if self.doubled() > 0 {
            out!("  doubled   {}  <- MUST BE NONE", self.doubled());
        }
        for wrong in &self.wrong {
            out!("  WRONG     {wrong}");
        }
        if self.failed + self.undone() > 0 {
            let (failed, undone) = (self.failed, self.undone());
            out!(
                "  besides   {failed} did not get onto the chain, {undone} were taken off it by a reorganisation"
            );
        }
        let delayed = self.delayed();
        out!("  delayed   {} took more than {PROMPT} blocks", delayed.len());
        for ((contract, index), blocks) in delayed.iter().take(TOLD) {
            out!("            task {index} of {contract}: {blocks} blocks");
        }
        if delayed.len() > TOLD {
            out!("            and {} more; --json tells all", delayed.len() - TOLD);
        }
        out!("  takeovers {}, slashes {}", self.takeovers.len(), self.slashes.len());
    }
}
