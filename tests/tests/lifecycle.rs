//! Local networks from `up` to `down`: what lasts, what ends, and what a user is told when something is wrong.

#[path = "lifecycle/epochs.rs"]
mod epochs;
#[path = "lifecycle/mistakes.rs"]
mod mistakes;

use std::time::Instant;

use enigma_tests::network::{Network, binary, processes::Process, wait_for};
use rustix::process::Signal;
use serde_json::json;

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";

/// Blocks, a quarter more than a node reads at once.
const MANY_BLOCKS: &str = "0x9c4";

/// Seconds from `up` to the first commit, on two cores with the defaults.
const WARM_START: f32 = 15.0;

#[test]
fn a_network_goes_on_where_it_was() {
    let network = Network::started();
    let contract = network.deploy(COUNTER);
    assert_eq!(network.call(&contract, ADD, &["40"]).result(), "40");
    let before = network.status();
    assert_eq!((&before["ok"], &before["running"]), (&json!(true), &json!(true)));
    assert_eq!(before["nodes"].as_array().unwrap().len(), 7);
    assert!(before["nodes"].as_array().unwrap().iter().all(|node| node["running"] == true), "{before}");
    assert_eq!(before["workersInLottery"], 3);
    assert_eq!(before["network"]["keys"], "dealt");
    assert_eq!(before["network"]["threshold"], 3);

    network.up().failed(1, &["runs in", "already"]);
    assert_eq!(network.call(&contract, ADD, &["1"]).result(), "41", "the second `up` did no harm");

    network.down();
    let stopped = network.run(&["status", "--json"]).failed(3, &[]).json();
    assert_eq!((&stopped["running"], &stopped["network"]), (&json!(false), &before["network"]));
    network.run(&["status"]).failed(3, &["stopped"]);
    network.call(&contract, ADD, &["1"]).failed(1, &["not running"]);
    network.run(&["down"]).succeeded();

    network.up_with(&["--workers", "4"]).failed(1, &["--workers 3"]);
    network.up().succeeded();
    let after = network.status();
    assert_eq!(after["network"], before["network"]);
    assert!(after["block"].as_u64() > before["block"].as_u64());
    assert_eq!(network.call(&contract, ADD, &["1"]).result(), "42", "the state is there");
    let second = network.deploy(COUNTER);
    assert_eq!(network.call(&second, ADD, &["5"]).result(), "5", "new contracts work");
}

#[test]
fn a_network_goes_on_after_more_blocks_than_a_node_reads_at_once() {
    let network = Network::started();
    let contract = network.deploy(COUNTER);
    network.rpc("anvil_mine", json!([MANY_BLOCKS]));
    // A chain that begins again has the state of its newest block alone.
    network.down();
    network.up().succeeded();
    assert_eq!(network.call(&contract, ADD, &["2"]).result(), "2");
}

#[test]
fn the_first_commit_comes_soon() {
    let network = Network::planned();
    let start = Instant::now();
    network.up().succeeded();
    let up = start.elapsed().as_secs_f32();
    network.deploy(COUNTER);
    let committed = start.elapsed().as_secs_f32();
    println!("warm start: {up:.1} s to `up`, {committed:.1} s to the first commit (4 key nodes, 3 workers)");
    if binary::is_release() {
        assert!(committed < WARM_START, "{committed} s, {WARM_START} s are promised");
    }
}

#[test]
fn two_networks_live_beside_each_other() {
    let (one, other) = (Network::started(), Network::started());
    let contract = one.deploy(COUNTER);
    let twin = other.deploy(COUNTER);
    assert_ne!(one.status()["network"]["network"], other.status()["network"]["network"]);
    assert_eq!(one.call(&contract, ADD, &["1"]).result(), "1");
    assert_eq!(other.call(&twin, ADD, &["2"]).result(), "2");
    other.call(&contract, ADD, &["1"]).failed(1, &["no secret contract lives at"]);
    one.down();
    assert_eq!(other.call(&twin, ADD, &["2"]).result(), "4", "stopping one leaves the other alone");
}

fn supervisor(network: &Network) -> Process {
    let is_up = |p: &Process| p.command.split(' ').nth(1) == Some("up");
    network.processes().into_iter().find(is_up).expect("the process of `up`")
}

#[test]
fn nothing_outlives_a_killed_supervisor() {
    let network = Network::started();
    let contract = network.deploy(COUNTER);
    assert_eq!(network.call(&contract, ADD, &["3"]).result(), "3");

    let before = network.processes();
    assert_eq!(before.len(), 1 + 1 + 7 + 7, "`up`, chain, nodes, enclaves: {before:?}");
    supervisor(&network).kill();
    wait_for("the end of `up`", std::time::Duration::from_secs(5), || {
        (!network.processes().iter().any(|p| p.command.contains(" up "))).then_some(())
    });
    assert!(!network.processes().is_empty(), "its children live on: only then does this show anything");
    network.down();

    // `up` too clears what a killed one left, and loses nothing.
    network.up().succeeded();
    supervisor(&network).kill();
    network.up().succeeded();
    assert_eq!(network.call(&contract, ADD, &["4"]).result(), "7");
    assert_eq!(network.processes().len(), before.len());
}

#[test]
fn an_interrupted_start_in_the_background_leaves_nothing() {
    let network = Network::planned();
    let port = network.port_base().to_string();
    let mut starting = network.command(&["up", "--detach", "--port-base", &port]);
    let mut starting =
        starting.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // It has begun, in processes that do not get the terminal's Ctrl-C.
    wait_for("the chain", std::time::Duration::from_secs(30), || {
        network.processes().iter().any(|p| p.command.contains("anvil")).then_some(())
    });
    let before = network.processes();
    let pid = rustix::process::Pid::from_child(&starting);
    rustix::process::kill_process(pid, Signal::INT).unwrap();
    let mut told = String::new();
    std::io::Read::read_to_string(starting.stderr.as_mut().unwrap(), &mut told).unwrap();
    assert_eq!(starting.wait().unwrap().code(), Some(1), "{told}");
    assert!(told.contains("interrupted"), "{told}");
    network.await_end(&before);
}

#[test]
fn signals_stop_a_network_cleanly() {
    for signal in [Signal::INT, Signal::TERM] {
        let network = Network::started();
        let before = network.processes();
        supervisor(&network).signal(signal);
        network.await_end(&before);
        network.run(&["status"]).failed(3, &["stopped"]);
    }
}
