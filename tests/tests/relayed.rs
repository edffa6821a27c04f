//! A task that one account authorises and another sends, on a real network, and what a relayer cannot do.

use std::fs;

use enigma_tests::network::Network;
use serde_json::{Value, json};

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
const FOR_EVER: &str = "18446744073709551615";

/// How a task ended, as account 3 reads it.
fn outcome(network: &Network, counter: &str, index: &str) -> Value {
    let patience = std::time::Duration::from_secs(60);
    enigma_tests::network::wait_for("the commit", patience, || {
        let task = ["task", counter, index, "--from", "3", "--method", ADD, "--json"];
        let told = network.run(&task).succeeded().json();
        (told["stage"] == "committed").then_some(told)
    })
}

#[test]
fn an_account_has_its_task_sent_by_another_which_cannot_send_it_twice() {
    let network = Network::started();
    let counter = &network.deploy(COUNTER);

    // In one step: account 3 authorises, account 5 sends and pays, account 3 reads the result.
    let done = network
        .call(counter, ADD, &["7", "--from", "3", "--relayer", "5", "--timeout", FOR_EVER])
        .succeeded()
        .json();
    assert_eq!(done["result"], json!(["7"]));

    // In two steps, through a file.
    let file = network.home().join("task.json");
    let file = file.to_str().unwrap();
    let authorise =
        ["authorise", counter, ADD, "5", "--from", "3", "--relayer", "5", "--out", file, "--json"];
    network.run(&authorise).succeeded();
    let task: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(task.get("replyKey").is_none(), "the key to the answer stays with the author");
    let relay = |from: &str| network.run(&["relay", file, "--from", from, "--json"]);
    relay("6").failed(1, &["must be sent by"]);
    let index = relay("5").succeeded().json()["index"].to_string();
    let told = outcome(&network, counter, &index);
    assert_eq!((&told["outcome"], &told["result"]), (&json!("returned"), &json!(["12"])));

    // Again: it goes to the chain, and does not run.
    let index = relay("5").succeeded().json()["index"].to_string();
    let told = outcome(&network, counter, &index);
    assert_eq!(told["outcome"], "not-authorised");
    assert!(told["reason"].as_str().unwrap().contains("due, 2"), "{told}");

    // One that is over by its own word is not sent: it would cost the relayer its fee.
    network.run(&authorise).succeeded();
    let mut task: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let expiry = task["expiry"].take();
    task["expiry"] = json!(1);
    fs::write(file, task.to_string()).unwrap();
    relay("5").failed(1, &["expired at unix time 1", "authorised again"]);

    // A value comes out of the relayer's purse: none goes along that the relayer does not allow.
    task["expiry"] = expiry;
    task["value"] = json!("0x1");
    fs::write(file, task.to_string()).unwrap();
    let wei = "0.000000000000000001";
    let purse = |account: u32| {
        let address = enigma_chain::accounts::local_address(account).unwrap();
        network.rpc("eth_getBalance", json!([address, "latest"]))
    };
    let before = purse(5);
    relay("5")
        .failed(1, &[&format!("sends {wei} ETH of yours"), "you allow 0", &format!("--max-value {wei}")]);
    assert_eq!(purse(5), before);

    // Another value than was authorised.
    let relayed = network.run(&["relay", file, "--from", "5", "--max-value", wei, "--json"]);
    let index = relayed.succeeded().json()["index"].to_string();
    let told = outcome(&network, counter, &index);
    assert_eq!(told["outcome"], "not-authorised");
    assert!(told["reason"].as_str().unwrap().contains("another value"), "{told}");

    let read = network.run(&["read", counter, "read()(uint256)", "--json"]).succeeded().json();
    assert_eq!(read["result"], json!(["12"]));
}
