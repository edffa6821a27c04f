//! What leaves the world for Ethereum: plain transfers, and calls by the outbound precompile.
//!
//! While a task runs, money on its way out waits on the account [`OUTBOUND`], and each call is a log of that
//! address: no contract can log in its name, and the logs of a frame that reverts vanish with what it moved.
//! After the run the two must agree to the wei; then both are taken out, and the calls are in
//! [`crate::Outcome::outbound`], in the order of execution. The portal makes them once the task is committed.
//!
//! The precompile: `OUTBOUND.call{value: v}(abi.encode(address target, uint64 gas, bytes data))` returns
//! `abi.encode(uint64 number)`: calls of a world are numbered 0, 1, 2, … over its whole life, plain transfers
//! have no number. It costs [`BASE_GAS`] and [`WORD_GAS`] for each word of `data` that is begun. Malformed
//! input, a static context, `DELEGATECALL` and `CALLCODE` are refused: a revert without data, and no value moves.
//!
//! Besides, inside a call costs what Ethereum charges for it. An outside address always looks empty, so value for
//! it costs 25,000 more than for an account that exists; [`OUTBOUND`] looks empty until money waits there.

use alloy_primitives::{Address, B256, Bytes, LogData, U256, address};
use enigma_primitives::Reader;
use revm::{
    context_interface::JournalTr,
    interpreter::{CallInputs, CallScheme, Gas, InstructionResult, InterpreterResult},
    state::EvmState,
};

use crate::{db::Base, machine::SealedContext};

/// Address of the precompile.
pub const OUTBOUND: Address = address!("0200000000000000000000000000000000000001");
/// Gas of one call of the precompile, inside.
pub const BASE_GAS: u64 = 10_000;
/// Gas for each 32 bytes of calldata, inside.
pub const WORD_GAS: u64 = 60;

/// How an outbound call came about. The numbers go into commitments and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OutboundKind {
    /// Plain ether: `transfer`, `send`, `call{value: v}("")`, or a self-destruct.
    Transfer = 1,
    /// Made by the precompile.
    Call = 2,
}

/// What the portal does on Ethereum in the name of this world. It becomes public when the task is committed.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct OutboundCall {
    /// Transfer or call.
    pub kind: OutboundKind,
    /// Whom to call on Ethereum.
    pub target: Address,
    /// Wei that goes along; it has left the world.
    pub value: U256,
    /// Gas for the target; 0 for a transfer.
    pub gas: u64,
    /// Calldata; empty for a transfer.
    pub data: Bytes,
}

redacted!(OutboundCall);

impl OutboundCall {
    /// As a log of [`OUTBOUND`].
    fn record(self) -> alloy_primitives::Log {
        let number = |n: u64| B256::from(U256::from(n));
        let kind = number(self.kind as u64);
        let topics = vec![kind, self.target.into_word(), self.value.into(), number(self.gas)];
        alloy_primitives::Log { address: OUTBOUND, data: LogData::new_unchecked(topics, self.data) }
    }

    /// What [`OutboundCall::record`] wrote.
    fn recorded(log: alloy_primitives::Log) -> Option<Self> {
        let kind = kind(&log)?;
        let (topics, data) = log.data.split();
        let [_, target, value, gas] = topics.try_into().ok()?;
        let gas = U256::from_be_bytes(gas.0).try_into().ok()?;
        Some(Self { kind, target: Address::from_word(target), value: value.into(), gas, data })
    }
}

/// The kind of a recorded call.
fn kind(log: &alloy_primitives::Log) -> Option<OutboundKind> {
    match U256::from_be_bytes(log.data.topics().first()?.0).try_into() {
        Ok(1u8) => Some(OutboundKind::Transfer),
        Ok(2u8) => Some(OutboundKind::Call),
        _ => None,
    }
}

/// Moves `value` on, which has just reached the outside account `target`, and records the transfer. False if it
/// cannot be moved; then the task must not succeed.
#[must_use]
pub(crate) fn transfer(context: &mut SealedContext<'_>, target: Address, value: U256) -> bool {
    let journal = &mut context.journaled_state;
    let moved = matches!(journal.transfer(target, OUTBOUND, value), Ok(None));
    let (kind, gas, data) = (OutboundKind::Transfer, 0, Bytes::new());
    journal.log(OutboundCall { kind, target, value, gas, data }.record());
    moved
}

/// Answers one call of the precompile. The value has arrived at [`OUTBOUND`] already and goes back if the answer
/// is not a success.
pub(crate) fn run(context: &mut SealedContext<'_>, inputs: &CallInputs) -> InterpreterResult {
    let mut gas = Gas::new(inputs.gas_limit);
    let out_of_gas = || {
        let mut gas = Gas::new(inputs.gas_limit);
        gas.spend_all();
        InterpreterResult::new(InstructionResult::PrecompileOOG, Bytes::new(), gas)
    };
    if !gas.record_regular_cost(BASE_GAS) {
        return out_of_gas();
    }
    let asked = match inputs.value.transfer() {
        Some(value) if inputs.scheme == CallScheme::Call && !inputs.is_static => {
            decode(&inputs.input.as_bytes(context), value, &mut gas)
        }
        _ => Err(Refused::Malformed),
    };
    let number = next_number(context);
    match (asked, number) {
        (Ok(call), Some(number)) => {
            context.journaled_state.log(call.record());
            let output = Bytes::copy_from_slice(&U256::from(number).to_be_bytes::<32>());
            InterpreterResult::new(InstructionResult::Return, output, gas)
        }
        (Err(Refused::Gas), _) => out_of_gas(),
        (Err(Refused::Malformed), _) | (_, None) => {
            InterpreterResult::new(InstructionResult::Revert, Bytes::new(), gas)
        }
    }
}

/// Why the precompile does not take a call.
enum Refused {
    Malformed,
    Gas,
}

/// `abi.decode(input, (address, uint64, bytes))`; the calldata is paid for before it is copied.
fn decode(input: &[u8], value: U256, gas: &mut Gas) -> Result<OutboundCall, Refused> {
    let (target, call_gas, data) = arguments(input).ok_or(Refused::Malformed)?;
    let words = data.len().div_ceil(32) as u64;
    if !gas.record_regular_cost(words.saturating_mul(WORD_GAS)) {
        return Err(Refused::Gas);
    }
    let data = Bytes::copy_from_slice(data);
    Ok(OutboundCall { kind: OutboundKind::Call, target, value, gas: call_gas, data })
}

fn arguments(input: &[u8]) -> Option<(Address, u64, &[u8])> {
    let mut head = Reader::new(input);
    let target = head.get::<U256>().ok()?;
    if target.bit_len() > 160 {
        return None;
    }
    let gas = head.get::<U256>().ok()?.try_into().ok()?;
    let offset: usize = head.get::<U256>().ok()?.try_into().ok()?;
    let mut tail = Reader::new(input.get(offset..)?);
    let len: usize = tail.get::<U256>().ok()?.try_into().ok()?;
    Some((Address::from_word(target.into()), gas, tail.raw(len).ok()?))
}

/// The number of the next call: how many the world has made before, those of this task included.
fn next_number(context: &SealedContext<'_>) -> Option<u64> {
    let journal = &context.journaled_state;
    let is_call =
        |log: &&alloy_primitives::Log| log.address == OUTBOUND && kind(log) == Some(OutboundKind::Call);
    let here = journal.logs().iter().filter(is_call).count() as u64;
    // The number after it must exist too: it is the counter's next value.
    journal.db().world.outbound_calls().checked_add(here).filter(|number| *number != u64::MAX)
}

/// Parts the logs of a successful run into those of contracts and the outbound calls. None if the books do not
/// balance: the calls must carry what waits at [`OUTBOUND`], and nothing may be left with a sender from outside.
pub(crate) fn collect(
    logs: Vec<alloy_primitives::Log>,
    base: &Base<'_>,
    state: &EvmState,
) -> Option<(Vec<alloy_primitives::Log>, Vec<OutboundCall>)> {
    let (recorded, logs): (Vec<_>, Vec<_>) = logs.into_iter().partition(|log| log.address == OUTBOUND);
    let calls = recorded.into_iter().map(OutboundCall::recorded).collect::<Option<Vec<_>>>()?;
    let sum = calls.iter().try_fold(U256::ZERO, |sum, call| sum.checked_add(call.value))?;
    let waiting = state.get(&OUTBOUND).map(|account| account.info.balance).unwrap_or_default();
    let sender = base.task.sender;
    let stranded = sender != OUTBOUND
        && state
            .get(&sender)
            .is_some_and(|account| !base.stays(sender, account) && !account.info.balance.is_zero());
    (sum == waiting && !stranded).then_some((logs, calls))
}
