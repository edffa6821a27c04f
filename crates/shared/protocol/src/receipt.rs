//! The signed outcome of tasks, as Ethereum checks it (EIP-712).

use alloy_primitives::{Address, B256, keccak256};
use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};

use crate::{
    hash::Words,
    wire::{List, record},
};

const RECEIPT_TYPE: &str = "Receipt(bytes32 network,uint64 ruleset,address secretContract,uint64 epoch,\
uint64 firstIndex,uint64 lastIndex,bytes32 inputHead,bytes32 stateHeadBefore,bytes32 stateHeadAfter,\
uint64 anchorNumber,bytes32 anchorHash,TaskResult[] results,bytes32 snapshotHash,bytes32 outboundHash)";
const RESULT_TYPE: &str = "TaskResult(uint8 status,uint64 gasCharged,bytes32 outputHash,bytes32 deltaHash)";
const DOMAIN_TYPE: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const KEY_GENERATION_TYPE: &str = "KeyGeneration(uint32 era,bytes32 publicKeyHash,bytes32 commitmentsHash)";

/// Most tasks in one receipt.
pub const MAX_TASKS: usize = 128;

/// What the public may know of a task's outcome: no more than the money shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// It ran; its value, if any, is the portal's.
    Completed = 0,
    /// It ran and failed; its value goes back. Never with a value of zero.
    ValueReturned = 1,
    /// The envelope did not open.
    Unopened = 2,
}

impl Encode for Status {
    fn encode(&self, w: &mut Writer) {
        w.u8(*self as u8);
    }
}

impl Decode for Status {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8()? {
            0 => Ok(Self::Completed),
            1 => Ok(Self::ValueReturned),
            2 => Ok(Self::Unopened),
            tag => Err(DecodeError::UnknownTag { what: "status", tag: tag.into() }),
        }
    }
}

record! {
    /// One task's part of a receipt.
    pub struct TaskResult {
        /// Its public status.
        pub status: Status,
        /// Gas charged, rounded up to a class.
        pub gas_charged: u64,
        /// keccak256 of the encrypted output.
        pub output_hash: B256,
        /// keccak256 of the sealed delta.
        pub delta_hash: B256,
    }
}

record! {
    /// The outcome of consecutive tasks of one secret contract.
    pub struct Receipt {
        /// The network.
        pub network: B256,
        /// Rules of execution.
        pub ruleset: u64,
        /// The secret contract.
        pub secret_contract: Address,
        /// Epoch whose state key sealed the deltas.
        pub epoch: u64,
        /// Index of the first task.
        pub first_index: u64,
        /// Index of the last task.
        pub last_index: u64,
        /// Input head after the last task.
        pub input_head: B256,
        /// State head that the chain recorded before.
        pub state_head_before: B256,
        /// State head after the last task.
        pub state_head_after: B256,
        /// The block that the enclave trusts and saw all of this at.
        pub anchor_number: u64,
        /// Its hash.
        pub anchor_hash: B256,
        /// One result per task.
        pub results: List<TaskResult, MAX_TASKS>,
        /// keccak256 of the sealed snapshot, in the first commit of an epoch; else zero.
        pub snapshot_hash: B256,
        /// Over the outbound calls ([`crate::outbound::outbound_hash`]).
        pub outbound_hash: B256,
    }
}

/// The EIP-712 domain of an Enigma contract.
pub fn domain_separator(chain_id: u64, enigma: Address) -> B256 {
    Words::starting(keccak256(DOMAIN_TYPE))
        .word(keccak256("Enigma"))
        .word(keccak256("1"))
        .int(chain_id)
        .address(enigma)
        .hash()
}

/// The digest of an EIP-712 message.
pub(crate) fn typed(domain: B256, message: B256) -> B256 {
    let mut w = Writer::new();
    w.raw(&[0x19, 0x01]).put(&domain).put(&message);
    keccak256(w.finish())
}

impl TaskResult {
    fn struct_hash(&self) -> B256 {
        Words::starting(keccak256(RESULT_TYPE))
            .int(self.status as u8)
            .int(self.gas_charged)
            .word(self.output_hash)
            .word(self.delta_hash)
            .hash()
    }
}

impl Receipt {
    /// The digest that workers sign.
    pub fn digest(&self, domain: B256) -> B256 {
        let results: Vec<u8> = self.results.0.iter().flat_map(|r| r.struct_hash().0).collect();
        let message = Words::starting(keccak256([RECEIPT_TYPE, RESULT_TYPE].concat()))
            .word(self.network)
            .int(self.ruleset)
            .address(self.secret_contract)
            .int(self.epoch)
            .int(self.first_index)
            .int(self.last_index)
            .word(self.input_head)
            .word(self.state_head_before)
            .word(self.state_head_after)
            .int(self.anchor_number)
            .word(self.anchor_hash)
            .word(keccak256(results))
            .word(self.snapshot_hash)
            .word(self.outbound_hash)
            .hash();
        typed(domain, message)
    }
}

/// What every member of the genesis committee signs: the same result of the key generation.
pub fn key_generation_digest(domain: B256, era: u32, public_key_hash: B256, commitments_hash: B256) -> B256 {
    let message = Words::starting(keccak256(KEY_GENERATION_TYPE))
        .int(era)
        .word(public_key_hash)
        .word(commitments_hash)
        .hash();
    typed(domain, message)
}
