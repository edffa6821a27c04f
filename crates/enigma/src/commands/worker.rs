//! `enigma worker`: what the operator of a worker looks at and does.

use std::{path::Path, process::ExitCode, time::Duration};

use alloy_primitives::U256;
use anyhow::{Result, bail};
use enigma_chain::{WorkerRecord, bindings::Enigma};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    abi::show_ether,
    cli::{Withdraw, WorkerAction, WorkerTarget},
    clock,
    operator::{Operator, whole},
    testnet::Progress,
};

/// Pause between looks at the chain.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Does one of them.
pub async fn run(action: WorkerAction) -> Result<ExitCode> {
    match action {
        WorkerAction::Status(args) => status(args).await,
        WorkerAction::Leave(args) => leave(args).await,
        WorkerAction::Withdraw(args) => withdraw(args).await,
    }
}

async fn status(args: WorkerTarget) -> Result<ExitCode> {
    let operator = Operator::load(&args.data_dir).await?;
    let (chain, account) = (operator.chain(), operator.sender.address());
    let token = chain.token().await?;
    let (ether, tokens, credit, revocations, state, parameters) = tokio::try_join!(
        chain.balance(account),
        chain.token_balance(token, account),
        chain.credits(account),
        chain.revocations(),
        chain.network_state(),
        chain.parameters()
    )?;
    let least = whole(parameters.min_stake.into());
    let record = operator.record().await?;
    let (mut now, mut next, mut barred, mut allowed) = (None, None, false, true);
    if let Some(record) = &record {
        barred = chain.is_barred(record.platform).await?;
        allowed = chain.is_allowed(record.measurement).await?;
        now = operator.is_drawn_from(record.id, state.epoch).await?;
        next = operator.is_drawn_from(record.id, state.epoch + 1).await?;
    }
    if args.json {
        let worker = record.map(|r| {
            json!({
                "id": r.id, "operator": r.operator, "stakeWei": r.stake.to_string(), "loggedIn": r.logged_in,
                "measurement": r.measurement, "platform": r.platform, "checked": r.checked == revocations,
                "barred": barred, "allowed": allowed, "broken": r.is_broken(), "expiry": r.expiry, "unlockEpoch": r.unlock_epoch,
            })
        });
        out!(
            "{}",
            json!({
                "ok": true, "signer": operator.signer, "operator": account, "epoch": state.epoch, "worker": worker,
                "drawnNow": now, "drawnNext": next, "etherWei": ether.to_string(), "tokensWei": tokens.to_string(),
                "creditWei": credit.to_string(), "minStakeWei": least.to_string(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    out!("enclave   {}", operator.signer);
    out!("operator  {account}");
    out!(
        "balance   {} ETH, {} ENG, and {} ETH that it earned",
        show_ether(ether),
        show_ether(tokens),
        show_ether(credit)
    );
    let Some(record) = record else {
        out!("worker    not admitted yet");
        return Ok(ExitCode::SUCCESS);
    };
    match record.is_broken() {
        true => {
            out!("worker    {}, out for good: its enclave signed two outcomes of the same inputs", record.id)
        }
        false => out!("worker    {}, admitted until {}", record.id, clock::utc(record.expiry)),
    }
    if !allowed {
        out!("build     {}, revoked: nothing of it may serve", record.measurement);
    }
    let standing = match barred {
        true => ", barred: nothing that runs there may serve",
        false if record.checked == revocations || !allowed => "",
        false => ", to be checked again after a revocation: `enigma recheck`, or a node that runs does it",
    };
    out!("platform  {}{standing}", record.platform);
    let (stake, bound) = (show_ether(record.stake), bound(&record, state.epoch));
    out!("stake     {stake} ENG, of at least {}{bound}", show_ether(least));
    let drawn = match (now, next) {
        (Some(true), Some(false)) => "in this epoch, not in the next one",
        (Some(true), _) => "in this epoch",
        (_, Some(true)) => "from the next epoch on",
        _ if record.logged_in && record.stake < least => "no: stake what is missing",
        _ if record.logged_in => "in two epochs at the latest",
        _ => "no",
    };
    out!("drawn     {drawn} (epoch {})", state.epoch);
    Ok(ExitCode::SUCCESS)
}

fn bound(record: &WorkerRecord, epoch: u64) -> String {
    match record {
        r if r.logged_in => ", bound while it is logged in".into(),
        r if r.unlock_epoch > epoch => format!(", bound until epoch {}", r.unlock_epoch),
        r if r.stake.is_zero() => String::new(),
        _ => ", free".into(),
    }
}

async fn leave(args: WorkerTarget) -> Result<ExitCode> {
    let operator = Operator::load(&args.data_dir).await?;
    let mut record = operator.require_record().await?;
    let left_before = !record.logged_in;
    if left_before && record.stake.is_zero() {
        bail!("worker {} is not logged in, and has no stake", record.id);
    }
    if !left_before {
        operator.sender.call_enigma(&Enigma::logoutCall { id: U256::from(record.id) }, U256::ZERO).await?;
        record = operator.require_record().await?;
    }
    let state = operator.chain().network_state().await?;
    // A logout of epoch e counts from e+2, and the stake stays one epoch longer.
    let (from, unlock) = (record.unlock_epoch.saturating_sub(1), record.unlock_epoch);
    if args.json {
        out!(
            "{}",
            json!({
                "ok": true, "id": record.id, "epoch": state.epoch, "fromEpoch": from, "unlockEpoch": unlock,
                "stakeWei": record.stake.to_string(), "leftBefore": left_before,
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    let has = if left_before { "had logged out before" } else { "is logged out" };
    out!("worker {} {has}: it is drawn no more from epoch {from} on (now {})", record.id, state.epoch);
    out!("let it run until then, its groups count on it; who is silent is slashed");
    let dir = args.data_dir.display();
    out!(
        "from epoch {unlock} on `enigma worker withdraw --data-dir {dir}` pays its {} ENG back",
        show_ether(record.stake)
    );
    Ok(ExitCode::SUCCESS)
}

async fn withdraw(args: Withdraw) -> Result<ExitCode> {
    let Withdraw { target, wait } = args;
    let progress = Progress::start(target.json);
    let operator = Operator::load(&target.data_dir).await?;
    let record = operator.require_record().await?;
    if wait && record.logged_in {
        bail!(why_bound(&operator, &record, &target.data_dir).await?);
    }
    let mut credit = earned(&operator, &progress).await?;
    if wait {
        until_free(&operator, &record, &progress).await?;
        credit += earned(&operator, &progress).await?;
    }
    if record.stake.is_zero() && credit.is_zero() {
        bail!("worker {} has no stake, and the contract owes its operator nothing", record.id);
    }
    let epoch = operator.chain().network_state().await?.epoch;
    let is_bound = !record.stake.is_zero() && (record.logged_in || record.unlock_epoch > epoch);
    let bound = if is_bound { Some(why_bound(&operator, &record, &target.data_dir).await?) } else { None };
    if let (Some(why), true) = (&bound, credit.is_zero()) {
        bail!("{why}");
    }
    let mut stake = U256::ZERO;
    if !is_bound && !record.stake.is_zero() {
        let unstake = |amount| Enigma::unstakeCall { id: U256::from(record.id), amount };
        // A slash may have come since it was read: then what is left is asked for.
        stake = match operator.sender.call_enigma(&unstake(record.stake), U256::ZERO).await {
            Err(error) if error.is_refusal("StakeTooSmall") => {
                let left = operator.require_record().await?.stake;
                operator.sender.call_enigma(&unstake(left), U256::ZERO).await?;
                left
            }
            other => other.map(|_| record.stake)?,
        };
    }
    if target.json {
        let bound_stake = if is_bound { record.stake } else { U256::ZERO };
        out!(
            "{}",
            json!({
                "ok": true, "id": record.id, "stakeWei": stake.to_string(), "creditWei": credit.to_string(),
                "boundWei": bound_stake.to_string(),
            })
        );
    } else if let Some(why) = bound {
        out!("{} ETH are the operator's, {}", show_ether(credit), operator.sender.address());
        eprintln!("its {} ENG stay: {why}", show_ether(record.stake));
    } else {
        out!("{} ENG are the operator's again, {}", show_ether(stake), operator.sender.address());
    }
    Ok(ExitCode::SUCCESS)
}

/// Pays out what the contract owes, if it owes anything.
async fn earned(operator: &Operator, progress: &Progress) -> Result<U256> {
    let credit = operator.chain().credits(operator.sender.address()).await?;
    if !credit.is_zero() {
        operator.sender.call_enigma(&Enigma::withdrawCall {}, U256::ZERO).await?;
        progress.done(&format!("{} ETH that it earned are paid out", show_ether(credit)));
    }
    Ok(credit)
}

/// Why the stake is bound, and how long.
async fn why_bound(operator: &Operator, record: &WorkerRecord, dir: &Path) -> Result<String> {
    if record.logged_in {
        return Ok(format!(
            "worker {} is logged in, which binds its stake; `enigma worker leave --data-dir {}` first",
            record.id,
            dir.display()
        ));
    }
    let (state, parameters) =
        tokio::try_join!(operator.chain().network_state(), operator.chain().parameters())?;
    Ok(format!(
        "the stake is bound until epoch {}, now is epoch {}: at most {} blocks more; --wait waits for it",
        record.unlock_epoch,
        state.epoch,
        parameters.epoch_length * record.unlock_epoch.saturating_sub(state.epoch)
    ))
}

async fn until_free(operator: &Operator, record: &WorkerRecord, progress: &Progress) -> Result<()> {
    let mut told = None;
    loop {
        let epoch = operator.chain().network_state().await?.epoch;
        if epoch >= record.unlock_epoch {
            return Ok(());
        }
        if told != Some(epoch) {
            progress.done(&format!("epoch {epoch}, the stake is free from {} on", record.unlock_epoch));
            told = Some(epoch);
        }
        sleep(LOOK_EVERY).await;
    }
}
