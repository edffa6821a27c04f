//! Inputs and commits as the events tell them: what a worker's host stores.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, CommitEvent, InputEvent};
use enigma_protocol::{
    door::{UntrustedDelta, UntrustedInput, UntrustedState},
    network::Descriptor,
    state::genesis_state_head,
};

/// The snapshot that the newest deltas stand on.
#[derive(Clone, Copy)]
struct Base {
    head_before: B256,
    hash: B256,
    first_index: u64,
}

/// One secret contract.
pub(super) struct Track {
    state_head: B256,
    base: Option<Base>,
    deltas: BTreeMap<u64, UntrustedDelta>,
    pub(super) inputs: Vec<InputEvent>,
    /// Index of the oldest pending input.
    pub(super) cursor: usize,
}

impl Track {
    fn new(network: B256, contract: Address) -> Self {
        Self {
            state_head: genesis_state_head(network, contract),
            base: None,
            deltas: BTreeMap::new(),
            inputs: Vec::new(),
            cursor: 0,
        }
    }

    /// The oldest `count` pending inputs.
    pub(super) fn next(&self, count: usize) -> &[InputEvent] {
        &self.inputs[self.cursor..self.cursor + count]
    }

    fn commit(&mut self, event: &CommitEvent) {
        assert_eq!(event.first_index, self.cursor as u64, "commits go on where the last one ended");
        if !event.snapshot_hash.is_zero() {
            let (head_before, hash, first_index) = (self.state_head, event.snapshot_hash, event.first_index);
            self.base = Some(Base { head_before, hash, first_index });
        }
        self.state_head = event.state_head;
        for (index, outcome) in (event.first_index..=event.last_index).zip(&event.outcomes) {
            let input = &self.inputs[index as usize];
            let delta = UntrustedDelta {
                input_hash: input.input.hash(event.contract, index),
                input_head: input.head,
                block_hash: input.block_hash,
                delta: outcome.delta.clone().into(),
            };
            self.deltas.insert(index, delta);
        }
        self.cursor = event.last_index as usize + 1;
    }

    /// The sealed state, from the snapshots that are kept.
    pub(super) fn state(&self, snapshots: &BTreeMap<B256, Vec<u8>>) -> UntrustedState {
        let base = self.base.expect("a commit before");
        let deltas: Vec<_> = self.deltas.range(base.first_index..).map(|(_, d)| d.clone()).collect();
        let snapshot = snapshots[&base.hash].clone().into();
        UntrustedState { head_before: base.head_before, snapshot, deltas: deltas.into() }
    }
}

/// What an enclave needs to see of an input.
pub(super) fn untrusted(event: &InputEvent) -> UntrustedInput {
    let (envelope, code) = (event.envelope.clone().into(), event.code.clone().into());
    UntrustedInput { input: event.input.clone(), envelope, code }
}

/// Every secret contract.
pub(super) struct Ledger {
    network: B256,
    checkpoint: u64,
    followed: u64,
    pub(super) tracks: BTreeMap<Address, Track>,
    pub(super) commits: Vec<CommitEvent>,
}

impl Ledger {
    pub(super) fn new(descriptor: &Descriptor) -> Self {
        let checkpoint = descriptor.checkpoint_number;
        Self {
            network: descriptor.network(),
            checkpoint,
            followed: checkpoint,
            tracks: BTreeMap::new(),
            commits: Vec::new(),
        }
    }

    /// Starts over: the chain has dropped blocks.
    pub(super) fn forget(&mut self) {
        self.followed = self.checkpoint;
        self.tracks.clear();
        self.commits.clear();
    }

    /// Reads events up to block `height`.
    pub(super) async fn follow(&mut self, chain: &Chain, height: u64) {
        if height <= self.followed {
            return;
        }
        let (inputs, commits) = chain.events(self.followed + 1, height).await.expect("events");
        for input in inputs {
            let track =
                self.tracks.entry(input.contract).or_insert_with(|| Track::new(self.network, input.contract));
            assert_eq!(input.index, track.inputs.len() as u64, "inputs come in the order of the log");
            track.inputs.push(input);
        }
        for commit in commits {
            self.tracks.get_mut(&commit.contract).expect("inputs before a commit").commit(&commit);
            self.commits.push(commit);
        }
        self.followed = height;
    }
}
