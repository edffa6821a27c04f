//! What the commands of the user's side share: the account, the network's nodes, arguments, saved ABIs.

use std::path::Path;

use alloy_primitives::Address;
use anyhow::{Context, Result, bail};
use enigma_chain::{Chain, Sender, accounts, json_abi::JsonAbi};
use enigma_sdk::{Client, Error};

use crate::{
    cli::{Account, By},
    operator::LOCAL_CHAIN,
    testnet::Directory,
};

/// A client for an account of a running network.
pub async fn client(account: &Account) -> Result<(Client, Directory)> {
    client_of(&account.target.data_dir, account.from).await
}

/// A client for one of the ten funded accounts of a running network.
pub async fn client_of(data_dir: &Path, from: u32) -> Result<(Client, Directory)> {
    let directory = Directory::new(data_dir)?;
    let network = directory.network()?;
    if !network.elsewhere && !directory.is_running() {
        bail!("the network in {} is not running; start it with `enigma up`", data_dir.display());
    }
    let chain = Chain::connect(&network.rpc, network.enigma)?;
    let sender = Sender::new(chain, accounts::local(from)?);
    let client = Client::connect(sender, network.descriptor()?).await?;
    Ok((client.with_nodes(&network.api)?, directory))
}

/// Who sends to a network that may be anywhere.
pub async fn sender(by: &By) -> Result<Sender> {
    let chain = match (&by.rpc, by.enigma) {
        (Some(rpc), Some(enigma)) => Chain::connect(rpc, enigma)?,
        (rpc, _) => {
            let network = Directory::new(&by.target.data_dir)?.network()?;
            Chain::connect(rpc.as_ref().unwrap_or(&network.rpc), network.enigma)?
        }
    };
    let key = match &by.key {
        Some(path) => {
            let told = || format!("{}", path.display());
            accounts::from_hex(&std::fs::read_to_string(path).with_context(told)?).with_context(told)?
        }
        None if chain.chain_id().await? == LOCAL_CHAIN => accounts::local(accounts::DEPLOYER)?,
        None => bail!("which account sends? Name a file with its key: --key FILE"),
    };
    Ok(Sender::new(chain, key))
}

/// Which of the ten funded accounts this is.
pub fn local_account(address: Address) -> Result<Option<u32>> {
    for index in 0..accounts::USERS {
        if accounts::local_address(index)? == address {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// An address, or the number of a funded account.
pub fn address(text: &str) -> Result<Address> {
    match text.parse::<u32>() {
        Ok(index) if index < accounts::USERS => Ok(accounts::local_address(index)?),
        _ => text.parse().map_err(|_| anyhow::anyhow!("{text}: expected an address, or 0 to 9")),
    }
}

/// Why a task was not sent, with what to do about it where the account can do something.
pub fn unsent(error: Error, client: &Client) -> anyhow::Error {
    let Error::Chain(chain) = &error else { return error.into() };
    let is_poor = matches!(
        chain,
        enigma_chain::Error::RpcRefused { message, .. } if message.to_lowercase().contains("insufficient funds")
    );
    if is_poor {
        anyhow::anyhow!(
            "{} has not enough ether: a task pays its value and the most that it can cost ahead, and what it does not use \
             comes back as credit (`enigma credit`; --credit pays from it)",
            client.address()
        )
    } else if chain.is_refusal("PriceCapTooLow") {
        anyhow::anyhow!("the price cap is less than twice the base fee: raise --price-cap, or leave it out")
    } else {
        error.into()
    }
}

/// Replaces each `-` by a line of standard input.
pub fn read_arguments(args: Vec<String>) -> Result<Vec<String>> {
    let line = || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).context("an argument from standard input")?;
        if read == 0 {
            bail!("expected an argument on standard input, it ended");
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    args.into_iter().map(|arg| if arg == "-" { line() } else { Ok(arg) }).collect()
}

/// The ABI that a deployment through this directory left.
pub fn known_abi(directory: &Directory, contract: Address) -> Option<JsonAbi> {
    serde_json::from_slice(&std::fs::read(directory.abi_file(contract)).ok()?).ok()
}
