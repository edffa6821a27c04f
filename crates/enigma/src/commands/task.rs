//! `enigma task`: the life of a task, from the chain alone.

use std::process::ExitCode;

use alloy_primitives::{Address, B256, hex};
use anyhow::{Context, Result, bail};
use enigma_chain::{
    TaskOutcome,
    json_abi::{Function, JsonAbi},
};
use enigma_protocol::{input::Kind, receipt::Status};
use enigma_sdk::{Client, Error, Life, Outcome, Price, Report, Stage};
use serde_json::{Value, json};

use super::{common, outcome};
use crate::{abi, cli::Task, clock::utc, testnet::Directory};

/// What the command can say of a task's inside.
enum Inside {
    /// It is not committed yet.
    Pending,
    /// Nobody executed it: there is nothing inside.
    Skipped,
    /// Another account's.
    Foreign,
    /// Ours, but its reply key was random and is gone.
    Lost,
    /// Decrypted.
    Open(Box<Report>),
}

/// Everything about one task.
struct Told {
    life: Life,
    account: Option<u32>,
    inside: Inside,
    abi: Option<JsonAbi>,
    method: Option<Function>,
}

/// Prints what is known. A task that failed is told, not an error.
pub async fn run(args: Task) -> Result<ExitCode> {
    let method = args.method.as_deref().map(abi::method).transpose()?;
    let (client, directory) = common::client_of(&args.target.data_dir, 0).await?;
    let lives = match (args.task.parse::<Address>(), args.task.parse::<B256>(), args.index) {
        (Ok(contract), _, Some(index)) => vec![client.life(contract, index).await?],
        (Ok(_), _, None) => bail!("which task of it? Give an index too, the first one is 0"),
        (_, Ok(transaction), None) => client.lives(transaction).await?,
        _ => bail!("expected a contract and an index, or the hash of the transaction that created the task"),
    };
    let mut all = Vec::new();
    for life in lives {
        all.push(tell(&args, life, &directory, method.clone()).await?);
    }
    if args.target.json {
        let tasks = all.iter().map(Told::json).collect::<Result<Vec<_>>>()?;
        // One task is what most transactions create, and what programs expect.
        match <[Value; 1]>::try_from(tasks) {
            Ok([mut task]) => {
                task["ok"] = true.into();
                out!("{task}");
            }
            Err(tasks) => out!("{}", json!({ "ok": true, "tasks": tasks })),
        }
    } else {
        for (place, told) in all.iter().enumerate() {
            if place > 0 {
                out!("");
            }
            told.print()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn tell(args: &Task, life: Life, directory: &Directory, method: Option<Function>) -> Result<Told> {
    let account = common::local_account(life.input.input.sender)?;
    let inside = match (&life.commit, args.from.or(account)) {
        (None, _) if life.skip.is_some() => Inside::Skipped,
        (None, _) => Inside::Pending,
        (Some(_), None) => Inside::Foreign,
        (Some(commit), Some(account)) => {
            let (client, _): (Client, _) = common::client_of(&args.target.data_dir, account).await?;
            match client.open(&life.input, commit) {
                Ok(report) => Inside::Open(Box::new(report)),
                Err(Error::ForeignOutput { .. }) => Inside::Lost,
                Err(Error::NotOurs { .. }) => Inside::Foreign,
                Err(error) => return Err(error.into()),
            }
        }
    };
    let abi = common::known_abi(directory, life.input.contract);
    Ok(Told { life, account, inside, abi, method })
}

impl Told {
    /// The public outcome, once committed.
    fn public(&self) -> Option<&TaskOutcome> {
        let commit = self.life.commit.as_ref()?;
        commit.outcomes.get(usize::try_from(self.life.input.index.checked_sub(commit.first_index)?).ok()?)
    }

    /// The outcome in one word, and more about it.
    fn outcome(&self) -> Result<(&'static str, String)> {
        Ok(match &self.inside {
            Inside::Pending => ("pending", "not committed yet".into()),
            Inside::Skipped => {
                ("skipped", "nobody executed it in time; fee and value were credited to its sender".into())
            }
            Inside::Foreign => ("private", "only its sender can read how it ended".into()),
            Inside::Lost => (
                "unreadable",
                "it was sent with a random reply key, which its account cannot derive again".into(),
            ),
            Inside::Open(report) => match (&report.outcome, &self.method, self.life.input.input.kind) {
                (Outcome::Returned(data), Some(method), _) => ("returned", values(method, data)?.join(", ")),
                (Outcome::Returned(_), None, Kind::Deploy) => ("returned", "the contract is deployed".into()),
                (Outcome::Returned(data), None, _) if data.is_empty() => ("returned", "nothing".into()),
                (Outcome::Returned(data), None, _) => {
                    ("returned", format!("{} (decoded by --method)", hex::encode_prefixed(data)))
                }
                (failure, ..) => outcome::words(failure, self.abi.as_ref()),
            },
        })
    }

    fn stage(&self) -> &'static str {
        match self.life.stage {
            Stage::Waiting { .. } => "waiting",
            Stage::Executing => "executing",
            Stage::Committed => "committed",
            Stage::Skipped => "skipped",
        }
    }

    /// Why a pending task may have to wait for cheaper gas.
    fn price(&self) -> Vec<String> {
        let Some(Price { base_fee, held_since }) = self.life.price else { return Vec::new() };
        let mut why = Vec::new();
        let cap = self.life.input.input.price_cap;
        if base_fee > cap {
            why.push(format!(
                "the base fee, {} gwei, is above its cap, {} gwei: no worker has to commit it until that falls",
                abi::show_gwei(base_fee),
                abi::show_gwei(cap)
            ));
        }
        if let Some(block) = held_since {
            why.push(format!(
                "the clock of the contract stands still since block {block}, when the base fee was above the cap of the \
                 oldest pending task; it goes on by itself when that falls"
            ));
        }
        why
    }

    fn logs(&self) -> Vec<String> {
        let Inside::Open(report) = &self.inside else { return Vec::new() };
        report.logs.iter().map(|log| abi::show_log(self.abi.as_ref(), log)).collect()
    }

    fn print(&self) -> Result<()> {
        let Life { input, commit, skip, worker, money, .. } = &self.life;
        let (contract, index, terms) = (input.contract, input.index, &input.input);
        let (word, more) = self.outcome()?;
        out!(
            "task      {index} of {contract}{}",
            if terms.kind == Kind::Deploy { ", its deployment" } else { "" }
        );
        match self.life.stage {
            Stage::Waiting { ahead } if ahead > 0 => out!("stage     waiting, {ahead} before it"),
            _ => out!("stage     {}", self.stage()),
        }
        self.price().iter().for_each(|why| out!("price     {why}"));
        out!("outcome   {word}: {more}");
        self.logs().iter().for_each(|log| out!("log       {log}"));
        let account = self.account.map(|n| format!(" (account {n})")).unwrap_or_default();
        out!("sender    {}{account}", terms.sender);
        out!("created   {}, block {}, {}", utc(terms.timestamp), terms.block_number, input.transaction);
        if let Some(commit) = commit {
            let after = commit.timestamp.saturating_sub(terms.timestamp);
            out!(
                "committed {}, block {}, {}, {after} s later",
                utc(commit.timestamp),
                commit.block_number,
                commit.transaction
            );
        }
        if let Some(skip) = skip {
            let after = skip.timestamp.saturating_sub(terms.timestamp);
            out!(
                "skipped   {}, block {}, {}, {after} s later",
                utc(skip.timestamp),
                skip.block_number,
                skip.transaction
            );
        }
        match worker {
            Some(w) => out!("worker    {}, enclave {}, operator {}", w.id, w.signer, w.operator),
            None if skip.is_some() => out!("worker    none"),
            None => out!("worker    not told"),
        }
        out!("gas       {}", self.gas());
        let ether = |wei| format!("{} ETH", abi::show_ether(wei));
        let mut told = format!("value {}, escrow {}", ether(money.value), ether(money.escrow));
        if let (Some(paid), Some(refunded)) = (money.paid, money.refunded) {
            told += &format!(", paid {}, refunded {}", ether(paid), ether(refunded));
        }
        out!("money     {told}");
        out!("bytes     {}", self.sizes());
        self.life.outbound.iter().for_each(|made| out!("outside   {}", outcome::made_outside(made)));
        Ok(())
    }

    fn gas(&self) -> String {
        let mut gas = format!("limit {}", self.life.input.input.gas_limit);
        if let Inside::Open(report) = &self.inside {
            gas += &format!(", used {}", report.gas_used);
        }
        if let Some(public) = self.public() {
            gas += &format!(", charged {}", public.gas_charged);
        }
        gas
    }

    fn sizes(&self) -> String {
        let input = &self.life.input;
        let mut sizes = format!("envelope {}", input.envelope.len());
        if !input.code.is_empty() {
            sizes += &format!(", code {}", input.code.len());
        }
        if let Some(public) = self.public() {
            sizes += &format!(", output {}, delta {}", public.output.len(), public.delta.len());
        }
        sizes
    }

    fn json(&self) -> Result<Value> {
        let Life { input, commit, skip, worker, money, .. } = &self.life;
        let terms = &input.input;
        let (word, more) = self.outcome()?;
        let mut task = json!({
            "address": input.contract,
            "index": input.index,
            "kind": if terms.kind == Kind::Deploy { "deploy" } else { "task" },
            "stage": self.stage(),
            "ahead": if let Stage::Waiting { ahead } = self.life.stage { ahead } else { 0 },
            "sender": terms.sender,
            "account": self.account,
            "outcome": word,
            "created": { "transaction": input.transaction, "block": terms.block_number, "time": terms.timestamp },
            "committed": Value::Null,
            "worker": worker.map(|w| json!({ "id": w.id, "signer": w.signer, "operator": w.operator })),
            "epoch": terms.epoch,
            "gasLimit": terms.gas_limit,
            "priceCapWei": terms.price_cap.to_string(),
            "valueWei": money.value.to_string(),
            "escrowWei": money.escrow.to_string(),
            "paidWei": money.paid.map(|wei| wei.to_string()),
            "refundedWei": money.refunded.map(|wei| wei.to_string()),
            "envelopeBytes": input.envelope.len(),
            "codeBytes": input.code.len(),
        });
        if let Some(Price { base_fee, held_since }) = self.life.price {
            task["baseFeeWei"] = base_fee.to_string().into();
            task["clockHeldSince"] = held_since.into();
        }
        if let (Some(commit), Some(public)) = (commit, self.public()) {
            task["committed"] = json!({
                "transaction": commit.transaction, "block": commit.block_number, "time": commit.timestamp,
                "seconds": commit.timestamp.saturating_sub(terms.timestamp), "epoch": commit.epoch,
                "status": match public.status {
                    Status::Completed => "completed",
                    Status::ValueReturned => "valueReturned",
                    Status::Unopened => "unopened",
                },
                "stateHead": commit.state_head,
            });
            task["gasCharged"] = public.gas_charged.into();
            task["outputBytes"] = public.output.len().into();
            task["deltaBytes"] = public.delta.len().into();
            task["outbound"] = outcome::outside_json(&self.life.outbound);
        }
        if let Some(skip) = skip {
            task["skipped"] = json!({
                "transaction": skip.transaction, "block": skip.block_number, "time": skip.timestamp,
                "seconds": skip.timestamp.saturating_sub(terms.timestamp), "stateHead": skip.state_head,
            });
        }
        let Inside::Open(report) = &self.inside else {
            task["reason"] = more.into();
            return Ok(task);
        };
        task["gasUsed"] = report.gas_used.into();
        task["logs"] = report.logs.iter().map(|log| abi::log_json(self.abi.as_ref(), log)).collect();
        match (&report.outcome, &self.method) {
            (Outcome::Returned(data), method) => {
                task["data"] = hex::encode_prefixed(data).into();
                if let Some(method) = method {
                    task["result"] = values(method, data)?.into();
                }
            }
            _ => task["reason"] = more.into(),
        }
        Ok(task)
    }
}

fn values(method: &Function, data: &[u8]) -> Result<Vec<String>> {
    let values = abi::decode_output(method, data).context("--method")?;
    Ok(values.iter().map(abi::show).collect())
}
