//! Tasks on a few contracts, at a given rate: every one moves one unit of a token, so that one lost or done twice shows
//! in a balance.

use std::time::Duration;

use alloy_primitives::{Address, B256, U256, hex};
use anyhow::{Context, Result, bail};
use enigma_chain::{Chain, Sender, accounts, json_abi::JsonAbi};
use enigma_sdk::{Client, Code, Limits, Outcome, Reader};
use futures::future::try_join_all;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::{abi, random::random, testnet::Network, tools};

/// What the load calls.
const EXAMPLE: &str = "examples/03-confidential-token/Token.sol:Token";
/// Contracts, each with an account of its own: their groups differ in order.
const CONTRACTS: u32 = 3;
/// The accounts that send are the last of the users'; nobody's in particular receives.
const RECEIVER: Address = Address::repeat_byte(0xc4);
/// How long a deployment may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The load's contracts, before it begins.
pub struct Load {
    sources: Vec<Source>,
    since: u64,
    every: Duration,
}

/// One contract and who sends to it.
struct Source {
    client: Client,
    contract: Address,
    transfer: Vec<u8>,
}

/// The load while it runs.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<Sent>>,
}

/// What one source sent.
pub struct Sent {
    pub client: Client,
    pub contract: Address,
    /// Transactions that were mined.
    pub sent: u64,
    /// Those that were not, or not to its knowledge.
    pub failed: u64,
}

impl Load {
    /// Deploys the contracts on a network at peace.
    pub async fn deploy(network: &Network, rate: f64) -> Result<Self> {
        let compiled = tools::compile(EXAMPLE)?;
        let known: JsonAbi = serde_json::from_value(compiled["abi"].clone()).context("the compiler's ABI")?;
        let code = hex::decode(compiled["bytecode"].as_str().unwrap_or_default()).context("the bytecode")?;
        let arguments = ["Chaos", "CHAOS", "1000000000"].map(str::to_owned);
        let arguments = abi::encode_constructor(&known, &arguments)?;
        let since = Chain::connect(&network.rpc, network.enigma)?.height().await? + 1;
        let sources = (0..CONTRACTS).map(|place| {
            let account = accounts::USERS - 1 - place;
            Source::deploy(network, account, Code { clear: code.clone(), secret: arguments.clone() })
        });
        let sources = try_join_all(sources).await?;
        let every = Duration::from_secs_f64(f64::from(CONTRACTS) / rate);
        Ok(Self { sources, since, every })
    }

    pub const fn contracts(&self) -> usize {
        self.sources.len()
    }

    /// The first block that may hold a task of it.
    pub const fn since(&self) -> u64 {
        self.since
    }

    /// Begins.
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let every = self.every;
        let tasks =
            self.sources.into_iter().map(|source| tokio::spawn(source.run(every, stopped.clone()))).collect();
        Running { stop, tasks }
    }
}

impl Running {
    /// Ends when what is under way is on the chain, or given up.
    pub async fn stop(self) -> Vec<Sent> {
        let _ = self.stop.send(true);
        let mut sent = Vec::new();
        for task in self.tasks {
            sent.extend(task.await);
        }
        sent
    }
}

impl Source {
    async fn deploy(network: &Network, account: u32, code: Code) -> Result<Self> {
        let chain = Chain::connect(&network.rpc, network.enigma)?;
        let sender = Sender::new(chain, accounts::local(account)?);
        let client = Client::connect(sender, network.descriptor()?).await?.with_nodes(&network.api)?;
        let salt = B256::new(random()?);
        let sent = client.deploy(code, salt, U256::ZERO, None).await?;
        let report = client.wait(&sent, PATIENCE).await?;
        let Outcome::Returned(_) = report.outcome else { bail!("its constructor failed") };
        let method = abi::method("transfer(address,uint256)(bool)")?;
        let transfer = abi::encode_call(&method, &[RECEIVER.to_string(), "1".into()])?;
        Ok(Self { client, contract: report.contract, transfer })
    }

    async fn run(self, every: Duration, mut stopped: watch::Receiver<bool>) -> Sent {
        let Self { client, contract, transfer } = self;
        let mut due = interval(every);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut sent, mut failed) = (0, 0);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return Sent { client, contract, sent, failed },
                _ = due.tick() => {}
            }
            // A reorganisation may take a block away while it is looked at; what became of all is read from the chain.
            match client.send(contract, transfer.clone(), U256::ZERO, Limits::default()).await {
                Ok(_) => sent += 1,
                Err(_) => failed += 1,
            }
        }
    }
}

impl Sent {
    /// How many units arrived, as the contract itself says.
    pub async fn arrived(&self) -> Result<U256> {
        let method = abi::method("balanceOf(address)(uint256)")?;
        let question = abi::encode_call(&method, &[RECEIVER.to_string()])?;
        let answer = self.client.read(self.contract, question, Reader::Nobody).await?;
        match answer.outcome {
            Outcome::Returned(data) => {
                Ok(U256::try_from_be_slice(&data).context("balanceOf returned too much")?)
            }
            other => bail!("balanceOf did not return: {other:?}"),
        }
    }
}
