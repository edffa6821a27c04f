//! `enigma credit`: what the network owes an account.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::common;
use crate::{abi::show_ether, cli::Credit};

/// Prints it in ether. What is parked of an operator's pay is not the operator's.
pub async fn run(args: Credit) -> Result<ExitCode> {
    let account = common::address(&args.account)?;
    let (client, _) = common::client_of(&args.target.data_dir, 0).await?;
    let found = client.chain().account(account).await?;
    if args.target.json {
        let (credit, upkeep) = (found.credit.to_string(), found.upkeep.to_string());
        out!("{}", json!({ "ok": true, "account": account, "creditWei": credit, "upkeepWei": upkeep }));
        return Ok(ExitCode::SUCCESS);
    }
    out!("{}", show_ether(found.credit));
    if !found.upkeep.is_zero() {
        eprintln!("and {} ETH of its pay wait for beacons and the committee", show_ether(found.upkeep));
    }
    Ok(ExitCode::SUCCESS)
}
