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
    let (mut now, mut next, mut barred) = (None, None, false);
    if let Some(record) = &record {
        barred = chain.is_barred(record.platform).await?;
        now = operator.is_drawn_from(record.id, state.epoch).await?;
        next = operator.is_drawn_from(record.id, state.epoch + 1).await?;
    }
    if args.json {
        let worker = record.map(|r| {
            json!({
                "id": r.id, "operator": r.operator, "stakeWei": r.stake.to_string(), "loggedIn": r.logged_in,
                "measurement": r.measurement, "platform": r.platform, "checked": r.checked == revocations,
                "barred": barred, "expiry": r.expiry, "unlockEpoch": r.unlock_epoch,
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
    out!("worker    {}, admitted until {}", record.id, clock::utc(record.expiry));
    let standing = match barred {
        true => ", barred: nothing that runs there may serve",
        false if record.checked == revocations => "",
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
    if wait {
        until_free(&operator, &record, &target.data_dir, &progress).await?;
    }
    let credit = earned(&operator).await?;
    if let Some(credit) = credit {
        progress.done(&format!("{} ETH that it earned are paid out", show_ether(credit)));
    }
    let unstake = Enigma::unstakeCall { id: U256::from(record.id), amount: record.stake };
    let epoch = operator.chain().network_state().await?.epoch;
    if record.stake.is_zero() && credit.is_none() {
        bail!("worker {} has no stake, and the contract owes its operator nothing", record.id);
    }
    if record.logged_in || record.unlock_epoch > epoch {
        require_free(&operator, &record, epoch, &target.data_dir).await?;
    }
    let mut stake = U256::ZERO;
    if !record.stake.is_zero() {
        // A slash may have come since it was read: then what is left is asked for.
        stake = match operator.sender.call_enigma(&unstake, U256::ZERO).await {
            Err(error) if error.is_refusal("StakeTooSmall") => {
                let left = operator.require_record().await?.stake;
                let again = Enigma::unstakeCall { id: U256::from(record.id), amount: left };
                operator.sender.call_enigma(&again, U256::ZERO).await?;
                left
            }
            other => other.map(|_| record.stake)?,
        };
    }
    if target.json {
        let credit = credit.unwrap_or_default().to_string();
        out!(
            "{}",
            json!({ "ok": true, "id": record.id, "stakeWei": stake.to_string(), "creditWei": credit })
        );
    } else {
        out!("{} ENG are the operator's again, {}", show_ether(stake), operator.sender.address());
    }
    Ok(ExitCode::SUCCESS)
}

/// Pays out what the contract owes; `None` if that is nothing.
async fn earned(operator: &Operator) -> Result<Option<U256>> {
    let credit = operator.chain().credits(operator.sender.address()).await?;
    if credit.is_zero() {
        return Ok(None);
    }
    operator.sender.call_enigma(&Enigma::withdrawCall {}, U256::ZERO).await?;
    Ok(Some(credit))
}

/// Says why the stake is bound.
async fn require_free(operator: &Operator, record: &WorkerRecord, epoch: u64, dir: &Path) -> Result<()> {
    if record.logged_in {
        bail!(
            "worker {} is logged in, which binds its stake; `enigma worker leave --data-dir {}` first",
            record.id,
            dir.display()
        );
    }
    let length = operator.chain().parameters().await?.epoch_length;
    bail!(
        "the stake is bound until epoch {}, now is epoch {epoch}: at most {} blocks more; --wait waits for it",
        record.unlock_epoch,
        length * record.unlock_epoch.saturating_sub(epoch)
    )
}

async fn until_free(
    operator: &Operator,
    record: &WorkerRecord,
    dir: &Path,
    progress: &Progress,
) -> Result<()> {
    if record.logged_in {
        return require_free(operator, record, 0, dir).await;
    }
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
