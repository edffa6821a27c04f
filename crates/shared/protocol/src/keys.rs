//! Requests for keys and the answers of key enclaves. Hosts relay them as opaque bytes.

use alloy_primitives::{Address, B256, keccak256};
use enigma_primitives::{
    codec::{Decode, DecodeError, Encode, Reader, Writer},
    tags::{self, CurveTag},
};

use crate::{
    hash::Words,
    network::{ERA, key_message},
    wire::{Blob, record},
};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Opens envelopes; source of a task's randomness.
    Input = 1,
    /// Seals deltas and snapshots.
    State = 2,
}

impl Purpose {
    /// The hash-to-curve tag of this purpose.
    pub const fn curve_tag(self) -> CurveTag {
        match self {
            Self::Input => tags::CURVE_INPUT,
            Self::State => tags::CURVE_STATE,
        }
    }
}

impl Encode for Purpose {
    fn encode(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }
}

impl Decode for Purpose {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8()? {
            1 => Ok(Self::Input),
            2 => Ok(Self::State),
            tag => Err(DecodeError::UnknownTag { what: "purpose", tag: tag.into() }),
        }
    }
}

record! {
    /// Asks key enclaves for their part of one key.
    pub struct KeyRequest {
        /// The network.
        pub network: B256,
        /// What the key is for.
        pub purpose: Purpose,
        /// The secret contract.
        pub contract: Address,
        /// The epoch of the key.
        pub key_epoch: u64,
        /// The epoch in whose group the worker is.
        pub group_epoch: u64,
        /// Fresh X25519 key for the answers.
        pub reply_to: [u8; 32],
        /// By the worker's signing key over [`KeyRequest::digest`].
        pub signature: [u8; 65],
    }
}

impl KeyRequest {
    /// What the worker signs.
    pub fn digest(&self) -> B256 {
        Words::tagged(tags::KEY_REQUEST)
            .word(self.network)
            .int(ERA)
            .int(self.purpose as u8)
            .address(self.contract)
            .int(self.key_epoch)
            .int(self.group_epoch)
            .word(B256::new(self.reply_to))
            .hash()
    }

    /// What the threshold key evaluates.
    pub fn message(&self) -> Vec<u8> {
        key_message(self.network, ERA, self.contract, self.key_epoch)
    }
}

record! {
    /// One key enclave's answer: its partial evaluation, for the worker enclave's eyes only.
    pub struct KeyReply {
        /// Seat of the key enclave, from 1.
        pub member: u8,
        /// Generation of the committee.
        pub generation: u32,
        /// Latest final block of the key enclave.
        pub block_number: u64,
        /// Its hash.
        pub block_hash: B256,
        /// Sealed box around the 48-byte partial.
        pub sealed: Blob<256>,
    }
}

impl KeyReply {
    /// Binds the box to the request and to what the key enclave saw.
    pub fn associated_data(&self, request: B256) -> B256 {
        Words::tagged(tags::KEY_REPLY)
            .word(request)
            .int(self.member)
            .int(self.generation)
            .int(self.block_number)
            .word(self.block_hash)
            .hash()
    }
}

/// Hash of the public polynomial of a committee, as the Enigma contract keeps it.
pub fn commitments_hash(commitments: &[[u8; 96]]) -> B256 {
    keccak256(commitments.concat())
}
