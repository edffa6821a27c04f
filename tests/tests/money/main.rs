//! The money of a sealed world against that of a plain chain: random programs of a contract that takes, gives, calls
//! out, makes contracts, destroys them and reverts, run once in secret (the real Enigma contract and portal on anvil, a
//! real worker enclave) and once as the same contract at the same address of another chain. What every call gave must
//! be equal, what all the contracts have, what the portal has, and what came of it for everybody outside.
//!
//! `ENIGMA_SEED` replays a seed, `ENIGMA_RUNS` runs as many random ones as it says. Needs `npm ci` for anvil.

mod pair;
mod plain;
mod poison;
mod programs;

use pair::{Pair, Planted, Seen};
use rand::{SeedableRng, rngs::StdRng};

/// Commits of a run.
const COMMITS: usize = 12;

async fn run(seed: u64, planted: Planted) -> Result<Seen, String> {
    // Shown when a test fails.
    println!("replay with ENIGMA_SEED={seed}");
    let mut pair = Pair::start(StdRng::seed_from_u64(seed)).await;
    for i in 0..COMMITS {
        if i == COMMITS / 3 {
            pair.plant(planted).await;
        }
        pair.step().await.map_err(|what| format!("seed {seed}, commit {i}: {what}"))?;
    }
    Ok(pair.seen)
}

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    match (number("ENIGMA_SEED"), number("ENIGMA_RUNS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(runs)) => (0..runs).map(|_| rand::random()).collect(),
        (None, None) => vec![1, 2, 3],
    }
}

#[tokio::test]
async fn sealed_money_goes_where_plain_money_goes() {
    let (seeds, mut seen) = (seeds(), Seen::default());
    for seed in &seeds {
        seen += run(*seed, Planted::Nothing).await.unwrap_or_else(|what| panic!("{what}"));
    }
    println!("{} runs: {seen:?}", seeds.len());
    let Seen { successes, reverts, births, claims, failures, payments } = seen;
    let each = [successes / 5, reverts, births, claims, failures, payments / 3];
    assert!(seeds.len() < 3 || each.iter().all(|n| *n >= 2), "the programs have become one-sided: {seen:?}");
}

#[tokio::test]
async fn an_inflow_that_counts_twice_is_found() {
    let found = run(1, Planted::InflowTwice).await.expect_err("the bug is found");
    assert!(found.contains("sealed"), "{found}");
}

#[tokio::test]
async fn a_transfer_that_also_stays_is_found() {
    let found = run(1, Planted::TransferStays).await.expect_err("the bug is found");
    assert!(found.contains("portal") || found.contains("outside"), "{found}");
}
