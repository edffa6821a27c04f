//! What must hold, after every block and at the end, by the chain alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use alloy_primitives::{Address, B256, keccak256};
use enigma_chain::Event;
use enigma_protocol::{
    input::{Input, context},
    snapshot::snapshot_hash,
    state::{fold_snapshot, genesis_state_head, next_state_head},
};

use crate::{
    app::{BROKEN, Model, seal},
    chain::Block,
    contract::{ENG, MAX_SLASHES, Rules, State, escrow},
    enclave::opens,
};

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Every index that was created is final once: committed or skipped.
    Indices,
    /// What came in went out, or is owed; every stake is there, or burned.
    Money,
    /// Every state head is that of an execution of the whole chain by itself.
    Heads,
    /// One slash a worker, contract and epoch, and at most a tenth of a stake an epoch.
    Slashing,
    /// Who was up and connected for its turn is not passed over.
    Fairness,
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

type Checked = Result<(), Violation>;

fn require(invariant: Invariant, holds: bool, what: impl fmt::Display) -> Checked {
    if holds { Ok(()) } else { Err(Violation::new(invariant, what)) }
}

/// Money in is money out and money owed.
pub fn money(state: &State) -> Checked {
    let pending = state.contracts.values().flat_map(|r| &r.inputs[r.cursor as usize..]);
    let owed: u128 = state.credits.values().sum::<u128>()
        + pending.map(|i| escrow(i)).sum::<u128>()
        + state.lost.values().map(|l| l.bond - l.paid).sum::<u128>();
    let here = state.paid_in - state.paid_out.min(state.paid_in);
    require(Invariant::Money, here == owed, format!("{here} wei are there, {owed} are owed"))?;
    let stakes: u128 = state.workers.iter().map(|w| w.stake).sum();
    require(Invariant::Money, state.staked == stakes + state.burned, "a stake is neither there nor burned")
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

struct Followed {
    inputs: Vec<(Input, Vec<u8>, B256, B256)>,
    finals: u64,
    head: B256,
    sealed: u64,
    world: Model,
}

/// Executes the whole chain by itself and compares.
pub fn history(rules: &Rules, blocks: &[Block], is_over: bool) -> Result<Sums, Violation> {
    let mut sums = Sums::default();
    let mut followed: BTreeMap<Address, Followed> = BTreeMap::new();
    let mut slashed: BTreeSet<(u64, Address, u64)> = BTreeSet::new();
    let mut by_epoch: BTreeMap<(u64, u64), (u128, u8)> = BTreeMap::new();
    for event in blocks.iter().flat_map(|b| b.events.iter()) {
        match event {
            Event::Input(e) => {
                let new = || Followed {
                    inputs: Vec::new(),
                    finals: 0,
                    head: genesis_state_head(rules.network, e.contract),
                    sealed: 0,
                    world: Model::default(),
                };
                let one = followed.entry(e.contract).or_insert_with(new);
                let is_next = e.index == one.inputs.len() as u64;
                require(Invariant::Indices, is_next, "an index was created out of order")?;
                one.inputs.push((e.input.clone(), e.envelope.clone(), e.head, e.block_hash));
                sums.created += 1;
            }
            Event::Commit(e) => {
                let Some(one) = followed.get_mut(&e.contract) else { continue };
                let once = e.first_index == one.finals && e.last_index < one.inputs.len() as u64;
                let what = format!("indices {}..={} are final, but not next", e.first_index, e.last_index);
                require(Invariant::Indices, once, what)?;
                commit(rules, one, e)?;
                sums.committed += e.outcomes.len() as u64;
            }
            Event::Skipped(e) => {
                let Some(one) = followed.get_mut(&e.contract) else { continue };
                require(Invariant::Indices, e.index == one.finals, "an index was skipped out of order")?;
                let hash = one.inputs[e.index as usize].0.hash(e.contract, e.index);
                one.head = next_state_head(one.head, hash, B256::ZERO);
                require(Invariant::Heads, one.head == e.state_head, "a skip's head is another")?;
                one.finals += 1;
                sums.skipped += 1;
            }
            Event::Slashed(e) => {
                let is_first = slashed.insert((e.worker, e.contract, e.epoch));
                let what = format!("worker {} twice for {} in epoch {}", e.worker, e.contract, e.epoch);
                require(Invariant::Slashing, is_first, what)?;
                let sum = by_epoch.entry((e.worker, e.epoch)).or_default();
                sum.0 += e.amount.try_into().unwrap_or(u128::MAX);
                sum.1 += 1;
                let most = 20 * ENG * 1_000;
                let is_bounded = sum.1 <= MAX_SLASHES && sum.0 <= most;
                require(Invariant::Slashing, is_bounded, "more than a tenth of a stake in an epoch")?;
                sums.slashed += 1;
            }
            Event::TakenOver(_) => sums.takeovers += 1,
            Event::DeclaredLost(_) => sums.lost += 1,
            Event::Created(_) | Event::ChunkPosted(_) | Event::Found(_) => {}
        }
    }
    for one in followed.values() {
        let is_final = one.finals == one.inputs.len() as u64 || !is_over;
        require(Invariant::Indices, is_final, "an index is not final at the end")?;
    }
    Ok(sums)
}

fn commit(rules: &Rules, one: &mut Followed, e: &enigma_chain::CommitEvent) -> Checked {
    let mut head = one.head;
    if one.sealed != e.epoch {
        let sealed = seal(e.contract, e.epoch, head, &one.world.to_bytes());
        let hash = snapshot_hash(&sealed);
        let what =
            format!("the snapshot of epoch {} is not of the world at index {}", e.epoch, e.first_index);
        require(Invariant::Heads, hash == e.snapshot_hash, what)?;
        head = fold_snapshot(head, hash);
        one.sealed = e.epoch;
    }
    let oldest = e.epoch.saturating_sub(rules.window);
    for (index, outcome) in (e.first_index..=e.last_index).zip(&e.outcomes) {
        let (input, envelope, input_head, block_hash) = &one.inputs[index as usize];
        let context = context(*input_head, *block_hash);
        let envelope = if opens(input, oldest) { envelope.as_slice() } else { &[BROKEN] };
        let ran = one.world.run(input, envelope, context);
        let delta = seal(e.contract, e.epoch, context, &ran.change.to_bytes());
        let same = delta == outcome.delta && ran.output == outcome.output && ran.status == outcome.status;
        require(Invariant::Heads, same, format!("index {index} comes to something else"))?;
        one.world.apply(&ran.change);
        head = next_state_head(head, input.hash(e.contract, index), keccak256(&delta));
    }
    require(Invariant::Heads, head == e.state_head, "a commit's head is another")?;
    one.head = head;
    one.finals = e.last_index + 1;
    Ok(())
}
