//! What must hold, by the chain alone. An [`Auditor`] follows it block by block, executes everything that it records by
//! itself, and goes back with it when it forks. What an enclave, a host or the contract says of itself counts for nothing.
//!
//! Checked in every block: each index is final once and in order; each commit's snapshot, deltas, outputs, statuses, gas
//! and head are those of the audit's own execution, and the contract's record holds that head; all money
//! ([`crate::books`]); who is passed over by a commit, and that nobody else is slashed, how often, and for how much; what
//! each clock has counted.
//! Checked elsewhere ([`crate::run`]): fairness and lost snapshots from what the model knows of machines, progress at the
//! end.
//!
//! Not checked here: cryptography, Merkle proofs and gas, which the model does not have; who is drawn, since the auditor
//! draws as the contract does; whether a turn had come, other than by its effect on those that were there and by what the
//! clock had counted; who is passed
//! over by a skip, other than by the slashes that follow from it; what a hostile host sees.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::Arc,
};

use alloy_primitives::{Address, B256, keccak256};
use enigma_chain::{CommitEvent, Event, InputEvent, SkipEvent, SlashEvent, TakeoverEvent};
use enigma_protocol::{
    input::context,
    snapshot::snapshot_hash,
    state::{fold_snapshot, genesis_state_head, next_state_head},
};

use crate::{
    Chain,
    app::{BROKEN, Model, seal},
    books::Books,
    chain::Block,
    contract::{Call, MAX_SLASHES, Rules, State, digest, signer},
    enclave::opens,
};

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Every index that was created is final once: committed or skipped.
    Indices,
    /// What came in went out, or is owed, to whom it must; every stake is there, or burned.
    Money,
    /// Every state head is that of an execution of the whole chain by itself.
    Heads,
    /// Who was passed over is slashed, and nobody else: one slash a worker, contract and epoch, a hundredth of the stake
    /// that it had before the epoch's first, and at most ten of them an epoch.
    Slashing,
    /// Who was up and connected for its turn is not passed over.
    Fairness,
    /// A clock has counted every block since it began, but for those in which it was held.
    Clock,
    /// When nothing goes wrong any more, everything pending becomes final in time.
    Progress,
    /// No snapshot stays lost while an honest worker has it.
    Holders,
}

/// A promise that was not kept.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// How.
    pub what: String,
}

impl Violation {
    /// Of `invariant`.
    pub fn new(invariant: Invariant, what: impl fmt::Display) -> Self {
        Self { invariant, what: what.to_string() }
    }
}

/// Whether a promise was kept.
pub type Checked = Result<(), Violation>;

/// A violation, unless it `holds`.
pub fn require(invariant: Invariant, holds: bool, what: fmt::Arguments<'_>) -> Checked {
    if holds { Ok(()) } else { Err(Violation::new(invariant, what)) }
}

/// What became of everything, by the events of the whole chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// Inputs.
    pub created: u64,
    /// Of them committed.
    pub committed: u64,
    /// Of them skipped.
    pub skipped: u64,
    /// Slashes.
    pub slashed: u64,
    /// Takeovers.
    pub takeovers: u64,
    /// Declarations of loss.
    pub lost: u64,
}

/// Follows the chain.
pub struct Auditor {
    rules: Rules,
    /// After each block; the first is the network's first.
    audits: Vec<Audit>,
}

/// All that is known after a block.
#[derive(Clone)]
struct Audit {
    number: u64,
    hash: B256,
    sums: Sums,
    followed: BTreeMap<Address, Arc<Followed>>,
    slashed: Arc<BTreeSet<(u64, Address, u64)>>,
    /// Who was passed over in a contract's newest epoch in which somebody was.
    silent: BTreeMap<Address, (u64, u8)>,
    clocks: BTreeMap<Address, Count>,
    books: Books,
}

/// A contract's clock, counted block by block.
#[derive(Clone, Copy, Default)]
struct Count {
    blocks: u64,
    is_held: bool,
}

/// A contract as the auditor has executed it.
#[derive(Clone)]
struct Followed {
    /// Inputs that are not final.
    pending: VecDeque<Arc<InputEvent>>,
    finals: u64,
    head: B256,
    sealed: u64,
    world: Model,
}

impl Auditor {
    /// Before the first event.
    pub fn new(rules: Rules, first: &Block) -> Self {
        let audit = Audit {
            number: first.number,
            hash: first.hash,
            sums: Sums::default(),
            followed: BTreeMap::new(),
            slashed: Arc::default(),
            silent: BTreeMap::new(),
            clocks: BTreeMap::new(),
            books: Books::new(&first.state),
        };
        Self { rules, audits: vec![audit] }
    }

    /// Follows the chain to its newest block.
    pub fn follow(&mut self, chain: &Chain) -> Checked {
        let is_gone = |audit: &Audit| chain.block(audit.number).is_none_or(|block| block.hash != audit.hash);
        while self.audits.len() > 1 && self.audits.last().is_some_and(is_gone) {
            self.audits.pop();
        }
        let Some(mut at) = self.audits.last().cloned() else { return Ok(()) };
        for block in chain.blocks().iter().skip(at.number as usize + 1) {
            let Some(before) = chain.block(at.number) else { return Ok(()) };
            at.block(&self.rules, &before.state, block)?;
            self.audits.push(at.clone());
        }
        Ok(())
    }

    /// What became of everything so far.
    pub fn sums(&self) -> Sums {
        self.audits.last().map(|audit| audit.sums).unwrap_or_default()
    }

    /// Whether everything that was created is final.
    pub fn all_final(&self) -> Checked {
        let followed = self.audits.last().into_iter().flat_map(|audit| audit.followed.values());
        let pending: usize = followed.map(|one| one.pending.len()).sum();
        require(Invariant::Indices, pending == 0, format_args!("{pending} indices are not final at the end"))
    }
}

impl Audit {
    /// Takes in a block, before which the contract's state was `before`.
    fn block(&mut self, rules: &Rules, before: &State, block: &Block) -> Checked {
        (self.number, self.hash) = (block.number, block.hash);
        self.tick(before);
        // Slashes that a takeover calls for.
        let mut due = Vec::new();
        for (event, &author) in block.events.iter().zip(&block.authors) {
            let by = &block.transactions[author];
            match event {
                Event::Input(e) => self.input(rules, e)?,
                Event::Commit(e) => {
                    // What it passed over was told before.
                    let silent = self.silent(e.contract, e.epoch);
                    self.passed_by(before, &by.call, e.contract, e.epoch, silent)?;
                    let inputs = self.commit(rules, e)?;
                    self.books.commit(block, &by.call, e, &inputs)?;
                }
                Event::Skipped(e) => {
                    let input = self.skip(e)?;
                    self.books.skip(&input.input, e)?;
                }
                Event::TakenOver(e) => {
                    self.unslashed(&due)?;
                    due = self.taken_over(before, &by.call, e)?;
                }
                Event::Slashed(e) => self.slash(&mut due, e)?,
                Event::DeclaredLost(e) => {
                    self.books.declared_lost(e);
                    self.sums.lost += 1;
                }
                Event::ChunkPosted(e) => self.books.chunk(by.from, &by.call, e),
                Event::Found(e) => self.books.found(by.from, &by.call, e),
                Event::Created(_) => {}
            }
        }
        self.unslashed(&due)?;
        self.clocks(block)?;
        for (contract, record) in &block.state.contracts {
            let Some(one) = self.followed.get(contract) else { continue };
            let is_same = record.cursor == one.finals
                && record.state_head == one.head
                && record.inputs.len() == one.finals as usize + one.pending.len();
            require(
                Invariant::Heads,
                is_same,
                format_args!("the record of {contract} is not what its events say"),
            )?;
        }
        self.books.agree(&block.state)
    }

    /// Every clock that runs counts the block that has come, if its oldest input is deep enough; an epoch begins all anew.
    fn tick(&mut self, before: &State) {
        let is_first = before.epoch_at(self.number).0 != before.epoch_at(self.number - 1).0;
        for (contract, clock) in &mut self.clocks {
            let Some(record) = before.contracts.get(contract) else { continue };
            let Some(oldest) = record.inputs.get(record.cursor as usize) else { continue };
            if is_first {
                clock.blocks = 0;
            } else if !clock.is_held && self.number > oldest.block_number + u64::from(record.depth) {
                clock.blocks += 1;
            }
        }
    }

    /// What was done to clocks in a block, and whether the contract has counted the same.
    fn clocks(&mut self, block: &Block) -> Checked {
        for &place in &block.made {
            match &block.transactions[place].call {
                Call::Hold(contract, _) => self.clocks.entry(*contract).or_default().is_held = true,
                Call::Resume(contract, _) => self.clocks.entry(*contract).or_default().is_held = false,
                Call::Commit(signed) => {
                    self.clocks.insert(signed.executed.receipt.secret_contract, Count::default());
                }
                Call::Skip(contract, _) | Call::Deploy { contract, .. } => {
                    self.clocks.insert(*contract, Count::default());
                }
                _ => {}
            }
        }
        for (contract, record) in &block.state.contracts {
            let clock = self.clocks.entry(*contract).or_default();
            let Some(oldest) = record.inputs.get(record.cursor as usize) else {
                *clock = Count::default();
                continue;
            };
            let marks = block.state.marks(record, oldest.block_number, block.number);
            let (counted, blocks) = (marks.elapsed(block.number), clock.blocks);
            let what = format_args!("the clock of {contract} says {counted} after {blocks} blocks");
            require(Invariant::Clock, counted == blocks && marks.is_held() == clock.is_held, what)?;
        }
        Ok(())
    }

    fn input(&mut self, rules: &Rules, e: &InputEvent) -> Checked {
        let new = || Followed {
            pending: VecDeque::new(),
            finals: 0,
            head: genesis_state_head(rules.network, e.contract),
            sealed: 0,
            world: Model::default(),
        };
        let one = Arc::make_mut(self.followed.entry(e.contract).or_insert_with(|| Arc::new(new())));
        let is_next = e.index == one.finals + one.pending.len() as u64;
        require(Invariant::Indices, is_next, format_args!("index {} was created out of order", e.index))?;
        one.pending.push_back(Arc::new(e.clone()));
        self.books.input(&e.input);
        self.sums.created += 1;
        Ok(())
    }

    /// The inputs that are final now.
    fn commit(&mut self, rules: &Rules, e: &CommitEvent) -> Result<Vec<Arc<InputEvent>>, Violation> {
        let (first, last) = (e.first_index, e.last_index);
        let Some(one) = self.followed.get_mut(&e.contract).map(Arc::make_mut) else {
            return Err(Violation::new(Invariant::Indices, "a commit to nothing"));
        };
        let is_next = first == one.finals && last >= first && last - first < one.pending.len() as u64;
        require(
            Invariant::Indices,
            is_next,
            format_args!("indices {first}..={last} are final, but not next"),
        )?;
        let mut head = one.head;
        let is_fold = one.sealed != e.epoch;
        if is_fold {
            let sealed = seal(e.contract, e.epoch, head, &one.world.to_bytes());
            let is_right = snapshot_hash(&sealed) == e.snapshot_hash;
            let what = format_args!("the snapshot of epoch {} is not of the world at index {first}", e.epoch);
            require(Invariant::Heads, is_right, what)?;
            head = fold_snapshot(head, e.snapshot_hash);
            one.sealed = e.epoch;
        }
        let is_fit = (is_fold || e.snapshot_hash.is_zero()) && e.outcomes.len() as u64 == last - first + 1;
        require(Invariant::Heads, is_fit, format_args!("a commit is of something else than it says"))?;
        let oldest = e.epoch.saturating_sub(rules.window);
        let inputs: Vec<_> = one.pending.drain(..e.outcomes.len()).collect();
        for (told, outcome) in inputs.iter().zip(&e.outcomes) {
            let context = context(told.head, told.block_hash);
            let envelope = if opens(&told.input, oldest) { told.envelope.as_slice() } else { &[BROKEN] };
            let ran = one.world.run(&told.input, envelope, context);
            let delta = seal(e.contract, e.epoch, context, &ran.change.to_bytes());
            let is_same = delta == outcome.delta
                && ran.output == outcome.output
                && ran.status == outcome.status
                && ran.gas == outcome.gas_charged;
            require(Invariant::Heads, is_same, format_args!("index {} comes to something else", told.index))?;
            one.world.apply(&ran.change);
            head = next_state_head(head, told.input.hash(e.contract, told.index), keccak256(&delta));
        }
        require(Invariant::Heads, head == e.state_head, format_args!("a commit's head is another"))?;
        one.head = head;
        one.finals = last + 1;
        self.sums.committed += inputs.len() as u64;
        Ok(inputs)
    }

    fn skip(&mut self, e: &SkipEvent) -> Result<Arc<InputEvent>, Violation> {
        let followed = self.followed.get_mut(&e.contract).map(Arc::make_mut);
        let oldest = followed.and_then(|one| one.pending.pop_front().map(|oldest| (one, oldest)));
        let Some((one, oldest)) = oldest.filter(|(one, _)| e.index == one.finals) else {
            return Err(Violation::new(Invariant::Indices, "an index was skipped out of order"));
        };
        one.head = next_state_head(one.head, oldest.input.hash(e.contract, e.index), B256::ZERO);
        require(Invariant::Heads, one.head == e.state_head, format_args!("a skip's head is another"))?;
        one.finals += 1;
        self.sums.skipped += 1;
        Ok(oldest)
    }

    /// Who was passed over in an epoch before now.
    fn silent(&self, contract: Address, epoch: u64) -> u8 {
        self.silent.get(&contract).filter(|(noted, _)| *noted == epoch).map_or(0, |(_, silent)| *silent)
    }

    /// Whoever came before the last signer of a commit and did not sign is passed over, and nobody else.
    fn passed_by(&self, before: &State, call: &Call, contract: Address, epoch: u64, silent: u8) -> Checked {
        let Call::Commit(signed) = call else { return Ok(()) };
        let (mut order, ids) = before.order(contract, epoch);
        order.silent = self.silent(contract, epoch);
        let digest = digest(&signed.executed.receipt);
        let signers = signed.signatures.iter().filter_map(|signature| signer(digest, signature));
        let ranks: Vec<usize> = signers.filter_map(|id| ids.iter().position(|&i| i == id)).collect();
        let is_right = order.after(&ranks).silent == silent;
        let what = format_args!("{ranks:?} of {ids:?} signed, {silent:#b} are passed over in epoch {epoch}");
        require(Invariant::Slashing, is_right, what)
    }

    /// The workers that are to be slashed now.
    fn taken_over(
        &mut self,
        before: &State,
        call: &Call,
        e: &TakeoverEvent,
    ) -> Result<Vec<(u64, Address, u64)>, Violation> {
        self.sums.takeovers += 1;
        self.passed_by(before, call, e.contract, e.epoch, e.silent)?;
        let known = self.silent(e.contract, e.epoch);
        let added = e.silent & !known;
        let what = format_args!("{:#b} is passed over after {known:#b}", e.silent);
        require(Invariant::Slashing, added != 0 && e.silent & known == known, what)?;
        self.silent.insert(e.contract, (e.epoch, e.silent));
        let ids = before.draw(e.contract, e.epoch);
        let passed = ids.iter().enumerate().filter(|(rank, _)| added >> rank & 1 == 1);
        Ok(passed.map(|(_, id)| (*id, e.contract, e.epoch)).collect())
    }

    fn slash(&mut self, due: &mut Vec<(u64, Address, u64)>, e: &SlashEvent) -> Checked {
        let this = (e.worker, e.contract, e.epoch);
        let is_first = Arc::make_mut(&mut self.slashed).insert(this);
        let what = format_args!("worker {} twice for {} in epoch {}", e.worker, e.contract, e.epoch);
        require(Invariant::Slashing, is_first, what)?;
        let place = due.iter().position(|one| *one == this);
        let Some(place) = place else {
            return Err(Violation::new(Invariant::Slashing, "a worker that was not passed over"));
        };
        due.remove(place);
        self.sums.slashed += 1;
        self.books.slash(e)
    }

    /// Who was passed over and not slashed had lost as much as an epoch may take.
    fn unslashed(&self, due: &[(u64, Address, u64)]) -> Checked {
        for (worker, contract, epoch) in due {
            let is_spared = self.books.slashes(*worker, *epoch) == MAX_SLASHES;
            let what = format_args!("worker {worker} was passed over for {contract}, and not slashed");
            require(Invariant::Slashing, is_spared, what)?;
        }
        Ok(())
    }
}
