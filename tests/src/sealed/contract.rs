//! What the Enigma contract stores, block by block, and which receipts it refuses. Signatures of beacons and of the
//! key generation are for the tests to check: no pairing happens here.

mod clock;
mod commit;
mod epochs;
mod inputs;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    door::{UntrustedBase, UntrustedDelta, UntrustedInput, UntrustedStep},
    state::UntrustedState,
};

use super::chain::Chain;

pub use clock::Standing;
pub use inputs::Terms;

/// The contract on its chain. What it does happens in the pending block; [`Chain::mine`] makes it so.
#[derive(Clone, Debug)]
pub struct Enigma {
    /// The chain, whose storage is the contract's.
    pub chain: Chain,
    /// Its address.
    pub address: Address,
    /// EIP-155.
    pub chain_id: u64,
    /// What events have told of secret contracts.
    pub events: BTreeMap<Address, Events>,
}

/// What anybody can read in the events of one secret contract.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// Every input, with its envelope and code.
    pub inputs: Vec<UntrustedInput>,
    /// What moved the state head, from the first input on.
    pub steps: Vec<UntrustedStep>,
    /// Every committed snapshot, and how many steps lead to it, its own folding in included.
    pub bases: Vec<(UntrustedBase, usize)>,
    /// Encrypted outputs, one a committed input.
    pub outputs: Vec<Vec<u8>>,
    /// Every committed delta.
    pub deltas: Vec<UntrustedDelta>,
    /// Epochs and workers that were slashed in them.
    pub slashed: Vec<(u64, u64)>,
    /// Wei on the portal, wei of task values that went there.
    portal: (U256, U256),
}

impl Events {
    /// The last snapshot and what happened since; from the beginning if there is none.
    pub fn state(&self) -> UntrustedState {
        self.bases
            .len()
            .checked_sub(1)
            .map_or_else(|| self.state_from_nothing(), |last| self.state_from(last))
    }

    /// The same from an older snapshot.
    pub fn state_from(&self, base: usize) -> UntrustedState {
        let (base, steps) = &self.bases[base];
        UntrustedState { base: Some(base.clone()), steps: self.steps[*steps..].to_vec() }
    }

    /// The same from the empty world.
    pub fn state_from_nothing(&self) -> UntrustedState {
        UntrustedState { base: None, steps: self.steps.clone() }
    }
}

impl Enigma {
    /// A contract at this address, on a chain of its own.
    pub fn new(address: Address, chain_id: u64) -> Self {
        Self { chain: Chain::new(address), address, chain_id, events: BTreeMap::new() }
    }

    /// Number of the pending block.
    pub fn now(&self) -> u64 {
        self.chain.height() + 1
    }

    /// Somebody sends ether to a portal without a call.
    pub fn deposit(&mut self, contract: Address, wei: u64) {
        let portal = &mut self.events.entry(contract).or_default().portal;
        portal.0 += U256::from(wei);
    }
}

/// Bits `shift`… of a word, at most 64 of them.
pub(crate) fn field(word: U256, shift: usize, bits: u32) -> u64 {
    let low = (word >> shift).as_limbs()[0];
    if bits >= 64 { low } else { low & ((1 << bits) - 1) }
}

/// A word with the bits from `shift` on replaced.
pub(crate) fn with_field(word: U256, shift: usize, bits: usize, value: U256) -> U256 {
    let mask = ((U256::from(1) << bits) - U256::from(1)) << shift;
    (word & !mask) | ((value << shift) & mask)
}

/// A word of fields `(shift, value)` that do not overlap.
pub(crate) fn word(fields: &[(usize, u64)]) -> U256 {
    fields.iter().fold(U256::ZERO, |word, (shift, value)| word | (U256::from(*value) << *shift))
}

/// The same for a `bytes32`.
pub(crate) fn from_b256(word: B256) -> U256 {
    U256::from_be_bytes(word.0)
}
