//! What a worker tracks of one secret contract.

use alloy_primitives::{Address, B256};
use enigma_chain::{CommitEvent, InputEvent};
use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};
use enigma_protocol::{
    door::{UntrustedDelta, UntrustedInput},
    network::Descriptor,
    state::genesis_state_head,
};

/// Most inputs that the chain lets be pending.
const MAX_PENDING: usize = 256;

/// An input that waits to be committed.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) index: u64,
    pub(crate) head: B256,
    pub(crate) block_hash: B256,
    pub(crate) untrusted: UntrustedInput,
}

/// The snapshot that the newest deltas stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// State head before the snapshot was folded in.
    pub(crate) head_before: B256,
    /// keccak256 of the sealed snapshot.
    pub(crate) hash: B256,
    /// Index of the first delta on it.
    pub(crate) first_index: u64,
}

/// One secret contract as the events tell it. A cache: enclaves and the chain check what is built from it.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) state_head: B256,
    pub(crate) base: Option<Base>,
    pub(crate) pending: Vec<Pending>,
}

impl Track {
    /// A contract before its first input.
    pub(crate) fn new(descriptor: &Descriptor, contract: Address) -> Self {
        let state_head = genesis_state_head(descriptor.network(), contract);
        Self { state_head, base: None, pending: Vec::new() }
    }

    /// Notes a new input.
    pub(crate) fn input(&mut self, event: InputEvent) {
        self.pending.push(Pending {
            index: event.index,
            head: event.head,
            block_hash: event.block_hash,
            untrusted: UntrustedInput {
                input: event.input,
                envelope: event.envelope.into(),
                code: event.code.into(),
            },
        });
    }

    /// Notes a commit; returns the deltas that it brought, by index. A new snapshot makes the older ones useless.
    pub(crate) fn commit(&mut self, event: &CommitEvent) -> Vec<(u64, UntrustedDelta)> {
        if !event.snapshot_hash.is_zero() {
            self.base = Some(Base {
                head_before: self.state_head,
                hash: event.snapshot_hash,
                first_index: event.first_index,
            });
        }
        self.state_head = event.state_head;
        let range = event.first_index..=event.last_index;
        let (done, left) = std::mem::take(&mut self.pending).into_iter().partition(|p| range.contains(&p.index));
        self.pending = left;
        let done: Vec<Pending> = done;
        done.into_iter()
            .zip(&event.outcomes)
            .map(|(p, outcome)| {
                let delta = UntrustedDelta {
                    input_hash: p.untrusted.input.hash(event.contract, p.index),
                    input_head: p.head,
                    block_hash: p.block_hash,
                    delta: outcome.delta.clone().into(),
                };
                (p.index, delta)
            })
            .collect()
    }
}

impl Encode for Pending {
    fn encode(&self, w: &mut Writer) {
        w.u64(self.index).put(&self.head).put(&self.block_hash).put(&self.untrusted);
    }
}

impl Decode for Pending {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { index: r.get()?, head: r.get()?, block_hash: r.get()?, untrusted: r.get()? })
    }
}

impl Encode for Base {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.head_before).put(&self.hash).u64(self.first_index);
    }
}

impl Decode for Base {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { head_before: r.get()?, hash: r.get()?, first_index: r.get()? })
    }
}

impl Encode for Track {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.state_head).put(&self.base).slice(&self.pending);
    }
}

impl Decode for Track {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { state_head: r.get()?, base: r.get()?, pending: r.vec(MAX_PENDING)? })
    }
}
