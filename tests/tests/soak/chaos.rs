//! Nodes are killed and started again, never so many that nobody is left.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use enigma_tests::network::{Network, nodes::Node};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// From one kill to the next, milliseconds.
const EVERY: std::ops::Range<u64> = 600..3_000;
/// How long a node stays dead, milliseconds.
const DEAD_FOR: std::ops::Range<u64> = 100..4_000;

/// What was done.
#[derive(Debug, Default)]
pub struct Harm {
    pub workers: u32,
    pub key_nodes: u32,
    /// The nodes that live on in the test's hands; dropped, they end.
    pub nodes: Vec<Node>,
}

/// Kills until `over`; afterwards every node runs and is well. At most two of three workers are dead at once, and one key
/// node.
pub fn wreak(network: &Network, seed: u64, over: &AtomicBool) -> Harm {
    let mut random = StdRng::seed_from_u64(seed);
    let names = |role: &str, count: u32| (1..=count).map(|i| format!("{role}-{i}")).collect::<Vec<_>>();
    let (workers, key_nodes) = (names("worker", 3), names("key", 4));
    let mut harm = Harm::default();
    let mut dead: BTreeMap<String, Instant> = BTreeMap::new();
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    let mut next = Instant::now();
    while !over.load(Ordering::Relaxed) {
        let now = Instant::now();
        let risen: Vec<String> = dead.iter().filter(|(_, at)| **at <= now).map(|(n, _)| n.clone()).collect();
        for name in risen {
            dead.remove(&name);
            nodes.insert(name.clone(), network.start_node(&name, &[], &[]));
        }
        if now >= next {
            let of_keys = random.random_ratio(1, 4);
            let (from, most) = if of_keys { (&key_nodes, 1) } else { (&workers, 2) };
            let name = &from[random.random_range(0..from.len())];
            if from.iter().filter(|n| dead.contains_key(*n)).count() < most && !dead.contains_key(name) {
                network.kill_node(name);
                nodes.remove(name);
                dead.insert(name.clone(), now + Duration::from_millis(random.random_range(DEAD_FOR)));
                *(if of_keys { &mut harm.key_nodes } else { &mut harm.workers }) += 1;
            }
            next = now + Duration::from_millis(random.random_range(EVERY));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for name in dead.into_keys() {
        nodes.insert(name.clone(), network.start_node(&name, &[], &[]));
    }
    workers.iter().chain(&key_nodes).for_each(|name| network.await_well(name));
    harm.nodes = nodes.into_values().collect();
    harm
}
