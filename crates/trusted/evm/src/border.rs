//! Where the sealed world ends.
//!
//! revm shows every call to the precompile provider before it looks at code, and that is where the border
//! lives: a call of any kind to an address that has no code here, is no precompile and belongs to no contract
//! of this world reverts that frame with [`outside_call`]; Solidity's `try`/`catch` and bubbling see it as they
//! see any custom error. `SELFDESTRUCT` moves money without a call, so it has an instruction of its own.

use std::sync::OnceLock;

use alloy_primitives::{Address, Bytes, Selector, fixed_bytes};
use revm::{
    context_interface::JournalTr,
    handler::{EthPrecompiles, PrecompileProvider},
    interpreter::{
        CallInputs, Gas, InstructionContext, InstructionExecResult, InstructionResult, InterpreterAction,
        InterpreterResult, instructions::host, interpreter::EthInterpreter, interpreter_types::LoopControl,
    },
    primitives::{AddressSet, hardfork::SpecId},
};

use crate::{
    machine::SealedContext,
    random::{RANDOM_BYTES, RandomBytes},
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
            all.insert(RANDOM_BYTES);
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
        if let Some(result) = self.ethereum.run(context, inputs)? {
            return Ok(Some(result));
        }
        if !inputs.known_bytecode.1.is_empty() || belongs(context, target) {
            return Ok(None);
        }
        let gas = Gas::new(inputs.gas_limit);
        Ok(Some(InterpreterResult::new(InstructionResult::Revert, outside_call(target), gas)))
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.addresses()
    }
}

/// Whether a contract of this world lives at `address`, one created by this very task included.
fn belongs(context: &SealedContext<'_>, address: Address) -> bool {
    let (base, state) = context.journaled_state.db_and_state();
    base.world.owns(address) || state.get(&address).is_some_and(|account| account.is_created())
}

/// `SELFDESTRUCT` that cannot carry money out: with a balance and a beneficiary outside, the frame reverts with
/// [`outside_call`] as a call to the beneficiary would.
pub(crate) fn selfdestruct<'a>(
    context: InstructionContext<'_, SealedContext<'a>, EthInterpreter>,
) -> InstructionExecResult {
    let interpreter = &mut *context.interpreter;
    // Static context and an empty stack are refused by the real instruction.
    if !interpreter.runtime_flag.is_static
        && let Ok(word) = interpreter.stack.peek(0)
    {
        let beneficiary = Address::from_word(word.into());
        let journal = &context.host.journaled_state;
        let poor = journal
            .evm_state()
            .get(&interpreter.input.target_address)
            .is_none_or(|account| account.info.balance.is_zero());
        let precompile = journal.precompile_addresses().contains(&beneficiary);
        if !poor && !precompile && !belongs(context.host, beneficiary) {
            interpreter.bytecode.set_action(InterpreterAction::new_return(
                InstructionResult::Revert,
                outside_call(beneficiary),
                interpreter.gas,
            ));
            return Err(InstructionResult::Revert);
        }
    }
    host::selfdestruct(context)
}
