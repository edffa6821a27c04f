//! `enigma task` and `enigma logs`: from the chain alone. No node is asked, and one that lies is not noticed.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    sync::mpsc,
    time::Duration,
};

use alloy_primitives::U256;
use enigma_chain::{Chain, Sender, accounts};
use enigma_protocol::network::Descriptor;
use enigma_sdk::{Client, Limits, ReplyKeys};
use enigma_tests::network::Network;
use serde_json::{Value, json};

use super::{ACCOUNT_1, ADD, COUNTER, NOBODY, VAULT, ask_instead, word};

fn wei(value: &Value) -> U256 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no amount: {value}"))
}

fn task(network: &Network, arguments: &[&str]) -> Value {
    network.run(&[&["task", "--json"], arguments].concat()).succeeded().json()
}

#[test]
fn the_life_of_a_task_is_told_from_the_chain_alone() {
    let network = Network::started();
    ask_instead(&network, &[]);
    let counter = network.deploy(COUNTER);

    let told = task(&network, &[&counter, "0"]);
    assert_eq!(
        (&told["kind"], &told["stage"], &told["outcome"]),
        (&json!("deploy"), &json!("committed"), &json!("returned"))
    );
    assert!(told["codeBytes"].as_u64() > Some(100), "{told}");

    let called = network.call(&counter, ADD, &["7", "--value", "0.5", "--from", "1"]).succeeded().json();
    let transaction = called["transaction"].as_str().unwrap();
    let told = task(&network, &[transaction, "--method", ADD]);
    assert_eq!(told, task(&network, &[&counter, "1", "--method", ADD]), "two names of one task");
    assert_eq!(
        (&told["ok"], &told["outcome"], &told["result"]),
        (&json!(true), &json!("returned"), &json!(["7"]))
    );
    assert_eq!((&told["sender"], &told["account"]), (&json!(ACCOUNT_1.to_lowercase()), &json!(1)));
    assert_eq!((&told["address"], &told["index"]), (&json!(counter.to_lowercase()), &json!(1)));
    assert_eq!((&told["gasUsed"], &told["paidWei"]), (&called["gasUsed"], &called["paidWei"]));
    assert_eq!(told["committed"]["transaction"], called["commit"]);
    assert_eq!(told["committed"]["block"], called["commitBlock"]);
    assert_eq!(told["committed"]["status"], "completed");
    assert!(told["gasCharged"].as_u64() >= told["gasUsed"].as_u64() && told["gasLimit"] == 5_000_000);
    let (created, committed) =
        (told["created"]["time"].as_u64().unwrap(), told["committed"]["time"].as_u64().unwrap());
    assert_eq!(Some(committed - created), told["committed"]["seconds"].as_u64());
    let sent = network.rpc("eth_getTransactionByHash", json!([transaction]));
    assert_eq!(wei(&told["escrowWei"]), wei(&sent["value"]), "what the transaction brought");
    let half = U256::from(5 * 10u128.pow(17));
    assert_eq!(
        (wei(&told["valueWei"]), wei(&told["escrowWei"]) - half),
        (half, wei(&told["paidWei"]) + wei(&told["refundedWei"]))
    );
    // The worker that signed is the one whose operator carried the commit.
    let commit = network.rpc("eth_getTransactionByHash", json!([called["commit"]]));
    assert_eq!(told["worker"]["operator"], commit["from"]);
    assert!(
        told["worker"]["id"].as_u64() < Some(3) && told["worker"]["signer"] != told["worker"]["operator"]
    );

    // A failed one, with its reason and its money back.
    let called = network.call(&counter, ADD, &["2000000", "--value", "0.5"]).failed(2, &[]).json();
    let told = task(&network, &[called["transaction"].as_str().unwrap()]);
    assert_eq!(
        (&told["outcome"], &told["reason"]),
        (&json!("reverted"), &json!("TooMuch(2000000, 1000000)"))
    );
    assert_eq!(told["committed"]["status"], "valueReturned");
    assert_eq!(
        wei(&told["escrowWei"]),
        wei(&told["paidWei"]) + wei(&told["refundedWei"]),
        "the value came back"
    );
    let people = network.run(&["task", &counter, "2"]).succeeded().stdout;
    for words in
        ["task      2 of", "reverted: TooMuch(2000000, 1000000)", "UTC, block", "refunded 0.5", "(account 0)"]
    {
        assert!(people.contains(words), "{words:?} in {people}");
    }

    network.run(&["task", &counter, "99"]).failed(1, &["has no task 99"]);
    network.run(&["task", NOBODY, "0"]).failed(1, &["no secret contract lives at"]);
    network.run(&["task", &counter]).failed(1, &["Give an index"]);
    network.run(&["task", &word(0x77)]).failed(1, &["created no task"]);
    network.run(&["task", "something"]).failed(1, &["expected a contract and an index"]);
    network.run(&["task", transaction, "--method", "add("]).failed(1, &["is no method"]);
    let commit = called["commit"].as_str().unwrap();
    network.run(&["task", commit]).failed(1, &["created no task"]);
}

/// A client of this process for account 4.
async fn client(network: &Network, reply_keys: ReplyKeys) -> Client {
    let told = network.status()["network"].clone();
    let word = |name: &str| told[name].as_str().unwrap().parse().unwrap();
    let descriptor = Descriptor {
        chain_id: told["chainId"].as_u64().unwrap(),
        enigma: told["enigma"].as_str().unwrap().parse().unwrap(),
        checkpoint_number: told["checkpointNumber"].as_u64().unwrap(),
        checkpoint_hash: word("checkpointHash"),
        verifier: 1,
        attestation_root: word("attestationRoot"),
        ruleset: 1,
        public_key: hex::decode(told["publicKey"].as_str().unwrap()).unwrap().try_into().unwrap(),
    };
    let chain = Chain::connect(told["rpc"].as_str().unwrap(), descriptor.enigma).unwrap();
    let sender = Sender::new(chain, accounts::local(4).unwrap());
    Client::connect(sender, descriptor).await.unwrap().with_reply_keys(reply_keys)
}

#[test]
fn logs_are_read_again_by_who_caused_them_and_by_nobody_else() {
    let network = Network::started();
    ask_instead(&network, &[]);
    let vault = network.deploy(VAULT);
    let put = |byte: u8, from: &str| {
        network.call(&vault, "put(bytes32)()", &[&word(byte), "--from", from]).succeeded().json()
    };
    let logs = |more: &[&str]| network.run(&[&["logs", &vault, "--json"], more].concat()).succeeded().json();
    let first = put(0x11, "1");
    put(0x22, "2");
    let last = put(0x12, "1");

    let told = logs(&["--from", "1"]);
    assert_eq!(told["logs"].as_array().unwrap().len(), 2);
    let log = &told["logs"][0];
    assert_eq!(
        (&log["event"], &log["args"]),
        (&json!("Kept"), &json!([{ "name": "secret", "value": word(0x11) }]))
    );
    assert_eq!(
        (&log["block"], &log["commit"], &log["index"]),
        (&first["commitBlock"], &first["commit"], &first["index"])
    );
    assert_eq!(told["logs"][1]["args"][0]["value"], word(0x12));
    assert_eq!(logs(&["--from", "2"])["logs"][0]["args"][0]["value"], word(0x22));
    assert_eq!(logs(&[])["logs"], json!([]), "account 0 deployed, and caused no log");
    let plain = network.run(&["logs", &vault, "--from", "2"]).succeeded().stdout;
    assert!(plain.ends_with(&format!("Kept(secret: {})\n", word(0x22))), "{plain}");

    let from = last["commitBlock"].to_string();
    assert_eq!(logs(&["--from", "1", "--from-block", &from])["logs"].as_array().unwrap().len(), 1);
    let before = (last["commitBlock"].as_u64().unwrap() - 1).to_string();
    assert_eq!(logs(&["--from", "1", "--to-block", &before])["logs"][0]["args"][0]["value"], word(0x11));
    assert_eq!(logs(&["--from", "1", "--event", "Kept(bytes32)"])["logs"].as_array().unwrap().len(), 2);
    assert_eq!(logs(&["--from", "1", "--event", "Other(bytes32)"])["logs"], json!([]));
    network.run(&["logs", &vault, "--event", "Kept("]).failed(1, &["is no event"]);
    network.run(&["logs", NOBODY]).failed(1, &["no secret contract lives at"]);

    follows(&network, &vault);

    // A task whose reply key was random says so; it is no error of anybody.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let selector = &alloy_primitives::keccak256("put(bytes32)")[..4];
    let calldata = [selector, &[0x44; 32]].concat();
    let send = |reply_keys| {
        runtime.block_on(async {
            let client = client(&network, reply_keys).await;
            let sent = client.send(vault.parse().unwrap(), calldata.clone(), U256::ZERO, Limits::default());
            let sent = sent.await.unwrap();
            client.wait(&sent, Duration::from_secs(60)).await.unwrap();
            sent.transaction.to_string()
        })
    };
    let (lost, kept) = (send(ReplyKeys::Ephemeral), send(ReplyKeys::Recoverable));
    let told = task(&network, &[&lost]);
    assert_eq!(
        (&told["stage"], &told["outcome"], &told["account"]),
        (&json!("committed"), &json!("unreadable"), &json!(4))
    );
    assert!(told["reason"].as_str().unwrap().contains("random reply key"), "{told}");
    assert_eq!(task(&network, &[&kept])["logs"][0]["args"][0]["value"], word(0x44));
    let told = logs(&["--from", "4"]);
    assert_eq!((told["logs"].as_array().unwrap().len(), &told["unreadableTasks"]), (1, &json!(1)));
    network.run(&["logs", &vault, "--from", "4"]).succeeded().failed(0, &["1 tasks were sent with random"]);
}

/// `--follow` tells a log that comes later, and ends when nobody reads.
fn follows(network: &Network, vault: &str) {
    let mut command = network.command(&["logs", vault, "--from", "3", "--follow", "--json"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (line, lines) = mpsc::channel();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_line(&mut text).unwrap();
        line.send(text).unwrap();
    });
    network.call(vault, "put(bytes32)()", &[&word(0x31), "--from", "3"]).succeeded();
    let told = lines.recv_timeout(Duration::from_secs(20));
    reading.join().unwrap();
    // Its output is closed now: the next log ends it.
    network.call(vault, "put(bytes32)()", &[&word(0x32), "--from", "3"]).succeeded();
    enigma_tests::network::wait_for("the end of --follow", Duration::from_secs(20), || {
        child.try_wait().unwrap().map(|status| assert!(status.success()))
    });
    let told: Value = serde_json::from_str(&told.unwrap()).unwrap();
    assert_eq!((&told["event"], &told["args"][0]["value"]), (&json!("Kept"), &json!(word(0x31))));
}
