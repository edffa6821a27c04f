//! Every channel that an operator can see.

use std::path::Path;

use enigma_node::record;
use enigma_tests::{
    network::processes::Process,
    scan::{Channel, Scanner},
};

use super::scene::{SECRETS, Scene};

/// For each channel, the control that must be found in it; memory has its own, in every process.
const CONTROLS: [(&str, &[&str]); 6] = [
    ("files", &["file"]),
    ("logs", &["log"]),
    ("RPC", &["calldata", "envelope"]),
    ("API", &["contract", "query"]),
    ("libp2p", &["contract", "query"]),
    ("enclave doors", &["envelope", "query"]),
];

/// Memory of hosts, disks, logs, and what crossed the walls.
pub fn all(scene: &Scene, scanner: &Scanner) -> Vec<Channel> {
    let mut channels = vec![host_memory(scene, scanner)];
    channels.extend(at_rest(scene, scanner));
    let named = |name: &'static str| move |path: &Path| path.file_name().is_some_and(|n| n == name);
    channels.push(Channel::new("RPC").files(scanner, &scene.rpc_records(), |_| true));
    channels.push(Channel::new("API").files(scanner, &scene.api_records(), |_| true));
    let records = scene.node_records();
    channels.push(Channel::new("libp2p").files(scanner, &records, named(record::MESSAGES)));
    channels.push(Channel::new("enclave doors").files(scanner, &records, named(record::FRAMES)));
    channels
}

/// What the data directory holds.
pub fn at_rest(scene: &Scene, scanner: &Scanner) -> Vec<Channel> {
    let is_log = |path: &Path| path.extension().is_some_and(|e| e == "log");
    let folder = scene.network.data_dir();
    vec![
        Channel::new("files").files(scanner, &folder, |path| !is_log(path)),
        Channel::new("logs").files(scanner, &folder, is_log),
    ]
}

/// `up`, the chain and the nodes, and every one of them shows that its memory was searched.
fn host_memory(scene: &Scene, scanner: &Scanner) -> Channel {
    let hosts: Vec<Process> = scene.network.processes().into_iter().filter(|p| !p.is_enclave()).collect();
    assert_eq!(hosts.len(), 1 + 1 + 7, "`up`, the chain, nodes: {hosts:?}");
    let memory = Channel::new("host memory").memory(scanner, &hosts);
    for host in &hosts {
        assert!(memory.has_in("environment", host), "the control in {} was not found", host.command);
    }
    memory
}

/// The enclaves' own memory: not an operator's to see.
pub fn enclaves(scene: &Scene, scanner: &Scanner) -> Channel {
    let enclaves: Vec<Process> = scene.network.processes().into_iter().filter(Process::is_enclave).collect();
    assert_eq!(enclaves.len(), 7, "{enclaves:?}");
    Channel::new("enclave memory").memory(scanner, &enclaves)
}

/// Every channel's control was found.
pub fn require_controls(scene: &Scene, seen: &[Channel]) {
    for (channel, needles) in CONTROLS {
        require_control(channel, seen, needles);
    }
    // Ciphertext in what clients sent, and in what nodes were told: answers are not compressed.
    let rpc = seen.iter().find(|c| c.name == "RPC").unwrap();
    for direction in ["sent", "received"] {
        let there = |place: &str| {
            place.starts_with(scene.rpc_records().to_str().unwrap()) && place.ends_with(direction)
        };
        assert!(rpc.hits.iter().any(|h| h.needle == "envelope" && there(&h.place)), "{direction}");
    }
}

pub fn require_control(channel: &str, seen: &[Channel], needles: &[&str]) {
    let channel = seen.iter().find(|c| c.name == channel).unwrap();
    for needle in needles {
        assert!(
            channel.has(needle),
            "the control {needle:?} in {} was not found: {:?}",
            channel.name,
            channel.hits
        );
    }
}

/// The promise.
pub fn forbid_secrets(seen: &[Channel]) {
    let leaks: Vec<_> = seen
        .iter()
        .flat_map(|channel| channel.hits.iter().map(move |hit| (&channel.name, hit)))
        .filter(|(_, hit)| SECRETS.contains(&hit.needle.as_str()))
        .collect();
    assert!(leaks.is_empty(), "a secret was seen: {leaks:#?}");
}

/// The enclave at work has what it works on, which shows that memory is searched well; no other enclave has it.
pub fn require_secret_in_one_enclave(enclaves: &Channel, at_work: &Process) {
    let places: std::collections::BTreeSet<_> =
        enclaves.hits.iter().filter(|h| h.needle == SECRETS[1]).map(|h| &h.place).collect();
    assert!(
        enclaves.has_in(SECRETS[1], at_work),
        "not even the enclave at work has the secret: {:?}",
        enclaves.hits
    );
    assert_eq!(places.len(), 1, "enclaves that were not drawn have it too: {places:?}");
}
