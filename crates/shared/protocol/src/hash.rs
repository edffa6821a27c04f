//! `H("name", a, b, …)`: Keccak-256 over a tag's word and static ABI words.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_primitives::tags::HashTag;

/// Collects 32-byte words, exactly as `abi.encode` of static values would.
#[derive(Clone, Debug)]
pub struct Words(Vec<u8>);

impl Words {
    /// Starts with the word of `tag`.
    pub fn tagged(tag: HashTag) -> Self {
        Self::starting(tag.word())
    }

    /// Starts with `word`: an EIP-712 type hash.
    pub fn starting(word: B256) -> Self {
        Self(word.to_vec())
    }

    /// Appends a `bytes32`.
    #[must_use]
    pub fn word(mut self, word: B256) -> Self {
        self.0.extend_from_slice(word.as_slice());
        self
    }

    /// Appends an unsigned integer.
    #[must_use]
    pub fn int(self, value: impl TryInto<U256>) -> Self {
        // Every unsigned integer up to 256 bits fits; the bound only names them all.
        self.word(B256::from(value.try_into().unwrap_or_default()))
    }

    /// Appends an `address`.
    #[must_use]
    pub fn address(self, address: Address) -> Self {
        self.word(address.into_word())
    }

    /// The Keccak-256 of all words.
    pub fn hash(&self) -> B256 {
        keccak256(&self.0)
    }
}
