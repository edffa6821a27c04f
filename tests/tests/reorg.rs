//! A chain that takes blocks back: the network follows the fork and forgets what only the old one had.

use enigma_tests::network::Network;
use serde_json::json;

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";

/// Every task adds one, and the deployment is task 0: whatever the chain still has before a task, its result is its
/// own index.
fn add_one(network: &Network, contract: &str) {
    let answer = network.call(contract, "add(uint256)(uint256)", &["1", "--timeout", "60"]).succeeded();
    let told = answer.json();
    assert_eq!(told["result"][0], told["index"].to_string(), "{told}");
}

#[test]
fn what_a_reorganisation_drops_is_executed_again_or_forgotten() {
    let network = Network::started();
    let contract = network.deploy(COUNTER);
    for _ in 0..3 {
        add_one(&network, &contract);
    }
    // Each task takes two blocks, input and commit: the depths drop a commit alone, whole tasks, and both.
    for depth in [1, 2, 3, 5] {
        network.rpc("anvil_reorg", json!([depth, []]));
        add_one(&network, &contract);
        add_one(&network, &contract);
    }
}
