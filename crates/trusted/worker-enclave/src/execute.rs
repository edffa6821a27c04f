//! One task on a world: opened, run, its output encrypted, its delta sealed.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes};
use enigma_crypto::{bls::IdentityKey, kdf};
use enigma_evm::{
    BlockContext, HaltCode, Kind as Run, Limits, Outcome, Status as Ended, Task, World, WorldDelta,
};
use enigma_lightclient::HeaderChain;
use enigma_primitives::{Encode, Secret, gas_class, tags};
use enigma_protocol::{
    door::{Code, Refusal},
    envelope::{Claim, Plaintext},
    fees,
    input::{Input, Kind},
    outbound::{MAX_OUTBOUND, OutboundCall, OutboundKind, outbound_gas},
    output::{EncryptedOutput, InnerStatus, Output, PrivateLog},
    receipt::Status,
    relayed::{self, Given, Place, Unauthorised},
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
    /// Where authorisations must be for.
    pub(crate) place: Place,
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
        let judged = self.judge(world, ordered, plaintext);
        let author = judged.as_ref().copied().ok().flatten();
        let call = |effort| self.call(world, ordered, random, &calldata, author, effort);
        let mut outcome = call(if judged.is_ok() { Effort::Full } else { Effort::None });
        let mut output = match &judged {
            Ok(_) => reported(&outcome),
            Err(unrun) => unrun.output(),
        };
        if input.kind == Kind::Deploy && output.status == InnerStatus::Success {
            output.data.clear(); // the deployed code: its sender knows it, and the delta carries it already
        }
        let mut outbound = outbound(ordered.index, &outcome);
        if too_large(input, &outcome, &output, &outbound) {
            outbound.clear();
            outcome = call(Effort::None);
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

    /// Whether it may run, and if it was relayed, for whom. The nonce comes last: only the account's own signature
    /// learns it.
    fn judge(
        &self,
        world: &World,
        ordered: &Ordered<'_>,
        plaintext: &Plaintext,
    ) -> Result<Option<Author>, Unrun> {
        let input = &ordered.untrusted.input;
        if plaintext.expiry != 0 && input.timestamp > plaintext.expiry {
            return Err(Unrun::Expired);
        }
        let Claim::Relayed(authorisation) = &plaintext.claim else { return Ok(None) };
        let given = Given { value: input.value, gas_limit: input.gas_limit };
        let nonce = |account| world.task_nonce(account);
        relayed::judge(&self.place, authorisation, plaintext, given, nonce).map_err(Unrun::NotAuthorised)?;
        Ok(Some(Author { account: authorisation.account, nonce: authorisation.nonce }))
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
        author: Option<Author>,
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
            sender: author.map_or(input.sender, |author| author.account),
            caller: input.sender,
            on_behalf_of: input.on_behalf_of,
            relayed: author.map(|author| author.nonce),
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

/// Whose a relayed task is, and the nonce that it spends.
#[derive(Clone, Copy)]
struct Author {
    account: Address,
    nonce: u64,
}

/// Why a task does not run.
enum Unrun {
    Expired,
    NotAuthorised(Unauthorised),
}

impl Unrun {
    fn output(&self) -> Output {
        let (status, data) = match self {
            Self::Expired => (InnerStatus::Expired, Vec::new()),
            Self::NotAuthorised(why) => (InnerStatus::NotAuthorised, why.data()),
        };
        Output { status, gas_used: 0, data, logs: Vec::new() }
    }
}

/// Whether a task runs, or is only over: it may not run, or was already found to be too large. Running an expired task
/// would cost a worker gas that nobody pays.
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
pub(crate) fn reported(outcome: &Outcome) -> Output {
    let (status, data) = match outcome.status {
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
    Output { status, gas_used: outcome.gas_used, data, logs }
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
