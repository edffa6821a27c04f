//! What a secret contract does on Ethereum: outbound calls, made by its portal when the receipt lands.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_primitives::{
    codec::{Decode, DecodeError, Encode, Reader, Writer},
    tags,
};

use crate::{
    fees,
    hash::Words,
    wire::{Blob, record},
};

/// Most outbound calls of one task.
pub const MAX_OUTBOUND: usize = 64;
/// Most bytes of calldata of one: more than any `commitGas` pays for.
pub const MAX_OUTBOUND_DATA: usize = 128 << 10;

/// What kind of call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OutboundKind {
    /// Plain ether. If the target does not take it, it is credited to it.
    Transfer = 1,
    /// With calldata, gas of its own, and a public outcome. If it fails, its value stays at the portal.
    Call = 2,
}

impl Encode for OutboundKind {
    fn encode(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }
}

impl Decode for OutboundKind {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8()? {
            1 => Ok(Self::Transfer),
            2 => Ok(Self::Call),
            tag => Err(DecodeError::UnknownTag { what: "kind of an outbound call", tag: tag.into() }),
        }
    }
}

record! {
    /// One outbound call. Secret until its receipt is committed.
    pub struct OutboundCall {
        /// The input whose execution made it.
        pub index: u64,
        /// What kind.
        pub kind: OutboundKind,
        /// Who is called.
        pub target: Address,
        /// Wei.
        pub value: U256,
        /// Gas that it gets; 0 for a transfer.
        pub gas: u64,
        /// Calldata; none for a transfer.
        pub data: Blob<MAX_OUTBOUND_DATA>,
    }
}

impl OutboundCall {
    fn hash(&self) -> B256 {
        Words::tagged(tags::OUTBOUND_CALL)
            .int(self.index)
            .int(self.kind as u8)
            .address(self.target)
            .int(self.value)
            .int(self.gas)
            .word(keccak256(&self.data.0))
            .hash()
    }

    /// Its schedule gas.
    pub fn schedule_gas(&self) -> u64 {
        match self.kind {
            OutboundKind::Transfer => fees::OUTBOUND_TRANSFER_GAS,
            OutboundKind::Call => fees::OUTBOUND_CALL_GAS
                .saturating_add(self.gas)
                .saturating_add(fees::BYTE_GAS.saturating_mul(self.data.0.len() as u64)),
        }
    }
}

/// `outboundHash` of a receipt: over the hashes of its calls, in order.
pub fn outbound_hash(calls: &[OutboundCall]) -> B256 {
    let hashes: Vec<u8> = calls.iter().flat_map(|call| call.hash().0).collect();
    keccak256(hashes)
}

/// The schedule gas of a task's calls.
pub fn outbound_gas(calls: &[OutboundCall]) -> u64 {
    calls.iter().fold(0, |sum, call| sum.saturating_add(call.schedule_gas()))
}
