//! Money for who keeps the network going: collects the share of pay that commits park with the workers' operators, and
//! claims what this node's seat got. Whoever does so pays for it, so only what is worth it is touched; and nothing else
//! waits for it.

use alloy_primitives::{Address, U256};
use enigma_chain::{Sender, bindings::Enigma};

use crate::Result;

/// Gas of collecting from nobody, and of each operator more.
const COLLECT_GAS: u64 = 50_000;
const OPERATOR_GAS: u64 = 15_000;
/// Gas of claiming a seat.
const CLAIM_GAS: u64 = 90_000;
/// How often it must be worth its gas.
const WORTH: u64 = 10;
/// Workers that are looked at in an epoch; there may be thousands.
const LOOKED_AT: u64 = 64;

/// Once an epoch, by every key node: one of them collects, by turns, and each claims its seat.
pub(super) async fn keep(sender: Sender, member: u8, epoch: u64) {
    if let Err(error) = collect(&sender, member, epoch).await {
        tracing::warn!(%error, epoch, "could not collect what is for beacons and the committee");
    }
    if let Err(error) = claim(&sender, member).await {
        tracing::warn!(%error, epoch, "could not claim what the seat got");
    }
}

async fn collect(sender: &Sender, member: u8, epoch: u64) -> Result<()> {
    let chain = sender.chain();
    if epoch % u64::from(chain.seat_count().await?.max(1)) != u64::from(member.saturating_sub(1)) {
        return Ok(());
    }
    let count = chain.worker_count().await?;
    let mut parked: Vec<(Address, U256)> = Vec::new();
    for id in looked_at(epoch, count) {
        let operator = chain.worker(id).await?.operator;
        if parked.iter().all(|(known, _)| *known != operator) {
            parked.push((operator, chain.account(operator).await?.upkeep));
        }
    }
    let operators = worthwhile(&parked, base_fee(sender).await?);
    if operators.is_empty() {
        return Ok(());
    }
    let (count, call) = (operators.len(), Enigma::collectUpkeepCall { operators });
    match sender.call_enigma(&call, U256::ZERO).await {
        Ok(_) => tracing::info!(epoch, operators = count, "collected what is for beacons and the committee"),
        Err(error) if error.is_refusal("NothingToCollect") => {
            tracing::debug!(epoch, "another member collected what is for beacons and the committee");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn claim(sender: &Sender, member: u8) -> Result<()> {
    let (chain, index) = (sender.chain(), member.saturating_sub(1));
    let Some(seat) = chain.seat(index).await? else { return Ok(()) };
    let due = chain.pool().await?.per_seat.saturating_sub(seat.claimed);
    if due.is_zero() || due < price(CLAIM_GAS, base_fee(sender).await?) {
        return Ok(());
    }
    match sender.call_enigma(&Enigma::claimSeatCall { index: U256::from(index) }, U256::ZERO).await {
        Ok(_) => tracing::info!(seat = member, wei = %due, "claimed what the seat got"),
        Err(error) if error.is_refusal("NothingToCollect") => {
            tracing::debug!(seat = member, "somebody else claimed what the seat got");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn base_fee(sender: &Sender) -> Result<u64> {
    let height = sender.chain().height().await?;
    Ok(sender.chain().block(height).await?.base_fee)
}

/// What must be at stake for so much gas, wei.
fn price(gas: u64, base_fee: u64) -> U256 {
    U256::from(WORTH * gas) * U256::from(base_fee)
}

/// The workers whose turn it is, of `count`: all of them come, epoch after epoch.
fn looked_at(epoch: u64, count: u64) -> impl Iterator<Item = u64> {
    let first = if count > LOOKED_AT { epoch.wrapping_mul(LOOKED_AT) % count } else { 0 };
    (0..count.min(LOOKED_AT)).map(move |i| (first + i) % count)
}

/// Those whose share is worth the gas that it takes; nobody if all of them together are not.
fn worthwhile(parked: &[(Address, U256)], base_fee: u64) -> Vec<Address> {
    let each = price(OPERATOR_GAS, base_fee);
    let (mut operators, mut sum) = (Vec::new(), U256::ZERO);
    for (operator, amount) in parked {
        if !amount.is_zero() && *amount >= each {
            operators.push(*operator);
            sum += *amount - each;
        }
    }
    if sum < price(COLLECT_GAS, base_fee) { Vec::new() } else { operators }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(i: u8) -> Address {
        Address::repeat_byte(i)
    }

    #[test]
    fn only_what_is_worth_its_gas_is_collected() {
        let parked = |amounts: [u64; 3]| -> Vec<(Address, U256)> {
            amounts.iter().zip(1..).map(|(amount, i)| (operator(i), U256::from(*amount))).collect()
        };
        // At 1 wei per gas an operator must have 150,000 wei, and all beyond that 500,000 together.
        assert_eq!(worthwhile(&parked([0, 649_999, 149_999]), 1), Vec::<Address>::new());
        assert_eq!(worthwhile(&parked([0, 650_000, 149_999]), 1), [operator(2)]);
        assert_eq!(worthwhile(&parked([150_000, 650_000, 0]), 1), [operator(1), operator(2)]);
        assert_eq!(worthwhile(&parked([150_000, 650_000, 0]), 2), Vec::<Address>::new());
        // For nothing, everything; but an account with nothing never.
        assert_eq!(worthwhile(&parked([1, 0, 2]), 0), [operator(1), operator(3)]);
        assert_eq!(worthwhile(&parked([0, 0, 0]), 0), Vec::<Address>::new());
    }

    #[test]
    fn every_worker_has_its_turn() {
        assert_eq!(looked_at(7, 0).count(), 0);
        assert_eq!(looked_at(7, 3).collect::<Vec<_>>(), [0, 1, 2]);
        let mut seen = std::collections::BTreeSet::new();
        for epoch in 1_000..1_016 {
            assert_eq!(looked_at(epoch, 1_000).count(), 64);
            seen.extend(looked_at(epoch, 1_000));
        }
        assert_eq!(seen.len(), 1_000);
    }
}
