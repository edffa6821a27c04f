//! How a task or a read ended, for people and for programs.

use std::{process::ExitCode, time::Duration};

use alloy_primitives::{U256, hex};
use anyhow::{Result, bail};
use enigma_chain::{
    OutboundEvent,
    json_abi::{Function, JsonAbi},
};
use enigma_protocol::relayed::Unauthorised;
use enigma_sdk::{Client, Error, Outcome, Report, Sent};
use serde_json::{Value, json};

use crate::{abi, cli::Common};

/// Waits for the commit, telling a person so, and what the contract's portal did then.
pub async fn finish(client: &Client, common: &Common, sent: &Sent) -> Result<(Report, Vec<OutboundEvent>)> {
    if !common.account.target.json {
        eprintln!("task {} is on the chain (block {}), waiting for its commit", sent.index, sent.block);
    }
    let report = match client.wait(sent, Duration::from_secs(common.timeout)).await {
        Err(late @ Error::NotCommitted { contract, index, .. }) => {
            bail!("{late}; `enigma task {contract} {index}` tells what it waits for")
        }
        report => report?,
    };
    let outbound = client.chain().outbound_of(report.commit, report.contract, report.index).await?;
    if !common.account.target.json {
        let paid = abi::show_ether(report.paid);
        eprintln!(
            "committed in block {}; it used {} gas inside and paid {paid} ETH",
            report.commit_block, report.gas_used
        );
        outbound.iter().for_each(|made| eprintln!("{}", made_outside(made)));
    }
    Ok((report, outbound))
}

/// What became of an outbound call, in words.
pub fn made_outside(made: &OutboundEvent) -> String {
    let (target, value) = (made.target, abi::show_ether(made.value));
    let with = if made.value.is_zero() { String::new() } else { format!(" with {value} ETH") };
    match (made.number, made.success) {
        (None, true) => format!("{value} ETH went to {target}"),
        (None, false) => format!("{target} did not take {value} ETH: they are its credit"),
        (Some(number), true) => format!("call {number}, of {target}{with}, succeeded"),
        (Some(number), false) if made.value.is_zero() => format!("call {number}, of {target}, FAILED"),
        (Some(number), false) => {
            format!("call {number}, of {target}{with}, FAILED: the ether comes back with the next input")
        }
    }
}

/// The same for programs.
pub fn outside_json(made: &[OutboundEvent]) -> Value {
    made.iter()
        .map(|made| {
            json!({
                "number": made.number.map(|number| number.to_string()), "target": made.target,
                "valueWei": made.value.to_string(), "success": made.success,
            })
        })
        .collect()
}

/// What programs read of any finished task.
pub fn describe(report: &Report, outbound: &[OutboundEvent]) -> Value {
    json!({
        "outbound": outside_json(outbound),
        "address": report.contract,
        "index": report.index,
        "transaction": report.transaction,
        "commit": report.commit,
        "commitBlock": report.commit_block,
        "gasUsed": report.gas_used,
        "paidWei": report.paid.to_string(),
        "logs": report.logs.iter().map(|log| json!({
            "address": log.address,
            "topics": log.topics,
            "data": hex::encode_prefixed(&log.data),
        })).collect::<Vec<_>>(),
    })
}

/// One word for an outcome, and why it is not what was hoped for.
pub fn words(outcome: &Outcome, abi: Option<&JsonAbi>) -> (&'static str, String) {
    match outcome {
        Outcome::Returned(_) => ("returned", String::new()),
        Outcome::Reverted(data) => ("reverted", abi::revert_reason(abi, data)),
        Outcome::Halted(code) => ("halted", halt_reason(*code)),
        Outcome::Expired => ("expired", "the task came too late".into()),
        Outcome::TooLarge => (
            "too-large",
            "the result is larger than the task paid for, state change and outbound calls counted; give more with \
             --bytes or --outbound"
                .into(),
        ),
        Outcome::NotDeployed => ("not-deployed", "the contract's deployment failed".into()),
        Outcome::NotAuthorised(why) => ("not-authorised", unauthorised(*why)),
        Outcome::Unopened => ("unopened", "the enclave could not open the envelope".into()),
    }
}

/// Prints what `method` returned, one value a line, or why it did not; `value` came along, `out` is what programs read of it
/// besides, `known` the contract's ABI if it is known. The exit code of a failure is 2.
pub fn tell(
    method: &Function,
    value: U256,
    outcome: &Outcome,
    known: impl FnOnce() -> Option<JsonAbi>,
    as_json: bool,
    mut out: Value,
) -> Result<ExitCode> {
    let Outcome::Returned(data) = outcome else {
        let known = known();
        let (kind, mut reason) = words(outcome, known.as_ref());
        if let (Outcome::Reverted(data), Some(known)) = (outcome, &known)
            && data.is_empty()
            && let Some(hint) = abi::silence(known, method, value)
        {
            reason = format!("{reason}; {hint}");
        }
        return Ok(say_failed(kind, reason, as_json, out));
    };
    let values: Vec<String> = abi::decode_output(method, data)?.iter().map(abi::show).collect();
    if as_json {
        out["ok"] = true.into();
        out["outcome"] = "returned".into();
        out["result"] = json!(values);
        out!("{out}");
    } else {
        values.iter().for_each(|value| out!("{value}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells why a task or read failed; `out` is what programs read of it besides. The exit code is 2, which no other
/// failure has.
pub fn failed(outcome: &Outcome, abi: Option<&JsonAbi>, as_json: bool, out: Value) -> ExitCode {
    let (kind, reason) = words(outcome, abi);
    say_failed(kind, reason, as_json, out)
}

fn say_failed(kind: &str, reason: String, as_json: bool, mut out: Value) -> ExitCode {
    if as_json {
        out["ok"] = false.into();
        out["outcome"] = kind.into();
        out["reason"] = reason.into();
        out!("{out}");
    } else {
        eprintln!("{kind}: {reason}");
    }
    ExitCode::from(2)
}

fn unauthorised(why: Option<Unauthorised>) -> String {
    match why {
        Some(Unauthorised::Signature) => "its author did not sign this task".into(),
        Some(Unauthorised::Value) => "the relayer sent another value than its author said".into(),
        Some(Unauthorised::Gas) => "the relayer gave less gas than its author asked for".into(),
        Some(Unauthorised::Nonce { expected }) => {
            format!(
                "its nonce is not the one that is due, {expected}: it ran before, or another must come first"
            )
        }
        None => "for a reason that this version does not know".into(),
    }
}

fn halt_reason(code: u8) -> String {
    match code {
        1 => "out of gas; give more with --gas".into(),
        2 => "invalid opcode".into(),
        6 => "it would write in a static call: a read changes nothing, `enigma call` does".into(),
        7 => "a creation failed: the address is taken, or the code too long or starting with 0xEF".into(),
        8 => "a precompile refused its input".into(),
        9 => "not enough balance".into(),
        10 => "calls nested deeper than 1,024".into(),
        11 => "it used too much memory".into(),
        33 => "something is deployed there already".into(),
        34 => "more gas than a task may have; give less with --gas".into(),
        35 => "the gas does not even cover the call itself; give more with --gas".into(),
        36 => "its creation code is longer than 49,152 bytes".into(),
        37 => "its value is more wei than can exist".into(),
        38 => "it returned too much data".into(),
        39 => "it emitted too many logs".into(),
        40 => "it changed too much state at once".into(),
        41 => "the contract has no room for more state".into(),
        other => format!("the EVM stopped with code {other}"),
    }
}
