//! What a worker tracks of one secret contract. Everything that an event says is checked against the heads that went
//! before: an endpoint that leaves something out, or tells it twice, is noticed here.

use alloy_primitives::{Address, B256, keccak256};
use enigma_chain::{CommitEvent, InputEvent, SkipEvent};
use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};
use enigma_protocol::{
    door::{UntrustedBase, UntrustedDelta, UntrustedFold, UntrustedInput, UntrustedSkip, UntrustedStep},
    input::{genesis_input_head, next_input_head},
    state::{fold_snapshot, genesis_state_head, next_state_head},
};

use crate::{Error, Result};

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

/// The snapshot that the newest steps stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// State head before the snapshot was folded in.
    pub(crate) head_before: B256,
    /// The snapshot's hash.
    pub(crate) hash: B256,
    /// Epoch whose state key seals it.
    pub(crate) epoch: u64,
    /// Index of the first input after it.
    pub(crate) first_index: u64,
}

impl Base {
    /// The same with its sealed snapshot, as an enclave takes it.
    pub(crate) fn with(self, snapshot: Vec<u8>) -> UntrustedBase {
        UntrustedBase { head_before: self.head_before, epoch: self.epoch, snapshot: snapshot.into() }
    }
}

/// What one event adds to the chain of state heads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    /// A snapshot that was folded in first.
    pub(crate) fold: Option<UntrustedFold>,
    /// Tasks and skipped inputs, by index.
    pub(crate) steps: Vec<(u64, UntrustedStep)>,
}

/// One secret contract as the events tell it. A cache: enclaves and the chain check what is built from it.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    contract: Address,
    /// Input head after the newest input.
    input_head: B256,
    pub(crate) state_head: B256,
    pub(crate) base: Option<Base>,
    /// Index of the oldest pending input. Steps from here on, if the database holds any, are of a fork.
    pub(crate) cursor: u64,
    pub(crate) pending: Vec<Pending>,
    /// The snapshot that is declared lost.
    pub(crate) lost: Option<B256>,
}

impl Track {
    /// A contract before its first input.
    pub(crate) fn new(network: B256, contract: Address) -> Self {
        Self {
            contract,
            input_head: genesis_input_head(network, contract),
            state_head: genesis_state_head(network, contract),
            base: None,
            cursor: 0,
            pending: Vec::new(),
            lost: None,
        }
    }

    fn next_index(&self) -> u64 {
        self.cursor.saturating_add(self.pending.len() as u64)
    }

    fn nonsense<T>(&self, what: &'static str) -> Result<T> {
        Err(Error::Nonsense { contract: self.contract, what })
    }

    /// Notes a new input.
    pub(crate) fn input(&mut self, event: InputEvent) -> Result<()> {
        if event.index != self.next_index() || self.pending.len() >= MAX_PENDING {
            return self.nonsense("an input is not the next one");
        }
        let head = next_input_head(self.input_head, event.input.hash(self.contract, event.index));
        if head != event.head || keccak256(&event.envelope) != event.input.envelope_hash {
            return self.nonsense("an input does not hash to its head");
        }
        self.input_head = head;
        self.pending.push(Pending {
            index: event.index,
            head,
            block_hash: event.block_hash,
            untrusted: UntrustedInput {
                input: event.input,
                envelope: event.envelope.into(),
                code: event.code.into(),
            },
        });
        Ok(())
    }

    /// Notes a commit. A new snapshot makes older ones useless.
    pub(crate) fn commit(&mut self, event: &CommitEvent) -> Result<Steps> {
        let count = event.outcomes.len();
        let range = event.first_index..=event.last_index;
        if event.first_index != self.cursor || range.count() != count || count > self.pending.len() {
            return self.nonsense("a commit is not of the oldest inputs");
        }
        let mut head = self.state_head;
        let mut steps = Steps::default();
        let mut base = self.base;
        if !event.snapshot_hash.is_zero() {
            let fold = UntrustedFold { epoch: event.epoch, snapshot_hash: event.snapshot_hash };
            base = Some(Base {
                head_before: head,
                hash: event.snapshot_hash,
                epoch: event.epoch,
                first_index: event.first_index,
            });
            head = fold_snapshot(head, event.snapshot_hash);
            steps.fold = Some(fold);
        }
        for (p, outcome) in self.pending.iter().zip(&event.outcomes) {
            let delta = UntrustedDelta {
                input_hash: p.untrusted.input.hash(self.contract, p.index),
                input_head: p.head,
                block_hash: p.block_hash,
                delta: outcome.delta.clone().into(),
            };
            head = next_state_head(head, delta.input_hash, keccak256(&delta.delta.0));
            steps.steps.push((p.index, UntrustedStep::Delta(delta)));
        }
        if head != event.state_head {
            return self.nonsense("a commit's deltas do not lead to its state head");
        }
        self.pending.drain(..count);
        self.base = base;
        self.moved(event.last_index, head);
        Ok(steps)
    }

    /// Notes that the oldest input was skipped.
    pub(crate) fn skip(&mut self, event: &SkipEvent) -> Result<Steps> {
        let Some(oldest) = self.pending.first().filter(|p| p.index == event.index) else {
            return self.nonsense("a skipped input is not the oldest");
        };
        let input_hash = oldest.untrusted.input.hash(self.contract, event.index);
        let head = next_state_head(self.state_head, input_hash, B256::ZERO);
        if head != event.state_head {
            return self.nonsense("a skipped input does not lead to the state head");
        }
        self.pending.remove(0);
        self.moved(event.index, head);
        let step = UntrustedStep::Skipped(UntrustedSkip { input_hash });
        Ok(Steps { fold: None, steps: vec![(event.index, step)] })
    }

    fn moved(&mut self, last: u64, head: B256) {
        self.cursor = last.saturating_add(1);
        self.state_head = head;
    }
}

impl Encode for Pending {
    fn encode(&self, w: &mut Writer) {
        w.u64(self.index).put(&self.head).put(&self.block_hash).put(&self.untrusted);
    }
}

impl Decode for Pending {
    fn decode(r: &mut Reader<'_>) -> std::result::Result<Self, DecodeError> {
        Ok(Self { index: r.get()?, head: r.get()?, block_hash: r.get()?, untrusted: r.get()? })
    }
}

impl Encode for Base {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.head_before).put(&self.hash).u64(self.epoch).u64(self.first_index);
    }
}

impl Decode for Base {
    fn decode(r: &mut Reader<'_>) -> std::result::Result<Self, DecodeError> {
        Ok(Self { head_before: r.get()?, hash: r.get()?, epoch: r.get()?, first_index: r.get()? })
    }
}

impl Encode for Track {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.contract).put(&self.input_head).put(&self.state_head).put(&self.base);
        w.u64(self.cursor).slice(&self.pending).put(&self.lost);
    }
}

impl Decode for Track {
    fn decode(r: &mut Reader<'_>) -> std::result::Result<Self, DecodeError> {
        Ok(Self {
            contract: r.get()?,
            input_head: r.get()?,
            state_head: r.get()?,
            base: r.get()?,
            cursor: r.get()?,
            pending: r.vec(MAX_PENDING)?,
            lost: r.get()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{CONTRACT, Teller, descriptor};

    fn track() -> Track {
        Track::new(descriptor().network(), CONTRACT)
    }

    #[test]
    fn commits_and_skips_turn_pending_inputs_into_steps_on_the_newest_snapshot() {
        let (mut chain, mut track) = (Teller::new(), track());
        for _ in 0..5 {
            track.input(chain.input()).unwrap();
        }
        let genesis = chain.state_head();
        let steps = track.commit(&chain.commit(2, B256::repeat_byte(7))).unwrap();
        assert_eq!(steps.steps.iter().map(|s| s.0).collect::<Vec<_>>(), [0, 1]);
        let base = Base { head_before: genesis, hash: B256::repeat_byte(7), epoch: 2, first_index: 0 };
        assert_eq!((track.base, steps.fold.unwrap().epoch), (Some(base), 2));
        let steps = track.skip(&chain.skip()).unwrap();
        assert!(matches!(steps.steps[..], [(2, UntrustedStep::Skipped(_))]));
        assert_eq!(track.base, Some(base), "a skip stands on the old snapshot");
        let before = chain.state_head();
        track.commit(&chain.commit(1, B256::repeat_byte(8))).unwrap();
        let newer = Base { head_before: before, hash: B256::repeat_byte(8), epoch: 2, first_index: 3 };
        assert_eq!((track.base, track.cursor, track.pending.len()), (Some(newer), 4, 1));
        assert_eq!(track.state_head, chain.state_head());
    }

    #[test]
    fn what_was_left_out_told_twice_or_changed_is_noticed() {
        let mut chain = Teller::new();
        let (first, second) = (chain.input(), chain.input());
        let mut fresh = track();
        assert!(fresh.input(second.clone()).is_err(), "an input is missing");
        fresh.input(first.clone()).unwrap();
        assert!(fresh.input(first.clone()).is_err(), "an input came twice");
        let mut changed = second.clone();
        changed.input.gas_limit += 1;
        assert!(fresh.input(changed).is_err(), "an input was changed");
        let mut swapped = second.clone();
        swapped.envelope.push(0);
        assert!(fresh.input(swapped).is_err(), "an envelope was changed");
        fresh.input(second).unwrap();

        let one = chain.commit(1, B256::repeat_byte(7));
        let two = chain.commit(1, B256::ZERO);
        assert!(fresh.commit(&two).is_err(), "a commit is missing");
        let mut forged = one.clone();
        forged.outcomes[0].delta.push(1);
        assert!(fresh.commit(&forged).is_err(), "a delta was changed");
        let mut hidden = one.clone();
        hidden.snapshot_hash = B256::ZERO;
        assert!(fresh.commit(&hidden).is_err(), "a snapshot was left out");
        let before = fresh.to_bytes();
        fresh.commit(&one).unwrap();
        assert_ne!(fresh.to_bytes(), before);
        assert!(fresh.commit(&one).is_err(), "a commit came twice");
        fresh.commit(&two).unwrap();
    }

    #[test]
    fn a_skip_of_another_than_the_oldest_input_is_noticed() {
        let (mut chain, mut track) = (Teller::new(), track());
        track.input(chain.input()).unwrap();
        track.input(chain.input()).unwrap();
        let (first, second) = (chain.skip(), chain.skip());
        assert!(track.skip(&second).is_err());
        track.skip(&first).unwrap();
        assert!(track.skip(&first).is_err());
        track.skip(&second).unwrap();
    }

    #[test]
    fn a_track_survives_the_database() {
        let (mut chain, mut track) = (Teller::new(), track());
        for _ in 0..3 {
            track.input(chain.input()).unwrap();
        }
        track.commit(&chain.commit(1, B256::repeat_byte(7))).unwrap();
        let bytes = track.to_bytes();
        let again = Track::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!(again.pending.len(), 2);
        assert!((0..bytes.len()).all(|cut| Track::from_bytes(&bytes[..cut]).is_err()));
    }
}
