//! `enigma call`: a task for a secret contract, and its decrypted result.

use std::process::ExitCode;

use anyhow::Result;
use enigma_sdk::{Limits, Outcome};
use serde_json::json;

use super::{common, outcome};
use crate::{abi, cli::Call};

/// Prints the returned values, one a line. Exit code 2 if the task failed.
pub async fn run(args: Call) -> Result<ExitCode> {
    let method = abi::method(&args.method)?;
    let (client, directory) = common::client(&args.common.data_dir, args.common.from).await?;
    let calldata = abi::encode_call(&method, &common::read_arguments(args.args)?)?;
    let limits = Limits::default();
    let limits = Limits { gas: args.common.gas.unwrap_or(limits.gas), ..limits };
    let sent = client.send(args.address, calldata, abi::ether(&args.common.value)?, limits).await?;
    let report = outcome::finish(&client, &args.common, &sent).await?;
    let mut out = outcome::describe(&report);
    let Outcome::Returned(data) = &report.outcome else {
        let known = common::known_abi(&directory, args.address);
        return Ok(outcome::failed(&report.outcome, known.as_ref(), args.common.json, out));
    };
    let values: Vec<String> = abi::decode_output(&method, data)?.iter().map(abi::show).collect();
    if args.common.json {
        out["ok"] = true.into();
        out["outcome"] = "returned".into();
        out["result"] = json!(values);
        out!("{out}");
    } else {
        values.iter().for_each(|value| out!("{value}"));
    }
    Ok(ExitCode::SUCCESS)
}
