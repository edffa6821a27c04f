//! Thousands of tasks while nodes are killed, and then everything executed once more from the chain alone, and every wei
//! reckoned up.
//!
//! ```text
//! scene   the network, its chain's pace, its audit
//! author  accounts that send bundles
//! mill    the contract: its state depends on everything that a task sees
//! chaos   kills and restarts, from a seed
//! watch   what became final, and how
//! sums    what all of it must have come to: totals, and money
//! ```
//!
//! `ENIGMA_SEED` repeats what is sent and who is killed when (not how the processes race); `ENIGMA_SOAK_TASKS` and
//! `ENIGMA_SOAK_CONTRACTS` make it longer.

#[path = "soak/author.rs"]
mod author;
#[path = "soak/chaos.rs"]
mod chaos;
#[path = "soak/mill.rs"]
mod mill;
#[path = "soak/planted.rs"]
mod planted;
#[path = "soak/scene.rs"]
mod scene;
#[path = "soak/sums.rs"]
mod sums;
#[path = "soak/watch.rs"]
mod watch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use alloy_primitives::{Address, Bytes, U256};
use enigma_tests::{
    at_end::AtEnd,
    network::{Network, rpc},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use author::{Author, Letter};
use chaos::wreak;
use scene::{Known, keep_pace};
use sums::Sums;
use watch::Watch;

/// Tasks and contracts of an ordinary run.
const TASKS: u64 = 300;
const CONTRACTS: u64 = 12;
/// Accounts that send at once.
const AUTHORS: u32 = 4;
/// Most tasks of a bundle, and of a contract that wait on average.
const BUNDLE: u64 = 8;
const WAITING: u64 = 24;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn every_task_is_final_once_and_every_head_is_right_whoever_is_killed() {
    let tasks = number("ENIGMA_SOAK_TASKS").unwrap_or(TASKS);
    let contracts = number("ENIGMA_SOAK_CONTRACTS").unwrap_or(CONTRACTS);
    let seed = number("ENIGMA_SEED").unwrap_or_else(rand::random);
    println!("replay with ENIGMA_SEED={seed} ENIGMA_SOAK_TASKS={tasks} ENIGMA_SOAK_CONTRACTS={contracts}");
    let network = Network::started();
    let port = network.port_base();
    let known = Known::of(&network, &format!("http://127.0.0.1:{port}"));
    sums::refuse_one(&network);
    keep_pace(port);
    let calm = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let kills = scope.spawn(|| wreak(&network, seed, &calm));
        let sums;
        {
            let _calm = AtEnd(&calm);
            sums = runtime().block_on(load(&known, seed, tasks, contracts));
        }
        let harm = kills.join().expect("chaos");
        println!("killed: {} times a worker, {} times a key node", harm.workers, harm.key_nodes);
        judge(&network, &known, &sums);
    });
}

/// Sends everything and waits until it is final; returns what it must have come to.
async fn load(known: &Known, seed: u64, tasks: u64, contracts: u64) -> Sums {
    let from = known.chain.height().await.unwrap() + 1;
    let mut authors: Vec<Author> =
        (0..AUTHORS).map(|i| Author::new(&known.chain, &known.descriptor, i)).collect();
    let code = mill::code();
    let mut places = Vec::new();
    for i in 0..contracts {
        // One of three needs two signatures, one of four a block more.
        let (signers, depth) = (1 + u8::from(i % 3 == 0), u8::from(i % 4 == 1));
        places.push(authors[0].deploy(&code, signers, depth).await);
    }
    let started = Instant::now();
    let watch = Arc::new(Watch::default());
    let (watching, chain) = (watch.clone(), known.chain.clone());
    let watched = tokio::spawn(async move { watching.until(&chain, from, tasks + contracts).await });
    let mut sending = Vec::new();
    for (i, mut author) in (0..).zip(authors) {
        let (watch, places) = (watch.clone(), places.clone());
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(i));
        let mut left = tasks / u64::from(AUTHORS) + u64::from(i < tasks % u64::from(AUTHORS));
        sending.push(tokio::spawn(async move {
            let mut sums = Sums::default();
            while left > 0 {
                while pending(&watch) > WAITING * places.len() as u64 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                let letters: Vec<(Letter, u64)> = (0..random.random_range(1..=BUNDLE).min(left))
                    .map(|_| letter(&mut random, &places))
                    .collect();
                author.send(&letters.iter().map(|(letter, _)| letter.clone()).collect::<Vec<_>>()).await;
                letters.iter().for_each(|(letter, amount)| sums.letter(letter, *amount));
                if random.random_ratio(1, 10) {
                    let (portal, wei) = (places[random.random_range(0..places.len())], 1_000);
                    let sent = author.sender().send(Some(portal), Bytes::new(), U256::from(wei)).await;
                    sent.expect("a deposit");
                    sums.deposit(portal, wei);
                }
                left -= letters.len() as u64;
            }
            sums
        }));
    }
    let mut sums = Sums::of(&places);
    for sent in sending {
        sums.add(sent.await.expect("an author"));
    }
    let sent = started.elapsed();
    let seen = watched.await.expect("the watch");
    let took = started.elapsed().as_secs_f64();
    println!(
        "{tasks} tasks of {contracts} contracts: sent in {:.0} s, final in {took:.0} s, {:.1} a second",
        sent.as_secs_f64(),
        tasks as f64 / took
    );
    println!(
        "{} receipts in {} epochs, {} takeovers, {} slashes of {} wei ENG, {} skips",
        seen.receipts,
        seen.epochs.len(),
        seen.takeovers,
        seen.slashes,
        seen.slashed,
        seen.skips
    );
    assert_eq!(seen.skips, 0, "nothing was so late that it was skipped");
    sums
}

/// Inputs that wait.
fn pending(watch: &Watch) -> u64 {
    watch.announced.load(Ordering::Relaxed).saturating_sub(watch.done.load(Ordering::Relaxed))
}

/// A letter, and its amount.
fn letter(random: &mut StdRng, places: &[Address]) -> (Letter, u64) {
    let amount = random.random_range(1..1_000_000);
    let spoilt = random.random_ratio(1, 40);
    let value = if random.random_ratio(1, 4) { random.random_range(1..1_000_000) } else { 0 };
    let contract = places[random.random_range(0..places.len())];
    (Letter { contract, body: mill::grind(amount), value, spoilt }, amount)
}

/// Executes everything once more, asks every node, reckons up the money.
fn judge(network: &Network, known: &Known, sums: &Sums) {
    let started = Instant::now();
    let history = runtime().block_on(known.history());
    let read = started.elapsed();
    let audited = known.audit(&history).unwrap_or_else(|difference| panic!("{difference:#?}"));
    assert!(audited.keys().eq(sums.contracts.keys()), "every contract was audited, and no other is there");
    for (contract, sum) in &sums.contracts {
        let one = &audited[contract];
        assert_eq!((one.pending, one.skipped), (0, 0), "{contract}");
        assert_eq!(one.executed, sum.tasks + 1, "{contract}: the deployment and every task, once");
        assert_eq!(mill::total(&one.world, *contract), sum.total, "{contract}");
    }
    let count = |of: fn(&enigma_tests::audit::Audited) -> u64| audited.values().map(of).sum::<u64>();
    println!(
        "audit: {} contracts, {} executed again ({} unopened), {} snapshots; history read in {:.1} s, all in {:.1} s",
        audited.len(),
        count(|one| one.executed),
        count(|one| one.unopened),
        count(|one| one.snapshots),
        read.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    let nodes = (1..=3).map(|i| format!("worker-{i}")).chain((1..=4).map(|i| format!("key-{i}")));
    for name in nodes {
        enigma_tests::network::wait_for(&format!("{name} to tell the same"), Duration::from_secs(20), || {
            audited
                .iter()
                .all(|(contract, one)| told(network, &name, contract) == Some(one.head))
                .then_some(())
        });
    }
    runtime().block_on(sums.reckon(network, known, &history, &audited));
}

/// The state head of a contract, as a node tells it.
fn told(network: &Network, node: &str, contract: &Address) -> Option<alloy_primitives::B256> {
    let mut told = rpc::ask(network.api_port(node), "enigma_contract", serde_json::json!([contract]));
    told["result"]["stateHead"].take().as_str()?.parse().ok()
}
