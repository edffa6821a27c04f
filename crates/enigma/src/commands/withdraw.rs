//! `enigma withdraw`: pays out what the network owes an account.

use std::process::ExitCode;

use alloy_primitives::U256;
use anyhow::{Result, bail};
use enigma_chain::bindings::Enigma;
use serde_json::json;

use super::common;
use crate::{abi::show_ether, cli::WithdrawCredit};

/// All of it, to the account or to whom it names; another account's to that account.
pub async fn run(args: WithdrawCredit) -> Result<ExitCode> {
    let (client, _) = common::client(&args.account).await?;
    let account = args.of.unwrap_or(client.address());
    let to = args.to.as_deref().map(common::address).transpose()?.unwrap_or(account);
    let credit = client.chain().credits(account).await?;
    let done = match args.of {
        Some(account) => client.sender().call_enigma(&Enigma::withdrawForCall { account }, U256::ZERO).await,
        None => client.sender().call_enigma(&Enigma::withdrawToCall { to }, U256::ZERO).await,
    };
    let receipt = match done {
        Err(error) if error.is_refusal("NothingToWithdraw") => {
            bail!("the network owes {account} nothing")
        }
        Err(error) if error.is_refusal("WithdrawalFailed") && args.of.is_some() => bail!(
            "{to} does not take ether: its credit stays, and it alone can have it paid elsewhere, by withdrawTo of the \
             Enigma contract"
        ),
        Err(error) if error.is_refusal("WithdrawalFailed") => {
            bail!("{to} does not take ether: name another with --to")
        }
        other => other?,
    };
    if args.account.target.json {
        out!(
            "{}",
            json!({
                "ok": true, "account": account, "to": to, "creditWei": credit.to_string(),
                "transaction": receipt.transaction_hash,
            })
        );
    } else {
        out!("{} ETH went to {to}", show_ether(credit));
    }
    Ok(ExitCode::SUCCESS)
}
