//! Dealing the first shares: until a distributed generation replaces it, one key enclave makes the polynomial,
//! encrypts every member's share to that member, and erases what it made.

use alloy_primitives::{Address, B256, keccak256};
use enigma_primitives::{codec::Encode, tags};

use crate::{
    hash::Words,
    network::Descriptor,
    wire::{Blob, List, record},
};

/// Most seats of a committee.
pub const MAX_MEMBERS: usize = 64;

record! {
    /// A seat of the committee to be.
    pub struct Member {
        /// Address of its signing key.
        pub address: Address,
        /// X25519 key that its share is encrypted to.
        pub box_key: [u8; 32],
    }
}

record! {
    /// What all members agree to before a key exists.
    pub struct GenesisSetup {
        /// The descriptor with a public key of zeros.
        pub descriptor: Descriptor,
        /// Seats in order; a member's index is its place, from 1.
        pub members: List<Member, MAX_MEMBERS>,
        /// Partials that make an evaluation.
        pub threshold: u8,
    }
}

impl GenesisSetup {
    /// Identifies the setup in everything that is signed or encrypted for it.
    pub fn hash(&self) -> B256 {
        Words::tagged(tags::COMMITTEE).word(keccak256(self.to_bytes())).hash()
    }
}

record! {
    /// The dealer's result: public but for the boxes.
    pub struct Dealing {
        /// Commitments to the polynomial, `threshold` points of G2, compressed; the first is `S`.
        pub commitments: List<[u8; 96], MAX_MEMBERS>,
        /// One sealed box a member, around its 32-byte share.
        pub shares: List<Blob<256>, MAX_MEMBERS>,
    }
}
