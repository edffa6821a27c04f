//! What Ethereum orders: inputs, their hash chain, and the context that everything of a task derives from.

use alloy_primitives::{Address, B256, U256};
use enigma_primitives::{
    codec::{Decode, DecodeError, Encode, Reader, Writer},
    tags,
};

use crate::{fees, hash::Words, wire::record};

/// Most recent heads that the contract keeps per secret contract.
pub const RING: u64 = 256;

/// What an input or an envelope asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Call the secret contract.
    Task = 1,
    /// Create it.
    Deploy = 2,
    /// Read it; never on chain.
    Query = 3,
}

impl Encode for Kind {
    fn encode(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }
}

impl Decode for Kind {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8()? {
            1 => Ok(Self::Task),
            2 => Ok(Self::Deploy),
            3 => Ok(Self::Query),
            tag => Err(DecodeError::UnknownTag { what: "kind", tag: tag.into() }),
        }
    }
}

record! {
    /// One input of a secret contract as the chain recorded it. Everything here is public.
    pub struct Input {
        /// Task or deploy.
        pub kind: Kind,
        /// The transaction's account that called the Enigma contract.
        pub sender: Address,
        /// A word set by a forwarding contract, else zero.
        pub on_behalf_of: B256,
        /// Wei that go to the portal if the task succeeds.
        pub value: U256,
        /// Bound on gas inside the sealed world.
        pub gas_limit: u64,
        /// Bound on the gas of the commit's schedule.
        pub commit_gas: u64,
        /// Highest price per gas, wei.
        pub price_cap: u128,
        /// Tip over the base fee, wei per gas.
        pub tip: u128,
        /// Epoch to which the envelope is encrypted.
        pub epoch: u64,
        /// Epoch in which the input was included.
        pub inclusion_epoch: u64,
        /// Block of inclusion.
        pub block_number: u64,
        /// Its time, unix seconds.
        pub timestamp: u64,
        /// Its base fee, wei per gas.
        pub base_fee: u128,
        /// Portal balance + sent − delivered, wei.
        pub inflow: U256,
        /// keccak256 of a deploy's clear code; zero for a task.
        pub code_hash: B256,
        /// keccak256 of the envelope.
        pub envelope_hash: B256,
    }
}

impl Input {
    /// What its sender paid ahead beside the value, wei.
    pub fn max_fee(&self) -> U256 {
        fees::max_fee(self.commit_gas, self.gas_limit, self.price_cap)
    }

    /// `inputHash` of this input at `index` of `contract`.
    pub fn hash(&self, contract: Address, index: u64) -> B256 {
        Words::tagged(tags::INPUT)
            .int(self.kind as u8)
            .address(contract)
            .int(index)
            .address(self.sender)
            .word(self.on_behalf_of)
            .int(self.value)
            .int(self.gas_limit)
            .int(self.commit_gas)
            .int(self.price_cap)
            .int(self.tip)
            .int(self.epoch)
            .int(self.inclusion_epoch)
            .int(self.block_number)
            .int(self.timestamp)
            .int(self.base_fee)
            .int(self.inflow)
            .word(self.code_hash)
            .word(self.envelope_hash)
            .hash()
    }
}

/// The head before the first input of `contract`.
pub fn genesis_input_head(network: B256, contract: Address) -> B256 {
    Words::tagged(tags::INPUT_HEAD_GENESIS).word(network).address(contract).hash()
}

/// The head after an input.
pub fn next_input_head(head: B256, input_hash: B256) -> B256 {
    Words::tagged(tags::INPUT_HEAD).word(head).word(input_hash).hash()
}

/// `ctx`: unique to one input on one fork.
pub fn context(input_head: B256, block_hash: B256) -> B256 {
    Words::tagged(tags::CONTEXT).word(input_head).word(block_hash).hash()
}
