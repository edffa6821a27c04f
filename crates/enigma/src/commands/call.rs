//! `enigma call`: a task for a secret contract, and its decrypted result.

use std::process::ExitCode;

use anyhow::{Context, Result};
use enigma_sdk::Limits;

use super::{authorise, common, outcome};
use crate::{abi, cli::Call};

/// Prints the returned values, one a line. Exit code 2 if the task failed.
pub async fn run(args: Call) -> Result<ExitCode> {
    let method = abi::method(&args.method)?;
    let (mut client, directory) = common::client(&args.common.account).await?;
    let calldata = abi::encode_call(&method, &common::read_arguments(args.args)?)?;
    let limits = args.common.limits(Limits::default())?;
    let value = abi::ether(&args.common.value)?;
    let sent = if let Some(relayer) = &args.relayer {
        let index =
            relayer.parse().context("--relayer: one of the ten funded accounts sends it, by its number")?;
        let (relayer, _) = common::client_of(&args.common.account.target.data_dir, index).await?;
        let relayer = args.common.payment.of(relayer);
        let order = authorise::order(args.address, calldata, relayer.address(), value, limits);
        let authorised = client.authorise(order).await?;
        let input = relayer.relay(&authorised.task, value).await.map_err(|e| common::unsent(e, &relayer))?;
        authorised.sent(&input)
    } else {
        client = args.common.payment.of(client);
        client.send(args.address, calldata, value, limits).await.map_err(|e| common::unsent(e, &client))?
    };
    let (report, outbound) = outcome::finish(&client, &args.common, &sent).await?;
    let known = || common::known_abi(&directory, args.address);
    let out = outcome::describe(&report, &outbound);
    outcome::tell(&method, value, &report.outcome, known, args.common.account.target.json, out)
}
