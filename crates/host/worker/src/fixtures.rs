//! Events of one contract as a sound chain would tell them, for the tests of this crate.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_chain::{CommitEvent, Event, InputEvent, SkipEvent, TaskOutcome};
use enigma_protocol::{
    input::{Input, Kind, genesis_input_head, next_input_head},
    network::{Descriptor, RULESET, VERIFIER_DEV, simulated_root},
    receipt::Status,
    state::{fold_snapshot, genesis_state_head, next_state_head},
};

pub(crate) const CONTRACT: Address = Address::repeat_byte(5);

pub(crate) fn descriptor() -> Descriptor {
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

/// A chain's side of one contract.
pub(crate) struct Teller {
    input_head: B256,
    state_head: B256,
    inputs: Vec<Input>,
    cursor: u64,
}

impl Teller {
    pub(crate) fn new() -> Self {
        let network = descriptor().network();
        Self {
            input_head: genesis_input_head(network, CONTRACT),
            state_head: genesis_state_head(network, CONTRACT),
            inputs: Vec::new(),
            cursor: 0,
        }
    }

    pub(crate) fn input(&mut self) -> InputEvent {
        let index = self.inputs.len() as u64;
        let envelope = vec![index as u8; 3];
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
            envelope_hash: keccak256(&envelope),
        };
        self.input_head = next_input_head(self.input_head, input.hash(CONTRACT, index));
        self.inputs.push(input.clone());
        InputEvent {
            contract: CONTRACT,
            index,
            head: self.input_head,
            input,
            envelope,
            code: Vec::new(),
            block_hash: B256::repeat_byte(9),
            transaction: B256::ZERO,
        }
    }

    /// A commit of the next `count` inputs; with a snapshot, the first of an epoch.
    pub(crate) fn commit(&mut self, count: u64, snapshot: B256) -> CommitEvent {
        let (first, last) = (self.cursor, self.cursor + count - 1);
        if !snapshot.is_zero() {
            self.state_head = fold_snapshot(self.state_head, snapshot);
        }
        let outcomes = (first..=last).map(|index| {
            let delta = vec![index as u8];
            let hash = self.inputs[index as usize].hash(CONTRACT, index);
            self.state_head = next_state_head(self.state_head, hash, keccak256(&delta));
            TaskOutcome {
                status: Status::Completed,
                gas_charged: 1,
                pay: U256::ZERO,
                output: Vec::new(),
                delta,
            }
        });
        let outcomes = outcomes.collect();
        self.cursor = last + 1;
        CommitEvent {
            contract: CONTRACT,
            first_index: first,
            last_index: last,
            epoch: 2,
            state_head: self.state_head,
            snapshot_hash: snapshot,
            outcomes,
            block_number: 20,
            timestamp: 1,
            transaction: B256::ZERO,
        }
    }

    pub(crate) fn skip(&mut self) -> SkipEvent {
        let index = self.cursor;
        let hash = self.inputs[index as usize].hash(CONTRACT, index);
        self.state_head = next_state_head(self.state_head, hash, B256::ZERO);
        self.cursor += 1;
        SkipEvent {
            contract: CONTRACT,
            index,
            state_head: self.state_head,
            sender: Address::ZERO,
            refund: U256::ZERO,
            block_number: 30,
            timestamp: 1,
            transaction: B256::ZERO,
        }
    }

    pub(crate) fn state_head(&self) -> B256 {
        self.state_head
    }
}

pub(crate) fn input(event: InputEvent) -> Event {
    Event::Input(Box::new(event))
}

pub(crate) fn commit(event: CommitEvent) -> Event {
    Event::Commit(Box::new(event))
}
