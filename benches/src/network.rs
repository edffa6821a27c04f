//! The transfer as a task of a whole local network: `enigma up` with its defaults, one client, one task at a time.

use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, Result, bail, ensure};
use enigma_chain::{Chain, Sender, accounts};
use enigma_sdk::{Client, Code, Limits, Outcome};
use enigma_tests::network::Network;
use serde_json::Value;

use crate::{series::Series, token::Token};

const PATIENCE: Duration = Duration::from_secs(60);

pub async fn run(token: &Token, tasks: usize) -> Result<()> {
    let network = Network::started();
    let client = connect(&network).await?;
    let deployed = client.deploy(code(token), B256::ZERO, U256::ZERO, None).await?;
    let report = client.wait(&deployed, PATIENCE).await?;
    ensure!(matches!(report.outcome, Outcome::Returned(_)), "the deployment failed");
    for i in 0..10 {
        one(&client, deployed.contract, i, None).await?;
    }
    let mut included = Series::new("network: transaction sent until mined");
    let mut committed = Series::new("network: mined until commit decrypted");
    let mut whole = Series::new("network: transaction sent until decrypted");
    for i in 0..tasks {
        one(&client, deployed.contract, i, Some([&mut included, &mut committed, &mut whole])).await?;
    }
    for series in [included, committed, whole] {
        println!("{series}");
    }
    Ok(())
}

/// One transfer, from before its transaction is made until its result is decrypted.
async fn one(
    client: &Client,
    contract: Address,
    index: usize,
    series: Option<[&mut Series; 3]>,
) -> Result<()> {
    let begin = Instant::now();
    let sent = client.send(contract, Token::transfer(index), U256::ZERO, Limits::default()).await?;
    let mined = Instant::now();
    let report = client.wait(&sent, PATIENCE).await?;
    if let Some([included, committed, whole]) = series {
        included.push(mined - begin);
        committed.note(mined);
        whole.note(begin);
    }
    match report.outcome {
        Outcome::Returned(bytes) if bytes.last() == Some(&1) => Ok(()),
        other => bail!("the transfer ended as {other:?}"),
    }
}

fn code(token: &Token) -> Code {
    Code { clear: token.creation.clone(), secret: Vec::new() }
}

async fn connect(network: &Network) -> Result<Client> {
    let file = std::fs::read(network.data_dir().join("network.json"))?;
    let told: Value = serde_json::from_slice(&file)?;
    let text = |name: &str| told[name].as_str().with_context(|| format!("network.json: {name}"));
    let chain = Chain::connect(text("rpc")?, text("enigma")?.parse()?)?;
    let public_key = hex::decode(text("publicKey")?)?.try_into().ok().context("a key of 96 bytes")?;
    let descriptor = chain.descriptor(public_key).await?;
    Ok(Client::connect(Sender::new(chain, accounts::local(0)?), descriptor).await?)
}
