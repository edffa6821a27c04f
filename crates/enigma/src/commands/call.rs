//! `enigma call`: a task for a secret contract, and its decrypted result.

use std::process::ExitCode;

use anyhow::Result;
use enigma_sdk::{Limits, Outcome};
use serde_json::json;

use super::task;
use crate::{abi, cli::Call};

/// Prints the returned values, one a line. Exit code 2 if the task failed.
pub async fn run(args: Call) -> Result<ExitCode> {
    let method = abi::method(&args.method)?;
    let (client, directory) = task::client(&args.common).await?;
    let calldata = abi::encode_call(&method, &task::read_arguments(args.args)?)?;
    let limits = Limits::default();
    let limits = Limits { gas: args.common.gas.unwrap_or(limits.gas), ..limits };
    let sent = client.send(args.address, calldata, abi::ether(&args.common.value)?, limits).await?;
    let report = task::finish(&client, &args.common, &sent).await?;
    let Outcome::Returned(data) = &report.outcome else {
        let known = task::known_abi(&directory, args.address);
        return Ok(task::failed(&report, known.as_ref(), args.common.json));
    };
    let values: Vec<String> = abi::decode_output(&method, data)?.iter().map(abi::show).collect();
    if args.common.json {
        let mut out = task::describe(&report);
        out["ok"] = true.into();
        out["outcome"] = "returned".into();
        out["result"] = json!(values);
        out!("{out}");
    } else {
        values.iter().for_each(|value| out!("{value}"));
    }
    Ok(ExitCode::SUCCESS)
}
