//! `enigma admit`: lets a worker's enclave into the network.

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use enigma_chain::deployment::{self, Admission};
use serde_json::json;

use super::common;
use crate::cli::Admit;

const DAY: u64 = 86_400;

/// Admits; a known enclave's admission is renewed. Prints the worker's id.
pub async fn run(args: Admit) -> Result<ExitCode> {
    let sender = common::sender(&args.by).await?;
    let chain = sender.chain();
    let deployer = chain.deployer().await?;
    if sender.address() != deployer {
        bail!(
            "only the network's deployer admits workers: that is {deployer}, and the key is {}'s",
            sender.address()
        );
    }
    if !chain.is_allowed(args.measurement).await? {
        bail!("the measurement {} is not on the network's list", args.measurement);
    }
    if chain.is_barred(args.platform).await? {
        bail!("the platform {} is barred: nothing that runs there is admitted any more", args.platform);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let expiry = now + args.days * DAY;
    let admission = Admission {
        signer: args.signer,
        operator: args.operator,
        measurement: args.measurement,
        platform: args.platform,
        expiry,
    };
    deployment::admit_only(&sender, &admission).await?;
    let id = chain.worker_id(args.signer).await?;
    if args.by.target.json {
        out!(
            "{}",
            json!({
                "ok": true, "id": id, "signer": args.signer, "operator": args.operator, "platform": args.platform,
                "expiry": expiry,
            })
        );
    } else {
        out!("worker {id} is admitted until {}", crate::clock::utc(expiry));
    }
    Ok(ExitCode::SUCCESS)
}
