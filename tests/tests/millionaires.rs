//! The example, by its README's own lines; and what a task costs, pays and brings.

use std::process::Command;

use alloy_primitives::{U256, keccak256};
use enigma_tests::network::{Network, answer, answer::Answer, binary, rpc::quantity};
use serde_json::json;

const ACCOUNT_2: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/// The README's `sh` blocks, run as they stand: in a folder with `examples/` and an `./enigma` that takes ports of its own.
fn by_the_readme(network: &Network, script: &str) -> Answer {
    let folder = network.home().join("checkout");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(binary::root().join("examples"), folder.join("examples")).unwrap();
    let launcher = format!(
        "#!/bin/sh\nif [ \"$1\" = up ] && [ ! -e \"$ENIGMA_DATA_DIR/network.json\" ]; then set -- \"$@\" --port-base {}; fi\n\
         exec {} \"$@\"\n",
        network.port_base(),
        binary::enigma().display()
    );
    std::fs::write(folder.join("enigma"), launcher).unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", &format!("chmod +x enigma\nset -euo pipefail\n{script}")]).current_dir(&folder);
    command.env("ENIGMA_ROOT", binary::root()).env("ENIGMA_DATA_DIR", network.data_dir());
    answer::run(command, "")
}

fn blocks(readme: &str) -> Vec<String> {
    let mut parts = readme.split("```sh\n").skip(1);
    parts.by_ref().map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_readmes_lines_work_as_they_stand() {
    let readme = std::fs::read_to_string(binary::root().join("examples/01-millionaires/README.md")).unwrap();
    let blocks = blocks(&readme);
    assert_eq!(blocks[0].lines().count(), 5, "five lines are promised");
    let network = Network::planned();
    let told = by_the_readme(&network, &blocks.join("\necho ---\n")).succeeded();
    let parts: Vec<&str> = told.stdout.split("---\n").collect();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0].lines().last(), Some(ACCOUNT_2));
    assert_eq!(parts[1], "exit code 2\n");
    assert!(told.stderr.contains("reverted: TwoAreEnough()"), "{}", told.stderr);
    assert!(parts[2].lines().any(|line| line == ACCOUNT_2), "{}", parts[2]);
}

/// What the Enigma contract owes an account.
fn credit(network: &Network, account: &str) -> U256 {
    let status = network.status();
    let selector = hex::encode(&keccak256("credits(address)")[..4]);
    let data = format!("0x{selector}{:0>64}", account.trim_start_matches("0x"));
    quantity(&network.rpc("eth_call", json!([{ "to": status["network"]["enigma"], "data": data }, "latest"])))
}

fn balance(network: &Network, account: &str) -> U256 {
    quantity(&network.rpc("eth_getBalance", json!([account, "latest"])))
}

#[test]
fn value_arrives_on_success_and_comes_back_on_a_revert_to_the_wei() {
    let network = Network::started();
    let contract = network.deploy("tests/fixtures/Counter.sol:Counter");
    let value = U256::from(1_500_000_000_000_000_001u128);

    let sent = |transaction: &serde_json::Value| {
        let sent = network.rpc("eth_getTransactionByHash", json!([transaction]));
        (quantity(&sent["value"]), sent["from"].as_str().unwrap().to_owned())
    };
    let paid = |told: &serde_json::Value| told["paidWei"].as_str().unwrap().parse::<U256>().unwrap();
    let before = credit(&network, ACCOUNT_2);
    let value_in_ether = "1.500000000000000001";

    let told =
        network.call(&contract, "add(uint256)(uint256)", &["7", "--value", value_in_ether, "--from", "2"]);
    let told = told.succeeded().json();
    assert_eq!(told["result"], json!(["7"]));
    let (attached, from) = sent(&told["transaction"]);
    assert!(from.eq_ignore_ascii_case(ACCOUNT_2));
    assert_eq!(balance(&network, &contract), value, "the portal has the value");
    let after = credit(&network, ACCOUNT_2);
    assert_eq!(after - before, attached - value - paid(&told), "what the task did not use is credited");

    let told = network.call(
        &contract,
        "add(uint256)(uint256)",
        &["1000001", "--value", value_in_ether, "--from", "2"],
    );
    let told = told.failed(2, &[]).json();
    assert_eq!(told["outcome"], "reverted");
    assert_eq!(told["reason"], "TooMuch(1000001, 1000000)");
    let (attached, _) = sent(&told["transaction"]);
    assert_eq!(balance(&network, &contract), value, "nothing more came");
    assert_eq!(credit(&network, ACCOUNT_2) - after, attached - paid(&told), "the value too is credited back");
    assert_eq!(network.call(&contract, "read()(uint256)", &[]).result(), "7");

    let told = network.run(&["call", &contract, "add(uint256)(uint256)", "2000000"]);
    let told = told.failed(2, &["reverted: TooMuch(2000000, 1000000)"]);
    assert_eq!(told.stdout, "", "a failed task returns nothing");
}
