//! `enigma deploy`: compiles and deploys a secret contract.

use std::process::ExitCode;

use alloy_primitives::{B256, hex};
use anyhow::{Context, Result, bail};
use enigma_chain::json_abi::JsonAbi;
use enigma_sdk::{Code, Limits, Outcome};

use super::{common, outcome};
use crate::{abi, cli::Deploy, random::random, tools};

/// Prints the address. Exit code 2 if the constructor failed.
pub async fn run(args: Deploy) -> Result<ExitCode> {
    let compiled = tools::compile(&args.contract)?;
    let contract_abi: JsonAbi =
        serde_json::from_value(compiled["abi"].clone()).context("the compiler's ABI")?;
    let bytecode = compiled["bytecode"].as_str().context("the compiler's bytecode")?;
    let bytecode = hex::decode(bytecode).context("the bytecode has unlinked libraries")?;
    if bytecode.is_empty() {
        bail!("{} has no code: is it abstract, or an interface?", args.contract);
    }
    let (client, directory) = common::client(&args.common.account).await?;
    let client = args.common.payment.of(client.with_signers(args.signers));
    let arguments = abi::encode_constructor(&contract_abi, &common::read_arguments(args.args)?)?;
    let code = if args.secret_code {
        Code { clear: Vec::new(), secret: [bytecode, arguments].concat() }
    } else {
        Code { clear: bytecode, secret: arguments }
    };
    let salt = B256::new(random()?);
    let limits = args.common.limits(Limits::for_deployment(&code))?;
    let value = abi::ether(&args.common.value)?;
    let sent =
        client.deploy(code, salt, value, Some(limits)).await.map_err(|e| common::unsent(e, &client))?;
    directory.save_abi(sent.contract, &compiled["abi"])?;
    let (report, outbound) = outcome::finish(&client, &args.common, &sent).await?;
    let mut out = outcome::describe(&report, &outbound);
    if !matches!(report.outcome, Outcome::Returned(_)) {
        return Ok(outcome::failed(
            &report.outcome,
            Some(&contract_abi),
            args.common.account.target.json,
            out,
        ));
    }
    if args.common.account.target.json {
        out["ok"] = true.into();
        out!("{out}");
    } else {
        out!("{}", report.contract);
    }
    Ok(ExitCode::SUCCESS)
}
