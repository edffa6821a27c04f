//! A worker enclave that its host starts on another chain: it gets nothing that serves there, and what it makes serves
//! nowhere else.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolCall;
use enigma_protocol::{
    door::{Code, WorkerReply},
    layout,
};
use enigma_tests::sealed::{Network, Terms, stake::Storage};

use crate::abi::*;

#[test]
fn keys_of_the_true_chain_are_of_no_use_on_another() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.enigma.chain.mine();
    let home = net.enigma.chain.clone();
    // The host's own chain: the same up to the block before, then its own.
    let mut own = home.fork(home.height() - 1);
    own.pending = home.pending.clone();
    // With one more measurement allowed there, say.
    own.pending.set(layout::measurement(B256::repeat_byte(1)), U256::from(1));
    own.mine_to(home.height() + 2);
    for key in &mut net.keys {
        key.follow(&home).unwrap();
    }
    let worker = net.in_turn(contract, 0);
    net.workers[worker].follow(&own).unwrap();
    let mut slots = Default::default();
    let mut asked = 0;
    for _ in 0..40 {
        let mut question = net.question(contract, 1, &slots, home.height());
        question.facts = own.prove(own.height(), &slots);
        let WorkerReply::Need(need) = net.workers[worker].execute(question) else {
            panic!("a receipt, or a refusal");
        };
        slots.extend(need.slots.0);
        for request in need.keys.0 {
            let replies = net.gather(&request).expect("the worker is entitled");
            let refusal = net.workers[worker].keys(&request, &replies).unwrap_err();
            assert_eq!((refusal.code, refusal.detail), (Code::ForeignBlock, home.height()));
            asked += 1;
        }
        if asked > 0 {
            break;
        }
    }
    assert_eq!(asked, 2, "input and state key");
    // Facts of the true chain do not help: it judges them by the headers that it follows.
    let mut question = net.question(contract, 1, &slots, home.height());
    question.facts = home.prove(home.height(), &slots);
    let reply = net.workers[worker].execute(question);
    let WorkerReply::Refused(refusal) = reply else { panic!("{reply:?}") };
    assert_eq!(refusal.code, Code::BadProof);
}

#[test]
fn a_receipt_made_on_another_chain_does_not_land() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    net.enigma.chain.mine();
    let worker = net.in_turn(contract, 0);
    // It has its keys already, and its host branches off above all blocks that the key enclaves saw.
    let honest = net.execute(worker, contract, 1).unwrap();
    let home = net.enigma.chain.clone();
    net.enigma.chain.mine();
    let mut own = home.fork(home.height());
    own.mine_to(home.height() + 2);
    let true_chain = std::mem::replace(&mut net.enigma.chain, own);
    let foreign = net.execute(worker, contract, 1).unwrap();
    net.enigma.chain = true_chain;
    net.enigma.chain.mine_to(foreign.receipt.anchor_number + 1);
    assert_eq!(foreign.receipt.state_head_after, honest.receipt.state_head_after, "of the same inputs");
    assert_eq!(net.enigma.commit(&foreign, &[foreign.signature]), Err("ForeignAnchor"));
    net.enigma.commit(&honest, &[honest.signature]).unwrap();
}
