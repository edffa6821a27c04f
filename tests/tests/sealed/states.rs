//! Sealed state: taken over, re-sealed, rolled back.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use enigma_protocol::{
    door::{Code, Refusal, UntrustedBase, UntrustedDelta, UntrustedStep, WorkerReply},
    keys::Purpose,
    output::InnerStatus,
    state::UntrustedState,
};
use enigma_tests::sealed::{Client, Network, Terms};

use crate::abi::*;

fn put(slot: u64, value: u64) -> Vec<u8> {
    putCall { slot: U256::from(slot), value: U256::from(value) }.abi_encode()
}

/// A contract with a deployment, a task in a receipt of its own, and two in another, all in epoch 2.
fn lived() -> (Network, Client, Address) {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.call(&mut alice, contract, &put(1, 11), &Terms::default());
    net.work(contract);
    net.call(&mut alice, contract, &put(2, 22), &Terms::default());
    net.call(&mut alice, contract, &put(1, 12), &Terms::default());
    net.work(contract);
    (net, alice, contract)
}

/// Asks the contract for two slots; the answers after a commit.
fn look(net: &mut Network, alice: &mut Client, contract: Address) -> [U256; 2] {
    let asked = [1, 2].map(|slot| {
        let data = slotsCall { slot: U256::from(slot) }.abi_encode();
        net.call(alice, contract, &data, &Terms::default())
    });
    net.work(contract);
    asked.map(|sent| {
        let output = net.read(&sent);
        assert_eq!(output.status, InnerStatus::Success);
        slotsCall::abi_decode_returns(&output.data).unwrap()
    })
}

/// Turns epochs until the contract's first rank is a worker that did not hold it.
fn until_another(net: &mut Network, contract: Address) {
    let before = net.rank(contract, 0);
    for _ in 0..20 {
        net.next_epoch();
        if net.rank(contract, 0) != before {
            return;
        }
    }
    panic!("always worker {before}");
}

#[test]
fn another_worker_takes_over_from_snapshot_and_deltas_and_re_seals() {
    let (mut net, mut alice, contract) = lived();
    until_another(&mut net, contract);
    let state = net.enigma.events[&contract].state();
    assert_eq!(state.steps.len(), 4);
    assert_eq!(look(&mut net, &mut alice, contract), [12, 22].map(U256::from));
    let resealed = net.enigma.events[&contract].state();
    assert_eq!(net.enigma.sealed_epoch(contract), net.enigma.epoch());
    assert_ne!(resealed.base, state.base);
    assert_eq!(resealed.steps.len(), 2);
    // And the next one takes over from that.
    until_another(&mut net, contract);
    assert_eq!(look(&mut net, &mut alice, contract), [12, 22].map(U256::from));
}

#[test]
fn an_enclave_that_restarts_goes_on_from_the_chain_alone() {
    let (mut net, mut alice, contract) = lived();
    let worker = net.rank(contract, 0);
    let kept = net.call(&mut alice, contract, &put(3, 33), &Terms::default());
    net.enigma.chain.mine();
    let with_memory = net.execute(worker, contract, 1).unwrap();

    let mut restarted = enigma_tests::sealed::WorkerDoor::new("another life");
    restarted.start(100 + worker as u8, None).unwrap();
    restarted.join(&net.descriptor, &net.commitments).unwrap();
    // Its identity is new, so the chain does not know it: only the identity's blob makes it the same worker.
    net.workers[worker] = restarted;
    let refusal = net.execute(worker, contract, 1).unwrap_err();
    assert_eq!(refusal.code, Code::NotAdmitted);

    let mut restarted = enigma_tests::sealed::WorkerDoor::new(&format!("worker {worker}"));
    let identity = restarted.start(100 + worker as u8, None).unwrap();
    let mut again = enigma_tests::sealed::WorkerDoor::new("third life");
    let same = again.start(100 + worker as u8, Some(identity.sealed.0)).unwrap();
    assert_eq!(same.address, net.identities[worker].address);
    again.join(&net.descriptor, &net.commitments).unwrap();
    net.workers[worker] = again;
    let from_chain = net.execute(worker, contract, 1).unwrap();
    assert_eq!(from_chain.receipt, with_memory.receipt);
    assert_eq!(from_chain, with_memory, "every byte of it");
    net.enigma.commit(&from_chain, &[from_chain.signature]).unwrap();
    assert_eq!(net.read(&kept).status, InnerStatus::Success);
}

fn delta(state: &mut UntrustedState, place: usize) -> &mut UntrustedDelta {
    let UntrustedStep::Delta(delta) = &mut state.steps[place] else { panic!("no delta at {place}") };
    delta
}

fn base(state: &mut UntrustedState) -> &mut UntrustedBase {
    state.base.as_mut().expect("a snapshot")
}

#[test]
fn wrong_and_rolled_back_states_are_refused() {
    let (mut net, mut alice, contract) = lived();
    let other = net.deploy(&mut alice, "another root", 6, 1).contract;
    net.work(other);
    until_another(&mut net, contract);
    net.call(&mut alice, contract, &put(9, 9), &Terms::default());
    net.enigma.chain.mine();
    let good = net.enigma.events[&contract].state();
    let foreign = net.enigma.events[&other].state();
    let worker = net.rank(contract, 0);

    let mut wrong: Vec<(&str, UntrustedState)> = Vec::new();
    let mut add = |name: &'static str, change: &dyn Fn(&mut UntrustedState)| {
        let mut state = good.clone();
        change(&mut state);
        wrong.push((name, state));
    };
    add("rolled back by one delta", &|s| drop(s.steps.pop()));
    add("rolled back to the snapshot", &|s| s.steps.clear());
    add("a delta left out", &|s| drop(s.steps.remove(1)));
    add("deltas swapped", &|s| s.steps.swap(1, 2));
    add("a delta twice", &|s| s.steps.push(s.steps[3].clone()));
    add("a delta changed", &|s| delta(s, 2).delta.0[40] ^= 1);
    add("a delta's tag changed", &|s| *delta(s, 2).delta.0.last_mut().unwrap() ^= 1);
    add("a delta cut", &|s| delta(s, 2).delta.0.truncate(100));
    add("a delta of another input", &|s| delta(s, 2).input_hash = B256::ZERO);
    // The next two leave the chain of heads as it is: the cipher refuses.
    add("a delta in another place", &|s| delta(s, 2).input_head = B256::ZERO);
    add("a delta in another block", &|s| delta(s, 2).block_hash = B256::ZERO);
    add("the snapshot changed", &|s| base(s).snapshot.0[40] ^= 1);
    add("the snapshot cut", &|s| base(s).snapshot.0.truncate(16));
    add("no snapshot", &|s| base(s).snapshot.0.clear());
    add("another head before", &|s| base(s).head_before = B256::ZERO);
    add("another epoch", &|s| base(s).epoch -= 1);
    add("another contract's snapshot", &|s| s.base = foreign.base.clone());
    add("another contract's state", &|s| *s = foreign.clone());
    add("nothing to start from", &|s| s.base = None);
    add("nothing at all", &|s| (s.base, s.steps) = (None, Vec::new()));
    for (name, state) in wrong {
        let refusal = net.execute_on(worker, contract, 1, &state).unwrap_err();
        assert_eq!(refusal, Refusal::from(Code::WrongState), "{name}");
    }
    let executed = net.execute_on(worker, contract, 1, &good).unwrap();
    net.enigma.commit(&executed, &[executed.signature]).unwrap();
}

/// A worker that once made a receipt which never landed must not build on it.
#[test]
fn a_receipt_that_did_not_land_leaves_no_trace() {
    let (mut net, mut alice, contract) = lived();
    let worker = net.rank(contract, 0);
    net.call(&mut alice, contract, &put(1, 1_000), &Terms::default());
    let before = net.enigma.chain.height();
    net.enigma.chain.mine();
    let lost = net.execute(worker, contract, 1).unwrap();
    // A fork: the task is gone, another one is there in its place.
    net.enigma.chain = net.enigma.chain.fork(before);
    net.enigma.events.get_mut(&contract).unwrap().inputs.pop();
    net.call(&mut alice, contract, &put(2, 2_000), &Terms::default());
    net.enigma.chain.mine_to(before + 2);
    let landed = net.execute(worker, contract, 1).unwrap();
    assert_ne!(landed.receipt.state_head_after, lost.receipt.state_head_after);
    assert_eq!(net.enigma.clone().commit(&lost, &[lost.signature]), Err("WrongInputHead"));
    net.enigma.commit(&landed, &[landed.signature]).unwrap();
    assert_eq!(look(&mut net, &mut alice, contract), [12, 2_000].map(U256::from));
}

/// The chain goes back behind a commit that the worker has seen.
#[test]
fn a_worker_follows_the_chain_back_behind_a_commit() {
    let (mut net, mut alice, contract) = lived();
    let worker = net.rank(contract, 0);
    let (before, events) = (net.enigma.chain.height(), net.enigma.events.clone());
    net.call(&mut alice, contract, &put(1, 1_000), &Terms::default());
    net.work(contract);
    net.call(&mut alice, contract, &put(1, 1_001), &Terms::default());
    net.work(contract);
    let height = net.enigma.chain.height();
    net.enigma.chain = net.enigma.chain.fork(before);
    net.enigma.events = events;
    net.call(&mut alice, contract, &put(2, 2_000), &Terms::default());
    net.enigma.chain.mine_to(height + 1);
    // What it has in memory is of the other branch: it asks for the state instead.
    let asked = net.execute(worker, contract, 1).unwrap();
    net.enigma.commit(&asked, &[asked.signature]).unwrap();
    net.enigma.chain.mine();
    assert_eq!(look(&mut net, &mut alice, contract), [12, 2_000].map(U256::from));
}

#[test]
fn the_state_is_asked_for_with_the_keys_that_open_it() {
    let (mut net, mut alice, contract) = lived();
    until_another(&mut net, contract);
    net.call(&mut alice, contract, &put(9, 9), &Terms::default());
    net.enigma.chain.mine();
    let worker = net.rank(contract, 0);
    let tip = net.workers[worker].follow(&net.enigma.chain).unwrap();
    let mut slots = BTreeSet::new();
    let need = loop {
        let question = net.question(contract, 1, &slots, tip);
        let WorkerReply::Need(need) = net.workers[worker].execute(question) else { panic!("no need") };
        if need.slots.0.is_empty() {
            break need;
        }
        slots.extend(need.slots.0);
    };
    assert!(need.state);
    let (sealed, now) = (net.enigma.sealed_epoch(contract), net.enigma.epoch());
    let asked: BTreeSet<_> = need.keys.0.iter().map(|k| (k.purpose, k.key_epoch, k.group_epoch)).collect();
    let expected = [(Purpose::State, sealed, now), (Purpose::State, now, now), (Purpose::Input, now, now)];
    assert_eq!(asked, expected.into());
}
