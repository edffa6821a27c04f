//! `enigma equivocation`: shows that a worker's enclave is broken.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use enigma_sdk::{EquivocationProof, Error};
use serde_json::json;

use super::common;
use crate::{abi::show_ether, cli::Equivocation};

/// Prints who is out, and what was burned.
pub async fn run(args: Equivocation) -> Result<ExitCode> {
    let file = || format!("{}", args.proof.display());
    let proof: EquivocationProof =
        serde_json::from_slice(&std::fs::read(&args.proof).with_context(file)?).with_context(file)?;
    let sender = common::sender(&args.by).await?;
    let done = match proof.submit(&sender).await {
        Err(Error::Chain(error)) if error.is_refusal("NotEquivocal") => bail!(
            "this proves nothing: both receipts may be right. They must differ, and be of this network, of one contract, \
             epoch, head before, anchor, and of the same inputs"
        ),
        Err(Error::Chain(error)) if error.is_refusal("NotOneSigner") => {
            bail!("this proves nothing: the receipts are not signed by one and the same worker")
        }
        Err(Error::Chain(error)) if error.is_refusal("Barred") => {
            bail!("this was shown before: the worker is out already")
        }
        done => done?,
    };
    if args.by.target.json {
        out!(
            "{}",
            json!({
                "ok": true, "id": done.worker, "burnedWei": done.burned.to_string(), "platform": done.platform,
                "block": done.block, "transaction": done.transaction,
            })
        );
    } else {
        out!(
            "worker {} is out for good, and its stake of {} ENG burned",
            done.worker,
            show_ether(done.burned)
        );
        let platform = done.platform.map(|platform| format!(" {platform}")).unwrap_or_default();
        out!("its platform{platform} is barred, with all that runs there (block {})", done.block);
        out!(
            "every other worker has its admission checked again before it commits; `enigma recheck` does it too"
        );
    }
    Ok(ExitCode::SUCCESS)
}
