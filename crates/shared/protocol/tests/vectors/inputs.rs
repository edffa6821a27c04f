//! Inputs, their chain, their contexts, and the chain of state heads beside it.

use alloy_primitives::{B256, U256, keccak256};
use enigma_protocol::{
    input::{Input, Kind, context, genesis_input_head, next_input_head},
    state::{fold_snapshot, genesis_state_head, next_state_head},
};
use serde_json::{Value, json};

use crate::{address, hex, identities::descriptor, word};

/// A deploy, an ordinary task, and a task of extremes.
pub(crate) fn inputs() -> Vec<Input> {
    let deploy = Input {
        kind: Kind::Deploy,
        sender: address("sender"),
        on_behalf_of: B256::ZERO,
        value: U256::ZERO,
        gas_limit: 3_000_000,
        commit_gas: 2_000_000,
        price_cap: 60_000_000_000,
        tip: 1_000_000_000,
        epoch: 2,
        inclusion_epoch: 2,
        block_number: 12,
        timestamp: 1_700_000_012,
        base_fee: 7,
        inflow: U256::ZERO,
        code_hash: keccak256("code"),
        envelope_hash: keccak256("envelope 0"),
    };
    let task = Input {
        kind: Kind::Task,
        value: U256::from(10).pow(U256::from(18)),
        inclusion_epoch: 3,
        block_number: 80,
        timestamp: 1_700_000_080,
        inflow: U256::from(5),
        code_hash: B256::ZERO,
        envelope_hash: keccak256("envelope 1"),
        ..deploy.clone()
    };
    let extreme = Input {
        sender: address("another sender"),
        on_behalf_of: word("on behalf of"),
        value: U256::MAX,
        gas_limit: u64::MAX,
        commit_gas: u64::MAX - 1,
        price_cap: u128::MAX,
        tip: u128::MAX - 1,
        epoch: u64::MAX - 2,
        inclusion_epoch: u64::MAX - 3,
        block_number: u64::MAX - 4,
        timestamp: u64::MAX - 5,
        base_fee: u128::MAX - 2,
        inflow: U256::MAX - U256::from(1),
        envelope_hash: keccak256("envelope 2"),
        ..task.clone()
    };
    vec![deploy, task, extreme]
}

/// The fields in their order. Numbers above 2^53 would not survive JSON everywhere: those are decimal strings.
pub(crate) fn fields(input: &Input) -> Value {
    json!({
        "kind": input.kind as u8,
        "sender": hex(input.sender),
        "on_behalf_of": hex(input.on_behalf_of),
        "value": input.value.to_string(),
        "gas_limit": input.gas_limit.to_string(),
        "commit_gas": input.commit_gas.to_string(),
        "price_cap": input.price_cap.to_string(),
        "tip": input.tip.to_string(),
        "epoch": input.epoch.to_string(),
        "inclusion_epoch": input.inclusion_epoch.to_string(),
        "block_number": input.block_number.to_string(),
        "timestamp": input.timestamp.to_string(),
        "base_fee": input.base_fee.to_string(),
        "inflow": input.inflow.to_string(),
        "code_hash": hex(input.code_hash),
        "envelope_hash": hex(input.envelope_hash),
    })
}

pub(crate) fn vectors() -> Value {
    let (network, contract) = (descriptor().network(), address("contract"));
    let mut head = genesis_input_head(network, contract);
    let mut state = genesis_state_head(network, contract);
    let mut cases = Vec::new();
    for (index, input) in (0u64..).zip(inputs()) {
        let hash = input.hash(contract, index);
        head = next_input_head(head, hash);
        let block_hash = word(&format!("block {index}"));
        // Input 1 is the first of a new epoch, as input 0 was of its own.
        let snapshot = if index < 2 { word(&format!("snapshot {index}")) } else { B256::ZERO };
        let before = state;
        if !snapshot.is_zero() {
            state = fold_snapshot(state, snapshot);
        }
        let folded = state;
        let delta_hash = word(&format!("delta {index}"));
        state = next_state_head(state, hash, delta_hash);
        cases.push(json!({
            "index": index,
            "input": fields(&input),
            "input_hash": hex(hash),
            "input_head": hex(head),
            "block_hash": hex(block_hash),
            "context": hex(context(head, block_hash)),
            "state_head_before": hex(before),
            "snapshot_hash": hex(snapshot),
            "state_head_folded": hex(folded),
            "delta_hash": hex(delta_hash),
            "state_head_after": hex(state),
        }));
    }
    json!({
        "network": hex(network),
        "contract": hex(contract),
        "genesis_input_head": hex(genesis_input_head(network, contract)),
        "genesis_state_head": hex(genesis_state_head(network, contract)),
        "cases": cases,
    })
}

#[test]
fn every_field_place_and_contract_changes_the_input_hash() {
    let base = inputs().remove(1);
    let mut hashes = vec![
        base.hash(address("contract"), 4),
        base.hash(address("contract"), 5),
        base.hash(address("another contract"), 4),
    ];
    let change = |f: fn(&mut Input)| {
        let mut changed = base.clone();
        f(&mut changed);
        changed.hash(address("contract"), 4)
    };
    hashes.extend([
        change(|i| i.kind = Kind::Deploy),
        change(|i| i.sender = address("x")),
        change(|i| i.on_behalf_of = word("x")),
        change(|i| i.value += U256::from(1)),
        change(|i| i.gas_limit += 1),
        change(|i| i.commit_gas += 1),
        change(|i| i.price_cap += 1),
        change(|i| i.tip += 1),
        change(|i| i.epoch += 1),
        change(|i| i.inclusion_epoch += 1),
        change(|i| i.block_number += 1),
        change(|i| i.timestamp += 1),
        change(|i| i.base_fee += 1),
        change(|i| i.inflow += U256::from(1)),
        change(|i| i.code_hash = word("x")),
        change(|i| i.envelope_hash = word("x")),
    ]);
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}
