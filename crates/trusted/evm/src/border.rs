//! Where the sealed world ends.
//!
//! revm shows every call to the precompile provider before it looks at code, and that is where the border
//! lives. An address that has no code here, is no precompile and belongs to no contract of this world is outside.
//! Ether sent there without data leaves the world (see [`crate::outbound`]); none sent so is no call, and succeeds.
//! Any other call to it reverts that frame with [`outside_call`]; Solidity's `try`/`catch` and bubbling see it as
//! they see any custom error.
//! `SELFDESTRUCT` moves money without a call, so it has an instruction of its own.

use std::sync::OnceLock;

use alloy_primitives::{Address, Bytes, Selector, U256, fixed_bytes};
use revm::{
    context_interface::JournalTr,
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{
        CallInputs, CallScheme, Gas, InstructionContext, InstructionExecResult, InstructionResult,
        Interpreter, InterpreterAction, InterpreterResult, instructions::host, interpreter::EthInterpreter,
        interpreter_types::LoopControl,
    },
    primitives::{AddressSet, hardfork::SpecId},
};

use crate::{
    machine::SealedContext,
    outbound::{self, OUTBOUND},
    random::{RANDOM_BYTES, RandomBytes},
    whose::{self, TASK},
};

/// Selector of `OutsideCall(address)`.
pub const OUTSIDE_CALL: Selector = fixed_bytes!("f4cdb1e9");

/// Revert data of a call that would leave the world: `OutsideCall(target)`, ABI-encoded.
pub fn outside_call(target: Address) -> Bytes {
    let mut data = OUTSIDE_CALL.to_vec();
    data.extend_from_slice(target.into_word().as_slice());
    data.into()
}

/// Everything that answers at a fixed address, and the guard of the border.
#[derive(Debug)]
pub(crate) struct Border {
    ethereum: EthPrecompiles,
    random: RandomBytes,
}

impl Border {
    pub(crate) fn new(spec: SpecId) -> Self {
        Self { ethereum: EthPrecompiles::new(spec), random: RandomBytes::default() }
    }

    fn addresses(&self) -> &'static AddressSet {
        // The rules are fixed (`machine::SPEC`), so one set serves every run.
        static ALL: OnceLock<AddressSet> = OnceLock::new();
        ALL.get_or_init(|| {
            let mut all = self.ethereum.warm_addresses().clone();
            all.extend([RANDOM_BYTES, OUTBOUND, TASK]);
            all
        })
    }
}

impl<'a> PrecompileProvider<SealedContext<'a>> for Border {
    type Output = InterpreterResult;

    fn set_spec(&mut self, _: SpecId) -> bool {
        false
    }

    fn run(
        &mut self,
        context: &mut SealedContext<'a>,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        let target = inputs.bytecode_address;
        if target == RANDOM_BYTES {
            let seed = context.journaled_state.db().task.randomness;
            return Ok(Some(self.random.run(&inputs.input.as_bytes(context), inputs.gas_limit, seed)));
        }
        if target == TASK {
            let task = context.journaled_state.db().task;
            return Ok(Some(whose::run(inputs.gas_limit, task)));
        }
        if target == OUTBOUND {
            return Ok(Some(outbound::run(context, inputs)));
        }
        if let Some(result) = self.ethereum.run(context, inputs)? {
            return Ok(Some(result));
        }
        if !inputs.known_bytecode.1.is_empty() || belongs(context, target) {
            return Ok(None);
        }
        let gas = Gas::new(inputs.gas_limit);
        if let Some(value) = sent(inputs) {
            if !value.is_zero() && !outbound::transfer(context, target, value) {
                return Err("a transfer out of the world failed".to_owned());
            }
            return Ok(Some(InterpreterResult::new(InstructionResult::Return, Bytes::new(), gas)));
        }
        Ok(Some(InterpreterResult::new(InstructionResult::Revert, outside_call(target), gas)))
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.addresses()
    }
}

/// The wei of a call that does nothing but send ether; may be none.
fn sent(inputs: &CallInputs) -> Option<U256> {
    let plain = inputs.scheme == CallScheme::Call && !inputs.is_static && inputs.input.is_empty();
    inputs.value.transfer().filter(|_| plain)
}

/// Whether a contract of this world lives at `address`, one created by this very task included.
fn belongs(context: &SealedContext<'_>, address: Address) -> bool {
    let (base, state) = context.journaled_state.db_and_state();
    base.world.owns(address) || state.get(&address).is_some_and(|account| account.is_created())
}

/// `SELFDESTRUCT` with an eye on the money: what it sends to an outside beneficiary leaves the world as a plain
/// transfer. A balance for [`OUTBOUND`] has nowhere to go: the frame reverts, as for any malformed input there.
pub(crate) fn selfdestruct<'a>(
    context: InstructionContext<'_, SealedContext<'a>, EthInterpreter>,
) -> InstructionExecResult {
    let InstructionContext { interpreter, host } = context;
    let leaving = bequest(interpreter, host);
    if let Some((OUTBOUND, _)) = leaving {
        let (result, gas) = (InstructionResult::Revert, interpreter.gas);
        interpreter.bytecode.set_action(InterpreterAction::new_return(result, Bytes::new(), gas));
        return Err(result);
    }
    let context = InstructionContext { interpreter: &mut *interpreter, host: &mut *host };
    let result = host::selfdestruct(context);
    if let (Err(InstructionResult::SelfDestruct), Some((beneficiary, balance))) = (&result, leaving)
        && !outbound::transfer(host, beneficiary, balance)
    {
        return Err(InstructionResult::OverflowPayment);
    }
    result
}

/// Who outside gets how much, if the contract that runs destroys itself now.
fn bequest(interpreter: &Interpreter, context: &SealedContext<'_>) -> Option<(Address, U256)> {
    // Static context and an empty stack are refused by the real instruction.
    if interpreter.runtime_flag.is_static {
        return None;
    }
    let beneficiary = Address::from_word(interpreter.stack.peek(0).ok()?.into());
    let journal = &context.journaled_state;
    let balance = journal.evm_state().get(&interpreter.input.target_address)?.info.balance;
    let inside = journal.precompile_addresses().contains(&beneficiary) || belongs(context, beneficiary);
    (!balance.is_zero() && (!inside || beneficiary == OUTBOUND)).then_some((beneficiary, balance))
}
