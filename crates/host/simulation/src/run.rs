//! One run: blocks come, things go wrong, then nothing goes wrong any more, and everything must come to an end.

mod judge;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use enigma_store::SimulatedDisk;
use tokio::time::{Instant, sleep};

use self::trouble::Lasts;
use crate::{
    Bug, Chain, Dice, Schedule, Trace,
    app::{BROKEN, FAILING},
    check::{Auditor, Invariant, Sums, Violation},
    contract::{Call, Rules, State, Task, operator},
    enclave::Enclave,
    network::Links,
    sim::{BLOCK_TIME, Endpoint, Inner, Node, Sim, contract, network, short},
};

/// Blocks that everything pending takes beyond what the clock says.
const SLACK: u64 = 60;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Hash of all that happened.
    pub hash: u64,
    /// The first promise that was not kept.
    pub violation: Option<Violation>,
    /// Blocks.
    pub blocks: u64,
    /// Blocks from the end of all troubles until everything was final.
    pub quiet_after: u64,
    /// Of the whole chain.
    pub sums: Sums,
    /// What happened, if it was asked for.
    pub lines: Vec<String>,
}

/// How a seed is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Troubles in which this mistake would show are frequent.
    pub aim: Option<Bug>,
    /// The mistake that is made.
    pub bug: Option<Bug>,
    /// Whether the report has text.
    pub is_told: bool,
}

/// Runs the schedule of a seed. The same seed, plan and code give the same report.
pub fn run(seed: u64, plan: Plan) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else { return failed(seed) };
    runtime.block_on(async {
        let mut run = Run::new(seed, plan);
        let violation = run.all().await.err();
        run.end(violation)
    })
}

fn failed(seed: u64) -> Report {
    let violation = Violation::new(Invariant::Progress, "there is no runtime");
    let sums = Sums::default();
    Report { seed, hash: 0, violation: Some(violation), blocks: 0, quiet_after: 0, sums, lines: Vec::new() }
}

struct Run {
    seed: u64,
    sim: Sim,
    schedule: Schedule,
    dice: Dice,
    lasts: Lasts,
    /// Disks as they were.
    backups: BTreeMap<u64, SimulatedDisk>,
    auditor: Auditor,
    /// Number of the block up to which slashes were looked at.
    judged: u64,
    /// Snapshots, and the block since which there was always an honest worker that had them.
    held: BTreeMap<B256, u64>,
    /// Snapshots that were read whole in a life of a worker.
    kept: BTreeSet<(u64, u64, B256)>,
    is_healed: bool,
    quiet_after: u64,
}

impl Run {
    fn new(seed: u64, plan: Plan) -> Self {
        let (mut dice, bug) = (Dice::new(seed), plan.bug);
        let mut schedule = Schedule::new(&mut dice);
        if let Some(aim) = plan.aim {
            schedule.aim(aim, &mut dice);
        }
        let rules = Rules {
            network: network(),
            group_size: schedule.group_size,
            takeover: schedule.takeover,
            skip_epochs: 2,
            epoch_length: schedule.epoch_length,
            window: 6,
            bug,
        };
        let chain = Chain::new(rules, State::genesis(&schedule.stakes, 1), dice.fork());
        let node = |id: usize| Node {
            enclave: Enclave::new(id as u64, bug),
            worker: None,
            store: None,
            disk: SimulatedDisk::new(),
            tasks: Vec::new(),
            life: 0,
            dies_in: None,
            is_dying: false,
            is_paused: false,
            endpoints: [Endpoint::default(); 2],
            endpoint: 0,
            heard: 1,
            hostile: schedule.hostile.iter().find(|(who, _)| *who == id as u64).map(|(_, kind)| *kind),
            provides: Default::default(),
            dirty: 0,
            tainted: false,
        };
        let inner = Inner {
            chain,
            nodes: (0..schedule.stakes.len()).map(node).collect(),
            links: Links::whole(schedule.stakes.len()),
            keys_away: 0,
            trace: Trace::new(plan.is_told),
            dice: dice.fork(),
            bug,
            began: Instant::now(),
        };
        let auditor = Auditor::new(inner.chain.rules.clone(), inner.chain.tip());
        let (sim, lasts) = (Sim::new(inner), Lasts::default());
        Self {
            seed,
            sim,
            schedule,
            dice,
            lasts,
            backups: BTreeMap::new(),
            auditor,
            kept: BTreeSet::new(),
            judged: 1,
            held: BTreeMap::new(),
            is_healed: false,
            quiet_after: 0,
        }
    }

    async fn all(&mut self) -> Result<(), Violation> {
        self.sim.lock().trace.say(format_args!("{:?}", self.schedule));
        for id in 0..self.workers() {
            self.sim.start(id);
        }
        self.deploy();
        for _ in 0..self.schedule.troubled {
            self.trouble();
            self.send_tasks();
            self.block().await?;
        }
        self.heal();
        let healed = self.height();
        let (loose, tight) = self.bounds();
        let mut is_bad = !self.schedule.hostile.is_empty();
        loop {
            self.block().await?;
            let (pending, was_lost, lost) = {
                let inner = self.sim.lock();
                let state = &inner.chain.tip().state;
                let pending: usize =
                    state.contracts.values().map(|r| r.inputs.len() - r.cursor as usize).sum();
                (pending, !state.lost.is_empty(), state.lost.clone())
            };
            let passed = self.height() - healed;
            if pending > 0 {
                self.quiet_after = passed;
            } else if passed > 12 {
                break;
            }
            is_bad |= was_lost;
            let bound = if is_bad { loose } else { tight };
            if passed > bound {
                let what = format!(
                    "{pending} inputs pending {passed} blocks after the last trouble (bound {bound})"
                );
                return Err(Violation::new(Invariant::Progress, what));
            }
            for (contract, lost) in lost {
                self.holders(contract, lost.since.max(healed))?;
            }
        }
        self.auditor.all_final()
    }

    /// Blocks within which all must be final: by skips, whatever happens; by turns, if all are there.
    fn bounds(&self) -> (u64, u64) {
        let inner = self.sim.lock();
        let rules = &inner.chain.rules;
        let pending = |r: &std::sync::Arc<crate::contract::Record>| r.inputs.len() as u64 - r.cursor;
        let queue = inner.chain.tip().state.contracts.values().map(pending).max().unwrap_or_default();
        let turns = rules.terms(1).wait(usize::from(rules.group_size)) + queue + SLACK;
        // After four times the time for a skip the clock is not asked any more.
        (4 * rules.skip_after() + rules.epoch_length + 4 * queue + SLACK, turns)
    }

    fn workers(&self) -> u64 {
        self.schedule.stakes.len() as u64
    }

    fn height(&self) -> u64 {
        self.sim.lock().chain.height()
    }

    fn deploy(&mut self) {
        for (n, (signers, depth)) in (0..).zip(self.schedule.contracts.clone()) {
            let task = self.task();
            let call = Call::Deploy { contract: contract(n), signers, depth, task };
            self.sim.lock().chain.send(user(0), call);
        }
    }

    fn task(&mut self) -> Task {
        let dice = &mut self.dice;
        let first = if dice.chance(30) {
            BROKEN
        } else if dice.chance(60) {
            FAILING
        } else {
            0
        };
        let ballast = self.schedule.ballast + dice.below(3) as u8;
        let mut envelope = vec![first, dice.below(6) as u8, ballast];
        envelope.extend(dice.throw().to_be_bytes());
        Task {
            age: dice.below(2),
            value: if dice.chance(300) { dice.between(1, 1_000_000).into() } else { 0 },
            price_cap: 10 * u128::from(dice.between(2, 6)),
            envelope,
        }
    }

    fn send_tasks(&mut self) {
        for n in 0..self.schedule.contracts.len() as u64 {
            if !self.dice.chance(self.schedule.tasks) {
                continue;
            }
            let count = if self.dice.chance(50) { 24 } else { self.dice.between(1, 3) };
            for _ in 0..count {
                let (from, task) = (user(self.dice.below(4)), self.task());
                self.sim.lock().chain.send(from, Call::Create { contract: contract(n), task });
            }
        }
        if self.dice.chance(40) {
            let who = self.dice.below(self.workers() + 4);
            let from = if who < 4 { user(who) } else { operator(who - 4) };
            self.sim.lock().chain.send(from, Call::Withdraw);
        }
    }

    /// One block.
    async fn block(&mut self) -> Result<(), Violation> {
        self.recover();
        self.soil();
        sleep(BLOCK_TIME).await;
        {
            let mut inner = self.sim.lock();
            let next = inner.chain.height() + 1;
            let state = inner.chain.tip().state.clone();
            let (epoch, _) = state.epoch_at(next);
            if !state.next_seeded(next) && self.lasts.beacon <= next {
                inner.chain.send(user(9), Call::Beacon(epoch + 1));
            }
            self.cry(&mut inner);
            let (number, hash, told) = {
                let block = inner.chain.mine();
                (block.number, short(block.hash.as_slice()), block.events.len() as u64)
            };
            inner.note("block", number, hash, told);
            inner.announce();
        }
        self.sim.ring();
        self.judge()
    }

    fn end(self, violation: Option<Violation>) -> Report {
        for id in 0..self.workers() {
            self.sim.kill(id);
        }
        let inner = self.sim.lock();
        Report {
            seed: self.seed,
            hash: inner.trace.hash(),
            violation,
            blocks: inner.chain.height(),
            quiet_after: self.quiet_after,
            sums: self.auditor.sums(),
            lines: inner.trace.lines().to_vec(),
        }
    }
}

fn user(n: u64) -> Address {
    Address::with_last_byte(0x80 + n as u8)
}
