//! One run: blocks come, things go wrong, then nothing goes wrong any more, and everything must come to an end.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use enigma_chain::Event;
use enigma_store::SimulatedDisk;
use tokio::time::{Instant, sleep};

use crate::{
    Bug, Chain, Dice, Schedule, Trace,
    app::{BROKEN, FAILING},
    check::{Auditor, Invariant, Sums, Violation},
    contract::{Call, Rules, State, Task, operator},
    enclave::Enclave,
    network::Links,
    sim::{BLOCK_TIME, Endpoint, Hostile, Inner, Node, Sim, contract, network, short},
};

/// Blocks for which a worker must have been all right before a turn of its own for being held to it: it has restarted, read
/// the chain, got its snapshots and ended what it had begun before.
const SETTLED: u64 = 10;
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

/// Until which block something lasts.
#[derive(Default)]
struct Lasts {
    down: BTreeMap<u64, u64>,
    paused: BTreeMap<u64, u64>,
    endpoint: BTreeMap<u64, u64>,
    partition: u64,
    loss: u64,
    fee: u64,
    beacon: u64,
    keys: u64,
    congestion: u64,
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

    /// Begins what goes wrong from this block on.
    fn trouble(&mut self) {
        let now = self.height();
        let often = self.schedule.troubles.clone();
        let workers = self.workers();
        let length = self.dice.between(2, 14);
        let victim = self.dice.below(workers);
        if self.dice.chance(often.crash) {
            let calls = self.dice.between(1, 40);
            let node = &mut self.sim.lock().nodes[victim as usize];
            if node.worker.is_some() {
                node.dies_in = Some(calls);
                if self.dice.chance(300) {
                    node.disk.cut_after(self.dice.between(1, 60));
                }
            }
        }
        let victim = self.dice.below(workers);
        if self.dice.chance(often.pause) {
            self.sim.lock().nodes[victim as usize].is_paused = true;
            self.lasts.paused.insert(victim, now + length);
        }
        let victim = self.dice.below(workers);
        if self.dice.chance(often.endpoint) {
            let mut endpoint = Endpoint::default();
            match self.dice.below(4) {
                0 => endpoint.is_down = true,
                1 => endpoint.slow = self.dice.between(500, 4_000),
                2 => endpoint.lag = self.dice.between(1, 6),
                _ => endpoint.lies = self.dice.between(200, 1_000),
            }
            let node = &mut self.sim.lock().nodes[victim as usize];
            node.endpoints[0] = endpoint;
            if endpoint.is_down && self.dice.chance(300) {
                node.endpoints[1] = endpoint;
            }
            self.lasts.endpoint.insert(victim, now + length);
        }
        self.trouble_all(now, length);
        if self.schedule.is_moving && self.dice.chance(30) {
            let id = self.dice.below(workers);
            let mut inner = self.sim.lock();
            let staked: usize = inner.chain.tip().state.workers.iter().filter(|w| w.logged_in).count();
            let is_in = inner.chain.tip().state.workers[id as usize].logged_in;
            let call = if is_in { Call::Logout(id) } else { Call::Login(id) };
            if !is_in || staked > 4 {
                inner.chain.send(operator(id), call);
            }
        }
    }

    /// What goes wrong for all.
    fn trouble_all(&mut self, now: u64, length: u64) {
        let often = self.schedule.troubles.clone();
        let mut inner = self.sim.lock();
        let dice = &mut self.dice;
        if dice.chance(often.partition) {
            inner.links.side.iter_mut().for_each(|side| *side = dice.below(2) as u8);
            self.lasts.partition = now + length;
        }
        if dice.chance(often.loss) {
            (inner.links.loss, inner.links.delay) = (dice.between(50, 400), dice.between(100, 3_000));
            self.lasts.loss = now + length;
        }
        if dice.chance(often.fee) {
            inner.chain.base_fee = dice.between(15, 90).into();
            self.lasts.fee = now + length;
        }
        if dice.chance(often.beacon) {
            self.lasts.beacon = now + 2 * length;
        }
        if dice.chance(often.keys) {
            inner.keys_away = dice.between(1, 3) as usize;
            self.lasts.keys = now + length;
        }
        if dice.chance(often.congestion) {
            inner.chain.congestion = dice.between(1, 4);
            self.lasts.congestion = now + length;
        }
        if dice.chance(often.reorganisation) && now > 8 {
            let (count, lost) = (dice.between(1, 5), dice.between(0, 300));
            inner.note("reorganisation", 0, count, lost);
            inner.chain.drop_blocks(count, lost);
            self.judged = self.judged.min(inner.chain.height());
            // As many blocks again or one more; sometimes the chain is shorter for a while, or was announced so.
            let again = if dice.chance(200) { 0 } else { count + dice.below(2) };
            if dice.chance(300) {
                inner.announce();
            }
            for _ in 0..again {
                inner.chain.mine();
            }
            let height = now.max(inner.chain.height());
            inner.nodes.iter_mut().for_each(|n| n.dirty = height);
        }
    }

    /// Ends what is over, and buries and raises the dead.
    fn recover(&mut self) {
        let now = self.height();
        let mut dead = Vec::new();
        {
            let mut inner = self.sim.lock();
            for id in 0..inner.nodes.len() as u64 {
                let is_cut = inner.nodes[id as usize].disk.is_cut();
                let node = &mut inner.nodes[id as usize];
                if node.worker.is_some() && (node.is_dying || is_cut) {
                    dead.push(id);
                }
                if self.lasts.paused.get(&id).is_some_and(|until| *until <= now) {
                    self.lasts.paused.remove(&id);
                    node.is_paused = false;
                }
                if self.lasts.endpoint.get(&id).is_some_and(|until| *until <= now) {
                    self.lasts.endpoint.remove(&id);
                    node.endpoints = [Endpoint::default(); 2];
                }
            }
            if self.lasts.partition <= now {
                inner.links.side.fill(0);
            }
            if self.lasts.loss <= now {
                (inner.links.loss, inner.links.delay) = (0, 60);
            }
            if self.lasts.fee <= now {
                inner.chain.base_fee = 10;
            }
            if self.lasts.keys <= now {
                inner.keys_away = 0;
            }
            if self.lasts.congestion <= now {
                inner.chain.congestion = 0;
            }
        }
        for id in dead {
            self.sim.kill(id);
            self.hurt(id);
            let until = now + self.dice.between(1, 10);
            self.lasts.down.insert(id, until);
        }
        let back: Vec<u64> =
            self.lasts.down.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
        for id in back {
            self.lasts.down.remove(&id);
            self.sim.start(id);
            if self.sim.lock().nodes[id as usize].worker.is_none() {
                self.lasts.down.insert(id, now + 1);
            }
        }
    }

    /// What a death does to a disk.
    fn hurt(&mut self, id: u64) {
        let disk = self.sim.lock().nodes[id as usize].disk.clone();
        let kind = self.dice.below(10);
        match kind {
            0 | 1 => disk.lose_unsynced(),
            2 | 3 => disk.tear(self.dice.throw()),
            4 => {
                if let Some(backup) = self.backups.get(&id) {
                    disk.rewind_to(backup);
                }
            }
            5 => disk.flip(self.dice.throw()),
            6 => disk.truncate(disk.size() / 2),
            _ => {}
        }
        self.sim.lock().note("disk", id, kind, 0);
        if self.dice.chance(300) {
            self.backups.insert(id, disk.fork());
        }
    }

    /// Who is not all right now.
    fn soil(&mut self) {
        let mut inner = self.sim.lock();
        let now = inner.chain.height() + 1;
        let is_all = inner.links.loss > 0
            || inner.links.side.iter().any(|side| *side != inner.links.side[0])
            || inner.keys_away > 1
            || inner.chain.congestion > 0
            || inner.chain.base_fee > 10;
        let lasts = &self.lasts;
        for (id, node) in (0..).zip(&mut inner.nodes) {
            let is_ill = node.worker.is_none()
                || node.is_paused
                || node.is_dying
                || node.hostile.is_some()
                || node.dies_in.is_some()
                || lasts.endpoint.contains_key(&id);
            if is_all || is_ill {
                node.dirty = now;
            }
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

    fn cry(&self, inner: &mut Inner) {
        let criers: Vec<u64> = (0..)
            .zip(&inner.nodes)
            .filter(|(_, n)| n.hostile == Some(Hostile::CriesLost))
            .map(|(id, _)| id)
            .collect();
        for id in criers {
            let number = inner.chain.height();
            if !self.is_healed && number % 9 == id {
                for n in 0..self.schedule.contracts.len() as u64 {
                    inner.chain.send(operator(id), Call::DeclareLost(contract(n)));
                }
            }
        }
    }

    /// Checks the newest blocks.
    fn judge(&mut self) -> Result<(), Violation> {
        let mut inner = self.sim.lock();
        let inner = &mut *inner;
        self.auditor.follow(&inner.chain)?;
        for (contract, record) in &inner.chain.tip().state.contracts {
            let (hash, now) = (record.snapshot_hash, inner.chain.height());
            if hash.is_zero() {
                continue;
            }
            let mut nodes = (0..).zip(&inner.nodes).filter(|(_, n)| n.hostile.is_none());
            // Disks forget: it must have been there without a break.
            if !nodes.any(|(id, n)| keeps(&mut self.kept, id, n, *contract, hash)) {
                self.held.remove(&hash);
            } else {
                self.held.entry(hash).or_insert(now);
            }
        }
        let blocks = inner.chain.blocks();
        for block in &blocks[(self.judged as usize + 1).min(blocks.len())..] {
            for event in block.events.iter() {
                if inner.trace.is_kept() {
                    inner.trace.say(format_args!("block {}: {}", block.number, told(event)));
                }
            }
            self.fair(block.number, &inner.chain, &inner.nodes)?;
        }
        self.judged = inner.chain.height();
        Ok(())
    }

    /// A worker that was all right since before its turn, and all that it needs, is not passed over by a commit.
    fn fair(&self, number: u64, chain: &Chain, nodes: &[Node]) -> Result<(), Violation> {
        let (Some(block), Some(before)) = (chain.block(number), chain.block(number - 1)) else {
            return Ok(());
        };
        let commits: Vec<Address> = block
            .events
            .iter()
            .filter_map(|e| if let Event::Commit(c) = e { Some(c.contract) } else { None })
            .collect();
        for event in block.events.iter() {
            let Event::Slashed(slash) = event else { continue };
            let Some(record) = before.state.contracts.get(&slash.contract) else { continue };
            let Some(oldest) = record.inputs.get(record.cursor as usize) else { continue };
            if !commits.contains(&slash.contract) {
                continue;
            }
            let start = before.state.marks(record, oldest.block_number, number).start();
            let dirty = nodes[slash.worker as usize].dirty;
            let settled = |id: u64| {
                let node = &nodes[id as usize];
                node.hostile.is_none() && node.dirty + SETTLED <= start
            };
            // A state may have to be brought: an honest worker has it.
            let hash = record.snapshot_hash;
            let is_there = hash.is_zero() || self.held.get(&hash).is_some_and(|since| *since <= start);
            // A worker alone cannot commit where several sign: so many were all right up to its own place.
            let (order, ids) = before.state.order(slash.contract, slash.epoch);
            let signers = usize::from(record.signers);
            let place = ids.iter().position(|id| *id == slash.worker).and_then(|rank| order.position(rank));
            let upto = place.unwrap_or_default().max(signers - 1);
            let able = order.ranks().iter().take(upto + 1).filter(|rank| settled(ids[**rank])).count();
            if is_there && able >= signers && settled(slash.worker) {
                let what = format!(
                    "worker {} was all right since block {dirty}, its clock ran from {start}, slashed in {number}",
                    slash.worker
                );
                return Err(Violation::new(Invariant::Fairness, what));
            }
        }
        Ok(())
    }

    /// Whether a snapshot is lost though an honest worker has had it for long.
    fn holders(&mut self, contract: Address, since: u64) -> Result<(), Violation> {
        let inner = self.sim.lock();
        let now = inner.chain.height();
        let hash = inner.chain.tip().state.contracts.get(&contract).map(|r| r.snapshot_hash);
        let Some(hash) = hash.filter(|_| now > since + inner.chain.rules.epoch_length) else { return Ok(()) };
        for (id, node) in (0..).zip(&inner.nodes).filter(|(_, n)| n.hostile.is_none()) {
            if keeps(&mut self.kept, id, node, contract, hash) {
                let what =
                    format!("worker {id} has had the lost snapshot of {contract} for {} blocks", now - since);
                return Err(Violation::new(Invariant::Holders, what));
            }
        }
        Ok(())
    }

    /// From now on nothing goes wrong, but for who is hostile.
    fn heal(&mut self) {
        let now = self.height();
        let down: Vec<u64> = self.lasts.down.keys().copied().collect();
        self.lasts = Lasts::default();
        self.lasts.down = down.into_iter().map(|id| (id, now)).collect();
        self.is_healed = true;
        {
            let mut inner = self.sim.lock();
            for node in &mut inner.nodes {
                node.is_paused = false;
                node.dies_in = None;
                node.endpoints = [Endpoint::default(); 2];
            }
            inner.note("healed", 0, now, 0);
        }
        for n in 0..self.schedule.contracts.len() as u64 {
            let task = self.task();
            self.sim.lock().chain.send(user(1), Call::Create { contract: contract(n), task });
        }
        self.sim.ring();
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

/// Whether a worker has a snapshot on its disk. What was read whole once is there as long as it is listed: only a death
/// hurts a disk.
fn keeps(kept: &mut BTreeSet<(u64, u64, B256)>, id: u64, node: &Node, contract: Address, hash: B256) -> bool {
    let Some(store) = &node.store else { return false };
    let this = (id, node.life, hash);
    if kept.contains(&this) {
        return store.snapshots(&contract.0.0).is_ok_and(|listed| listed.contains(&hash.0));
    }
    let is_whole = store.snapshot(&contract.0.0, &hash.0).is_ok_and(|kept| kept.is_some());
    if is_whole {
        kept.insert(this);
    }
    is_whole
}

fn user(n: u64) -> Address {
    Address::with_last_byte(0x80 + n as u8)
}

fn told(event: &Event) -> String {
    let name = |a: &Address| format!("{:x}", short(a.as_slice()) & 0xffff);
    match event {
        Event::Created(e) => format!("created {} m={} depth={}", name(&e.contract), e.signers, e.depth),
        Event::Input(e) => format!("input {} of {}", e.index, name(&e.contract)),
        Event::Commit(e) => {
            let fold = if e.snapshot_hash.is_zero() { "" } else { " with a snapshot" };
            let (first, last) = (e.first_index, e.last_index);
            format!("committed {first}..={last} of {} in epoch {}{fold}", name(&e.contract), e.epoch)
        }
        Event::Skipped(e) => format!("skipped {} of {}", e.index, name(&e.contract)),
        Event::TakenOver(e) => format!("passed over {:#b} of {}", e.silent, name(&e.contract)),
        Event::Slashed(e) => format!("slashed worker {} for {}", e.worker, name(&e.contract)),
        Event::DeclaredLost(e) => format!("declared lost {}", name(&e.contract)),
        Event::ChunkPosted(e) => format!("posted chunk {} of {}", e.index, name(&e.contract)),
        Event::Found(e) => format!("found {}", name(&e.contract)),
    }
}
