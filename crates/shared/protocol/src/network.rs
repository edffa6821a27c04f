//! The network descriptor, which a client pins, and the messages that the threshold key evaluates.

use alloy_primitives::{Address, B256, keccak256};
use enigma_primitives::{codec::Writer, tags};

use crate::{hash::Words, wire::record};

/// The number of the rules by which this build executes; part of every receipt.
pub const RULESET: u64 = 1;
/// The only era of this version.
pub const ERA: u32 = 1;
/// Verifier kind of a local chain: parent-hash continuity only, every header final.
pub const VERIFIER_DEV: u8 = 1;

record! {
    /// What `network` is the hash of.
    pub struct Descriptor {
        /// EIP-155 chain id.
        pub chain_id: u64,
        /// The Enigma contract.
        pub enigma: Address,
        /// Block from which enclaves follow headers (at least 1).
        pub checkpoint_number: u64,
        /// Its hash.
        pub checkpoint_hash: B256,
        /// How headers are verified: [`VERIFIER_DEV`].
        pub verifier: u8,
        /// Root of attestation; keccak256("SIMULATED") on the simulated platform.
        pub attestation_root: B256,
        /// Rules of execution.
        pub ruleset: u64,
        /// The genesis public key `S`, 96 bytes compressed.
        pub public_key: [u8; 96],
    }
}

impl Descriptor {
    /// The identity of the network.
    pub fn network(&self) -> B256 {
        Words::tagged(tags::NETWORK)
            .int(self.chain_id)
            .address(self.enigma)
            .int(self.checkpoint_number)
            .word(self.checkpoint_hash)
            .int(self.verifier)
            .word(self.attestation_root)
            .int(self.ruleset)
            .word(keccak256(self.public_key))
            .hash()
    }
}

/// The attestation root that says "nothing protects this network".
pub fn simulated_root() -> B256 {
    keccak256(b"SIMULATED")
}

/// What the committee signs to open epoch `epoch` (48 bytes).
pub fn beacon_message(network: B256, era: u32, epoch: u64) -> Vec<u8> {
    let mut w = Writer::new();
    w.put(&network).u64(era.into()).u64(epoch);
    w.finish()
}

/// What the committee evaluates for a key of `contract` in `epoch` (68 bytes). The purpose is in the curve tag.
pub fn key_message(network: B256, era: u32, contract: Address, epoch: u64) -> Vec<u8> {
    let mut w = Writer::new();
    w.put(&network).u64(era.into()).put(&contract).u64(epoch);
    w.finish()
}

/// What a key enclave evaluates to show which block it is at (104 bytes).
pub fn head_message(network: B256, challenge: B256, number: u64, hash: B256) -> Vec<u8> {
    let mut w = Writer::new();
    w.put(&network).put(&challenge).u64(number).put(&hash);
    w.finish()
}

/// The `CREATE2` salt of the portal that `owner` gets for `salt`.
pub fn portal_salt(owner: Address, salt: B256) -> B256 {
    Words::tagged(tags::PORTAL).address(owner).word(salt).hash()
}

/// The seed of an epoch's lottery, from its beacon in EIP-2537 form (128 bytes).
pub fn seed(network: B256, era: u32, epoch: u64, beacon: &[u8; 128]) -> B256 {
    Words::tagged(tags::SEED).word(network).int(era).int(epoch).word(keccak256(beacon)).hash()
}
