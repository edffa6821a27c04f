//! The money of a sealed world against that of a plain chain: random programs of a contract that takes, gives, calls
//! out, makes contracts, destroys them and reverts, its constructor first, run once in secret (the real Enigma contract
//! and portal on anvil, a real worker enclave) and once as the same contract at the same address of another chain. What
//! every call gave must be equal, what all the contracts have, what the portal has, what came of it for everybody
//! outside, and what every user has spent but for fees and gas.
//!
//! ```text
//! programs  random steps for the purse, constructors and tasks
//! pair      both sides, and what must be equal
//! plain     the chain where all is in the open
//! accounts  balances, code and gas of accounts of either chain
//! planted   bugs that must be found
//! seen      what the runs have covered
//! poison    tasks made to stall a queue
//! ```
//!
//! `ENIGMA_SEED` replays a seed, `ENIGMA_RUNS` runs as many random ones as it says. Needs `npm ci` for anvil.

mod accounts;
mod pair;
mod plain;
mod planted;
mod poison;
mod programs;
mod seen;

use pair::Pair;
use planted::Planted;
use rand::{SeedableRng, rngs::StdRng};
use seen::Seen;

/// Commits of a run after the root is there.
const COMMITS: usize = 12;
/// A commit in the middle of a run.
const MIDDLE: usize = 5;

/// Seeds that see every kind of what can happen.
const USUAL: [u64; 3] = [1, 2, 14];

/// A run with a bug from commit `at` on; the first one is a deployment.
async fn run(seed: u64, planted: Planted, at: usize) -> Result<Seen, String> {
    // Shown when a test fails.
    println!("replay with ENIGMA_SEED={seed}");
    let mut pair = Pair::start(StdRng::seed_from_u64(seed), (planted, at)).await;
    while !pair.deploy().await.map_err(|what| format!("seed {seed}, deployment: {what}"))? {}
    for i in 0..COMMITS {
        pair.step().await.map_err(|what| format!("seed {seed}, commit {i}: {what}"))?;
    }
    Ok(pair.seen)
}

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    match (number("ENIGMA_SEED"), number("ENIGMA_RUNS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(runs)) => (0..runs).map(|_| rand::random()).collect(),
        (None, None) => USUAL.to_vec(),
    }
}

#[tokio::test]
async fn sealed_money_goes_where_plain_money_goes() {
    let (seeds, mut seen) = (seeds(), Seen::default());
    for seed in &seeds {
        seen += run(*seed, Planted::Nothing, 0).await.unwrap_or_else(|what| panic!("{what}"));
    }
    println!("{} runs: {seen:?}", seeds.len());
    let missing = seen.missing();
    assert!(seeds != USUAL || missing.is_empty(), "too little of {missing:?}: {seen:?}");
}

#[tokio::test]
async fn an_inflow_that_counts_twice_is_found() {
    let found = run(1, Planted::InflowTwice, MIDDLE).await.expect_err("the bug is found");
    assert!(found.contains("sealed"), "{found}");
}

#[tokio::test]
async fn a_transfer_that_also_stays_is_found() {
    let found = run(1, Planted::TransferStays, MIDDLE).await.expect_err("the bug is found");
    assert!(found.contains("portal") || found.contains("outside"), "{found}");
}

#[tokio::test]
async fn a_constructors_transfer_that_also_stays_is_found() {
    let found = run(2, Planted::TransferStays, 0).await.expect_err("the bug is found");
    assert!(found.contains("deployment") && found.contains("portal"), "{found}");
}

#[tokio::test]
async fn a_refund_that_a_worker_keeps_is_found() {
    let found = run(1, Planted::RefundKept, MIDDLE).await.expect_err("the bug is found");
    assert!(found.contains("but for fees"), "{found}");
}
