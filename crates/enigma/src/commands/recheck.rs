//! `enigma recheck`: has the admission of workers checked anew.

use std::process::ExitCode;

use alloy_primitives::U256;
use anyhow::{Result, bail};
use enigma_chain::{Chain, bindings::Enigma};
use serde_json::json;

use super::common;
use crate::cli::Recheck;

/// Prints what became of each.
pub async fn run(args: Recheck) -> Result<ExitCode> {
    let sender = common::sender(&args.by).await?;
    let chain = sender.chain();
    let ids = match args.id {
        Some(id) if id >= chain.worker_count().await? => bail!("the network has no worker {id}"),
        Some(id) => vec![id],
        None => unchecked(chain).await?,
    };
    let mut workers = Vec::with_capacity(ids.len());
    for id in ids {
        match sender.call_enigma(&Enigma::recheckCall { id: U256::from(id) }, U256::ZERO).await {
            Err(error) if args.id.is_none() => eprintln!("worker {id}: {error}"),
            other => drop(other?),
        }
        let record = chain.worker(id).await?;
        let is_checked = record.checked == chain.revocations().await?;
        if !args.by.target.json {
            let told = match (is_checked, record.logged_in) {
                (true, _) => "its admission holds",
                (false, false) => "may not serve any more, and is out of the lottery",
                (false, true) => "something else was revoked in this moment: once more",
            };
            out!("worker {id}: {told}");
        }
        workers.push(json!({ "id": id, "checked": is_checked, "loggedIn": record.logged_in }));
    }
    if args.by.target.json {
        out!("{}", json!({ "ok": true, "workers": workers }));
    } else if workers.is_empty() {
        out!("every admission was checked since the last revocation");
    }
    Ok(ExitCode::SUCCESS)
}

/// Those in the lottery that were not checked since the last revocation; the others are when they log in.
async fn unchecked(chain: &Chain) -> Result<Vec<u64>> {
    let revocations = chain.revocations().await?;
    let mut ids = Vec::new();
    for id in 0..chain.worker_count().await? {
        let record = chain.worker(id).await?;
        if record.logged_in && record.checked != revocations {
            ids.push(id);
        }
    }
    Ok(ids)
}
