//! What deploying and calling share: the account, the limits, the outcome.

use std::{process::ExitCode, time::Duration};

use alloy_primitives::{Address, hex};
use anyhow::{Context, Result, bail};
use enigma_chain::{Chain, Sender, accounts, json_abi::JsonAbi};
use enigma_sdk::{Client, Outcome, Report, Sent};
use serde_json::{Value, json};

use crate::{abi, cli::Common, testnet::Directory};

/// A client for the account that the command line names.
pub async fn client(common: &Common) -> Result<(Client, Directory)> {
    let directory = Directory::new(&common.data_dir)?;
    let network = directory.network()?;
    if !directory.is_running() {
        bail!("the network in {} is not running; start it with `enigma up`", common.data_dir.display());
    }
    let chain = Chain::connect(&network.rpc, network.enigma)?;
    let sender = Sender::new(chain, accounts::local(common.from)?);
    Ok((Client::connect(sender, network.descriptor()?).await?, directory))
}

/// Replaces each `-` by a line of standard input.
pub fn read_arguments(args: Vec<String>) -> Result<Vec<String>> {
    let line = || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).context("an argument from standard input")?;
        if read == 0 {
            bail!("expected an argument on standard input, it ended");
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    args.into_iter().map(|arg| if arg == "-" { line() } else { Ok(arg) }).collect()
}

/// Waits for the commit, telling a person so.
pub async fn finish(client: &Client, common: &Common, sent: &Sent) -> Result<Report> {
    if !common.json {
        eprintln!("task {} is on the chain (block {}), waiting for its commit", sent.index, sent.block);
    }
    let report = client.wait(sent, Duration::from_secs(common.timeout)).await?;
    if !common.json {
        let paid = abi::show_ether(report.paid);
        eprintln!(
            "committed in block {}; it used {} gas inside and paid {paid} ETH",
            report.commit_block, report.gas_used
        );
    }
    Ok(report)
}

/// What programs read of any finished task.
pub fn describe(report: &Report) -> Value {
    json!({
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

/// Tells why a task failed. The exit code is 2, which no other failure has.
pub fn failed(report: &Report, abi: Option<&JsonAbi>, as_json: bool) -> ExitCode {
    let (kind, reason) = match &report.outcome {
        Outcome::Returned(_) => ("returned", String::new()),
        Outcome::Reverted(data) => ("reverted", abi::revert_reason(abi, data)),
        Outcome::Halted(code) => ("halted", halt_reason(*code)),
        Outcome::Expired => ("expired", "the task came too late".into()),
        Outcome::TooLarge => ("too-large", "the result is larger than the task paid for".into()),
        Outcome::NotDeployed => ("not-deployed", "the contract's deployment failed".into()),
        Outcome::Unopened => ("unopened", "the enclave could not open the envelope".into()),
    };
    if as_json {
        let mut out = describe(report);
        out["ok"] = false.into();
        out["outcome"] = kind.into();
        out["reason"] = reason.into();
        out!("{out}");
    } else {
        eprintln!("{kind}: {reason}");
    }
    ExitCode::from(2)
}

fn halt_reason(code: u8) -> String {
    match code {
        1 => "out of gas; give more with --gas".into(),
        2 => "invalid opcode".into(),
        9 => "not enough balance".into(),
        33 => "something is deployed there already".into(),
        35 => "the gas does not even cover the call itself; give more with --gas".into(),
        other => format!("the EVM stopped with code {other}"),
    }
}

/// The ABI that a deployment through this directory left.
pub fn known_abi(directory: &Directory, contract: Address) -> Option<JsonAbi> {
    serde_json::from_slice(&std::fs::read(directory.abi_file(contract)).ok()?).ok()
}
