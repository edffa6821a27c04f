//! A worker's enclave: what it believes, keeps and refuses, without hiding anything.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, keccak256};
use enigma_protocol::{
    door::{Code, Executed, Refusal, UntrustedStep as Step},
    input::{Input, context},
    network::RULESET,
    outbound::outbound_hash,
    receipt::{Receipt, TaskResult},
    snapshot::snapshot_hash,
    state::{UntrustedState, fold_snapshot, genesis_state_head, next_state_head},
};
use enigma_worker::Work;

use crate::{
    Bug, Chain,
    app::{Change, Model, open, seal},
    contract::{Record, digest, sign},
};

/// A key that an enclave may hold.
pub type KeyId = (Use, Address, u64);

/// What a key is for, with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Opens envelopes.
    Input,
    /// Seals and opens state.
    State,
}

/// Why there is no receipt.
#[derive(Clone, Debug)]
pub enum Stop {
    /// Bring this and ask again.
    Need {
        /// The epoch of the group that asks for keys.
        epoch: u64,
        /// Keys.
        keys: Vec<KeyId>,
        /// The sealed state.
        state: bool,
    },
    /// No.
    Refused(Refusal),
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

fn refused(code: Code, detail: u64) -> Stop {
    Stop::Refused(Refusal { code, detail })
}

#[derive(Debug)]
struct Kept {
    head: B256,
    world: Model,
    proposed: Option<(B256, Vec<Change>)>,
}

/// An enclave from its start to its end.
#[derive(Debug)]
pub struct Enclave {
    worker: u64,
    bug: Option<Bug>,
    view: (u64, B256),
    worlds: BTreeMap<Address, Kept>,
    /// With the epoch in which it came.
    keys: BTreeMap<KeyId, u64>,
}

/// What the chain says, at the enclave's tip.
struct Ground<'a> {
    contract: Address,
    network: B256,
    record: &'a Record,
    epoch: u64,
    oldest: u64,
    anchor: (u64, B256),
}

struct Ordered<'a> {
    index: u64,
    hash: B256,
    head: B256,
    context: B256,
    input: &'a Input,
    envelope: &'a [u8],
}

impl Enclave {
    /// One that knows nothing.
    pub fn new(worker: u64, bug: Option<Bug>) -> Self {
        Self { worker, bug, view: (0, B256::ZERO), worlds: BTreeMap::new(), keys: BTreeMap::new() }
    }

    /// Follows the chain to a block.
    pub const fn follow(&mut self, number: u64, hash: B256) {
        if self.view.0 != number {
            self.view = (number, hash);
        }
    }

    /// Takes keys.
    pub fn take(&mut self, keys: &[KeyId], epoch: u64) {
        self.keys.extend(keys.iter().map(|key| (*key, epoch)));
    }

    /// Executes the next inputs of a contract and signs.
    pub fn execute(
        &mut self,
        chain: &Chain,
        work: &Work,
        state: Option<&UntrustedState>,
    ) -> Result<Executed, Stop> {
        let block = chain.block(self.view.0).filter(|b| b.hash == self.view.1).ok_or(Code::BadProof)?;
        let record = block.state.contracts.get(&work.contract).ok_or(Code::UnknownContract)?;
        let (epoch, start) = block.state.epoch_at(self.view.0 + 1);
        let mut ground = Ground {
            contract: work.contract,
            network: chain.rules.network,
            record,
            epoch,
            oldest: epoch.saturating_sub(chain.rules.window),
            anchor: self.view,
        };
        let ordered = establish(chain, &ground, work, self.view.0)?;
        if let Some(number) = work.anchor {
            let deep = ordered.iter().map(|o| o.input.block_number + u64::from(record.depth)).max();
            let oldest = deep.unwrap_or_default().max(start.saturating_sub(1));
            let hash = chain.block(number).filter(|_| number >= oldest && number <= self.view.0);
            ground.anchor = (number, hash.ok_or_else(|| refused(Code::WrongAnchor, oldest))?.hash);
        }
        self.keys.retain(|_, came| *came + 1 >= epoch);
        self.ready(&ground, &ordered, state)?;
        Ok(self.produce(&ground, &ordered))
    }

    /// Keys, and the world behind the chain's head.
    fn ready(
        &mut self,
        ground: &Ground<'_>,
        ordered: &[Ordered<'_>],
        state: Option<&UntrustedState>,
    ) -> Result<(), Stop> {
        let mut wanted = BTreeSet::from([(Use::State, ground.contract, ground.epoch)]);
        for one in ordered.iter().filter(|o| opens(o.input, ground.oldest)) {
            wanted.insert((Use::Input, ground.contract, one.input.epoch));
            wanted.insert((Use::Input, ground.contract, one.input.inclusion_epoch));
        }
        let has_world = self.world(ground).is_some();
        if !has_world && let Some(state) = state {
            let epochs = epochs(ground, state, self.bug)?;
            wanted.extend(epochs.into_iter().map(|epoch| (Use::State, ground.contract, epoch)));
        }
        let keys: Vec<KeyId> = wanted.into_iter().filter(|key| !self.keys.contains_key(key)).collect();
        let needs_state = !has_world && state.is_none();
        if !keys.is_empty() || needs_state {
            return Err(Stop::Need { epoch: ground.epoch, keys, state: needs_state });
        }
        if !has_world && let Some(state) = state {
            let world = rebuild(ground, state).ok_or(Code::WrongState)?;
            let kept = Kept { head: ground.record.state_head, world, proposed: None };
            self.worlds.insert(ground.contract, kept);
        }
        Ok(())
    }

    fn world(&mut self, ground: &Ground<'_>) -> Option<&Model> {
        let head = ground.record.state_head;
        let has = self.worlds.get(&ground.contract).is_some_and(|k| k.head == head);
        if head == genesis_state_head(ground.network, ground.contract) && !has {
            let kept = Kept { head, world: Model::default(), proposed: None };
            self.worlds.insert(ground.contract, kept);
        }
        let kept = self.worlds.get_mut(&ground.contract)?;
        if kept.head != head {
            let (after, changes) = kept.proposed.take()?;
            if after != head {
                return None;
            }
            changes.iter().for_each(|change| kept.world.apply(change));
            kept.head = head;
        }
        Some(&kept.world)
    }

    fn produce(&mut self, ground: &Ground<'_>, ordered: &[Ordered<'_>]) -> Executed {
        let (contract, epoch, record) = (ground.contract, ground.epoch, ground.record);
        let mut world = self.worlds.get(&contract).map(|k| k.world.clone()).unwrap_or_default();
        let mut head = record.state_head;
        let snapshot = (record.sealed_epoch != epoch).then(|| seal(contract, epoch, head, &world.to_bytes()));
        let hash = snapshot.as_deref().map(snapshot_hash).unwrap_or_default();
        if snapshot.is_some() {
            head = fold_snapshot(head, hash);
        }
        let (mut results, mut outputs, mut deltas, mut changes) = (vec![], vec![], vec![], vec![]);
        for one in ordered {
            let envelope = if opens(one.input, ground.oldest) { one.envelope } else { &[crate::app::BROKEN] };
            let ran = world.run(one.input, envelope, one.context);
            world.apply(&ran.change);
            let delta = seal(contract, epoch, one.context, &ran.change.to_bytes());
            let result = TaskResult {
                status: ran.status,
                gas_charged: ran.gas,
                output_hash: keccak256(&ran.output),
                delta_hash: keccak256(&delta),
            };
            head = next_state_head(head, one.hash, result.delta_hash);
            results.push(result);
            outputs.push(ran.output.into());
            deltas.push(delta.into());
            changes.push(ran.change);
        }
        if let Some(kept) = self.worlds.get_mut(&contract) {
            kept.proposed = Some((head, changes));
        }
        let last = ordered.last();
        let receipt = Receipt {
            network: ground.network,
            ruleset: RULESET,
            secret_contract: contract,
            epoch,
            first_index: record.cursor,
            last_index: last.map_or(record.cursor, |o| o.index),
            input_head: last.map_or(B256::ZERO, |o| o.head),
            state_head_before: record.state_head,
            state_head_after: head,
            anchor_number: ground.anchor.0,
            anchor_hash: ground.anchor.1,
            results: results.into(),
            snapshot_hash: hash,
            outbound_hash: outbound_hash(&[]),
        };
        let signature = sign(self.worker, digest(&receipt));
        Executed {
            receipt,
            signature,
            outputs: outputs.into(),
            deltas: deltas.into(),
            outbound: Vec::new().into(),
            snapshot: snapshot.map(Into::into),
        }
    }
}

/// Whether the keys of an input may still be released.
pub fn opens(input: &Input, oldest: u64) -> bool {
    input.epoch >= oldest && input.inclusion_epoch >= oldest
}

/// The inputs offered, if they are the chain's next ones.
fn establish<'a>(
    chain: &Chain,
    ground: &Ground<'_>,
    work: &'a Work,
    tip: u64,
) -> Result<Vec<Ordered<'a>>, Stop> {
    let record = ground.record;
    let count = work.inputs.len() as u64;
    if count == 0 || record.cursor + count > record.inputs.len() as u64 {
        return Err(refused(Code::WrongInputs, record.cursor));
    }
    let mut ordered = Vec::new();
    for (index, untrusted) in (record.cursor..).zip(&work.inputs) {
        let input = &untrusted.input;
        if input.envelope_hash != keccak256(&untrusted.envelope.0) {
            return Err(refused(Code::WrongInputs, index));
        }
        let wait_for = input.block_number + u64::from(record.depth);
        if wait_for > tip {
            return Err(refused(Code::NotDeepEnough, wait_for));
        }
        let block = chain.block(input.block_number).filter(|b| b.number <= tip);
        let block = block.ok_or_else(|| refused(Code::UnknownBlock, input.block_number))?;
        // What the chain's input head stands for; anything else has another.
        if *record.inputs[index as usize] != *input {
            return Err(refused(Code::WrongInputs, record.cursor));
        }
        let (hash, head) = (record.hashes[index as usize], record.heads[index as usize]);
        let context = context(head, block.hash);
        ordered.push(Ordered { index, hash, head, context, input, envelope: &untrusted.envelope.0 });
    }
    Ok(ordered)
}

/// The epochs whose keys open something of a state, whose heads must lead to the chain's.
fn epochs(ground: &Ground<'_>, state: &UntrustedState, bug: Option<Bug>) -> Result<BTreeSet<u64>, Stop> {
    let led = state.lead(genesis_state_head(ground.network, ground.contract)).ok_or(Code::WrongState)?;
    let is_right = led.head == ground.record.state_head && led.epoch == ground.record.sealed_epoch;
    if (!is_right && bug != Some(Bug::EnclaveForgetsHead)) || led.opening.contains(&0) {
        return Err(Code::WrongState.into());
    }
    Ok(led.opening)
}

fn rebuild(ground: &Ground<'_>, state: &UntrustedState) -> Option<Model> {
    let (mut epoch, mut world) = (0, Model::default());
    if let Some(base) = &state.base {
        epoch = base.epoch;
        world = Model::from_bytes(open(ground.contract, epoch, base.head_before, &base.snapshot.0)?)?;
    }
    for step in &state.steps {
        match step {
            Step::Delta(delta) => {
                let context = context(delta.input_head, delta.block_hash);
                let bytes = open(ground.contract, epoch, context, &delta.delta.0)?;
                world.apply(&Change::from_bytes(bytes)?);
            }
            Step::Skipped(_) => {}
            Step::Folded(fold) => epoch = fold.epoch,
        }
    }
    Some(world)
}

/// Whether a key node, whose view is block `height`, gives a worker its part of a key.
pub fn releases(chain: &Chain, height: u64, worker: u64, key: KeyId, group_epoch: u64) -> bool {
    let (purpose, contract, epoch) = key;
    let Some(block) = chain.block(height) else { return false };
    let state = &block.state;
    let (current, _) = state.epoch_at(height + 1);
    let is_next = group_epoch == current + 1 && state.next_seeded(height + 1);
    if !(group_epoch == current || is_next) || epoch > group_epoch {
        return false;
    }
    let Some(record) = state.contracts.get(&contract) else { return false };
    let lost = state.lost.get(&contract).is_some_and(|l| height >= l.since + chain.rules.epoch_length);
    let oldest = match purpose {
        Use::Input => group_epoch.saturating_sub(chain.rules.window),
        Use::State if lost => 0,
        Use::State if record.sealed_epoch > 0 => record.sealed_epoch,
        Use::State => group_epoch,
    };
    let (order, ids) = state.order(contract, group_epoch);
    let position = ids.iter().position(|&id| id == worker).and_then(|rank| order.position(rank));
    let Some(position) = position.filter(|_| epoch >= oldest) else { return false };
    if position < usize::from(record.signers) || chain.rules.bug == Some(Bug::ForgetsClock) {
        return true;
    }
    let Some(pending) = record.inputs.get(record.cursor as usize).filter(|_| !is_next) else { return false };
    let elapsed = state.marks(record, pending.block_number, height + 1).elapsed(height + 1);
    elapsed >= chain.rules.terms(record.signers).wait(position)
}
