//! Nodes that are flooded from all sides at once, while honest tasks go on: by junk tasks on the chain, by strangers among
//! their peers, and on their API.
//!
//! ```text
//! junk       tasks that nobody can open, in queues of hundreds
//! strangers  peers that nobody knows, and connections that say nothing
//! callers    HTTP that is too large, too deep, too slow, or nonsense
//! memory     what nodes and enclaves take up
//! ```

#[path = "soak/author.rs"]
mod author;
#[path = "flood/callers.rs"]
mod callers;
#[path = "flood/junk.rs"]
mod junk;
#[path = "flood/memory.rs"]
mod memory;
#[path = "soak/mill.rs"]
mod mill;
#[path = "soak/scene.rs"]
mod scene;
#[path = "flood/strangers.rs"]
mod strangers;
#[path = "soak/watch.rs"]
mod watch;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use alloy_primitives::{Address, U256};
use enigma_chain::Event;
use enigma_protocol::receipt::Status;
use enigma_tests::{
    at_end::AtEnd,
    network::{Network, wait_for},
};

use author::{Author, Letter};
use junk::Junk;
use memory::Memory;
use scene::{Known, keep_pace};
use watch::Watch;

/// Contracts whose queues are filled with junk: more than a worker serves at once. Accounts that do it.
const VICTIMS: usize = 9;
const SPAMMERS: u32 = 3;
/// Honest tasks of each of two contracts, before the flood and in it.
const CALM: u64 = 2;
const ROUNDS: u64 = 5;
/// Blocks from an honest task to its commit: in calm, and in the flood, where the turns of both stand-bys may come.
const SOON: u64 = 4;
const IN_TIME: u64 = 12;
/// The same for a new contract, whose deployment and keys come first.
const NEW_IN_TIME: u64 = 18;
/// Bytes that a node, and an enclave, may take up.
const MEMORY: u64 = 512 << 20;
const PATIENCE: Duration = Duration::from_secs(60);
const NODES: [&str; 7] = ["worker-1", "worker-2", "worker-3", "key-1", "key-2", "key-3", "key-4"];
/// Those that strangers and callers flood.
const TARGETS: [&str; 2] = ["worker-1", "key-1"];

/// How much of what was done.
#[derive(Debug, Default)]
pub struct Counts {
    /// Whether it is over.
    pub over: AtomicBool,
    /// Junk tasks that the chain took.
    pub junk: AtomicU64,
    /// Connections of strangers.
    pub strangers: AtomicU64,
    /// Their requests.
    pub requests: AtomicU64,
    /// Those that were answered.
    pub answered: AtomicU64,
    /// Connections that say nothing of sense.
    pub silent: AtomicU64,
    /// HTTP requests.
    pub calls: AtomicU64,
}

impl Counts {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// An honest account, its contracts, and what it has sent to each.
struct Honest {
    author: Author,
    sent: BTreeMap<Address, Vec<u64>>,
}

impl Honest {
    async fn deploy(&mut self, code: &[u8]) -> Address {
        let contract = self.author.deploy(code, 1, 0).await;
        self.sent.insert(contract, Vec::new());
        contract
    }

    /// Sends a task to each of these contracts and waits for all; returns the blocks that each took.
    async fn round(&mut self, contracts: &[Address]) -> Vec<u64> {
        let amount = 1 + self.sent.values().map(Vec::len).sum::<usize>() as u64;
        let letter = |contract: &Address| Letter {
            contract: *contract,
            body: mill::grind(amount),
            value: 0,
            spoilt: false,
        };
        let block = self.author.send(&contracts.iter().map(letter).collect::<Vec<_>>()).await;
        let mut took = Vec::new();
        for contract in contracts {
            let sent = self.sent.get_mut(contract).unwrap();
            sent.push(amount);
            // The deployment is the first.
            took.push(final_at(&self.author, *contract, sent.len() as u64, block).await - block);
        }
        took
    }
}

/// The block that has the commit of an input.
async fn final_at(author: &Author, contract: Address, index: u64, since: u64) -> u64 {
    let waiting = async {
        loop {
            if let Some(commit) = author.chain().commit_of(contract, index, since).await.expect("the chain") {
                return commit.block_number;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("an honest task is final in time")
}

#[test]
fn honest_tasks_are_final_in_time_while_nodes_are_flooded_from_all_sides() {
    let network = Network::started();
    let port = network.port_base();
    let known = Known::of(&network, &format!("http://127.0.0.1:{port}"));
    keep_pace(port);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let counts = Arc::new(Counts::default());
    let _end = AtEnd(&counts.over);
    runtime.block_on(async {
        let from = known.chain.height().await.unwrap() + 1;
        let code = mill::code();
        let mut honest =
            Honest { author: Author::new(&known.chain, &known.descriptor, 0), sent: BTreeMap::new() };
        let two = [honest.deploy(&code).await, honest.deploy(&code).await];
        let junk = Junk::new(&known, &code, VICTIMS, SPAMMERS).await;
        let mut calm = Vec::new();
        for _ in 0..CALM {
            calm.extend(honest.round(&two).await);
        }
        println!("in calm: {calm:?} blocks from an honest task to its commit");
        assert!(calm.iter().all(|blocks| *blocks <= SOON), "{calm:?}");

        let memory = Memory::watch(&network, &NODES, counts.clone());
        let before = memory.now();
        let began = Instant::now();
        let spamming = junk.start(&counts);
        let deep = junk.await_queues(PATIENCE).await;
        println!("{VICTIMS} queues of {deep:?} junk tasks after {:.1} s", began.elapsed().as_secs_f32());

        for target in TARGETS {
            strangers::start(&network, target, &counts);
            callers::start(network.api_port(target), &counts);
        }
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            took.extend(honest.round(&two).await);
        }
        // What is new needs keys of the flooded committee.
        let new = honest.deploy(&code).await;
        let fresh = honest.round(&[new]).await;
        let deep = junk.queues().await;
        println!("in the flood: {took:?} blocks; a new contract's first task {fresh:?}; queues {deep:?}");
        counts.over.store(true, Ordering::Relaxed);
        spamming.await.expect("spammers");
        println!("{counts:?} in {:.1} s", began.elapsed().as_secs_f32());
        assert!(took.iter().all(|blocks| *blocks <= IN_TIME), "{took:?}");
        assert!(fresh.iter().all(|blocks| *blocks <= NEW_IN_TIME), "{fresh:?}");

        // Everything that waits becomes final, nothing is skipped.
        let drained = Instant::now();
        let sent = counts.junk.load(Ordering::Relaxed);
        let tasks: usize = honest.sent.values().map(Vec::len).sum();
        let inputs = sent + (VICTIMS + honest.sent.len() + tasks) as u64;
        let seen = Watch::default().until(&known.chain, from, inputs).await;
        println!("all final {:.1} s later: {seen:?}", drained.elapsed().as_secs_f32());
        assert_eq!(seen.skips, 0);
        for node in NODES {
            wait_for(&format!("{node} to answer"), PATIENCE, || network.is_well(node).then_some(()));
        }
        memory.judge(&before, MEMORY);
        judge(&known, &honest, &junk, sent).await;
    });
}

/// Honest totals are right, junk was told to be junk, and whoever sent it paid.
async fn judge(known: &Known, honest: &Honest, junk: &Junk, sent: u64) {
    let history = known.history().await;
    let audited = known.audit(&history).unwrap_or_else(|difference| panic!("{difference:#?}"));
    for (contract, amounts) in &honest.sent {
        let one = &audited[contract];
        assert_eq!((one.pending, one.skipped, one.unopened), (0, 0, 0), "{contract}");
        let total: u64 = amounts.iter().map(|amount| mill::adds(*amount)).sum();
        assert_eq!(mill::total(&one.world, *contract), total, "{contract}");
    }
    let unopened: u64 = junk.contracts().map(|contract| audited[contract].unopened).sum();
    assert_eq!(unopened, sent, "all of it, and once");
    let (mut paid, mut least) = (U256::ZERO, U256::MAX);
    for event in &history.events {
        if let Event::Commit(commit) = event {
            for outcome in commit.outcomes.iter().filter(|outcome| outcome.status == Status::Unopened) {
                (paid, least) = (paid + outcome.pay, least.min(outcome.pay));
            }
        }
    }
    println!("{sent} junk tasks paid {paid} wei, none less than {least}");
    assert!(!least.is_zero());
}
