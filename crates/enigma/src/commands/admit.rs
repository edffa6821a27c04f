//! `enigma admit`: lets a worker's enclave into the network.

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use enigma_chain::{
    Chain, Sender, accounts,
    deployment::{self, Admission},
};
use serde_json::json;

use crate::{cli::Admit, operator::LOCAL_CHAIN, testnet::Directory};

const DAY: u64 = 86_400;

/// Admits; a known enclave's admission is renewed. Prints the worker's id.
pub async fn run(args: Admit) -> Result<ExitCode> {
    let chain = match (&args.rpc, args.enigma) {
        (Some(rpc), Some(enigma)) => Chain::connect(rpc, enigma)?,
        (rpc, _) => {
            let network = Directory::new(&args.data_dir)?.network()?;
            Chain::connect(rpc.as_ref().unwrap_or(&network.rpc), network.enigma)?
        }
    };
    let key = match &args.key {
        Some(path) => {
            let told = || format!("{}", path.display());
            accounts::from_hex(&std::fs::read_to_string(path).with_context(told)?).with_context(told)?
        }
        None if chain.chain_id().await? == LOCAL_CHAIN => accounts::local(accounts::DEPLOYER)?,
        None => bail!("which account deployed the network? Name a file with its key: --key FILE"),
    };
    let deployer = chain.deployer().await?;
    if key.address() != deployer {
        bail!(
            "only the network's deployer admits workers: that is {deployer}, and the key is {}'s",
            key.address()
        );
    }
    if !chain.is_allowed(args.measurement).await? {
        bail!("the measurement {} is not on the network's list", args.measurement);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let expiry = now + args.days * DAY;
    let admission =
        Admission { signer: args.signer, operator: args.operator, measurement: args.measurement, expiry };
    deployment::admit_only(&Sender::new(chain.clone(), key), &admission).await?;
    let id = chain.worker_id(args.signer).await?;
    if args.json {
        out!(
            "{}",
            json!({ "ok": true, "id": id, "signer": args.signer, "operator": args.operator, "expiry": expiry })
        );
    } else {
        out!("worker {id} is admitted until {}", crate::clock::utc(expiry));
    }
    Ok(ExitCode::SUCCESS)
}
