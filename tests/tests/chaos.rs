//! Harm on purpose, with a report: nothing is lost.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use enigma_tests::network::{Network, wait_for};
use serde_json::Value;

/// The run, the wait for the last tasks, and what starting and stopping take.
const PATIENCE: Duration = Duration::from_secs(330);

/// Runs it to its end. The exit code, and its report.
fn chaos(network: &Network, kinds: &str, arguments: &[&str]) -> (i32, Value) {
    let port = network.port_base().to_string();
    let mut command: Command = network.command(&["up", "--json", "--port-base", &port, "--chaos", kinds]);
    let files = ["out", "err"].map(|name| network.home().join(name));
    let [out, err] = files.clone().map(|path| std::fs::File::create(path).unwrap());
    let mut child = command.args(arguments).stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
    let status = wait_for("the end of the chaos", PATIENCE, || child.try_wait().unwrap());
    let [said, errors] = files.map(|path| std::fs::read_to_string(path).unwrap());
    let last = said.lines().last().unwrap_or_else(|| panic!("it said nothing: {errors}"));
    let report: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said} {errors}"));
    println!("{report:#}");
    (status.code().unwrap_or(-1), report)
}

#[test]
fn nothing_is_lost_in_forty_seconds_of_kills_pauses_rewound_disks_and_reorganisations() {
    let network = Network::planned();
    let kinds = "kill,pause,rewind-disk,reorg";
    let arguments = ["--chaos-seed", "4", "--chaos-every", "4s", "--chaos-for", "40s", "--chaos-load", "2"];
    let (code, report) = chaos(&network, kinds, &arguments);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    let deeds = report["deeds"].as_array().unwrap();
    for kind in kinds.split(',') {
        assert!(deeds.iter().any(|deed| deed["kind"] == kind), "{kind} was not done");
    }
    assert!(deeds.iter().all(|deed| deed["well"] == true), "every node was well again");
    let created = report["created"].as_u64().unwrap();
    assert!(created >= 40, "the load went on meanwhile: {created} tasks");
    assert_eq!(report["final"].as_u64().unwrap() + report["skipped"].as_u64().unwrap(), created);
    assert_eq!(report["lost"].as_array().unwrap().len(), 0);
}

#[test]
fn nodes_without_peers_or_with_a_slow_chain_or_a_broken_database_lose_nothing() {
    let network = Network::planned();
    let kinds = "partition,slow-rpc,corrupt-blob";
    let arguments = ["--chaos-seed", "2", "--chaos-every", "4s", "--chaos-for", "26s", "--chaos-load", "1"];
    let (code, report) = chaos(&network, kinds, &arguments);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "{report}");
    let deeds = report["deeds"].as_array().unwrap();
    for kind in kinds.split(',') {
        assert!(deeds.iter().any(|deed| deed["kind"] == kind), "{kind} was not done");
    }
}

#[test]
fn chaos_that_a_network_cannot_bear_is_refused() {
    let network = Network::planned();
    let port = network.port_base().to_string();
    let up = |more: &[&str]| network.run(&[&["up", "--port-base", &port, "--chaos"], more].concat());
    up(&["rewind-disk", "--workers", "1"]).failed(1, &["nobody to spare"]);
    up(&["fire"]).failed(1, &["fire", "corrupt-blob"]);
    up(&["kill", "--detach"]).failed(1, &["--detach"]);
    up(&["kill", "--chaos-every", "5"]).failed(1, &["5s"]);
}
