//! One contract from its first input to its last commit, judged event by event.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, keccak256};
use enigma_chain::{CommitEvent, Event, InputEvent, SkipEvent};
use enigma_evm::World;
use enigma_primitives::Encode;
use enigma_protocol::{
    input::{Kind, genesis_input_head, next_input_head},
    outbound::OutboundKind,
    snapshot::snapshot_hash,
    state::{fold_snapshot, genesis_state_head, next_state_head},
};

use super::{
    Audited, Committee, Difference, History,
    task::{LABEL, Told, told},
};

/// Every contract of the history, at the end compared with where the chain has it.
pub(super) fn all(
    history: &History,
    committee: &mut Committee,
) -> Result<BTreeMap<Address, Audited>, Difference> {
    let mut replays: BTreeMap<Address, Replay> = BTreeMap::new();
    for event in &history.events {
        let of = |contract: Address| Difference { contract, index: 0, what: "was not created".into() };
        match event {
            Event::Created(created) => {
                let replay = Replay::new(committee.descriptor().network(), created.contract);
                if replays.insert(created.contract, replay).is_some() {
                    let what = "was created twice".into();
                    return Err(Difference { contract: created.contract, index: 0, what });
                }
            }
            Event::Input(input) => {
                replays.get_mut(&input.contract).ok_or(of(input.contract))?.input(history, input)?;
            }
            Event::Commit(commit) => {
                let replay = replays.get_mut(&commit.contract).ok_or(of(commit.contract))?;
                replay.commit(history, committee, commit)?;
            }
            Event::Skipped(skip) => {
                replays.get_mut(&skip.contract).ok_or(of(skip.contract))?.skip(skip)?;
            }
            _ => {}
        }
    }
    replays.into_iter().map(|(contract, replay)| Ok((contract, replay.end(history)?))).collect()
}

struct Replay {
    contract: Address,
    input_head: B256,
    inputs: Vec<(B256, InputEvent)>,
    sealed_epoch: u64,
    so_far: Audited,
}

impl Replay {
    fn new(network: B256, contract: Address) -> Self {
        Self {
            contract,
            input_head: genesis_input_head(network, contract),
            inputs: Vec::new(),
            sealed_epoch: 0,
            so_far: Audited {
                executed: 0,
                unopened: 0,
                skipped: 0,
                snapshots: 0,
                sent: 0,
                calls: 0,
                pending: 0,
                head: genesis_state_head(network, contract),
                world: World::empty(contract),
            },
        }
    }

    fn cursor(&self) -> u64 {
        self.so_far.executed + self.so_far.skipped
    }

    fn input(&mut self, history: &History, event: &InputEvent) -> Result<(), Difference> {
        let index = self.inputs.len() as u64;
        self.same("the index of an input", index, &index, &event.index)?;
        let hash = event.input.hash(self.contract, index);
        self.input_head = next_input_head(self.input_head, hash);
        self.same("the input head", index, &self.input_head, &event.head)?;
        let of_code = if event.input.kind == Kind::Deploy { keccak256(&event.code) } else { B256::ZERO };
        self.same("the hash of the code", index, &of_code, &event.input.code_hash)?;
        let of_envelope = keccak256(&event.envelope);
        self.same("the hash of the envelope", index, &of_envelope, &event.input.envelope_hash)?;
        let block = history.hashes.get(&event.input.block_number).copied();
        self.same("the block of an input", index, &block, &Some(event.block_hash))?;
        self.inputs.push((hash, event.clone()));
        Ok(())
    }

    fn commit(
        &mut self,
        history: &History,
        committee: &mut Committee,
        event: &CommitEvent,
    ) -> Result<(), Difference> {
        let first = self.cursor();
        self.same("the first input of a receipt", first, &first, &event.first_index)?;
        let count = event.outcomes.len() as u64;
        self.same("the last input of a receipt", first, &(first + count), &(event.last_index + 1))?;
        let sealing = committee.state_key(self.contract, event.epoch);
        let snapshot = if event.epoch == self.sealed_epoch {
            B256::ZERO
        } else {
            let world = self.so_far.world.to_bytes();
            let sealed = sealing.seal_snapshot(LABEL, self.so_far.head, &world).expect("it can be sealed");
            snapshot_hash(&sealed.0)
        };
        self.same("the hash of the snapshot", first, &snapshot, &event.snapshot_hash)?;
        if snapshot != B256::ZERO {
            self.so_far.head = fold_snapshot(self.so_far.head, snapshot);
            self.so_far.snapshots += 1;
            self.sealed_epoch = event.epoch;
        }
        for outcome in &event.outcomes {
            let index = self.cursor();
            let Some((hash, input)) = self.inputs.get(index as usize) else {
                return Err(self.differs(index, "an input was executed that nobody sent".into()));
            };
            let Told { status, gas_charged, output, delta, outbound } =
                told(history, committee, &self.so_far.world, input, event.epoch);
            let sealed =
                sealing.seal_delta(LABEL, input_context(input), &delta.to_bytes()).expect("it can be sealed");
            let head = next_state_head(self.so_far.head, *hash, keccak256(&sealed.0));
            self.same("the status", index, &status, &outcome.status)?;
            self.same("the charged gas", index, &gas_charged, &outcome.gas_charged)?;
            self.same_bytes("the output", index, &output, &outcome.output)?;
            self.same_bytes("the sealed delta", index, &sealed.0, &outcome.delta)?;
            self.so_far.head = head;
            self.so_far.world.apply(&delta);
            for call in outbound {
                self.so_far.sent += call.value.to::<u128>();
                self.so_far.calls += u64::from(call.kind == OutboundKind::Call);
            }
            self.so_far.executed += 1;
            self.so_far.unopened += u64::from(status == enigma_protocol::receipt::Status::Unopened);
        }
        self.same("the state head after a receipt", first, &self.so_far.head, &event.state_head)
    }

    fn skip(&mut self, event: &SkipEvent) -> Result<(), Difference> {
        let index = self.cursor();
        self.same("the index of what was skipped", index, &index, &event.index)?;
        let Some((hash, input)) = self.inputs.get(index as usize) else {
            return Err(self.differs(index, "an input was skipped that nobody sent".into()));
        };
        self.same("the sender of what was skipped", index, &input.input.sender, &event.sender)?;
        self.so_far.head = next_state_head(self.so_far.head, *hash, B256::ZERO);
        self.so_far.skipped += 1;
        self.same("the state head after a skip", index, &self.so_far.head, &event.state_head)
    }

    fn end(mut self, history: &History) -> Result<Audited, Difference> {
        let (inputs, cursor) = (self.inputs.len() as u64, self.cursor());
        let Some(standing) = history.standings.get(&self.contract) else {
            return Err(self.differs(cursor, "the chain has no such contract".into()));
        };
        self.same("the number of inputs", cursor, &inputs, &standing.inputs)?;
        self.same("the cursor", cursor, &cursor, &standing.cursor)?;
        self.same("the epoch of the last snapshot", cursor, &self.sealed_epoch, &standing.sealed_epoch)?;
        self.same("the wei of its outbound calls", cursor, &self.so_far.sent, &standing.sent)?;
        self.same("its numbered outbound calls", cursor, &self.so_far.calls, &standing.calls)?;
        self.same("the state head in the end", cursor, &self.so_far.head, &standing.head)?;
        self.so_far.pending = inputs - cursor;
        Ok(self.so_far)
    }

    fn differs(&self, index: u64, what: String) -> Difference {
        Difference { contract: self.contract, index, what }
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &str,
        index: u64,
        here: &T,
        chain: &T,
    ) -> Result<(), Difference> {
        if here == chain {
            return Ok(());
        }
        Err(self.differs(index, format!("{what}: executed again {here:?}, on the chain {chain:?}")))
    }

    fn same_bytes(&self, what: &str, index: u64, here: &[u8], chain: &[u8]) -> Result<(), Difference> {
        let hashes = (here.len(), keccak256(here));
        self.same(what, index, &hashes, &(chain.len(), keccak256(chain)))
    }
}

/// What everything of a task derives from.
fn input_context(event: &InputEvent) -> B256 {
    enigma_protocol::input::context(event.head, event.block_hash)
}
