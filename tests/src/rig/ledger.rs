//! Inputs and commits as the events tell them: what a worker's host stores.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, CommitEvent, Event, InputEvent, SkipEvent};
use enigma_protocol::{
    door::{UntrustedBase, UntrustedDelta, UntrustedInput, UntrustedSkip, UntrustedStep},
    input::Input,
    network::Descriptor,
    state::{UntrustedState, genesis_state_head},
};

/// The snapshot that the newest steps stand on.
#[derive(Clone, Copy)]
struct Base {
    head_before: B256,
    epoch: u64,
    hash: B256,
}

/// One secret contract.
pub(super) struct Track {
    state_head: B256,
    base: Option<Base>,
    /// What moved the state head since.
    steps: Vec<UntrustedStep>,
    pub(super) inputs: Vec<InputEvent>,
    /// Index of the oldest pending input.
    pub(super) cursor: usize,
}

impl Track {
    fn new(network: B256, contract: Address) -> Self {
        Self {
            state_head: genesis_state_head(network, contract),
            base: None,
            steps: Vec::new(),
            inputs: Vec::new(),
            cursor: 0,
        }
    }

    /// The oldest `count` pending inputs.
    pub(super) fn next(&self, count: usize) -> &[InputEvent] {
        &self.inputs[self.cursor..self.cursor + count]
    }

    /// The oldest pending input.
    pub(super) fn oldest(&self) -> Option<&Input> {
        self.inputs.get(self.cursor).map(|event| &event.input)
    }

    fn commit(&mut self, event: &CommitEvent) {
        assert_eq!(event.first_index, self.cursor as u64, "commits go on where the last one ended");
        if !event.snapshot_hash.is_zero() {
            let (head_before, epoch, hash) = (self.state_head, event.epoch, event.snapshot_hash);
            self.base = Some(Base { head_before, epoch, hash });
            self.steps.clear();
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
            self.steps.push(UntrustedStep::Delta(delta));
        }
        self.cursor = event.last_index as usize + 1;
    }

    fn skip(&mut self, event: &SkipEvent) {
        assert_eq!(event.index, self.cursor as u64, "skips go on where the last commit ended");
        let input_hash = self.inputs[self.cursor].input.hash(event.contract, event.index);
        self.steps.push(UntrustedStep::Skipped(UntrustedSkip { input_hash }));
        self.state_head = event.state_head;
        self.cursor += 1;
    }

    /// The sealed state, from the snapshots that are kept.
    pub(super) fn state(&self, snapshots: &BTreeMap<B256, Vec<u8>>) -> UntrustedState {
        let steps = self.steps.clone();
        let Some(Base { head_before, epoch, hash }) = self.base else {
            return UntrustedState { base: None, steps };
        };
        let Some(snapshot) = snapshots.get(&hash) else { panic!("snapshot {hash} of epoch {epoch} is kept") };
        let base = UntrustedBase { head_before, epoch, snapshot: snapshot.clone().into() };
        UntrustedState { base: Some(base), steps }
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

    fn track(&mut self, contract: Address) -> &mut Track {
        self.tracks.get_mut(&contract).expect("inputs come first")
    }

    /// Reads events up to block `height`.
    pub(super) async fn follow(&mut self, chain: &Chain, height: u64) {
        if height <= self.followed {
            return;
        }
        let span = chain.events(self.followed + 1, height).await.expect("events");
        for event in span.events {
            match event {
                Event::Input(input) => {
                    let network = self.network;
                    let track = self.tracks.entry(input.contract);
                    let track = track.or_insert_with(|| Track::new(network, input.contract));
                    assert_eq!(input.index, track.inputs.len() as u64, "inputs come in the order of the log");
                    track.inputs.push(*input);
                }
                Event::Commit(commit) => {
                    self.track(commit.contract).commit(&commit);
                    self.commits.push(*commit);
                }
                Event::Skipped(skip) => self.track(skip.contract).skip(&skip),
                _ => {}
            }
        }
        self.followed = height;
    }
}
