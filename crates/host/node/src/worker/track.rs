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
    /// Index of the next input to be committed. Deltas from here on, if the database holds any, are of a fork.
    pub(crate) committed: u64,
    pub(crate) pending: Vec<Pending>,
}

impl Track {
    /// A contract before its first input.
    pub(crate) fn new(descriptor: &Descriptor, contract: Address) -> Self {
        let state_head = genesis_state_head(descriptor.network(), contract);
        Self { state_head, base: None, committed: 0, pending: Vec::new() }
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
        self.committed = event.last_index.saturating_add(1);
        let range = event.first_index..=event.last_index;
        let (done, left) =
            std::mem::take(&mut self.pending).into_iter().partition(|p| range.contains(&p.index));
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
        w.put(&self.state_head).put(&self.base).u64(self.committed).slice(&self.pending);
    }
}

impl Decode for Track {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { state_head: r.get()?, base: r.get()?, committed: r.get()?, pending: r.vec(MAX_PENDING)? })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;
    use enigma_chain::TaskOutcome;
    use enigma_protocol::{
        input::{Input, Kind},
        network::{RULESET, VERIFIER_DEV, simulated_root},
        receipt::Status,
    };

    use super::*;

    const CONTRACT: Address = Address::repeat_byte(5);

    fn descriptor() -> Descriptor {
        Descriptor {
            chain_id: 31_337,
            enigma: Address::repeat_byte(1),
            checkpoint_number: 1,
            checkpoint_hash: B256::repeat_byte(2),
            verifier: VERIFIER_DEV,
            attestation_root: simulated_root(),
            ruleset: RULESET,
            public_key: [3; 96],
        }
    }

    fn input(index: u64) -> InputEvent {
        let input = Input {
            kind: if index == 0 { Kind::Deploy } else { Kind::Task },
            sender: Address::ZERO,
            on_behalf_of: B256::ZERO,
            value: U256::ZERO,
            gas_limit: 1,
            commit_gas: 1,
            price_cap: 1,
            tip: 1,
            epoch: 2,
            inclusion_epoch: 2,
            block_number: 10 + index,
            timestamp: 1,
            base_fee: 1,
            inflow: U256::ZERO,
            code_hash: B256::ZERO,
            envelope_hash: B256::ZERO,
        };
        InputEvent {
            contract: CONTRACT,
            index,
            head: B256::with_last_byte(index as u8),
            input,
            envelope: vec![1, 2, 3],
            code: Vec::new(),
            block_hash: B256::repeat_byte(9),
            transaction: B256::ZERO,
        }
    }

    fn commit(first: u64, last: u64, snapshot: B256, head: u8) -> CommitEvent {
        let outcome = |i: u64| TaskOutcome {
            status: Status::Completed,
            gas_charged: 1,
            pay: U256::ZERO,
            output: Vec::new(),
            delta: vec![i as u8],
        };
        CommitEvent {
            contract: CONTRACT,
            first_index: first,
            last_index: last,
            epoch: 2,
            state_head: B256::repeat_byte(head),
            snapshot_hash: snapshot,
            outcomes: (first..=last).map(outcome).collect(),
            block_number: 20,
            timestamp: 1,
            transaction: B256::ZERO,
        }
    }

    #[test]
    fn commits_turn_pending_inputs_into_deltas_on_the_newest_snapshot() {
        let mut track = Track::new(&descriptor(), CONTRACT);
        let genesis = track.state_head;
        (0..4).for_each(|i| track.input(input(i)));
        let deltas = track.commit(&commit(0, 1, B256::repeat_byte(7), 11));
        assert_eq!(deltas.iter().map(|d| d.0).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(deltas[1].1.delta.0, [1]);
        assert_eq!(deltas[1].1.input_hash, input(1).input.hash(CONTRACT, 1));
        let base = Base { head_before: genesis, hash: B256::repeat_byte(7), first_index: 0 };
        assert_eq!(track.base, Some(base));
        track.commit(&commit(2, 2, B256::ZERO, 12));
        assert_eq!(track.base, Some(base), "a commit without a snapshot stands on the old one");
        track.commit(&commit(3, 3, B256::repeat_byte(8), 13));
        let newer = Base { head_before: B256::repeat_byte(12), hash: B256::repeat_byte(8), first_index: 3 };
        assert_eq!(track.base, Some(newer));
        assert!(track.pending.is_empty());
        assert_eq!(track.committed, 4);
        assert_eq!(track.state_head, B256::repeat_byte(13));
    }

    #[test]
    fn a_track_survives_the_database() {
        let mut track = Track::new(&descriptor(), CONTRACT);
        (0..3).for_each(|i| track.input(input(i)));
        track.commit(&commit(0, 0, B256::repeat_byte(7), 11));
        let bytes = track.to_bytes();
        let again = Track::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!(again.pending.len(), 2);
        assert!((0..bytes.len()).all(|cut| Track::from_bytes(&bytes[..cut]).is_err()));
    }
}
