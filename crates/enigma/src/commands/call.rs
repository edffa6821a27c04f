//! `enigma call`: a task for a secret contract, and its decrypted result.

use std::process::ExitCode;

use anyhow::Result;
use enigma_sdk::Limits;

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
    let known = || common::known_abi(&directory, args.address);
    outcome::tell(&method, &report.outcome, known, args.common.json, outcome::describe(&report))
}
