//! What a user reads back: private reads, the life of a task, logs; and that no node can make a user believe a lie.

#[path = "reads/liar.rs"]
mod liar;
#[path = "reads/lies.rs"]
mod lies;
#[path = "reads/new.rs"]
mod new;
#[path = "reads/tasks.rs"]
mod tasks;

use enigma_tests::network::{Network, answer};
use serde_json::{Value, json};

const VAULT: &str = "tests/fixtures/Vault.sol:Vault";
const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
const READ: &str = "read()(uint256)";
const GET: &str = "get()(bytes32)";
const NOTHING: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";
const ACCOUNT_1: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const NOBODY: &str = "0x00000000000000000000000000000000000000aa";

/// A word that no test but its own has.
fn word(byte: u8) -> String {
    format!("0x{}", hex::encode([byte; 32]))
}

fn read(network: &Network, contract: &str, method: &str, more: &[&str]) -> answer::Answer {
    network.run(&[&["read", contract, method, "--json"], more].concat())
}

/// The URLs of the nodes' APIs, as the network tells them.
fn apis(network: &Network) -> Vec<String> {
    let file = std::fs::read_to_string(network.data_dir().join("network.json")).unwrap();
    serde_json::from_value(serde_json::from_str::<Value>(&file).unwrap()["api"].clone()).unwrap()
}

/// Has clients ask other nodes than the network's.
fn ask_instead(network: &Network, urls: &[String]) {
    let path = network.data_dir().join("network.json");
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    file["api"] = json!(urls);
    std::fs::write(path, file.to_string()).unwrap();
}

#[test]
fn everybody_reads_as_themselves_and_changes_nothing() {
    let network = Network::started();
    let vault = network.deploy(VAULT);
    network.call(&vault, "put(bytes32)()", &[&word(0x11), "--from", "1"]).succeeded();
    network.call(&vault, "put(bytes32)()", &[&word(0x22), "--from", "2"]).succeeded();
    let sent = network.rpc("eth_getTransactionCount", json!([ACCOUNT_1, "latest"]));

    assert_eq!(read(&network, &vault, GET, &["--from", "1"]).result(), word(0x11));
    assert_eq!(read(&network, &vault, GET, &["--from", "2"]).result(), word(0x22));
    assert_eq!(read(&network, &vault, GET, &[]).result(), NOTHING, "account 0 keeps nothing");
    assert_eq!(read(&network, &vault, GET, &["--anonymous"]).result(), NOTHING);
    let plain = network.run(&["read", &vault, GET, "--from", "1"]).succeeded();
    assert_eq!((plain.stdout.as_str(), plain.stderr.as_str()), (format!("{}\n", word(0x11)).as_str(), ""));

    // What programs get, and that it is of now.
    let told = read(&network, &vault, GET, &["--from", "1"]).succeeded().json();
    let status = network.status();
    assert_eq!(
        (&told["ok"], &told["outcome"], &told["address"]),
        (&json!(true), &json!("returned"), &json!(vault.to_lowercase()))
    );
    let height = status["block"].as_u64().unwrap();
    assert!(
        told["block"].as_u64().unwrap() + 8 >= height && told["gasUsed"].as_u64() > Some(21_000),
        "{told}"
    );
    assert!(
        told["signer"].as_str().unwrap().starts_with("0x") && told["stateHead"].as_str().unwrap().len() == 66
    );

    // Reverts and writes are refused as a task's are, and an argument may come from standard input.
    let by_stdin = network.command(&["read", &vault, "refuse(bytes32)()", "-"]);
    answer::run(by_stdin, &format!("{}\n", word(0x33)))
        .failed(2, &[&format!("reverted: Refused({})", word(0x33))]);
    let told = read(&network, &vault, "refuse(bytes32)()", &[&word(0x33)]).failed(2, &[]).json();
    assert_eq!((&told["ok"], &told["outcome"]), (&json!(false), &json!("reverted")));
    network
        .run(&["read", &vault, "put(bytes32)()", &word(0x44), "--from", "1"])
        .failed(2, &["halted: it would write in a static call", "enigma call"]);
    assert_eq!(read(&network, &vault, GET, &["--from", "1"]).result(), word(0x11), "nothing was written");
    let after = network.rpc("eth_getTransactionCount", json!([ACCOUNT_1, "latest"]));
    assert_eq!(sent, after, "a read is no transaction");

    // A read sees what was committed last, also in an epoch in which nothing was.
    network.call(&vault, "put(bytes32)()", &[&word(0x55), "--from", "1"]).succeeded();
    assert_eq!(read(&network, &vault, GET, &["--from", "1"]).result(), word(0x55));
    network.advance_to_epoch(status["epoch"].as_u64().unwrap() + 1);
    assert_eq!(read(&network, &vault, GET, &["--from", "1"]).result(), word(0x55));

    network.run(&["read", NOBODY, READ]).failed(1, &["no secret contract lives at"]);
    network.run(&["read", &vault, "get("]).failed(1, &["is no method"]);
    network.run(&["read", &vault, GET, "1"]).failed(1, &["expected 0 arguments"]);
    network.run(&["read", &vault, GET, "--from", "1", "--anonymous"]).failed(1, &["--anonymous", "--from"]);
    network.run(&["read", &vault, "get()(uint256,uint256)"]).failed(1, &["do not fit"]);
    let example = network.run(&["read", "--help"]).succeeded();
    assert!(example.stdout.contains("enigma read 0x"), "{}", example.stdout);
}
