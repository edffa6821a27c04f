//! `enigma relay`: sends what another account authorised, and pays the fee; a value only as far as it is allowed to. The
//! relayer cannot read what becomes of it.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use enigma_sdk::{Error, RelayedTask};
use serde_json::json;

use super::common;
use crate::{
    abi::{self, show_ether},
    cli::Relay,
};

/// Prints the index of the task.
pub async fn run(args: Relay) -> Result<ExitCode> {
    let file = || format!("{}", args.task.display());
    let task: RelayedTask =
        serde_json::from_slice(&std::fs::read(&args.task).with_context(file)?).with_context(file)?;
    let (client, _) = common::client(&args.account).await?;
    let client = args.payment.of(client);
    let input = match client.relay(&task, abi::ether(&args.max_value)?).await {
        Err(Error::RelayedValue { value, most }) => bail!(
            "this task sends {value} ETH of yours along, and you allow {most}: they go where its author wants them. If you \
             were paid for that, --max-value {value} sends it",
            value = show_ether(value),
            most = show_ether(most)
        ),
        sent => sent.map_err(|e| common::unsent(e, &client))?,
    };
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
