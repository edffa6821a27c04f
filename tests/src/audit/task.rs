//! One input, as whoever executes it must find it to end.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes};
use enigma_chain::InputEvent;
use enigma_evm::{
    BlockContext, HaltCode, Kind as Run, Limits, Outcome, Status as Ended, Task, World, WorldDelta,
};
use enigma_primitives::{Encode, gas_class};
use enigma_protocol::{
    envelope::{Binding, Claim, Envelope, Plaintext},
    fees,
    input::{Input, Kind, context},
    outbound::{MAX_OUTBOUND, OutboundCall, OutboundKind, outbound_gas},
    output::{InnerStatus, Output, PrivateLog},
    receipt::{Status, domain_separator},
    relayed::{self, Given, Place},
    state::sealed_len,
};

use super::{Committee, History};

/// What the simulated platform mixes into every key.
pub(super) const LABEL: &[u8] = b"simulated";
/// Size of a world above which no task may grow it.
const MAX_WORLD: u64 = 13 << 20;
/// Blocks before a task's whose hashes it can ask for.
const BLOCK_HASHES: u64 = 256;

/// What the chain must have been told of a task.
pub(super) struct Told {
    pub(super) status: Status,
    pub(super) gas_charged: u64,
    pub(super) output: Vec<u8>,
    pub(super) delta: WorldDelta,
    pub(super) outbound: Vec<OutboundCall>,
}

/// Executes an input in a receipt of `epoch`.
pub(super) fn told(
    history: &History,
    committee: &mut Committee,
    world: &World,
    event: &InputEvent,
    epoch: u64,
) -> Told {
    let input = &event.input;
    let Some(plaintext) = opened(history, committee, event, epoch) else {
        let gas_charged = gas_class(0).min(input.gas_limit);
        return Told {
            status: Status::Unopened,
            gas_charged,
            output: Vec::new(),
            delta: WorldDelta::default(),
            outbound: Vec::new(),
        };
    };
    let ctx = context(event.head, event.block_hash);
    let judged = judge(committee, world, event, &plaintext);
    let author = judged.as_ref().ok().copied().flatten();
    let mut run = |gas: u64| execute(history, committee, world, event, &plaintext, author, gas);
    let mut outcome = run(if judged.is_ok() { input.gas_limit } else { 0 });
    let mut output = match judged {
        Ok(_) => reported(&outcome, input.kind),
        Err(refused) => refused,
    };
    let bytes = output.encrypted_len() + sealed_len(outcome.delta.to_bytes().len());
    let mut outbound = outbound(event.index, &outcome);
    if outbound.len() > MAX_OUTBOUND || !fees::covers(input.commit_gas, bytes as u64, outbound_gas(&outbound))
    {
        outbound.clear();
        outcome = run(0);
        let (status, gas_used) = (InnerStatus::TooLarge, input.gas_limit);
        output = Output { status, gas_used, data: Vec::new(), logs: Vec::new() };
    }
    let returned = output.status != InnerStatus::Success && !input.value.is_zero();
    Told {
        status: if returned { Status::ValueReturned } else { Status::Completed },
        gas_charged: gas_class(output.gas_used).min(input.gas_limit),
        output: output.encrypt(&plaintext.reply_key, ctx).expect("it can be encrypted").0,
        delta: outcome.delta,
        outbound,
    }
}

/// Who a relayed task is by, with the nonce that it spends; or what the author of one that may not run reads.
fn judge(
    committee: &Committee,
    world: &World,
    event: &InputEvent,
    plaintext: &Plaintext,
) -> Result<Option<(Address, u64)>, Output> {
    let input = &event.input;
    let unrun = |status, data| Output { status, gas_used: 0, data, logs: Vec::new() };
    if plaintext.expiry != 0 && input.timestamp > plaintext.expiry {
        return Err(unrun(InnerStatus::Expired, Vec::new()));
    }
    let Claim::Relayed(authorisation) = &plaintext.claim else { return Ok(None) };
    let descriptor = committee.descriptor();
    let place = Place {
        domain: domain_separator(descriptor.chain_id, descriptor.enigma),
        network: descriptor.network(),
        contract: event.contract,
    };
    let given = Given { value: input.value, gas_limit: input.gas_limit };
    relayed::judge(&place, authorisation, plaintext, given, |account| world.task_nonce(account))
        .map_err(|why| unrun(InnerStatus::NotAuthorised, why.data()))?;
    Ok(Some((authorisation.account, authorisation.nonce)))
}

fn outbound(index: u64, outcome: &Outcome) -> Vec<OutboundCall> {
    let call = |call: &enigma_evm::OutboundCall| OutboundCall {
        index,
        kind: match call.kind {
            enigma_evm::OutboundKind::Transfer => OutboundKind::Transfer,
            enigma_evm::OutboundKind::Call => OutboundKind::Call,
        },
        target: call.target,
        value: call.value,
        gas: call.gas,
        data: call.data.to_vec().into(),
    };
    outcome.outbound.iter().map(call).collect()
}

/// The envelope's content, unless its sender is to blame that there is none.
fn opened(history: &History, committee: &mut Committee, event: &InputEvent, epoch: u64) -> Option<Plaintext> {
    let input = &event.input;
    let envelope = Envelope::parse(&event.envelope).ok()?;
    if envelope.epoch != input.epoch || input.epoch < epoch.saturating_sub(history.window) {
        return None;
    }
    let binding = Binding {
        kind: input.kind,
        network: committee.descriptor().network(),
        contract: event.contract,
        epoch: input.epoch,
        sender: input.sender,
        on_behalf_of: input.on_behalf_of,
    };
    let key = committee.envelope_key(event.contract, input.epoch, &envelope.u)?;
    envelope.open(key, &binding).ok()
}

fn execute(
    history: &History,
    committee: &mut Committee,
    world: &World,
    event: &InputEvent,
    plaintext: &Plaintext,
    author: Option<(Address, u64)>,
    gas_limit: u64,
) -> Outcome {
    let input = &event.input;
    let ctx = context(event.head, event.block_hash);
    let (prevrandao, seed) = committee.random(event.contract, input.inclusion_epoch, ctx);
    let calldata: Bytes = plaintext.body.expose(|body| [&event.code, &body[..]].concat()).into();
    let number = input.block_number;
    let hashes: BTreeMap<u64, B256> =
        history.hashes.range(number.saturating_sub(BLOCK_HASHES)..number).map(|(n, h)| (*n, *h)).collect();
    let task = Task {
        kind: match input.kind {
            Kind::Deploy => Run::Deploy { init_code: &calldata },
            Kind::Task | Kind::Query => Run::Call { calldata: &calldata },
        },
        sender: author.map_or(input.sender, |(account, _)| account),
        caller: input.sender,
        on_behalf_of: input.on_behalf_of,
        relayed: author.map(|(_, nonce)| nonce),
        value: input.value,
        inflow: input.inflow,
        gas_limit,
        block: block(input, committee.descriptor().chain_id, prevrandao),
        block_hashes: &hashes,
        randomness: &seed,
        limits: Limits { world: MAX_WORLD, ..Limits::RULESET_1 },
    };
    enigma_evm::execute(world, &task)
}

fn block(input: &Input, chain_id: u64, prevrandao: B256) -> BlockContext {
    BlockContext {
        number: input.block_number,
        timestamp: input.timestamp,
        base_fee: u64::try_from(input.base_fee).expect("a price of this chain"),
        chain_id,
        prevrandao,
    }
}

/// What its sender reads of an outcome.
fn reported(outcome: &Outcome, kind: Kind) -> Output {
    let (status, data) = match outcome.status {
        // The deployed code is in the delta.
        Ended::Success if kind == Kind::Deploy => (InnerStatus::Success, Vec::new()),
        Ended::Success => (InnerStatus::Success, outcome.output.to_vec()),
        Ended::Revert => (InnerStatus::Reverted, outcome.output.to_vec()),
        Ended::Halt(HaltCode::NotDeployed) => (InnerStatus::NotDeployed, Vec::new()),
        Ended::Halt(code) => (InnerStatus::Halted, vec![code.code()]),
    };
    let log = |log: &enigma_evm::Log| PrivateLog {
        address: log.address,
        topics: log.topics.clone(),
        data: log.data.to_vec(),
    };
    let gas_used = outcome.gas_used;
    Output { status, gas_used, data, logs: outcome.logs.iter().map(log).collect() }
}
