//! `enigma relay`: sends what another account authorised. The relayer cannot read what becomes of it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use enigma_sdk::RelayedTask;
use serde_json::json;

use super::common;
use crate::cli::Relay;

/// Prints the index of the task.
pub async fn run(args: Relay) -> Result<ExitCode> {
    let file = || format!("{}", args.task.display());
    let task: RelayedTask =
        serde_json::from_slice(&std::fs::read(&args.task).with_context(file)?).with_context(file)?;
    let (client, _) = common::client(&args.account).await?;
    let client = args.payment.of(client);
    let input = client.relay(&task).await.map_err(|e| common::unsent(e, &client))?;
    if args.account.target.json {
        let (address, index) = (input.contract, input.index);
        out!(
            "{}",
            json!({ "ok": true, "address": address, "index": index, "transaction": input.transaction })
        );
    } else {
        out!("{}", input.index);
        eprintln!(
            "task {} of {} is on the chain (block {})",
            input.index, input.contract, input.input.block_number
        );
    }
    Ok(ExitCode::SUCCESS)
}
