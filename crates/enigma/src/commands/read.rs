//! `enigma read`: a private read of a secret contract, without a transaction, and its verified answer.

use std::process::ExitCode;

use alloy_primitives::U256;
use anyhow::Result;
use enigma_sdk::{Answer, Reader};
use serde_json::{Value, json};

use super::{common, outcome};
use crate::{abi, cli::Read};

/// Prints the returned values, one a line. Exit code 2 if the contract refused.
pub async fn run(args: Read) -> Result<ExitCode> {
    let method = abi::method(&args.method)?;
    let (client, directory) = common::client(&args.account).await?;
    let calldata = abi::encode_call(&method, &common::read_arguments(args.args)?)?;
    let reader = if args.anonymous { Reader::Nobody } else { Reader::Account };
    let answer = client.read(args.address, calldata, reader).await?;
    let mut out = describe(&answer);
    out["address"] = json!(args.address);
    let known = || common::known_abi(&directory, args.address);
    outcome::tell(&method, U256::ZERO, &answer.outcome, known, args.account.target.json, out)
}

fn describe(answer: &Answer) -> Value {
    json!({
        "block": answer.block,
        "stateHead": answer.state_head,
        "epoch": answer.epoch,
        "signer": answer.signer,
        "gasUsed": answer.gas_used,
    })
}
