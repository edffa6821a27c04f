//! Storage of an Enigma contract in a map.

use std::{collections::BTreeMap, convert::Infallible};

use alloy_primitives::{B256, U256};
use enigma_protocol::lottery::Slots;
use enigma_tests::sealed::stake::Storage;

/// Words by slot; absent ones are zero.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<B256, U256>);

impl Storage for Memory {
    fn get(&self, slot: B256) -> U256 {
        self.0.get(&slot).copied().unwrap_or_default()
    }

    fn set(&mut self, slot: B256, word: U256) {
        self.0.insert(slot, word);
    }
}

impl Slots for Memory {
    type Error = Infallible;

    fn read(&self, slot: B256) -> Result<U256, Infallible> {
        Ok(self.get(slot))
    }
}
