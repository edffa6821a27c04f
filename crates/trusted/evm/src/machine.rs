//! revm, wired for a sealed world: no fees, no nonces of senders, the root at an address of its own.

use core::convert::Infallible;

use alloy_primitives::{TxKind, U256};
use revm::{
    Context, Journal,
    bytecode::opcode,
    context::{
        BlockEnv, CfgEnv, ContextTr, Evm, FrameStack, LocalContextTr, TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    context_interface::{
        JournalTr, block::BlobExcessGasAndPrice, journaled_state::account::JournaledAccountTr,
    },
    handler::{
        EthFrame, EvmTr, FrameResult, Handler, ItemOrResult, execution, instructions::EthInstructions,
    },
    interpreter::{
        CreateInputs, CreateScheme, FrameInput, GasTracker, InitialAndFloorGas, Instruction, SharedMemory,
        interpreter::EthInterpreter, interpreter_action::FrameInit,
    },
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
    state::EvmState,
};

use crate::{
    border::{self, Border},
    db::Base,
    task::{BLOCK_GAS_LIMIT, Kind},
};

/// The rules of the first ruleset.
pub(crate) const SPEC: SpecId = SpecId::OSAKA;
/// Creation code of the root, bytes (EIP-3860).
pub(crate) const MAX_INIT_CODE: usize = MAX_INITCODE_SIZE;

/// Gas of `SELFDESTRUCT` before its dynamic part.
const SELFDESTRUCT_GAS: u16 = 5_000;
/// Frames that are allocated ahead: few tasks nest deeper.
const FRAMES: usize = 2;

pub(crate) type SealedContext<'a> = Context<BlockEnv, TxEnv, CfgEnv, Base<'a>, Journal<Base<'a>>, ()>;
type Sealed<'a> =
    Evm<SealedContext<'a>, (), EthInstructions<EthInterpreter, SealedContext<'a>>, Border, EthFrame>;
/// Why revm refused to run at all.
pub(crate) type Refusal = EVMError<Infallible, InvalidTransaction>;

/// Runs the task of `base`; the state holds every account that was looked at.
pub(crate) fn run(base: Base<'_>) -> Result<(ExecutionResult<HaltReason>, EvmState), Refusal> {
    let mut evm = build(base);
    let result = Steps(core::marker::PhantomData).run(&mut evm)?;
    Ok((result, evm.ctx.journaled_state.finalize()))
}

fn build(base: Base<'_>) -> Sealed<'_> {
    let (world, task) = (base.world, base.task);
    let (kind, data) = match task.kind {
        Kind::Deploy { init_code } => (TxKind::Create, init_code),
        Kind::Call { calldata } | Kind::Query { calldata } => (TxKind::Call(world.root()), calldata),
    };
    let mut ctx: SealedContext<'_> = Context::new(base, SPEC);
    ctx.tx.caller = task.sender;
    ctx.tx.kind = kind;
    ctx.tx.data = data.clone();
    ctx.tx.value = if matches!(task.kind, Kind::Query { .. }) { U256::ZERO } else { task.value };
    ctx.tx.gas_limit = task.gas_limit;
    ctx.tx.gas_price = 0;
    ctx.cfg.chain_id = task.block.chain_id;
    ctx.cfg.memory_limit = task.limits.memory;
    ctx.block = BlockEnv {
        number: U256::from(task.block.number),
        timestamp: U256::from(task.block.timestamp),
        gas_limit: BLOCK_GAS_LIMIT,
        basefee: task.block.base_fee,
        prevrandao: Some(task.block.prevrandao),
        blob_excess_gas_and_price: Some(BlobExcessGasAndPrice { excess_blob_gas: 0, blob_gasprice: 1 }),
        ..BlockEnv::default()
    };
    let mut instruction = EthInstructions::new_mainnet_with_spec(SPEC);
    instruction.insert_instruction(
        opcode::SELFDESTRUCT,
        Instruction::new(border::selfdestruct),
        SELFDESTRUCT_GAS,
    );
    Evm {
        ctx,
        inspector: (),
        instruction,
        precompiles: Border::new(SPEC),
        frame_stack: FrameStack::new_prealloc(FRAMES),
    }
}

/// Ethereum's steps of a transaction, with the differences of a sealed world.
struct Steps<'a>(core::marker::PhantomData<Sealed<'a>>);

impl<'a> Handler for Steps<'a> {
    type Evm = Sealed<'a>;
    type Error = Refusal;
    type HaltReason = HaltReason;

    /// `execute` has looked at the task; there is no gas price to check and no transaction type.
    fn validate_env(&self, _: &mut Sealed<'a>) -> Result<(), Refusal> {
        Ok(())
    }

    /// The sender pays no fee and has no nonce here, and whoever it is may call; it gets the value that it is
    /// about to send, as that waits in escrow on the chain.
    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Sealed<'a>,
        _: &mut InitialAndFloorGas,
    ) -> Result<(), Refusal> {
        let (_, tx, _, journal, _, _) = evm.ctx.all_mut();
        let mut sender = journal.load_account_with_code_mut(tx.caller)?.data;
        if !sender.incr_balance(tx.value) {
            return Err(InvalidTransaction::OverflowPaymentInTransaction.into());
        }
        Ok(())
    }

    /// The root is created at its portal's address; a query may not write.
    fn first_frame_input(
        &mut self,
        evm: &mut Sealed<'a>,
        gas: &mut GasTracker,
    ) -> Result<Option<FrameInit>, Refusal> {
        let ctx = &mut evm.ctx;
        let mut memory = SharedMemory::new_with_buffer(ctx.local.shared_memory_buffer().clone());
        memory.set_memory_limit(ctx.cfg.memory_limit);
        let (world, task) = {
            let base = ctx.journaled_state.db();
            (base.world, base.task)
        };
        let frame_input = match task.kind {
            Kind::Deploy { init_code } => FrameInput::Create(Box::new(CreateInputs::new(
                task.sender,
                CreateScheme::Custom { address: world.root() },
                task.value,
                init_code.clone(),
                gas.remaining(),
                gas.reservoir(),
            ))),
            Kind::Call { .. } | Kind::Query { .. } => {
                let Some(mut input) = execution::create_init_frame(ctx, gas)? else { return Ok(None) };
                if let (FrameInput::Call(call), Kind::Query { .. }) = (&mut input, task.kind) {
                    call.is_static = true;
                }
                input
            }
        };
        Ok(Some(FrameInit { depth: 0, memory, frame_input }))
    }

    /// As in Ethereum, but a creation's bump of the sender's nonce is taken back before any code runs: senders
    /// are outside and look empty.
    fn run_exec_loop(&mut self, evm: &mut Sealed<'a>, first: FrameInit) -> Result<FrameResult, Refusal> {
        let first = evm.frame_init(first)?.map_item(|_| ());
        let sender = evm.ctx.tx.caller;
        if !evm.ctx.journaled_state.db().world.owns(sender)
            && let Some(account) = evm.ctx.journaled_state.evm_state_mut().get_mut(&sender)
        {
            account.info.nonce = 0;
        }
        if let ItemOrResult::Result(result) = first {
            return Ok(result);
        }
        loop {
            let result = match evm.frame_run()? {
                ItemOrResult::Item(init) => match evm.frame_init(init)? {
                    ItemOrResult::Item(_) => continue,
                    ItemOrResult::Result(result) => result,
                },
                ItemOrResult::Result(result) => result,
            };
            if let Some(result) = evm.frame_return_result(result)? {
                return Ok(result);
            }
        }
    }

    /// No fee was taken, so none comes back.
    fn reimburse_caller(&self, _: &mut Sealed<'a>, _: &mut FrameResult) -> Result<(), Refusal> {
        Ok(())
    }

    /// No fee is paid to anybody inside.
    fn reward_beneficiary(&self, _: &mut Sealed<'a>, _: &mut FrameResult) -> Result<(), Refusal> {
        Ok(())
    }
}
