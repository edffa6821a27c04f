//! `enigma seat`: what the seats of the key committee earned.

use std::process::ExitCode;

use alloy_primitives::U256;
use anyhow::{Context, Result, bail};
use enigma_chain::bindings::Enigma;
use serde_json::{Value, json};

use super::common;
use crate::{abi::show_ether, cli::Seat};

/// A seat a line, or claims for one of them. Anybody may: it is credited to who is paid for the seat.
pub async fn run(args: Seat) -> Result<ExitCode> {
    let (client, _) = common::client(&args.account).await?;
    let chain = client.chain();
    let count = chain.seat_count().await?;
    if args.number.is_some_and(|number| number > count) {
        bail!("the committee has {count} seats, counted from 1");
    }
    let mut claimed = None;
    if let (Some(number), true) = (args.number, args.claim) {
        let call = Enigma::claimSeatCall { index: U256::from(number - 1) };
        claimed = match client.sender().call_enigma(&call, U256::ZERO).await {
            Err(error) if error.is_refusal("NothingToCollect") => {
                bail!("seat {number} earned nothing since it claimed last")
            }
            other => Some(other?.transaction_hash),
        };
    }
    let pool = chain.pool().await?;
    let mut seats: Vec<Value> = Vec::new();
    for number in args.number.map_or(1..=count, |number| number..=number) {
        let seat = chain.seat(number - 1).await?.with_context(|| format!("seat {number}"))?;
        let due = pool.per_seat.saturating_sub(seat.claimed);
        if !args.account.target.json {
            out!(
                "seat {number}  {}  {} ETH to claim, {} ETH claimed",
                seat.operator,
                show_ether(due),
                show_ether(seat.claimed)
            );
        }
        let (due, claimed) = (due.to_string(), seat.claimed.to_string());
        seats
            .push(json!({ "seat": number, "operator": seat.operator, "dueWei": due, "claimedWei": claimed }));
    }
    if args.account.target.json {
        out!(
            "{}",
            json!({ "ok": true, "poolWei": pool.amount.to_string(), "seats": seats, "claim": claimed })
        );
    } else if args.number.is_none() {
        out!("pool    {} ETH for beacons", show_ether(pool.amount));
    }
    Ok(ExitCode::SUCCESS)
}
