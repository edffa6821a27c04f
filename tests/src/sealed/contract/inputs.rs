//! Secret contracts and their inputs.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_protocol::{
    door::UntrustedInput,
    input::{Input, Kind, RING, genesis_input_head, next_input_head},
    layout,
    state::genesis_state_head,
};

use super::{Enigma, field, from_b256, with_field, word};
use crate::sealed::{
    chain::{BASE_FEE, Chain},
    stake::Storage,
};

/// What a sender offers and asks for.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Wei for the portal.
    pub value: U256,
    /// Gas inside.
    pub gas_limit: u64,
    /// Gas of the commit.
    pub commit_gas: u64,
    /// A forwarder's word.
    pub on_behalf_of: B256,
}

impl Default for Terms {
    fn default() -> Self {
        Self { value: U256::ZERO, gas_limit: 3_000_000, commit_gas: 2_000_000, on_behalf_of: B256::ZERO }
    }
}

impl Enigma {
    /// Creates a secret contract without an input.
    pub fn create(&mut self, contract: Address, signers: u8, depth: u8) {
        let network = self.network();
        let words = &mut self.chain.pending;
        words.set(layout::secret_contract(contract, 0), from_b256(genesis_state_head(network, contract)));
        let counters = word(&[(208, signers.into()), (216, depth.into())]);
        words.set(layout::secret_contract(contract, 1), counters);
        let genesis = from_b256(genesis_input_head(network, contract));
        words.set(layout::head(contract, RING - 1), genesis);
        self.events.entry(contract).or_default();
    }

    /// Logs an input in the pending block; returns its index.
    ///
    /// # Panics
    /// The contract was not created.
    #[expect(clippy::too_many_arguments, reason = "an input is what it is")]
    pub fn submit(
        &mut self,
        kind: Kind,
        contract: Address,
        sender: Address,
        terms: &Terms,
        epoch: u64,
        envelope: &[u8],
        code: &[u8],
    ) -> u64 {
        let (now, inclusion_epoch) = (self.now(), self.epoch());
        let events = self.events.get_mut(&contract).expect("a secret contract");
        let input = Input {
            kind,
            sender,
            on_behalf_of: terms.on_behalf_of,
            value: terms.value,
            gas_limit: terms.gas_limit,
            commit_gas: terms.commit_gas,
            price_cap: 100,
            tip: 1,
            epoch,
            inclusion_epoch,
            block_number: now,
            timestamp: Chain::time(now),
            base_fee: BASE_FEE.into(),
            inflow: events.portal.0 - events.portal.1,
            code_hash: if kind == Kind::Deploy { keccak256(code) } else { B256::ZERO },
            envelope_hash: keccak256(envelope),
        };
        let slot = layout::secret_contract(contract, 1);
        let counters = self.chain.pending.get(slot);
        let index = field(counters, 0, 64);
        let before = self.chain.pending.get(layout::head(contract, index.wrapping_sub(1)));
        let head = next_input_head(before.into(), input.hash(contract, index));
        self.chain.pending.set(layout::head(contract, index), from_b256(head));
        self.chain.pending.set(slot, with_field(counters, 0, 64, U256::from(index + 1)));
        let untrusted =
            UntrustedInput { input, envelope: envelope.to_vec().into(), code: code.to_vec().into() };
        events.inputs.push(untrusted);
        index
    }

    /// Index of the next input to be committed.
    pub fn cursor(&self, contract: Address) -> u64 {
        field(self.chain.pending.get(layout::secret_contract(contract, 1)), 64, 64)
    }

    /// Epoch of the last snapshot; 0 if none.
    pub fn sealed_epoch(&self, contract: Address) -> u64 {
        field(self.chain.pending.get(layout::secret_contract(contract, 1)), 128, 40)
    }

    /// The state head that the chain records.
    pub fn state_head(&self, contract: Address) -> B256 {
        self.chain.pending.get(layout::secret_contract(contract, 0)).into()
    }

    /// The input head after input `index`.
    pub fn input_head(&self, contract: Address, index: u64) -> B256 {
        self.chain.pending.get(layout::head(contract, index)).into()
    }
}
