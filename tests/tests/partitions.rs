//! Nodes that cannot reach each other: each in a network namespace of its own, on wires that the test cuts. Without root
//! these tests say so and show nothing.
//!
//! ```text
//! wires  namespaces, a bridge, cuts
//! town   a network in them
//! ```
//!
//! Whoever is cut off, there is one history: every node tells the same heads in the end, and they are those that executing
//! everything once more gives.

#[path = "soak/author.rs"]
mod author;
#[path = "soak/mill.rs"]
mod mill;
#[path = "soak/scene.rs"]
mod scene;
#[path = "partitions/town.rs"]
mod town;
#[path = "soak/watch.rs"]
mod watch;
#[path = "partitions/wires.rs"]
mod wires;

use std::time::{Duration, Instant};

use alloy_primitives::Address;

use author::{Author, Letter};
use town::{KEY_NODES, Town, WORKERS, everybody};
use watch::{Seen, Watch};

/// Blocks from a turn to the commit that uses it: executing and landing take some, and machines are slow.
const SLACK: u64 = 10;
/// As local networks have it.
const TAKEOVER: u64 = 3;

fn letter(contract: Address, amount: u64) -> Letter {
    Letter { contract, body: mill::grind(amount), value: 0, spoilt: false }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

/// Follows the chain from `from` until so many inputs are final.
async fn all_final(town: &Town, from: u64, inputs: u64) -> Seen {
    let seen = Watch::default().until(&town.known.chain, from, inputs).await;
    assert_eq!(seen.skips, 0, "nothing was skipped");
    seen
}

/// The name of the worker whose turn is first.
async fn first(town: &Town, contract: Address) -> &'static str {
    let chain = &town.known.chain;
    let epoch = chain.network_state().await.unwrap().epoch;
    let id = chain.sequence(contract, epoch, 3).await.unwrap()[0];
    // Workers were admitted in the order of their names.
    WORKERS[usize::try_from(id).unwrap() % WORKERS.len()]
}

/// One history of these contracts, of so many amounts each: the audit finds it right, and every node tells it.
async fn one_history(town: &Town, contracts: &[(Address, &[u64])]) {
    let history = town.known.history().await;
    let audited = town.known.audit(&history).unwrap_or_else(|difference| panic!("{difference:#?}"));
    for (contract, amounts) in contracts {
        let one = &audited[contract];
        assert_eq!((one.pending, one.skipped), (0, 0), "{contract}");
        let total: u64 = amounts.iter().map(|amount| mill::adds(*amount)).sum();
        assert_eq!(mill::total(&one.world, *contract), total, "{contract}: every task once");
        town.await_same(*contract, one.head);
    }
    let executed: u64 = audited.values().map(|one| one.executed).sum();
    println!(
        "audit: {} contracts, {executed} executed again; {} nodes tell it",
        audited.len(),
        everybody().len()
    );
}

#[test]
fn a_worker_that_is_cut_off_is_replaced_in_time_and_follows_when_it_is_back() {
    let Some(town) = Town::built() else { return };
    run(async {
        let from = town.known.chain.height().await.unwrap() + 1;
        let mut author = Author::new(&town.known.chain, &town.known.descriptor, 0);
        let contract = author.deploy(&mill::code(), 1, 0).await;
        all_final(&town, from, 1).await;

        let lost = first(&town, contract).await;
        town.wires.cut_off(lost);
        let block = author.send(&[letter(contract, 7)]).await;
        all_final(&town, from, 2).await;
        let commit = town.known.chain.commit_of(contract, 1, from).await.unwrap().expect("its commit");
        let waited = commit.block_number - block;
        println!("{lost} cut off: another worker committed {waited} blocks after the task");
        assert!(waited <= TAKEOVER + SLACK, "{waited} blocks, {TAKEOVER} and a little are promised");
        author.send(&[letter(contract, 9), letter(contract, 11)]).await;
        all_final(&town, from, 4).await;
        assert_eq!(town.head(lost, contract), None, "it is cut off indeed");

        town.wires.rejoin(lost);
        let healed = Instant::now();
        one_history(&town, &[(contract, &[7, 9, 11])]).await;
        println!("{lost} follows {:.1} s after it is back", healed.elapsed().as_secs_f32());
        author.send(&[letter(contract, 1)]).await;
        all_final(&town, from, 5).await;
        one_history(&town, &[(contract, &[7, 9, 11, 1])]).await;
    });
}

#[test]
fn a_worker_that_sees_the_chain_but_no_peer_stops_nothing() {
    let Some(town) = Town::built() else { return };
    run(async {
        let lost = WORKERS[0];
        let others: Vec<&str> = everybody().into_iter().filter(|name| *name != lost).collect();
        let from = town.known.chain.height().await.unwrap() + 1;
        let mut author = Author::new(&town.known.chain, &town.known.descriptor, 0);
        town.wires.part(&[lost], &others);
        let (mut contracts, mut its) = (Vec::new(), 0);
        // New contracts: nobody has their keys yet, and it cannot ask for them.
        while contracts.len() < 4 || its == 0 {
            assert!(contracts.len() < 40, "it is never first");
            let contract = author.deploy(&mill::code(), 1, 0).await;
            its += u64::from(first(&town, contract).await == lost);
            contracts.push(contract);
        }
        let letters: Vec<Letter> = contracts.iter().map(|contract| letter(*contract, 3)).collect();
        author.send(&letters).await;
        let inputs = 2 * contracts.len() as u64;
        let seen = all_final(&town, from, inputs).await;
        println!("{lost} alone with the chain: {its} of {} contracts its, {seen:?}", contracts.len());
        assert!(seen.takeovers >= 1, "others had to take over");
        town.wires.reunite(&[lost], &others);
        author.send(&letters).await;
        all_final(&town, from, inputs + contracts.len() as u64).await;
        let expected: Vec<_> = contracts.iter().map(|contract| (*contract, &[3, 3][..])).collect();
        one_history(&town, &expected).await;
    });
}

#[test]
fn while_no_side_has_a_threshold_new_keys_are_waited_for_and_then_everything_is_final_once() {
    let Some(town) = Town::built() else { return };
    run(async {
        let chain = &town.known.chain;
        let from = chain.height().await.unwrap() + 1;
        let mut author = Author::new(chain, &town.known.descriptor, 0);
        let warm = author.deploy(&mill::code(), 1, 0).await;
        all_final(&town, from, 1).await;
        let now = begin_epoch(&town).await;
        author.send(&[letter(warm, 1)]).await;
        all_final(&town, from, 2).await;

        let one = [KEY_NODES[0], KEY_NODES[1], WORKERS[0]];
        let other = [KEY_NODES[2], KEY_NODES[3], WORKERS[1], WORKERS[2]];
        town.wires.part(&one, &other);
        // Its keys are there, with the worker that committed last.
        author.send(&[letter(warm, 2)]).await;
        all_final(&town, from, 3).await;
        assert_eq!(chain.network_state().await.unwrap().epoch, now, "still in the epoch of its keys");
        // A new contract's are nowhere.
        let cold = author.deploy(&mill::code(), 1, 0).await;
        author.send(&[letter(cold, 3), letter(cold, 4)]).await;
        town.mine(30);
        let (until, patience) = (chain.height().await.unwrap() + 5, Instant::now());
        while chain.height().await.unwrap() < until && patience.elapsed() < Duration::from_secs(30) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(chain.secret_contract(cold).await.unwrap().cursor, 0, "two members make no key");

        town.wires.reunite(&one, &other);
        let healed = Instant::now();
        author.send(&[letter(warm, 5)]).await;
        all_final(&town, from, 7).await;
        println!("all final {:.1} s after the halves were one again", healed.elapsed().as_secs_f32());
        one_history(&town, &[(warm, &[1, 2, 5]), (cold, &[3, 4])]).await;
    });
}

/// Lets the next epoch begin; returns its number.
async fn begin_epoch(town: &Town) -> u64 {
    let chain = &town.known.chain;
    let (now, patience) = (chain.network_state().await.unwrap().epoch, Instant::now());
    loop {
        let state = chain.network_state().await.unwrap();
        if state.epoch > now {
            return state.epoch;
        }
        assert!(patience.elapsed() < Duration::from_secs(60), "the next epoch does not begin");
        if state.next_seeded() {
            town.mine(4);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
