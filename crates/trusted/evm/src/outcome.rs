//! What comes out of an execution.

use alloy_primitives::{Address, B256, Bytes};
use revm::context_interface::result::{HaltReason, OutOfGasError};

use crate::{delta::WorldDelta, outbound::OutboundCall};

/// The result of one task.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// Gas to charge, refunds taken off: never more than the task's limit; all of it on a halt.
    pub gas_used: u64,
    /// Return data on success (the deployed code of a deployment), revert data on a revert, nothing on a halt.
    pub output: Bytes,
    /// Logs in order; none unless the task succeeded.
    pub logs: Vec<Log>,
    /// What the portal shall do on Ethereum, in order; nothing unless the task succeeded.
    pub outbound: Vec<OutboundCall>,
    /// Leads to the next world.
    pub delta: WorldDelta,
}

redacted!(Outcome, Log);

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It returned.
    Success,
    /// A contract undid it; the output holds its reason.
    Revert,
    /// The machine stopped it.
    Halt(HaltCode),
}

/// A log entry of a contract in the world. Private until somebody decides otherwise.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Log {
    /// Who logged.
    pub address: Address,
    /// At most four.
    pub topics: Vec<B256>,
    /// The rest, ABI-encoded.
    pub data: Bytes,
}

/// Why the machine stopped a task. The numbers go into receipts and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum HaltCode {
    /// The gas ran out.
    OutOfGas = 1,
    /// An opcode that does not exist, or `INVALID`.
    InvalidOpcode = 2,
    /// A jump to something that is no destination.
    InvalidJump = 3,
    /// The stack ran empty or over.
    Stack = 4,
    /// A read past the end of the return data.
    OutOfOffset = 5,
    /// A write in a static call.
    StaticWrite = 6,
    /// The creation failed: address taken, code too long or starting with 0xEF, nonce at its end.
    Create = 7,
    /// A precompile refused its input.
    Precompile = 8,
    /// Not enough balance, or a sum above 2^256.
    Funds = 9,
    /// Calls nested deeper than 1,024.
    CallDepth = 10,
    /// [`crate::Limits::memory`].
    MemoryLimit = 11,
    /// There is no root contract to call.
    NotDeployed = 32,
    /// There is a root contract already.
    AlreadyDeployed = 33,
    /// The gas limit is above [`crate::TASK_GAS_CAP`].
    GasCap = 34,
    /// The gas limit does not even cover the intrinsic cost.
    IntrinsicGas = 35,
    /// The creation code is longer than EIP-3860 allows.
    InitCodeSize = 36,
    /// Value or inflow is more wei than can exist (2^128).
    Amount = 37,
    /// [`crate::Limits::output`].
    OutputLimit = 38,
    /// [`crate::Limits::logs`].
    LogLimit = 39,
    /// [`crate::Limits::delta`].
    DeltaLimit = 40,
    /// [`crate::Limits::world`].
    WorldLimit = 41,
    /// The machine gave up for a reason that no input should reach.
    Machine = 63,
}

impl HaltCode {
    /// The number in receipts.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<HaltReason> for HaltCode {
    fn from(reason: HaltReason) -> Self {
        use HaltReason as H;
        match reason {
            H::OutOfGas(OutOfGasError::MemoryLimit) => Self::MemoryLimit,
            H::OutOfGas(_) => Self::OutOfGas,
            H::OpcodeNotFound | H::InvalidFEOpcode | H::NotActivated => Self::InvalidOpcode,
            H::InvalidJump => Self::InvalidJump,
            H::StackUnderflow | H::StackOverflow => Self::Stack,
            H::OutOfOffset => Self::OutOfOffset,
            H::StateChangeDuringStaticCall | H::CallNotAllowedInsideStatic => Self::StaticWrite,
            H::CreateCollision
            | H::NonceOverflow
            | H::CreateContractSizeLimit
            | H::CreateContractStartingWithEF
            | H::CreateInitCodeSizeLimit => Self::Create,
            H::PrecompileError | H::PrecompileErrorWithContext(_) => Self::Precompile,
            H::OverflowPayment | H::OutOfFunds => Self::Funds,
            H::CallTooDeep => Self::CallDepth,
        }
    }
}
