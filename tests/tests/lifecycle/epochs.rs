//! Epochs pass, workers change, the state stays.

use std::collections::BTreeSet;

use enigma_tests::network::Network;
use serde_json::json;

use super::{ADD, COUNTER};

/// Epochs that must be lived through at least.
const EPOCHS: u64 = 4;
/// Epochs in which two workers must have come first at least once: the chance that they do not is 3^-23.
const AT_MOST: u64 = 24;

#[test]
fn the_state_goes_from_worker_to_worker_over_epochs() {
    let network = Network::started();
    let contract = network.deploy(COUNTER);
    let first = network.status()["epoch"].as_u64().unwrap();
    let (mut total, mut operators, mut epoch) = (0, BTreeSet::new(), first);
    while epoch < first + EPOCHS || (operators.len() < 2 && epoch < first + AT_MOST) {
        for amount in [epoch, 1_000] {
            total += amount;
            let told = network.call(&contract, ADD, &[&amount.to_string()]).succeeded().json();
            assert_eq!(told["result"][0], total.to_string(), "epoch {epoch}");
            let commit = network.rpc("eth_getTransactionByHash", json!([told["commit"]]));
            operators.insert(commit["from"].as_str().unwrap().to_owned());
        }
        epoch += 1;
        network.advance_to_epoch(epoch);
    }
    println!("{} epochs, commits by {} workers", epoch - first, operators.len());
    assert!(operators.len() >= 2, "one worker did everything for {AT_MOST} epochs");

    // Everything in memory is gone; what is sealed, on disks and on the chain, is enough.
    network.down();
    network.up().succeeded();
    assert_eq!(network.call(&contract, "read()(uint256)", &[]).result(), total.to_string());
}
