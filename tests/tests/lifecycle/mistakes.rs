//! What a user is told. Exit codes: 1 for usage and for what does not run, 2 for a task that failed, 3 for a stopped network.

use std::net::{Ipv4Addr, TcpListener};

use enigma_tests::network::Network;
use serde_json::Value;

use super::{ADD, COUNTER};

#[test]
fn a_busy_port_is_named() {
    let network = Network::planned();
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, network.port_base())).unwrap();
    let port = network.port_base().to_string();
    network.up().failed(1, &[&format!("port {port} is in use"), "--port-base"]);
    assert!(network.processes().is_empty());

    drop(busy);
    // The first worker's: not ours to bind, so the worker cannot start.
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, network.port_base() + 21)).unwrap();
    network.up().failed(1, &[&format!("port {} is in use", network.port_base() + 21), "--port-base"]);
    assert!(network.processes().is_empty());

    drop(busy);
    network.up().succeeded();
    let contract = network.deploy(COUNTER);
    assert_eq!(network.call(&contract, ADD, &["1"]).result(), "1", "a failed start spoils nothing");
}

#[test]
fn nothing_to_talk_to_is_said_clearly() {
    let network = Network::planned();
    let nobody = "0x00000000000000000000000000000000000000aa";
    for arguments in [&["status"][..], &["call", nobody, ADD, "1"], &["deploy", COUNTER]] {
        network.run(arguments).failed(1, &["error: no network in", "enigma up"]);
    }
    network.run(&["down"]).succeeded();
}

#[test]
fn programs_read_json_whatever_is_wrong() {
    let network = Network::planned();
    let nobody = "0x00000000000000000000000000000000000000aa";
    for (arguments, words) in [
        (&["status"][..], "no network in"),
        (&["call", nobody, ADD, "1"], "no network in"),
        (&["call", "nowhere", ADD, "1"], "40 hex digits"),
        (&["call", nobody], "METHOD"),
        (&["call", nobody, ADD, "1", "--gas", "1e6"], "--gas"),
        (&["recheck", "first"], "first"),
        (&["no-such-command"], "no-such-command"),
    ] {
        let told = network.run(&[arguments, &["--json"]].concat()).failed(1, &[]).json();
        assert_eq!(told["ok"], false, "{told}");
        let error = told["error"].as_str().unwrap();
        assert!(error.contains(words) && !error.contains("Usage"), "{arguments:?}: {error}");
    }
}

#[test]
fn wrong_calls_are_clear_errors() {
    let network = Network::started();
    let contract = network.deploy(COUNTER);
    let nobody = "0x00000000000000000000000000000000000000aa";
    let call =
        |method: &str, arguments: &[&str]| network.run(&[&["call", &contract, method], arguments].concat());

    call("add(uint256", &["1"]).failed(1, &["`add(uint256` is no method"]);
    call(ADD, &[]).failed(1, &["expected 1 arguments (uint256), 0 were given"]);
    call(ADD, &["1", "2"]).failed(1, &["expected 1 arguments (uint256), 2 were given"]);
    let told = call(ADD, &["so-very-secret"]).failed(1, &["argument 1 is no uint256"]);
    assert!(!told.stderr.contains("so-very-secret"), "an argument may be a secret: {}", told.stderr);
    call(ADD, &["-"]).failed(1, &["expected an argument on standard input"]);
    call(ADD, &["1", "--value", "much"]).failed(1, &["`much` is no amount of ether"]);
    call(ADD, &["1", "--from", "10"]).failed(1, &["--from"]);
    call(ADD, &["1", "--gas", "1000"]).failed(2, &["halted:", "--gas"]);
    call(ADD, &["1", "--gas", "16777217"]).failed(1, &["--gas", "16777216"]);
    call(ADD, &["1", "--bytes", "200000"]).failed(1, &["less --bytes or --outbound"]);
    call(ADD, &["1", "--price-cap", "cheap"]).failed(1, &["`cheap` is no price in gwei"]);
    call(ADD, &["1", "--price-cap", "0.000000001"]).failed(1, &["raise --price-cap"]);
    call(ADD, &["1", "--value", "20000"]).failed(1, &["not enough ether", "credit"]);
    call("read()(uint256)", &["--value", "1"]).failed(2, &["read() is not payable"]);
    call("nosuch()(uint256)", &[]).failed(2, &["the contract has no method nosuch(); it has add(uint256)"]);
    network.run(&["call", "nowhere", ADD, "1"]).failed(1, &["nowhere", "40 hex digits"]);
    network.run(&["call", nobody, ADD, "1"]).failed(1, &["no secret contract lives at", "AA;"]);
    network.run(&["deploy", "tests/fixtures/None.sol"]).failed(1, &["no such file"]);
    network.run(&["deploy", "tests/fixtures/Counter.sol:Other"]).failed(1, &["Other"]);
    network.run(&["deploy", COUNTER, "--args", "1"]).failed(1, &["takes no arguments"]);
    network.run(&["no-such-command"]).failed(1, &["no-such-command"]);
    network.run(&["--help"]).succeeded();

    let told = network.call(&contract, "add(uint256", &["1"]).failed(1, &[]).json();
    assert_eq!(told["ok"], false);
    assert!(told["error"].as_str().unwrap().contains("is no method"));

    assert_eq!(network.call(&contract, ADD, &["1"]).result(), "1", "none of that was a task that counted");

    // A network that answers nowhere: its chain is behind another port than the file says.
    let path = network.data_dir().join("network.json");
    let written = std::fs::read_to_string(&path).unwrap();
    let mut changed: Value = serde_json::from_str(&written).unwrap();
    changed["rpc"] = format!("http://127.0.0.1:{}", network.port_base() + 49).into();
    std::fs::write(&path, changed.to_string()).unwrap();
    call(ADD, &["1"]).failed(1, &["the chain's RPC failed", "is the chain running?"]);
    network.run(&["status"]).failed(1, &["the chain's RPC failed"]);
    std::fs::write(&path, written).unwrap();
    network.run(&["status"]).succeeded();
}
