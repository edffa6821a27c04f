//! Admission, money, stake, login: what the chain has to know before a worker is drawn.
//!
//! On a local chain the deployer's key is everybody's, so all of it happens at once. Elsewhere the deployer admits and
//! the operator brings the money; this waits until both is done.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256, Bytes, U256};
use anyhow::{Context, Result, bail};
use enigma_chain::{
    Chain, Sender, WorkerRecord, accounts,
    bindings::Enigma,
    deployment::{self, Admission},
};
use enigma_node::{
    NodeConfig,
    genesis::{self, Newborn, Public},
};
use tokio::time::{Instant, sleep};

use crate::{
    abi,
    operator::{LOCAL_CHAIN, Operator, WHOLE, whole},
    testnet::Progress,
    tools,
};

/// Days for which a local worker is admitted.
const ADMITTED_DAYS: u64 = 3_650;
const DAY: u64 = 86_400;
/// Pause between looks at the chain, and between reminders of what is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const REMIND_EVERY: Duration = Duration::from_secs(30);
/// Ether that an operator should have for gas: a tenth, and on a local chain a hundred.
const GAS_MONEY: u64 = WHOLE / 10;
const LOCAL_GIFT: u64 = 100;
/// What joins in epoch e is drawn from e+2 on.
const AHEAD: u64 = 2;

/// A worker that is in.
pub struct Entered {
    /// Its id.
    pub id: u64,
    /// Its stake, wei of ENG.
    pub stake: U256,
    /// The current epoch.
    pub epoch: u64,
    /// From which one it may be drawn; not later than the current one if it may already.
    pub from_epoch: u64,
}

/// Does what is missing.
pub async fn enter(
    operator: &Operator,
    config: &NodeConfig,
    stake: U256,
    progress: &Progress,
) -> Result<Entered> {
    let patron = patron(operator).await?;
    if operator.record().await?.is_none_or(|record| !record.logged_in) {
        let least = operator.chain().parameters().await?.min_stake;
        if stake < whole(least.into()) {
            bail!("the network's smallest stake is {least} ENG: join with --stake {least} or more");
        }
    }
    admission(operator, patron.as_ref(), config, progress).await?;
    let token = operator.chain().token().await?;
    let mut record = operator.require_record().await?;
    if !record.logged_in {
        let missing = stake.saturating_sub(record.stake);
        money(operator, patron.as_ref(), token, missing, progress).await?;
        // It may have waited long for its money.
        require_welcome(operator.chain(), record.measurement, record.platform).await?;
        if !missing.is_zero() {
            deployment::stake(&operator.sender, token, record.id, missing).await?;
            progress.done(&format!("{} ENG staked", abi::show_ether(stake)));
        }
        operator.sender.call_enigma(&Enigma::loginCall { id: U256::from(record.id) }, U256::ZERO).await?;
        progress.done("logged in to the lottery");
        record = operator.require_record().await?;
        let epoch = operator.chain().network_state().await?.epoch;
        // The login may have been in the epoch before: then it counts an epoch sooner, and this errs to the safe side.
        return Ok(Entered { id: record.id, stake: record.stake, epoch, from_epoch: epoch + AHEAD });
    }
    let epoch = operator.chain().network_state().await?.epoch;
    let from_epoch = match operator.is_drawn_from(record.id, epoch).await? {
        Some(true) => epoch,
        _ => match operator.is_drawn_from(record.id, epoch + 1).await? {
            Some(true) => epoch + 1,
            _ => epoch + AHEAD,
        },
    };
    Ok(Entered { id: record.id, stake: record.stake, epoch, from_epoch })
}

/// Who admits and gives on a local chain.
async fn patron(operator: &Operator) -> Result<Option<Sender>> {
    let chain = operator.chain();
    if chain.chain_id().await? != LOCAL_CHAIN {
        return Ok(None);
    }
    let key = accounts::local(accounts::DEPLOYER)?;
    let is_deployer = chain.deployer().await? == key.address();
    Ok(is_deployer.then(|| Sender::new(chain.clone(), key)))
}

async fn admission(
    operator: &Operator,
    patron: Option<&Sender>,
    config: &NodeConfig,
    progress: &Progress,
) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let valid = |record: &WorkerRecord| record.expiry > now;
    if let Some(record) = operator.record().await?.filter(valid) {
        return require_welcome(operator.chain(), record.measurement, record.platform).await;
    }
    let Public { measurement, platform, .. } = enclave(config).await?;
    require_welcome(operator.chain(), measurement, platform).await?;
    let (signer, account) = (operator.signer, operator.sender.address());
    if let Some(deployer) = patron {
        let expiry = now + ADMITTED_DAYS * DAY;
        let admission = Admission { signer, operator: account, measurement, platform, expiry };
        deployment::admit_only(deployer, &admission).await?;
        progress.done("admitted");
        return Ok(());
    }
    let rpc = config.rpc.first().map_or("URL", String::as_str);
    eprintln!(
        "\nThe network's deployer, {}, has to admit this worker:\n\n  enigma admit --signer {signer} --operator {account} \
         --measurement {measurement} --platform {platform} --enigma {} --rpc {rpc} --key FILE\n",
        operator.chain().deployer().await?,
        config.enigma,
    );
    waited(progress, "its admission", async || Ok(operator.record().await?.filter(valid))).await?;
    progress.done("admitted");
    Ok(())
}

/// Fails if the network admits nothing that is this, or runs there: then nothing is to be paid for it.
async fn require_welcome(chain: &Chain, measurement: B256, platform: B256) -> Result<()> {
    const LEFT: &str =
        "`enigma worker leave` and `withdraw` pay out what a worker of this --data-dir has left";
    if chain.is_barred(platform).await? {
        bail!(
            "this machine is barred from the network for good (platform {platform}): an enclave on it was broken. Join \
             from another machine; {LEFT}"
        );
    }
    if !chain.is_allowed(measurement).await? {
        bail!(
            "the network does not allow this build of the enclave, or no more (measurement {measurement}): join with one \
             that it allows, in another --data-dir; {LEFT}"
        );
    }
    Ok(())
}

/// What it is, and where it runs.
async fn enclave(config: &NodeConfig) -> Result<Public> {
    // The directory is complete: nothing of this is written.
    let newborn = Newborn {
        enclave: tools::enclave("enigma-worker-enclave")?,
        data_dir: config.data_dir.clone(),
        machine_secret: [0; 32],
        peer_seed: [0; 32],
        operator_key: String::new(),
    };
    Ok(genesis::wake_worker(&newborn).await?)
}

/// Sees to it that the operator can pay for gas and stake `missing` wei of ENG.
async fn money(
    operator: &Operator,
    patron: Option<&Sender>,
    token: Address,
    missing: U256,
    progress: &Progress,
) -> Result<()> {
    let (chain, account) = (operator.chain(), operator.sender.address());
    let short = async || -> Result<Option<()>> {
        let (ether, tokens) = tokio::try_join!(chain.balance(account), chain.token_balance(token, account))?;
        Ok((ether >= U256::from(GAS_MONEY) && tokens >= missing).then_some(()))
    };
    if short().await?.is_some() {
        return Ok(());
    }
    let Some(patron) = patron else {
        eprintln!(
            "\nThe operator {account} needs {} ENG (token {token}) to stake, and at least {} ETH for gas.\n",
            abi::show_ether(missing),
            abi::show_ether(U256::from(GAS_MONEY))
        );
        return waited(progress, "the operator's money", short).await;
    };
    if chain.balance(account).await? < U256::from(GAS_MONEY) {
        patron.send(Some(account), Bytes::new(), whole(LOCAL_GIFT)).await?;
    }
    let tokens = chain.token_balance(token, account).await?;
    if tokens < missing {
        deployment::give(patron, token, account, missing - tokens).await?;
    }
    progress.done(&format!("the operator {account} got ETH and ENG of the local network"));
    Ok(())
}

/// Looks until there is something, however long it takes; Ctrl-C ends it, and the same command goes on.
async fn waited<T>(progress: &Progress, what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    progress.done(&format!("waiting for {what}; Ctrl-C ends this, and the same command goes on"));
    let mut reminded = Instant::now();
    loop {
        // An endpoint that fails for a while is no reason to give up.
        match look().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) => progress.done(&format!("{error:#}")),
        }
        if reminded.elapsed() > REMIND_EVERY {
            progress.done(&format!("still waiting for {what}"));
            reminded = Instant::now();
        }
        sleep(LOOK_EVERY).await;
    }
}
