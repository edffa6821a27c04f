//! One task on a world: opened, run, its output encrypted, its delta sealed.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes};
use enigma_crypto::{bls::IdentityKey, kdf};
use enigma_evm::{
    BlockContext, HaltCode, Kind as Run, Limits, Outcome, Status as Ended, Task, World, WorldDelta,
};
use enigma_lightclient::HeaderChain;
use enigma_primitives::{Encode, Secret, gas_class, tags};
use enigma_protocol::{
    door::{Code, Refusal},
    envelope::Plaintext,
    fees,
    input::{Input, Kind},
    outbound::{MAX_OUTBOUND, OutboundCall, OutboundKind, outbound_gas},
    output::{EncryptedOutput, InnerStatus, Output, PrivateLog},
    receipt::Status,
    state::{SealedDelta, StateKey, sealed_len},
};

use crate::facts::Ordered;

/// Size of a world (`World::size`) above which no task may grow it. Its snapshot must fit `MAX_SNAPSHOT`, or the epoch
/// could not be opened: an account encodes to at most 75/64 of what counts as its size, a slot to 66/64.
pub(crate) const MAX_WORLD: u64 = 13 << 20;

/// What one task leaves behind.
pub(crate) struct Done {
    pub(crate) status: Status,
    pub(crate) gas_charged: u64,
    pub(crate) output: EncryptedOutput,
    pub(crate) sealed: SealedDelta,
    pub(crate) delta: WorldDelta,
    pub(crate) outbound: Vec<OutboundCall>,
}

/// What the execution of every task of a receipt shares.
pub(crate) struct Shop<'a> {
    pub(crate) chain: &'a HeaderChain,
    pub(crate) chain_id: u64,
    pub(crate) label: &'a [u8],
    pub(crate) state_key: &'a StateKey,
}

impl Shop<'_> {
    /// Runs an opened task on `world`. `random` is the input key of the epoch of inclusion.
    pub(crate) fn run(
        &self,
        world: &World,
        ordered: &Ordered<'_>,
        plaintext: &Plaintext,
        random: &IdentityKey,
    ) -> Result<Done, Refusal> {
        let input = &ordered.untrusted.input;
        let calldata = plaintext.body.expose(|body| self.body(ordered, body));
        let expired = plaintext.expiry != 0 && input.timestamp > plaintext.expiry;
        let outcome = if expired {
            self.call(world, ordered, random, &calldata, Effort::None)
        } else {
            self.call(world, ordered, random, &calldata, Effort::Full)
        };
        let (mut outcome, mut output) = reported(outcome, expired);
        if input.kind == Kind::Deploy && output.status == InnerStatus::Success {
            output.data.clear(); // the deployed code: its sender knows it, and the delta carries it already
        }
        let mut outbound = outbound(ordered.index, &outcome);
        if too_large(input, &outcome, &output, &outbound) {
            outbound.clear();
            outcome = self.call(world, ordered, random, &calldata, Effort::None);
            output = Output {
                status: InnerStatus::TooLarge,
                gas_used: input.gas_limit,
                data: Vec::new(),
                logs: Vec::new(),
            };
        }
        let success = output.status == InnerStatus::Success;
        let returned = !success && !input.value.is_zero();
        Ok(Done {
            status: if returned { Status::ValueReturned } else { Status::Completed },
            gas_charged: gas_class(output.gas_used).min(input.gas_limit),
            output: output.encrypt(&plaintext.reply_key, ordered.ctx).map_err(|_| Code::Internal)?,
            sealed: self.seal(ordered, &outcome.delta)?,
            delta: outcome.delta,
            outbound,
        })
    }

    /// The outcome of an input whose envelope does not open: nothing changes but that it is over.
    pub(crate) fn unopened(&self, ordered: &Ordered<'_>) -> Result<Done, Refusal> {
        let delta = WorldDelta::default();
        Ok(Done {
            status: Status::Unopened,
            gas_charged: gas_class(0).min(ordered.untrusted.input.gas_limit),
            output: EncryptedOutput(Vec::new()),
            sealed: self.seal(ordered, &delta)?,
            delta,
            outbound: Vec::new(),
        })
    }

    fn seal(&self, ordered: &Ordered<'_>, delta: &WorldDelta) -> Result<SealedDelta, Refusal> {
        let bytes = Secret::new(delta.to_bytes());
        bytes
            .expose(|b| self.state_key.seal_delta(self.label, ordered.ctx, b))
            .map_err(|_| Code::Internal.into())
    }

    fn body(&self, ordered: &Ordered<'_>, body: &[u8]) -> Bytes {
        match ordered.untrusted.input.kind {
            Kind::Deploy => [&ordered.untrusted.code.0, body].concat().into(),
            Kind::Task | Kind::Query => Bytes::copy_from_slice(body),
        }
    }

    fn call(
        &self,
        world: &World,
        ordered: &Ordered<'_>,
        random: &IdentityKey,
        calldata: &Bytes,
        effort: Effort,
    ) -> Outcome {
        let input = &ordered.untrusted.input;
        let (prevrandao, seed) = randomness(random, ordered.ctx);
        let hashes = recent_hashes(self.chain, input.block_number);
        let task = Task {
            kind: match input.kind {
                Kind::Deploy => Run::Deploy { init_code: calldata },
                Kind::Task | Kind::Query => Run::Call { calldata },
            },
            sender: input.sender,
            value: input.value,
            inflow: input.inflow,
            // Without gas nothing runs: what is left is the deposits that the input brought.
            gas_limit: if matches!(effort, Effort::Full) { input.gas_limit } else { 0 },
            block: BlockContext {
                number: input.block_number,
                timestamp: input.timestamp,
                base_fee: u64::try_from(input.base_fee).unwrap_or(u64::MAX),
                chain_id: self.chain_id,
                prevrandao,
            },
            block_hashes: &hashes,
            randomness: &seed,
            limits: Limits { world: MAX_WORLD, ..Limits::RULESET_1 },
        };
        enigma_evm::execute(world, &task)
    }
}

/// Whether a task runs, or is only over: expired, or already found to be too large. Running an expired task would cost
/// a worker gas that nobody pays.
#[derive(Clone, Copy)]
enum Effort {
    Full,
    None,
}

/// `prevrandao`, and the seed of the randomness precompile: unknown before inclusion, fixed after it.
fn randomness(input_key: &IdentityKey, ctx: B256) -> (B256, Secret<[u8; 32]>) {
    let point = input_key.expose(|p| p.to_secret());
    let prevrandao = kdf::derive(tags::RANDOM, &point, ctx.as_slice());
    let seed = kdf::derive(tags::RANDOM, &point, &[ctx.as_slice(), b"seed"].concat());
    (prevrandao.expose(|bytes| B256::new(*bytes)), seed)
}

/// Blocks before a task's that `BLOCKHASH` knows.
pub(crate) const BLOCK_HASHES: u64 = 256;

/// What `BLOCKHASH` knows.
pub(crate) fn recent_hashes(chain: &HeaderChain, number: u64) -> BTreeMap<u64, B256> {
    (number.saturating_sub(BLOCK_HASHES)..number).filter_map(|n| chain.hash(n).map(|h| (n, h))).collect()
}

/// The outcome as who asked for it will read it.
pub(crate) fn reported(outcome: Outcome, expired: bool) -> (Outcome, Output) {
    let (status, data) = match outcome.status {
        _ if expired => (InnerStatus::Expired, Vec::new()),
        Ended::Success => (InnerStatus::Success, outcome.output.to_vec()),
        Ended::Revert => (InnerStatus::Reverted, outcome.output.to_vec()),
        Ended::Halt(HaltCode::NotDeployed) => (InnerStatus::NotDeployed, Vec::new()),
        Ended::Halt(code) => (InnerStatus::Halted, vec![code.code()]),
    };
    let logs = outcome
        .logs
        .iter()
        .map(|l| PrivateLog { address: l.address, topics: l.topics.clone(), data: l.data.to_vec() })
        .collect();
    let gas_used = if expired { 0 } else { outcome.gas_used };
    (outcome, Output { status, gas_used, data, logs })
}

/// What a task had its portal do, as the protocol has it.
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

/// Whether a batch of one with this output, delta and outbound calls costs more than the sender's `commitGas` pays for.
fn too_large(input: &Input, outcome: &Outcome, output: &Output, outbound: &[OutboundCall]) -> bool {
    let bytes = output.encrypted_len().saturating_add(sealed_len(outcome.delta.to_bytes().len()));
    outbound.len() > MAX_OUTBOUND || !fees::covers(input.commit_gas, bytes as u64, outbound_gas(outbound))
}
