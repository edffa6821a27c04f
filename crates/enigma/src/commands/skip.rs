//! `enigma skip`: passes over an input that nobody executes.

use std::process::ExitCode;

use alloy_primitives::{Address, U256};
use anyhow::{Result, bail};
use enigma_chain::{
    Chain, Event, InputEvent,
    bindings::Enigma::{self, SecretContract},
};
use enigma_protocol::clock::{Marks, Terms};
use enigma_sdk::{Client, Error};
use serde_json::json;

use super::common;
use crate::{abi, cli::Skip};

/// Skips the oldest pending input. Its sender gets fee and value back.
pub async fn run(args: Skip) -> Result<ExitCode> {
    let (client, _) = common::client(&args.account).await?;
    let (chain, contract) = (client.chain(), args.address);
    let record = chain.secret_contract(contract).await?;
    if record.deployer.is_zero() {
        return Err(Error::UnknownContract(contract).into());
    }
    let index = record.cursor;
    if index >= record.inputCount {
        bail!("nothing is pending: all {index} inputs of {contract} are final");
    }
    let since = client.descriptor().checkpoint_number;
    let Some(pending) = chain.input(contract, index, since).await? else {
        bail!("input {index} of {contract} is not in the chain's logs; ask another RPC endpoint");
    };
    if args.resume {
        return resume(&args, &client, &record, &pending).await;
    }
    let height = chain.height().await?;
    // The next block is the first that could hold it.
    let next = height.saturating_add(1);
    let (parameters, epochs) = tokio::try_join!(chain.parameters(), chain.epoch_word(height))?;
    let marks = Marks {
        oldest_input: pending.input.block_number.saturating_add(record.depth.into()),
        epoch_start: epochs.bounds(next).0,
        last_commit: record.lastCommitBlock.to(),
        clock_from: record.clockFrom.to(),
        paused_at: record.pausedAt.into(),
    };
    let terms = Terms {
        signers: record.signers,
        group_size: parameters.group_size,
        takeover: parameters.takeover.into(),
    };
    let from = marks.skip_from(&terms, u64::from(parameters.skip_epochs) * parameters.epoch_length);
    if next < from {
        let held = if marks.is_held() {
            format!(
                "; its clock is held since block {}, when the base fee was above its price cap, {} gwei. Once that has \
                 fallen --resume lets the clock go on, which brings the block nearer",
                marks.paused_at,
                abi::show_gwei(pending.input.price_cap)
            )
        } else {
            String::new()
        };
        bail!(
            "input {index} of {contract} may be skipped from block {from} on, which is {} blocks away: until then its \
             workers may still execute it{held}",
            from - height
        );
    }
    let call = Enigma::skipCall { account: contract, input: (&pending.input).into() };
    let receipt = match client.sender().call_enigma(&call, Default::default()).await {
        Err(error) if error.is_refusal("WrongInputHead") || error.is_refusal("NothingPending") => {
            bail!("input {index} of {contract} became final in this moment")
        }
        other => other?,
    };
    let block = receipt.block_number.unwrap_or_default();
    let refund = refund_of(chain, contract, index, block).await?;
    if args.account.target.json {
        out!(
            "{}",
            json!({
                "ok": true, "address": contract, "index": index, "sender": pending.input.sender, "block": block,
                "transaction": receipt.transaction_hash, "refundWei": refund.to_string(),
            })
        );
    } else {
        out!("input {index} of {contract} is skipped (block {block})");
        out!("{} ETH are credited to its sender, {}", abi::show_ether(refund), pending.input.sender);
    }
    Ok(ExitCode::SUCCESS)
}

/// Lets the clock go on: the workers do as a rule, but what is to be skipped has none that work.
async fn resume(
    args: &Skip,
    client: &Client,
    record: &SecretContract,
    pending: &InputEvent,
) -> Result<ExitCode> {
    let (contract, index) = (args.address, pending.index);
    if record.pausedAt == 0 {
        bail!("the clock of {contract} runs; `enigma skip` says when its oldest input may be skipped");
    }
    let call = Enigma::resumeClockCall { account: contract, input: (&pending.input).into() };
    let receipt = match client.sender().call_enigma(&call, Default::default()).await {
        Err(error) if error.is_refusal("CapExceeded") => bail!(
            "the base fee is still above the price cap of input {index}, {} gwei: its clock goes on when that has fallen",
            abi::show_gwei(pending.input.price_cap)
        ),
        Err(error) if error.is_refusal("ClockRuns") || error.is_refusal("WrongInputHead") => {
            bail!("the clock of {contract} runs again since this moment")
        }
        other => other?,
    };
    let block = receipt.block_number.unwrap_or_default();
    if args.account.target.json {
        out!(
            "{}",
            json!({
                "ok": true, "address": contract, "index": index, "resumed": true, "block": block,
                "transaction": receipt.transaction_hash,
            })
        );
    } else {
        out!(
            "the clock of {contract} goes on (block {block}); `enigma skip` says when input {index} may be skipped"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// What the skip's event says that the sender got back, wei.
async fn refund_of(chain: &Chain, contract: Address, index: u64, block: u64) -> Result<U256> {
    let refund = chain.history(block, block).await?.into_iter().find_map(|event| match event {
        Event::Skipped(skip) if (skip.contract, skip.index) == (contract, index) => Some(skip.refund),
        _ => None,
    });
    Ok(refund.unwrap_or_default())
}
