//! The Enigma contract in plain Rust: order, clock, slashes, skips, holds, snapshots, lost state, money. The rules of
//! `contracts/src`, one function a call; every refusal has the name of the contract's error.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_chain::{
    ChunkEvent, CommitEvent, CreatedEvent, Event, FoundEvent, InputEvent, LostEvent, SkipEvent, SlashEvent,
    TakeoverEvent, TaskOutcome,
};
use enigma_protocol::{
    clock::{Marks, Order, SEQUENCE, Terms},
    fees,
    input::{Input, Kind, genesis_input_head, next_input_head},
    network::RULESET,
    outbound::outbound_hash,
    receipt::{Receipt, Status},
    snapshot::Manifest,
    state::{fold_snapshot, genesis_state_head, next_state_head},
};
use enigma_worker::Signed;

use crate::Bug;

/// Why a call is refused: the name of the contract's error.
pub type Refused = &'static str;

/// One ENG.
pub const ENG: u128 = 1_000_000_000_000_000_000;
/// The part of a stake that a slash takes.
pub const SLASH_DIVISOR: u128 = 100;
/// Slashes of a worker in an epoch, at most.
pub const MAX_SLASHES: u8 = 10;
/// The smallest bond, wei.
pub const MIN_BOND: u128 = ENG / 10;
const MAX_PENDING: u64 = 256;

/// What never changes.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The network's identity.
    pub network: B256,
    /// Workers of a group.
    pub group_size: u8,
    /// Blocks between turns.
    pub takeover: u64,
    /// Epochs until an input may be skipped.
    pub skip_epochs: u64,
    /// Blocks of an epoch.
    pub epoch_length: u64,
    /// Epochs back that an envelope may be for.
    pub window: u64,
    /// What is wrong with this contract.
    pub bug: Option<Bug>,
}

/// A block, for the calls in it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its base fee, wei.
    pub base_fee: u128,
    /// The transaction.
    pub transaction: u64,
}

/// What accounts ask of the contract.
#[derive(Clone, Debug)]
pub enum Call {
    /// A new secret contract.
    Deploy {
        /// Its address.
        contract: Address,
        /// Signatures of a receipt.
        signers: u8,
        /// Blocks above an input.
        depth: u8,
        /// Its first input.
        task: Task,
    },
    /// A task.
    Create {
        /// The secret contract.
        contract: Address,
        /// The task.
        task: Task,
    },
    /// A receipt.
    Commit(Arc<Signed>),
    /// Skip the oldest input.
    Skip(Address, Arc<Input>),
    /// Hold the clock.
    Hold(Address, Arc<Input>),
    /// Let it go on.
    Resume(Address, Arc<Input>),
    /// Declare a snapshot lost.
    DeclareLost(Address),
    /// Post a part of it.
    PostChunk(Address, Arc<Manifest>, u32, Arc<Vec<u8>>),
    /// The beacon of an epoch.
    Beacon(u64),
    /// A worker counts from the epoch after the next.
    Login(u64),
    /// A worker does not count any more from then.
    Logout(u64),
    /// Takes all that the account is owed.
    Withdraw,
}

/// What a sender asks for.
#[derive(Clone, Debug)]
pub struct Task {
    /// Epochs before the current one to which the envelope is encrypted.
    pub age: u64,
    /// Wei that go along.
    pub value: u128,
    /// Bound of the price, wei.
    pub price_cap: u128,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// A secret contract's record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Signatures of a receipt.
    pub signers: u8,
    /// Blocks above an input before it is executed.
    pub depth: u8,
    /// All inputs; the contract itself keeps their heads only.
    pub inputs: Vec<Arc<Input>>,
    /// Hash of each.
    pub hashes: Vec<B256>,
    /// Head after each.
    pub heads: Vec<B256>,
    /// Oldest pending input.
    pub cursor: u64,
    /// State head.
    pub state_head: B256,
    /// Epoch of the last commit.
    pub sealed_epoch: u64,
    /// Block of the last commit.
    pub last_commit: u64,
    /// Block that the clock does not count from before: of a resume or a skip.
    pub clock_from: u64,
    /// Block in which the clock was held; 0 while it runs.
    pub paused_at: u64,
    /// Hash of the last snapshot, or zero.
    pub snapshot_hash: B256,
    /// Epoch of the stored group, and who was passed over in it.
    pub group: (u64, u8),
}

/// A declaration of loss.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Who made it.
    pub declarer: Address,
    /// Its block.
    pub since: u64,
    /// Wei.
    pub bond: u128,
    /// Wei of it that were credited.
    pub paid: u128,
    /// Chunks that were posted.
    pub posted: BTreeSet<u32>,
}

/// A worker's record.
#[derive(Clone, Debug)]
pub struct Staker {
    /// Wei of ENG.
    pub stake: u128,
    /// Whether it wants to be drawn.
    pub logged_in: bool,
    /// Weights by the epoch from which they count.
    weights: BTreeMap<u64, u64>,
    slash_epoch: u64,
    slash_base: u128,
    slashes: u8,
}

/// Everything that the contract stores.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By address.
    pub contracts: BTreeMap<Address, Arc<Record>>,
    /// By id.
    pub workers: Vec<Staker>,
    /// By contract.
    pub lost: BTreeMap<Address, Lost>,
    /// What accounts are owed, wei.
    pub credits: BTreeMap<Address, u128>,
    /// The share of pay for beacons and the committee, with whom it is parked.
    pub upkeep: BTreeMap<Address, u128>,
    /// Wei that ever came in.
    pub paid_in: u128,
    /// Wei that went to portals.
    pub delivered: u128,
    /// Wei that accounts withdrew.
    pub withdrawn: BTreeMap<Address, u128>,
    /// Wei of ENG that ever were staked, and burned.
    pub staked: u128,
    /// Slashes.
    pub burned: u128,
    epoch: u64,
    start: u64,
    next_start: u64,
}

/// The account that operates a worker.
pub fn operator(id: u64) -> Address {
    Address::with_last_byte(1 + id as u8)
}

/// The signature of a worker's enclave.
pub fn sign(worker: u64, digest: B256) -> [u8; 65] {
    let mut signature = [0; 65];
    let tag = keccak256([b"sign".as_slice(), &worker.to_be_bytes(), digest.as_slice()].concat());
    signature[..32].copy_from_slice(tag.as_slice());
    signature[32..40].copy_from_slice(&worker.to_be_bytes());
    signature
}

/// Who signed.
pub fn signer(digest: B256, signature: &[u8; 65]) -> Option<u64> {
    let id = u64::from_be_bytes(signature[32..40].try_into().ok()?);
    (sign(id, digest) == *signature).then_some(id)
}

/// The digest of a receipt.
pub fn digest(receipt: &Receipt) -> B256 {
    receipt.digest(B256::repeat_byte(0xd0))
}

/// Wei as a number of the model, whose sums are far below its bound.
pub fn wei(value: U256) -> u128 {
    value.try_into().unwrap_or(u128::MAX)
}

/// What an input holds in escrow.
pub fn escrow(input: &Input) -> u128 {
    wei(fees::max_fee(input.commit_gas, input.gas_limit, input.price_cap) + input.value)
}

impl Rules {
    /// The terms of a contract's clock.
    pub const fn terms(&self, signers: u8) -> Terms {
        Terms { signers, group_size: self.group_size, takeover: self.takeover }
    }

    /// Blocks after which an input may be skipped.
    pub const fn skip_after(&self) -> u64 {
        self.skip_epochs * self.epoch_length
    }
}

impl State {
    /// Before the first block: epoch 2, `stakes` by worker in whole ENG; workers with 0 are not logged in.
    pub fn genesis(stakes: &[u64], start: u64) -> Self {
        let worker = |&stake: &u64| Staker {
            stake: u128::from(stake.max(1)) * ENG,
            logged_in: stake > 0,
            weights: BTreeMap::from([(0, stake)]),
            slash_epoch: 0,
            slash_base: 0,
            slashes: 0,
        };
        let workers: Vec<Staker> = stakes.iter().map(worker).collect();
        let staked = workers.iter().map(|w| w.stake).sum();
        Self { workers, staked, epoch: 2, start, ..Self::default() }
    }

    /// The epoch of a block, and its start.
    pub const fn epoch_at(&self, number: u64) -> (u64, u64) {
        if self.next_start != 0 && number >= self.next_start {
            (self.epoch + 1, self.next_start)
        } else {
            (self.epoch, self.start)
        }
    }

    /// Whether the epoch after that of `number` is seeded.
    pub const fn next_seeded(&self, number: u64) -> bool {
        self.next_start != 0 && number < self.next_start
    }

    /// The sequence of a contract's workers in an epoch. Its seed is the same on every fork, as a beacon is.
    pub fn draw(&self, contract: Address, epoch: u64) -> Vec<u64> {
        let weight = |w: &Staker| w.weights.range(..=epoch).next_back().map_or(0, |(_, w)| *w);
        let mut left: Vec<(u64, u64)> =
            self.workers.iter().enumerate().map(|(id, w)| (id as u64, weight(w))).collect();
        let mut drawn = Vec::new();
        for place in 0..SEQUENCE as u64 {
            let total: u64 = left.iter().map(|(_, w)| w).sum();
            if total == 0 {
                break;
            }
            let seed = [contract.as_slice(), &epoch.to_be_bytes(), &place.to_be_bytes()].concat();
            let hash = keccak256(seed);
            let mut point = u64::from_be_bytes(hash[..8].try_into().unwrap_or_default()) % total;
            let hit = left.iter().position(|(_, w)| {
                let falls = point < *w;
                point = point.saturating_sub(*w);
                falls
            });
            drawn.push(left.remove(hit.unwrap_or_default()).0);
        }
        drawn
    }

    /// Who was passed over in an epoch, and the sequence.
    pub fn order(&self, contract: Address, epoch: u64) -> (Order, Vec<u64>) {
        let ids = self.draw(contract, epoch);
        let silent = self.contracts.get(&contract).filter(|r| r.group.0 == epoch).map_or(0, |r| r.group.1);
        (Order { silent, count: ids.len() }, ids)
    }

    /// What the clock of a contract, whose oldest pending input is of block `oldest_input`, starts from at block `number`.
    pub fn marks(&self, record: &Record, oldest_input: u64, number: u64) -> Marks {
        Marks {
            oldest_input: oldest_input + u64::from(record.depth),
            epoch_start: self.epoch_at(number).1,
            last_commit: record.last_commit,
            clock_from: record.clock_from,
            paused_at: record.paused_at,
        }
    }

    /// Makes a call, or leaves everything as it was.
    pub fn call(
        &mut self,
        rules: &Rules,
        now: Now,
        from: Address,
        call: &Call,
        hash_of: impl Fn(u64) -> Option<B256>,
    ) -> Result<Vec<Event>, Refused> {
        match call {
            Call::Deploy { contract, signers, depth, task } => {
                self.deploy(rules, now, from, *contract, (*signers, *depth), task)
            }
            Call::Create { contract, task } => self.create(rules, now, from, *contract, Kind::Task, task),
            Call::Commit(signed) => self.commit(rules, now, signed, hash_of),
            Call::Skip(contract, input) => self.skip(rules, now, *contract, input),
            Call::Hold(contract, input) => self.hold(rules, now, *contract, input),
            Call::Resume(contract, input) => self.resume(now, *contract, input),
            Call::DeclareLost(contract) => self.declare_lost(now, from, *contract),
            Call::PostChunk(contract, manifest, index, chunk) => {
                self.post_chunk(now, from, *contract, manifest, *index, chunk)
            }
            Call::Beacon(epoch) => self.beacon(rules, now, *epoch),
            Call::Login(id) => self.log(now, *id, true),
            Call::Logout(id) => self.log(now, *id, false),
            Call::Withdraw => {
                let amount = self.credits.remove(&from).unwrap_or_default();
                *self.withdrawn.entry(from).or_default() += amount;
                Ok(Vec::new())
            }
        }
    }

    fn record(&mut self, contract: Address) -> Result<&mut Record, Refused> {
        self.contracts.get_mut(&contract).map(Arc::make_mut).ok_or("UnknownContract")
    }

    fn credit(&mut self, account: Address, amount: u128) {
        *self.credits.entry(account).or_default() += amount;
    }

    fn deploy(
        &mut self,
        rules: &Rules,
        now: Now,
        from: Address,
        contract: Address,
        (signers, depth): (u8, u8),
        task: &Task,
    ) -> Result<Vec<Event>, Refused> {
        if signers == 0 || signers > rules.group_size {
            return Err("InvalidSigners");
        }
        if self.contracts.contains_key(&contract) {
            return Err("AlreadyDeployed");
        }
        let record = Record {
            signers,
            depth,
            inputs: Vec::new(),
            hashes: Vec::new(),
            heads: Vec::new(),
            cursor: 0,
            state_head: genesis_state_head(rules.network, contract),
            sealed_epoch: 0,
            last_commit: 0,
            clock_from: 0,
            paused_at: 0,
            snapshot_hash: B256::ZERO,
            group: (0, 0),
        };
        self.contracts.insert(contract, Arc::new(record));
        let created = CreatedEvent { contract, deployer: from, signers, depth, block_number: now.number };
        let mut events = vec![Event::Created(created)];
        events.extend(self.create(rules, now, from, contract, Kind::Deploy, task)?);
        Ok(events)
    }

    fn create(
        &mut self,
        rules: &Rules,
        now: Now,
        from: Address,
        contract: Address,
        kind: Kind,
        task: &Task,
    ) -> Result<Vec<Event>, Refused> {
        let (epoch, _) = self.epoch_at(now.number);
        if task.price_cap < 2 * now.base_fee {
            return Err("PriceCapTooLow");
        }
        let record = self.record(contract)?;
        let index = record.inputs.len() as u64;
        if index - record.cursor >= MAX_PENDING {
            return Err("TooManyPending");
        }
        let input = Input {
            kind,
            sender: from,
            on_behalf_of: B256::ZERO,
            value: U256::from(task.value),
            gas_limit: 100_000,
            commit_gas: fees::commit_gas_for(2_000, 0),
            price_cap: task.price_cap,
            tip: 1,
            epoch: epoch.saturating_sub(task.age.min(rules.window)),
            inclusion_epoch: epoch,
            block_number: now.number,
            timestamp: now.number * 12,
            base_fee: now.base_fee,
            inflow: U256::ZERO,
            code_hash: if kind == Kind::Deploy { keccak256([]) } else { B256::ZERO },
            envelope_hash: keccak256(&task.envelope),
        };
        let before =
            record.heads.last().copied().unwrap_or_else(|| genesis_input_head(rules.network, contract));
        let hash = input.hash(contract, index);
        let head = next_input_head(before, hash);
        record.hashes.push(hash);
        record.heads.push(head);
        record.inputs.push(Arc::new(input.clone()));
        self.paid_in += escrow(&input);
        Ok(vec![Event::Input(Box::new(InputEvent {
            contract,
            index,
            head,
            input,
            envelope: task.envelope.clone(),
            code: Vec::new(),
            block_hash: now.hash,
            transaction: transaction(now),
        }))])
    }

    fn commit(
        &mut self,
        rules: &Rules,
        now: Now,
        signed: &Signed,
        hash_of: impl Fn(u64) -> Option<B256>,
    ) -> Result<Vec<Event>, Refused> {
        let receipt = &signed.executed.receipt;
        let contract = receipt.secret_contract;
        let record = self.contracts.get(&contract).cloned().ok_or("UnknownContract")?;
        let (epoch, _) = self.epoch_at(now.number);
        if receipt.network != rules.network {
            return Err("WrongNetwork");
        }
        if receipt.ruleset != RULESET {
            return Err("WrongRuleset");
        }
        if receipt.epoch != epoch {
            return Err("WrongEpoch");
        }
        let is_loose = rules.bug == Some(Bug::CommitsAgain) && receipt.first_index < record.cursor;
        let hashes = check_inputs(&record, signed, is_loose)?;
        check_state(&record, signed, &hashes, is_loose)?;
        let anchor = receipt.anchor_number;
        if anchor >= now.number {
            return Err("AnchorInFuture");
        }
        if signed.inputs.last().is_none_or(|i| anchor < i.block_number) {
            return Err("AnchorBeforeInput");
        }
        if hash_of(anchor) != Some(receipt.anchor_hash) {
            return Err("ForeignAnchor");
        }
        let (signers, order) = self.check_signers(rules, now, &record, signed)?;

        let mut events = Vec::new();
        let stored = self.record(contract)?;
        stored.state_head = receipt.state_head_after;
        stored.cursor = receipt.last_index + 1;
        stored.sealed_epoch = epoch;
        stored.last_commit = now.number;
        stored.paused_at = 0;
        if !receipt.snapshot_hash.is_zero() {
            stored.snapshot_hash = receipt.snapshot_hash;
            if let Some(lost) = self.lost.remove(&contract) {
                self.credit(lost.declarer, lost.bond - lost.paid);
                let found =
                    FoundEvent { contract, snapshot_hash: receipt.snapshot_hash, block_number: now.number };
                events.push(Event::Found(found));
            }
        }
        self.pass_over(rules, now, contract, epoch, order.silent, &mut events);
        let signers = if is_loose { Vec::new() } else { signers };
        let outcomes = self.settle(rules, now, signed, &signers);
        events.push(Event::Commit(Box::new(CommitEvent {
            contract,
            first_index: receipt.first_index,
            last_index: receipt.last_index,
            epoch,
            state_head: receipt.state_head_after,
            snapshot_hash: receipt.snapshot_hash,
            outcomes,
            block_number: now.number,
            timestamp: now.number * 12,
            transaction: transaction(now),
        })));
        Ok(events)
    }

    /// The signers by position, and the order after them.
    fn check_signers(
        &self,
        rules: &Rules,
        now: Now,
        record: &Record,
        signed: &Signed,
    ) -> Result<(Vec<u64>, Order), Refused> {
        let receipt = &signed.executed.receipt;
        let (order, ids) = self.order(receipt.secret_contract, receipt.epoch);
        if ids.len() < usize::from(record.signers) {
            return Err("GroupTooSmall");
        }
        if signed.signatures.len() != usize::from(record.signers) {
            return Err("MissingSignature");
        }
        let digest = digest(receipt);
        let (mut next, mut ranks, mut signers) = (0, Vec::new(), Vec::new());
        for signature in &signed.signatures {
            let id = signer(digest, signature).ok_or("WrongSigner")?;
            let rank = ids.iter().position(|&i| i == id).ok_or("NotInGroup")?;
            let position = order.position(rank).ok_or("NotInGroup")?;
            if position < next {
                return Err("WrongSignerOrder");
            }
            next = position + 1;
            ranks.push(rank);
            signers.push(id);
        }
        let oldest = signed.inputs.first().map_or(0, |i| i.block_number);
        let elapsed = self.marks(record, oldest, now.number).elapsed(now.number);
        if elapsed < rules.terms(record.signers).wait(next - 1) && rules.bug != Some(Bug::ForgetsClock) {
            return Err("TurnNotCome");
        }
        Ok((signers, order.after(&ranks)))
    }

    /// Marks ranks as silent and slashes those that were not.
    fn pass_over(
        &mut self,
        rules: &Rules,
        now: Now,
        contract: Address,
        epoch: u64,
        silent: u8,
        events: &mut Vec<Event>,
    ) {
        let (before, ids) = self.order(contract, epoch);
        let added = silent & !before.silent;
        if let Ok(record) = self.record(contract) {
            record.group = (epoch, if rules.bug == Some(Bug::ForgetsSilent) { 0 } else { silent });
        }
        if added == 0 {
            return;
        }
        events.push(Event::TakenOver(TakeoverEvent { contract, epoch, silent, block_number: now.number }));
        for (rank, &worker) in ids.iter().enumerate() {
            if added >> rank & 1 == 1
                && let Some(amount) = self.slash(rules, now, worker, epoch)
            {
                events.push(Event::Slashed(SlashEvent {
                    worker,
                    contract,
                    epoch,
                    amount: U256::from(amount),
                    block_number: now.number,
                }));
            }
        }
    }

    fn slash(&mut self, rules: &Rules, now: Now, id: u64, epoch: u64) -> Option<u128> {
        let worker = &mut self.workers[id as usize];
        if worker.slash_epoch != epoch {
            (worker.slash_epoch, worker.slash_base, worker.slashes) = (epoch, worker.stake, 0);
        }
        if worker.slashes >= MAX_SLASHES {
            return None;
        }
        worker.slashes += 1;
        let of_what = if rules.bug == Some(Bug::SlashesTheRest) { worker.stake } else { worker.slash_base };
        let amount = (of_what / SLASH_DIVISOR).min(worker.stake);
        worker.stake -= amount;
        self.burned += amount;
        if self.workers[id as usize].logged_in {
            self.set_weight(now, id);
        }
        Some(amount)
    }

    fn set_weight(&mut self, now: Now, id: u64) {
        let from = self.epoch_at(now.number).0 + 2;
        let worker = &mut self.workers[id as usize];
        let weight = if worker.logged_in { (worker.stake / ENG) as u64 } else { 0 };
        worker.weights.split_off(&from);
        worker.weights.insert(from, weight);
    }

    fn settle(&mut self, rules: &Rules, now: Now, signed: &Signed, signers: &[u64]) -> Vec<TaskOutcome> {
        let executed = &signed.executed;
        let (mut for_commit, mut for_execution) = (0, 0);
        let mut outcomes = Vec::new();
        for (i, input) in signed.inputs.iter().enumerate() {
            let (result, output) = (&executed.receipt.results.0[i], &executed.outputs.0[i].0);
            let delta = &executed.deltas.0[i].0;
            let is_capped = rules.bug != Some(Bug::ChargesTheCap);
            let price =
                if is_capped { (now.base_fee + input.tip).min(input.price_cap) } else { input.price_cap };
            let bytes = (output.len() + delta.len()) as u64;
            let gas = fees::schedule(signed.inputs.len() as u64, bytes, 0);
            let commit = u128::from(gas) * price;
            let execution = u128::from(result.gas_charged / fees::EXECUTION_DIVISOR) * price;
            for_commit += commit;
            for_execution += execution;
            let pay = U256::from(commit + execution);
            outcomes.push(TaskOutcome {
                status: result.status,
                gas_charged: result.gas_charged,
                pay,
                output: output.clone(),
                delta: delta.clone(),
            });
            // A receipt that lands by mistake moves no money, so that it is found by what it is.
            if signers.is_empty() {
                continue;
            }
            let mut back = escrow(input) - wei(input.value) - commit - execution;
            if result.status == Status::Completed {
                self.delivered += wei(input.value);
            } else {
                back += wei(input.value);
            }
            self.credit(input.sender, back);
        }
        if signers.is_empty() {
            return outcomes;
        }
        let share = for_execution / signers.len() as u128;
        let first = for_commit + for_execution - share * (signers.len() as u128 - 1);
        for (i, &id) in signers.iter().enumerate() {
            let pay = if i == 0 { first } else { share };
            let parked = pay / u128::from(fees::UPKEEP_DIVISOR);
            self.credit(operator(id), pay - parked);
            *self.upkeep.entry(operator(id)).or_default() += parked;
        }
        outcomes
    }

    fn oldest(&self, contract: Address, input: &Input) -> Result<B256, Refused> {
        let record = self.contracts.get(&contract).ok_or("UnknownContract")?;
        let oldest = record.inputs.get(record.cursor as usize).ok_or("NothingPending")?;
        if **oldest != *input {
            return Err("WrongInputHead");
        }
        record.hashes.get(record.cursor as usize).copied().ok_or("NothingPending")
    }

    fn hold(
        &mut self,
        rules: &Rules,
        now: Now,
        contract: Address,
        input: &Input,
    ) -> Result<Vec<Event>, Refused> {
        self.oldest(contract, input)?;
        let record = self.record(contract)?;
        if record.paused_at != 0 {
            return Err("ClockIsHeld");
        }
        if now.base_fee <= input.price_cap {
            return Err("CapNotExceeded");
        }
        if rules.bug == Some(Bug::HoldsBeginAnew) {
            record.clock_from = now.number;
        } else {
            record.paused_at = now.number;
        }
        Ok(Vec::new())
    }

    fn resume(&mut self, now: Now, contract: Address, input: &Input) -> Result<Vec<Event>, Refused> {
        self.oldest(contract, input)?;
        let record = self.contracts.get(&contract).ok_or("UnknownContract")?;
        if record.paused_at == 0 {
            return Err("ClockRuns");
        }
        if now.base_fee > input.price_cap {
            return Err("CapExceeded");
        }
        let counted = self.marks(record, input.block_number, now.number).elapsed(now.number);
        let record = self.record(contract)?;
        (record.clock_from, record.paused_at) = (now.number - counted, 0);
        Ok(Vec::new())
    }

    fn skip(
        &mut self,
        rules: &Rules,
        now: Now,
        contract: Address,
        input: &Input,
    ) -> Result<Vec<Event>, Refused> {
        let input_hash = self.oldest(contract, input)?;
        let record = self.contracts[&contract].clone();
        let (marks, terms) =
            (self.marks(&record, input.block_number, now.number), rules.terms(record.signers));
        if now.number < marks.skip_from(&terms, rules.skip_after()) {
            return Err("TooEarlyToSkip");
        }
        let state_head = next_state_head(record.state_head, input_hash, B256::ZERO);
        let refund = escrow(input);
        self.credit(input.sender, refund);
        if rules.bug == Some(Bug::RefundsTwice) {
            self.credit(input.sender, refund);
        }
        let stored = self.record(contract)?;
        stored.state_head = state_head;
        stored.cursor += 1;
        (stored.clock_from, stored.paused_at) = (now.number, 0);
        let mut events = vec![Event::Skipped(SkipEvent {
            contract,
            index: record.cursor,
            state_head,
            sender: input.sender,
            refund: U256::from(refund),
            block_number: now.number,
            timestamp: now.number * 12,
            transaction: transaction(now),
        })];
        if marks.elapsed(now.number) >= terms.whole() {
            let (epoch, _) = self.epoch_at(now.number);
            let (order, ids) = self.order(contract, epoch);
            // With fewer than the contract needs signers, nobody could have signed.
            if ids.len() >= usize::from(record.signers) {
                let group = ids.len().min(usize::from(rules.group_size));
                let silent = order.silent | ((1u16 << group) - 1) as u8;
                self.pass_over(rules, now, contract, epoch, silent, &mut events);
            }
        }
        Ok(events)
    }

    fn declare_lost(&mut self, now: Now, from: Address, contract: Address) -> Result<Vec<Event>, Refused> {
        let snapshot_hash = self.contracts.get(&contract).ok_or("NoSnapshot")?.snapshot_hash;
        if snapshot_hash.is_zero() {
            return Err("NoSnapshot");
        }
        if self.lost.contains_key(&contract) {
            return Err("AlreadyDeclared");
        }
        let ids = self.draw(contract, self.epoch_at(now.number).0);
        if !ids.iter().any(|&id| operator(id) == from) {
            return Err("NotServing");
        }
        self.paid_in += MIN_BOND;
        let posted = BTreeSet::new();
        let lost = Lost { declarer: from, since: now.number, bond: MIN_BOND, paid: 0, posted };
        self.lost.insert(contract, lost);
        Ok(vec![Event::DeclaredLost(LostEvent {
            contract,
            declarer: from,
            snapshot_hash,
            bond: U256::from(MIN_BOND),
            block_number: now.number,
        })])
    }

    fn post_chunk(
        &mut self,
        now: Now,
        from: Address,
        contract: Address,
        manifest: &Manifest,
        index: u32,
        chunk: &[u8],
    ) -> Result<Vec<Event>, Refused> {
        let lost = self.lost.get_mut(&contract).ok_or("NotLost")?;
        let snapshot_hash = self.contracts.get(&contract).ok_or("NotLost")?.snapshot_hash;
        let count = manifest.hashes.0.len();
        if count == 0 || manifest.hash() != snapshot_hash {
            return Err("WrongManifest");
        }
        if manifest.hashes.0.get(index as usize) != Some(&keccak256(chunk)) {
            return Err("WrongChunk");
        }
        if !lost.posted.insert(index) {
            return Err("ChunkAlreadyPosted");
        }
        let posted = ChunkEvent {
            contract,
            snapshot_hash,
            index: index.into(),
            chunk: chunk.to_vec(),
            block_number: now.number,
        };
        let mut events = vec![Event::ChunkPosted(Box::new(posted))];
        if lost.posted.len() == count {
            let rest = lost.bond - lost.paid;
            self.lost.remove(&contract);
            self.credit(from, rest);
            events.push(Event::Found(FoundEvent { contract, snapshot_hash, block_number: now.number }));
        } else {
            let share = lost.bond / count as u128;
            lost.paid += share;
            self.credit(from, share);
        }
        Ok(events)
    }

    fn beacon(&mut self, rules: &Rules, now: Now, epoch: u64) -> Result<Vec<Event>, Refused> {
        if self.next_start != 0 {
            if now.number < self.next_start {
                return Err("BeaconAlreadyPosted");
            }
            (self.epoch, self.start, self.next_start) = (self.epoch + 1, self.next_start, 0);
        }
        if epoch != self.epoch + 1 {
            return Err("WrongBeaconEpoch");
        }
        self.next_start = (self.start + rules.epoch_length).max(now.number + 1);
        Ok(Vec::new())
    }

    fn log(&mut self, now: Now, id: u64, logged_in: bool) -> Result<Vec<Event>, Refused> {
        let worker = &mut self.workers[id as usize];
        if worker.logged_in == logged_in {
            return Err("LoginUnchanged");
        }
        if logged_in && worker.stake < ENG {
            return Err("StakeTooSmall");
        }
        worker.logged_in = logged_in;
        self.set_weight(now, id);
        Ok(Vec::new())
    }
}

fn transaction(now: Now) -> B256 {
    B256::from(U256::from(now.transaction))
}

fn check_inputs(record: &Record, signed: &Signed, is_loose: bool) -> Result<Vec<B256>, Refused> {
    let (receipt, count) = (&signed.executed.receipt, signed.inputs.len());
    if receipt.first_index != record.cursor && !is_loose {
        return Err("NotNextIndex");
    }
    if count == 0
        || receipt.first_index + count as u64 != receipt.last_index + 1
        || receipt.last_index >= record.inputs.len() as u64
    {
        return Err("WrongLastIndex");
    }
    let executed = &signed.executed;
    if [receipt.results.0.len(), executed.outputs.0.len(), executed.deltas.0.len()] != [count; 3] {
        return Err("WrongResultCount");
    }
    let mut hashes = Vec::new();
    for (index, input) in (receipt.first_index..).zip(&signed.inputs) {
        if *record.inputs[index as usize] != *input {
            return Err("WrongInputHead");
        }
        hashes.push(record.hashes[index as usize]);
    }
    if receipt.input_head != record.heads[receipt.last_index as usize] {
        return Err("WrongInputHead");
    }
    Ok(hashes)
}

fn check_state(record: &Record, signed: &Signed, hashes: &[B256], is_loose: bool) -> Result<(), Refused> {
    let (executed, receipt) = (&signed.executed, &signed.executed.receipt);
    let mut head = receipt.state_head_before;
    if head != record.state_head && !is_loose {
        return Err("StaleStateHead");
    }
    if is_loose {
        return Ok(());
    }
    if record.sealed_epoch != receipt.epoch {
        if receipt.snapshot_hash.is_zero() {
            return Err("SnapshotMissing");
        }
        head = fold_snapshot(head, receipt.snapshot_hash);
    } else if !receipt.snapshot_hash.is_zero() {
        return Err("SnapshotUnexpected");
    }
    for (i, hash) in hashes.iter().enumerate() {
        let (result, input) = (&receipt.results.0[i], &signed.inputs[i]);
        let (output, delta) = (&executed.outputs.0[i].0, &executed.deltas.0[i].0);
        if result.status == Status::ValueReturned && input.value.is_zero() {
            return Err("InvalidStatus");
        }
        if result.gas_charged > input.gas_limit {
            return Err("GasAboveLimit");
        }
        if keccak256(output) != result.output_hash {
            return Err("OutputHashMismatch");
        }
        if keccak256(delta) != result.delta_hash {
            return Err("DeltaHashMismatch");
        }
        if !fees::covers(input.commit_gas, (output.len() + delta.len()) as u64, 0) {
            return Err("CommitGasExceeded");
        }
        head = next_state_head(head, *hash, result.delta_hash);
    }
    if head != receipt.state_head_after {
        return Err("WrongStateHeadAfter");
    }
    if receipt.outbound_hash != outbound_hash(&[]) {
        return Err("OutboundHashMismatch");
    }
    Ok(())
}
