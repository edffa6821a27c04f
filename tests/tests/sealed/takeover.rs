//! A silent worker, and who takes its place: keys, receipt, and the order afterwards.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use enigma_protocol::door::{Code, Refusal};
use enigma_tests::sealed::{Client, Network, Plan, Terms};

use crate::abi::*;

fn put(value: u64) -> Vec<u8> {
    putCall { slot: U256::from(1), value: U256::from(value) }.abi_encode()
}

/// A deployed contract with one signer, in an epoch with room for every turn.
fn scene() -> (Network, Client, Address) {
    let mut net = Network::planned(Plan { epoch_length: 64, ..Plan::default() });
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.next_epoch();
    (net, alice, contract)
}

/// Logs a task in a block of its own.
fn task(net: &mut Network, alice: &mut Client, contract: Address, value: u64) {
    net.call(alice, contract, &put(value), &Terms::default());
    net.enigma.chain.mine();
}

fn not_before(block: u64) -> Refusal {
    Refusal { code: Code::NotYourTurn, detail: block }
}

/// Lets the worker at `position` execute and commit in the block of its turn.
fn take_over(net: &mut Network, contract: Address, position: usize) {
    let (worker, turn) = net.turn(contract, position);
    if net.enigma.now() < turn {
        net.enigma.chain.mine_to(turn - 2);
        assert_eq!(net.execute(worker, contract, 1), Err(not_before(turn)));
        net.enigma.chain.mine();
    }
    let executed = net.execute(worker, contract, 1).unwrap();
    net.enigma.commit(&executed, &[executed.signature]).unwrap();
    net.enigma.chain.mine();
}

#[test]
fn a_silent_worker_is_replaced_and_comes_last_for_the_rest_of_the_epoch() {
    let (mut net, mut alice, contract) = scene();
    let epoch = net.enigma.epoch();
    let line = net.enigma.standing(contract).line();
    task(&mut net, &mut alice, contract, 1);
    take_over(&mut net, contract, 1);
    assert_eq!(net.enigma.standing(contract).line(), [line[1], line[2], line[0]]);
    assert_eq!(net.enigma.events[&contract].slashed, [(epoch, line[0])]);

    // The taker is served at once now; who was passed over waits for all others, and so does the chain.
    task(&mut net, &mut alice, contract, 2);
    let (last, turn) = net.turn(contract, 2);
    assert_eq!(last as u64, line[0]);
    net.restart(last);
    assert_eq!(net.execute(last, contract, 1), Err(not_before(turn)));
    let taker = net.in_turn(contract, 0);
    assert_eq!(taker as u64, line[1]);
    net.execute(taker, contract, 1).unwrap();
    // They are silent too: it comes back, and everybody else was passed over.
    take_over(&mut net, contract, 2);
    assert_eq!(net.enigma.standing(contract).silent, 0b111);
    assert_eq!(net.enigma.standing(contract).line(), line, "all silent: by rank again");
    let slashed = [line[0], line[1], line[2]].map(|id| (epoch, id));
    assert_eq!(net.enigma.events[&contract].slashed, slashed, "each once");

    // The next epoch forgets.
    net.next_epoch();
    assert_eq!(net.enigma.standing(contract).silent, 0);
    task(&mut net, &mut alice, contract, 3);
    net.work(contract);
}

#[test]
fn a_receipt_before_its_signers_turn_does_not_land() {
    let (mut net, mut alice, contract) = scene();
    task(&mut net, &mut alice, contract, 1);
    let (second, turn) = net.turn(contract, 1);
    net.enigma.chain.mine_to(turn - 1);
    // It got its keys in time, and a branch of the chain is shorter by a block.
    let executed = net.execute(second, contract, 1).unwrap();
    let mut early = net.enigma.clone();
    early.chain = early.chain.fork(turn - 2);
    assert_eq!(early.commit(&executed, &[executed.signature]), Err("AnchorInFuture"));
    let first = net.in_turn(contract, 0);
    let landed = net.execute(first, contract, 1).unwrap();
    net.enigma.commit(&landed, &[landed.signature]).unwrap();
    net.enigma.chain.mine();

    // It has the keys of this epoch still, so it executes before its turn.
    task(&mut net, &mut alice, contract, 2);
    let (second, turn) = net.turn(contract, 1);
    net.enigma.chain.mine_to(turn - 2);
    let executed = net.execute(second, contract, 1).unwrap();
    let commit = |net: &mut Network| net.enigma.commit(&executed, &[executed.signature]);
    assert_eq!(commit(&mut net), Err("TurnNotCome"));
    net.enigma.hold(contract);
    net.enigma.chain.mine_to(turn + 20);
    assert_eq!(commit(&mut net), Err("TurnNotCome"), "the clock is held");
    net.enigma.resume(contract);
    assert_eq!(commit(&mut net), Err("TurnNotCome"));
    net.enigma.chain.mine();
    commit(&mut net).unwrap();
}

#[test]
fn a_skip_leaves_the_worlds_of_all_executors_alike() {
    let (mut net, mut alice, contract) = scene();
    task(&mut net, &mut alice, contract, 1);
    net.work(contract);
    task(&mut net, &mut alice, contract, 2);
    let worker = net.in_turn(contract, 0);
    assert_eq!(net.enigma.skip(contract), Err("TooEarlyToSkip"));
    let input = net.enigma.oldest(contract).unwrap();
    net.enigma.chain.mine_to(input.block_number + 2 * 64 - 1);
    net.enigma.skip(contract).unwrap();
    net.enigma.chain.mine();
    assert_eq!(net.enigma.skip(contract), Err("NothingPending"));
    task(&mut net, &mut alice, contract, 3);
    // All three of the group let it happen, so their order is that of the ranks again.
    assert_eq!(net.enigma.standing(contract).silent, 0b111);
    assert_eq!(net.in_turn(contract, 0), worker);
    let kept = net.execute(worker, contract, 1).unwrap();
    net.restart(worker);
    let rebuilt = net.execute(worker, contract, 1).unwrap();
    assert_eq!(kept, rebuilt);
    net.enigma.commit(&kept, &[kept.signature]).unwrap();
}

#[test]
fn a_contract_whose_first_input_is_skipped_begins_with_the_second() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.enigma.chain.mine_to(net.enigma.now() + 16);
    net.enigma.skip(contract).unwrap();
    net.enigma.chain.mine();
    task(&mut net, &mut alice, contract, 1);
    let executed = net.work(contract);
    assert!(executed.snapshot.is_some(), "the first commit");
    task(&mut net, &mut alice, contract, 2);
    net.restart(net.in_turn(contract, 0));
    net.work(contract);
}
