//! `enigma logs`: the logs of an account's own tasks, decrypted from the chain.

use std::{collections::BTreeMap, io::Write, process::ExitCode, time::Duration};

use alloy_primitives::{Address, B256};
use anyhow::Result;
use enigma_chain::{InputEvent, json_abi::JsonAbi};
use enigma_protocol::output::PrivateLog;
use enigma_sdk::{Client, Error};
use serde_json::{Value, json};

use super::common;
use crate::{abi, cli::Logs};

/// Pause between looks for new blocks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// One log of one task.
struct Entry {
    index: u64,
    /// Block of its commit.
    block: u64,
    /// Unix seconds of that block.
    time: u64,
    commit: B256,
    place: usize,
    log: PrivateLog,
}

/// The account's tasks in one contract, read block by block.
struct Reader {
    client: Client,
    contract: Address,
    ours: BTreeMap<u64, InputEvent>,
    /// First block whose inputs are not read yet.
    next: u64,
    unreadable: u64,
}

/// Prints the logs, one a line.
pub async fn run(args: Logs) -> Result<ExitCode> {
    let (client, directory) = common::client(&args.account).await?;
    let since = client.descriptor().checkpoint_number;
    if client.chain().secret_contract(args.address).await?.deployer.is_zero() {
        return Err(Error::UnknownContract(args.address).into());
    }
    let abi = match &args.event {
        Some(text) => Some(abi::event(text)?),
        None => common::known_abi(&directory, args.address),
    };
    let height = client.chain().height().await?;
    let (from, to) = (args.from_block.unwrap_or(since), args.to_block.unwrap_or(height).min(height));
    let account = client.address();
    let mut reader =
        Reader { client, contract: args.address, ours: BTreeMap::new(), next: since, unreadable: 0 };
    let mut entries = reader.read(from, to).await?;
    if args.event.is_some() {
        entries.retain(|e| abi::decode_log(abi.as_ref(), &e.log).is_some());
    }
    if args.account.target.json && !args.follow {
        let logs: Vec<Value> = entries.iter().map(|e| e.json(abi.as_ref())).collect();
        let unreadable = reader.unreadable;
        out!("{}", json!({ "ok": true, "account": account, "logs": logs, "unreadableTasks": unreadable }));
        return Ok(ExitCode::SUCCESS);
    }
    if !tell(&args, abi.as_ref(), &entries) {
        return Ok(ExitCode::SUCCESS);
    }
    if reader.unreadable > 0 {
        let tasks = reader.unreadable;
        eprintln!("{tasks} tasks were sent with random reply keys, which the account cannot derive again");
    }
    if args.follow { follow(&args, abi.as_ref(), reader, to).await } else { Ok(ExitCode::SUCCESS) }
}

async fn follow(args: &Logs, abi: Option<&JsonAbi>, mut reader: Reader, mut seen: u64) -> Result<ExitCode> {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let height = reader.client.chain().height().await?;
        if height <= seen {
            continue;
        }
        let mut entries = reader.read(seen + 1, height).await?;
        if args.event.is_some() {
            entries.retain(|e| abi::decode_log(abi, &e.log).is_some());
        }
        if !tell(args, abi, &entries) {
            return Ok(ExitCode::SUCCESS);
        }
        seen = height;
    }
}

/// Whether anybody still reads what is told.
fn tell(args: &Logs, abi: Option<&JsonAbi>, entries: &[Entry]) -> bool {
    let mut stdout = std::io::stdout();
    entries.iter().all(|entry| {
        if args.account.target.json {
            writeln!(stdout, "{}", entry.json(abi)).is_ok()
        } else {
            let (block, index) = (entry.block, entry.index);
            writeln!(stdout, "block {block}  task {index}  {}", abi::show_log(abi, &entry.log)).is_ok()
        }
    })
}

impl Reader {
    /// Logs of the account's tasks that were committed in the blocks `from` to `to`, in order.
    async fn read(&mut self, from: u64, to: u64) -> Result<Vec<Entry>> {
        let (account, chain) = (self.client.address(), self.client.chain());
        for input in chain.inputs_of(self.contract, account, self.next, to).await? {
            self.ours.insert(input.index, input);
        }
        self.next = self.next.max(to.saturating_add(1));
        let mut entries = Vec::new();
        for commit in chain.commits_of(self.contract, from, to).await? {
            for (index, input) in self.ours.range(commit.first_index..=commit.last_index) {
                match self.client.open(input, &commit) {
                    Ok(report) => {
                        entries.extend(report.logs.into_iter().enumerate().map(|(place, log)| Entry {
                            index: *index,
                            block: commit.block_number,
                            time: commit.timestamp,
                            commit: commit.transaction,
                            place,
                            log,
                        }));
                    }
                    Err(Error::ForeignOutput { .. }) => self.unreadable += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            // What is committed is never committed again.
            self.ours.retain(|index, _| *index > commit.last_index);
        }
        Ok(entries)
    }
}

impl Entry {
    fn json(&self, abi: Option<&JsonAbi>) -> Value {
        let mut out = abi::log_json(abi, &self.log);
        out["block"] = self.block.into();
        out["index"] = self.index.into();
        out["logIndex"] = self.place.into();
        out["commit"] = json!(self.commit);
        out["time"] = self.time.into();
        out
    }
}
