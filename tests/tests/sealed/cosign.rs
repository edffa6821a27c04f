//! One receipt, several signers: each has made it by itself, and it is the same to the byte, for all name one anchor.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use enigma_protocol::{
    door::{Code, Executed, Refusal},
    input::Kind,
};
use enigma_tests::sealed::{Network, Plan, Terms};

use crate::abi::*;

/// A contract with two signers and a task to do, its first two workers, and the block of the task.
fn two(depth: u8) -> (Network, Address, [usize; 2], u64) {
    let mut net = Network::planned(Plan { epoch_length: 32, ..Plan::default() });
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 2).contract;
    if depth > 0 {
        let input = net.enigma.events[&contract].inputs[0].clone();
        net.enigma.create(contract, 2, depth);
        net.enigma.events.get_mut(&contract).unwrap().inputs.clear();
        let (terms, epoch) = (Terms::default(), net.enigma.epoch());
        let (envelope, code) = (&input.envelope.0, &input.code.0);
        net.enigma.submit(Kind::Deploy, contract, alice.address, &terms, epoch, envelope, code);
    }
    let data = putCall { slot: U256::from(1), value: U256::from(11) }.abi_encode();
    net.call(&mut alice, contract, &data, &Terms::default());
    let block = net.enigma.chain.mine();
    let pair = [0, 1].map(|position| net.in_turn(contract, position));
    (net, contract, pair, block)
}

fn make(
    net: &mut Network,
    worker: usize,
    contract: Address,
    anchor: Option<u64>,
) -> Result<Executed, Refusal> {
    let state = net.enigma.events[&contract].state();
    net.execute_anchored(worker, contract, 2, &state, anchor)
}

#[test]
fn a_co_signer_further_up_the_chain_signs_the_leaders_receipt_byte_for_byte() {
    let (mut net, contract, [leader, other], block) = two(0);
    let led = make(&mut net, leader, contract, None).unwrap();
    assert_eq!(led.receipt.anchor_number, block);
    assert!(led.snapshot.is_some());
    for _ in 0..3 {
        net.enigma.chain.mine();
        let signed = make(&mut net, other, contract, Some(block)).unwrap();
        assert_eq!(Executed { signature: led.signature, ..signed.clone() }, led);
    }
    // And the leader itself, later.
    assert_eq!(make(&mut net, leader, contract, Some(block)).unwrap(), led);
    let signed = make(&mut net, other, contract, Some(block)).unwrap();
    net.enigma.commit(&led, &[led.signature, signed.signature]).unwrap();
}

#[test]
fn of_two_receipts_with_different_anchors_only_one_lands() {
    let (mut net, contract, [leader, other], block) = two(0);
    net.enigma.chain.mine();
    let first = make(&mut net, leader, contract, Some(block)).unwrap();
    let signed = make(&mut net, other, contract, Some(block)).unwrap();
    // The leader's host asks again with another anchor: another receipt, which nobody else has signed.
    let second = make(&mut net, leader, contract, Some(block + 1)).unwrap();
    assert_ne!(second.receipt, first.receipt);
    assert_eq!(second.receipt.state_head_after, first.receipt.state_head_after, "of the same outcome");
    assert_eq!(second.outputs, first.outputs);
    for pair in [[second.signature, signed.signature], [first.signature, signed.signature]] {
        assert!(net.enigma.clone().commit(&second, &pair).is_err(), "signed for the other anchor");
    }
    let again = make(&mut net, other, contract, Some(block + 1)).unwrap();
    net.enigma.clone().commit(&second, &[second.signature, again.signature]).unwrap();
    net.enigma.commit(&first, &[first.signature, signed.signature]).unwrap();
    let late = net.enigma.commit(&second, &[second.signature, again.signature]);
    assert_eq!(late, Err("NotNextIndex"));
}

#[test]
fn an_anchor_that_the_inputs_cannot_be_executed_at_is_refused() {
    for depth in [0, 3] {
        let (mut net, contract, [leader, _], block) = two(depth);
        let oldest = block + u64::from(depth);
        net.enigma.chain.mine_to(oldest + 2);
        let wrong = Err(Refusal { code: Code::WrongAnchor, detail: oldest });
        for anchor in [0, 1, block - 1, oldest - 1, oldest + 3, u64::MAX] {
            assert_eq!(make(&mut net, leader, contract, Some(anchor)), wrong, "{anchor} of {oldest}");
        }
        for anchor in oldest..oldest + 3 {
            let made = make(&mut net, leader, contract, Some(anchor)).unwrap();
            let hash = net.enigma.chain.block(anchor).hash;
            assert_eq!((made.receipt.anchor_number, made.receipt.anchor_hash), (anchor, hash));
        }
    }
}

/// One anchor means one epoch: the same inputs under two epochs with one anchor would look like two receipts of one.
#[test]
fn an_anchor_of_an_epoch_that_is_over_is_refused() {
    let (mut net, contract, [leader, _], block) = two(0);
    let before = make(&mut net, leader, contract, Some(block)).unwrap();
    let epoch = net.next_epoch();
    let start = net.enigma.chain.height();
    net.enigma.chain.mine();
    let leader = net.in_turn(contract, 0);
    let wrong = Err(Refusal { code: Code::WrongAnchor, detail: start - 1 });
    assert_eq!(make(&mut net, leader, contract, Some(block)), wrong);
    assert_eq!(make(&mut net, leader, contract, Some(start - 2)), wrong);
    let after = make(&mut net, leader, contract, Some(start - 1)).unwrap();
    assert_eq!((before.receipt.epoch, after.receipt.epoch), (epoch - 1, epoch));
}
