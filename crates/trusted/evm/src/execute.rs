//! One task, from the world before it to the change it makes.

use alloy_primitives::{Address, Bytes, U256};
use enigma_primitives::Encode;
use revm::{
    context::result::{ExecutionResult, InvalidTransaction},
    state::{Account as Loaded, EvmState},
};

use crate::{
    db::Base,
    delta::{AccountDelta, WorldDelta},
    machine::{self, MAX_INIT_CODE, Refusal},
    outbound::{self, OutboundCall, OutboundKind},
    outcome::{HaltCode, Log, Outcome, Status},
    task::{Kind, TASK_GAS_CAP, Task},
    world::{Account, World},
};

/// More wei than can exist: Ethereum's whole supply has 87 bits.
const AMOUNT_BITS: usize = 128;

/// Runs `task` on `world`, which stays as it is; [`World::apply`] with the outcome's delta makes the next one.
///
/// Total and deterministic: whatever the task, the outcome says how it ended.
pub fn execute(world: &World, task: &Task<'_>) -> Outcome {
    let inflow = accepted_inflow(world, task);
    if !has_room_for_nonce(world, task) {
        // It does not run, so its nonce can stay: a world may not outgrow its snapshot, whoever fails in it.
        let unspent = Task { relayed: None, ..*task };
        return halted(task, HaltCode::WorldLimit, deposits(&Base::new(world, &unspent, inflow), inflow));
    }
    let base = Base::new(world, task, inflow);
    let deposits = || deposits(&base, inflow);
    if let Err(code) = admit(world, task) {
        return halted(task, code, deposits());
    }
    let (result, state) = match machine::run(base) {
        Ok(done) => done,
        Err(refusal) => return halted(task, refusal_code(&refusal), deposits()),
    };
    match result {
        ExecutionResult::Success { gas, logs, output, .. } => {
            let Some((logs, outbound)) = outbound::collect(logs, &base, &state) else {
                return halted(task, HaltCode::Machine, deposits());
            };
            let delta = match task.kind {
                Kind::Query { .. } => WorldDelta::default(),
                Kind::Deploy { .. } | Kind::Call { .. } => changes(&base, inflow, state, &outbound),
            };
            let output = output.into_data();
            let logs: Vec<Log> = logs.into_iter().map(log).collect();
            match within_limits(world, task, &output, &logs, &delta) {
                Ok(()) => {
                    let gas_used = gas.tx_gas_used();
                    Outcome { status: Status::Success, gas_used, output, logs, outbound, delta }
                }
                Err(code) => halted(task, code, deposits()),
            }
        }
        ExecutionResult::Revert { gas, output, .. } => {
            if output.len() > task.limits.output {
                return halted(task, HaltCode::OutputLimit, deposits());
            }
            let gas_used = gas.tx_gas_used();
            let (logs, outbound) = (Vec::new(), Vec::new());
            Outcome { status: Status::Revert, gas_used, output, logs, outbound, delta: deposits() }
        }
        ExecutionResult::Halt { reason, .. } => halted(task, HaltCode::from(reason), deposits()),
    }
}

/// The task's inflow, or what the world has seen already if the figure cannot be right. A query sees the world
/// as the last task left it.
fn accepted_inflow(world: &World, task: &Task<'_>) -> U256 {
    match task.kind {
        Kind::Deploy { .. } | Kind::Call { .. } if task.inflow.bit_len() <= AMOUNT_BITS => {
            task.inflow.max(world.inflow_seen())
        }
        _ => world.inflow_seen(),
    }
}

/// The nonce that the task spends, whatever becomes of it.
fn spent(task: &Task<'_>) -> Option<(Address, u64)> {
    match task.kind {
        Kind::Query { .. } => None,
        Kind::Deploy { .. } | Kind::Call { .. } => {
            task.relayed.map(|nonce| (task.sender, nonce.saturating_add(1)))
        }
    }
}

/// Whether the world may grow by the nonce of an author that it has not seen before.
fn has_room_for_nonce(world: &World, task: &Task<'_>) -> bool {
    let delta = WorldDelta { task_nonce: spent(task), ..WorldDelta::default() };
    world.size_after(&delta) <= task.limits.world.max(world.size())
}

/// What can be refused without running anything.
fn admit(world: &World, task: &Task<'_>) -> Result<(), HaltCode> {
    match task.kind {
        Kind::Deploy { .. } if world.is_deployed() => return Err(HaltCode::AlreadyDeployed),
        Kind::Deploy { init_code } if init_code.len() > MAX_INIT_CODE => return Err(HaltCode::InitCodeSize),
        Kind::Call { .. } | Kind::Query { .. } if !world.is_deployed() => return Err(HaltCode::NotDeployed),
        Kind::Deploy { .. } | Kind::Call { .. } | Kind::Query { .. } => {}
    }
    if task.gas_limit > TASK_GAS_CAP {
        return Err(HaltCode::GasCap);
    }
    if task.value.bit_len() > AMOUNT_BITS || task.inflow.bit_len() > AMOUNT_BITS {
        return Err(HaltCode::Amount);
    }
    Ok(())
}

fn within_limits(
    world: &World,
    task: &Task<'_>,
    output: &Bytes,
    logs: &[Log],
    delta: &WorldDelta,
) -> Result<(), HaltCode> {
    let limits = &task.limits;
    // A deployment's output is its code, which the delta holds.
    if output.len() > limits.output {
        return Err(HaltCode::OutputLimit);
    }
    let words = |log: &Log| log.topics.len().saturating_add(1).saturating_mul(32);
    let size = |log: &Log| words(log).saturating_add(log.data.len());
    if logs.iter().fold(0usize, |sum, log| sum.saturating_add(size(log))) > limits.logs {
        return Err(HaltCode::LogLimit);
    }
    if delta.to_bytes().len() > limits.delta {
        return Err(HaltCode::DeltaLimit);
    }
    // A world that is too large already (a stricter ruleset) may still shrink.
    if world.size_after(delta) > limits.world.max(world.size()) {
        return Err(HaltCode::WorldLimit);
    }
    Ok(())
}

fn halted(task: &Task<'_>, code: HaltCode, delta: WorldDelta) -> Outcome {
    let (output, logs, outbound) = (Bytes::new(), Vec::new(), Vec::new());
    Outcome { status: Status::Halt(code), gas_used: task.gas_limit, output, logs, outbound, delta }
}

fn refusal_code(refusal: &Refusal) -> HaltCode {
    match refusal {
        Refusal::Transaction(
            InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
            | InvalidTransaction::GasFloorMoreThanGasLimit { .. },
        ) => HaltCode::IntrinsicGas,
        Refusal::Transaction(InvalidTransaction::OverflowPaymentInTransaction) => HaltCode::Funds,
        _ => HaltCode::Machine,
    }
}

/// What even a failed task changes.
fn deposits(base: &Base<'_>, inflow: U256) -> WorldDelta {
    let mut delta = WorldDelta {
        inflow_seen: inflow_change(base, inflow),
        task_nonce: spent(base.task),
        ..WorldDelta::default()
    };
    let root = base.world.root();
    if base.root_balance != base.world.balance(root) {
        let balance = Some(base.root_balance);
        delta.accounts.push(AccountDelta { address: root, balance, ..AccountDelta::default() });
    }
    delta
}

/// What a successful task changes.
fn changes(base: &Base<'_>, inflow: U256, state: EvmState, outbound: &[OutboundCall]) -> WorldDelta {
    let world = base.world;
    let mut accounts: Vec<AccountDelta> = state
        .into_iter()
        .filter(|(address, loaded)| base.stays(*address, loaded))
        .map(|(address, loaded)| {
            let none = Account::default();
            difference(
                world.account(address).unwrap_or(&none),
                AccountDelta { address, ..Default::default() },
                &loaded,
            )
        })
        .filter(|change| !change.is_empty())
        .collect();
    accounts.sort_unstable_by_key(|change| change.address);
    let calls = outbound.iter().filter(|call| call.kind == OutboundKind::Call).count() as u64;
    let outbound_calls = (calls != 0).then(|| world.outbound_calls().saturating_add(calls));
    let task_nonce = spent(base.task);
    WorldDelta { inflow_seen: inflow_change(base, inflow), outbound_calls, task_nonce, accounts }
}

fn inflow_change(base: &Base<'_>, inflow: U256) -> Option<U256> {
    (inflow != base.world.inflow_seen()).then_some(inflow)
}

/// Fills `change` with what differs between `before` and `after`.
fn difference(before: &Account, mut change: AccountDelta, after: &Loaded) -> AccountDelta {
    if after.is_selfdestructed() {
        // Only in the transaction that created it (EIP-6780), so there was no nonce, code or slot before.
        change.balance = (!before.balance.is_zero()).then_some(U256::ZERO);
        return change;
    }
    change.nonce = (after.info.nonce != before.nonce).then_some(after.info.nonce);
    change.balance = (after.info.balance != before.balance).then_some(after.info.balance);
    if let Some(code) = &after.info.code
        && after.info.code_hash != before.code.hash_slow()
    {
        change.code = Some(code.original_bytes());
    }
    change.storage = after
        .storage
        .iter()
        .map(|(slot, value)| (*slot, value.present_value))
        .filter(|(slot, value)| before.storage.get(slot).copied().unwrap_or_default() != *value)
        .collect();
    change.storage.sort_unstable();
    change
}

fn log(log: alloy_primitives::Log) -> Log {
    let (topics, data) = log.data.split();
    Log { address: log.address, topics, data }
}
