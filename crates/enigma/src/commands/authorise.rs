//! `enigma authorise`: a task that another account will send. Nothing goes to the chain.

use std::process::ExitCode;

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result, bail};
use enigma_sdk::{Limits, Order};
use serde_json::json;

use super::common;
use crate::{abi, cli::Authorise};

/// Prints or writes what the relayer needs. The author reads the outcome by `enigma task … --from …`.
pub async fn run(args: Authorise) -> Result<ExitCode> {
    let call = args.call;
    if call.common.payment.credit || call.common.payment.price_cap.is_some() {
        bail!("the relayer pays: it is `enigma relay` that takes --credit and --price-cap");
    }
    let method = abi::method(&call.method)?;
    let (client, _) = common::client(&call.common.account).await?;
    let calldata = abi::encode_call(&method, &common::read_arguments(call.args)?)?;
    let limits = call.common.limits(Limits::default())?;
    let relayer = call.relayer.as_deref().context("who will send it? Name --relayer")?;
    let relayer = common::address(relayer).context("--relayer")?;
    let value = abi::ether(&call.common.value)?;
    let order = Order {
        nonce: args.nonce,
        lifetime: Some(args.lifetime),
        ..order(call.address, calldata, relayer, value, limits)
    };
    let task = serde_json::to_string_pretty(&client.authorise(order).await?.task)?;
    let Some(file) = args.out else {
        out!("{task}");
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::write(&file, task + "\n").with_context(|| format!("{}", file.display()))?;
    if call.common.account.target.json {
        out!("{}", json!({ "ok": true, "relayer": relayer, "file": file }));
    } else {
        out!("{}", file.display());
        let allowing =
            if value.is_zero() { String::new() } else { format!(" --max-value {}", abi::show_ether(value)) };
        eprintln!(
            "{relayer} sends it with `enigma relay {}{allowing}`; read the outcome with `enigma task … --from {}`",
            file.display(),
            call.common.account.from
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// An order with the usual expiry, for a nonce that the network tells.
pub fn order(contract: Address, calldata: Vec<u8>, relayer: Address, value: U256, limits: Limits) -> Order {
    Order {
        contract,
        calldata,
        relayer,
        value,
        limits,
        nonce: None,
        lifetime: None,
        on_behalf_of: B256::ZERO,
    }
}
