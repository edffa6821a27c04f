//! Who sent the task, and on whose behalf: the precompile behind `Task.sol`.
//!
//! Any input; the output is `abi.encode(address sender, bytes32 onBehalfOf)`. `sender` called the Enigma contract: the
//! relayer of a relayed task, for all others `msg.sender` of the first frame. `onBehalfOf` is the word that a forwarding
//! contract set, else zero. A query was sent by nobody: both are zero.

use alloy_primitives::{Address, B256, Bytes, address};
use revm::interpreter::{Gas, InstructionResult, InterpreterResult};

use crate::task::{Kind, Task};

/// Address of the precompile.
pub const TASK: Address = address!("0200000000000000000000000000000000000002");
/// Gas of one call.
pub const TASK_GAS: u64 = 100;

/// Answers one call.
pub(crate) fn run(gas_limit: u64, task: &Task<'_>) -> InterpreterResult {
    let mut gas = Gas::new(gas_limit);
    if !gas.record_regular_cost(TASK_GAS) {
        gas.spend_all();
        return InterpreterResult::new(InstructionResult::PrecompileOOG, Bytes::new(), gas);
    }
    let (sender, on_behalf_of) = match task.kind {
        Kind::Query { .. } => (Address::ZERO, B256::ZERO),
        Kind::Deploy { .. } | Kind::Call { .. } => (task.caller, task.on_behalf_of),
    };
    let output = [sender.into_word(), on_behalf_of].concat();
    InterpreterResult::new(InstructionResult::Return, output.into(), gas)
}
