//! Contracts inside a world do what they do on Ethereum.

use alloy_primitives::keccak256;
use alloy_sol_types::{SolError, SolEvent};

use super::*;

#[test]
fn a_root_is_created_at_its_portal() {
    let mut life = Life::begun();
    assert_eq!(life.world.nonce(ROOT), 1);
    assert!(life.world.is_deployed());
    assert_eq!(life.world.addresses().collect::<Vec<_>>(), [ROOT]);
    assert_eq!(life.ask(startCall {}), U256::from(5));
    assert_eq!(life.ask(balanceOfCall { who: ALICE }), U256::from(1_000_000));
}

#[test]
fn a_failed_deployment_leaves_nothing_and_can_be_repeated() {
    let mut life = Life::unborn(0);
    let outcome = life.deploy(init_code(404), 3);
    assert_eq!(outcome.status, Status::Revert);
    assert_eq!(Refused::abi_decode(&outcome.output).unwrap().why, "not here");
    assert_eq!(life.world, World::empty(ROOT));
    assert_eq!(life.send(startCall {}, 0).status, Status::Halt(HaltCode::NotDeployed));
    assert_eq!(life.deploy(init_code(5), 3).status, Status::Success);
    assert_eq!(life.deploy(init_code(5), 3).status, Status::Halt(HaltCode::AlreadyDeployed));
}

#[test]
fn contracts_create_contracts_at_ethereums_addresses() {
    let mut life = Life::begun();
    let child = life.pay(spawnCall { number: U256::from(7) }, 11);
    assert_eq!(child, ROOT.create(1));
    let leaf = child.create(1);
    assert_eq!(life.world.nonce(ROOT), 2);
    assert_eq!(life.world.nonce(child), 2);
    assert_eq!(life.world.nonce(leaf), 1);
    assert_eq!(life.world.balance(child), U256::from(11));
    assert_eq!(life.world.storage(leaf, U256::ZERO), U256::from(8));
    let second = life.ask(spawnCall { number: U256::from(1) });
    assert_eq!(second, ROOT.create(2));

    let third = life.ask(spawn2Call { number: U256::from(1), salt: B256::repeat_byte(3) });
    assert!(life.world.owns(third));
    let again = life.send(spawn2Call { number: U256::from(1), salt: B256::repeat_byte(3) }, 0);
    assert_eq!(again.status, Status::Revert, "the address is taken");
}

#[test]
fn contracts_of_one_world_call_each_other() {
    let mut life = Life::begun();
    let child = life.ask(spawnCall { number: U256::from(7) });
    assert_eq!(life.ask(pingOfCall { child }), U256::from(8));
    assert_eq!(life.ask(pingOfCall { child }), U256::from(9));
    assert_eq!(life.world.storage(child, U256::ZERO), U256::from(9));
}

#[test]
fn custom_errors_bubble_and_can_be_caught() {
    let mut life = Life::begun();
    let child = life.ask(spawnCall { number: U256::from(7) });
    let outcome = life.send(bubbleCall { child, code: U256::from(42) }, 0);
    assert_eq!(outcome.status, Status::Revert);
    let error = Refused::abi_decode(&outcome.output).unwrap();
    assert_eq!((error.code, error.why.as_str()), (U256::from(42), "child refuses"));
    assert!(outcome.delta.is_empty());
    assert!(outcome.gas_used < GAS);

    let caught = life.ask(caughtCall { child, code: U256::from(43) });
    assert_eq!(Refused::abi_decode(&caught).unwrap().code, U256::from(43));
}

#[test]
fn a_creation_that_fails_inside_a_task_is_undone_alone() {
    let mut life = Life::begun();
    let reason = life.ask(tryspawnCall { number: U256::from(13) });
    assert_eq!(Refused::abi_decode(&reason).unwrap().why, "no thirteenth child");
    // As on Ethereum the attempt has used up a nonce.
    assert_eq!(life.world.nonce(ROOT), 2);
    assert_eq!(life.world.addresses().count(), 1);
}

#[test]
fn logs_carry_address_topics_and_data() {
    let mut life = Life::begun();
    let outcome = life.send(transferCall { to: BOB, amount: U256::from(30) }, 0);
    let [log] = &outcome.logs[..] else { panic!("one log, not {:?}", outcome.logs) };
    assert_eq!(log.address, ROOT);
    assert_eq!(log.topics, [Moved::SIGNATURE_HASH, ALICE.into_word(), BOB.into_word()]);
    assert_eq!(log.data, U256::from(30).abi_encode());
    assert_eq!(life.ask(balanceOfCall { who: BOB }), U256::from(30));
}

#[test]
fn a_panic_of_solidity_is_a_revert() {
    let mut life = Life::begun();
    let outcome = life.send(transferCall { to: BOB, amount: U256::MAX }, 0);
    assert_eq!(outcome.status, Status::Revert);
    let panic = [&keccak256("Panic(uint256)")[..4], &U256::from(0x11).abi_encode()].concat();
    assert_eq!(outcome.output, panic);
}

#[test]
fn a_halt_charges_all_gas_and_tells_only_its_code() {
    let mut life = Life::begun();
    let outcome = life.send(spinCall {}, 0);
    assert_eq!(outcome.status, Status::Halt(HaltCode::OutOfGas));
    assert_eq!((outcome.gas_used, outcome.output.len()), (GAS, 0));
    assert_eq!(life.send(invalidCall {}, 0).status, Status::Halt(HaltCode::InvalidOpcode));
}

#[test]
fn a_caller_survives_a_callee_that_halts() {
    let mut life = Life::begun();
    let child = life.ask(spawnCall { number: U256::from(7) });
    assert!(!life.ask(surviveCall { child }));
}

#[test]
fn slots_set_to_zero_leave_the_world() {
    let mut life = Life::begun();
    life.ask(putCall { slot: U256::from(1), value: U256::from(77) });
    let size = life.world.size();
    let outcome = life.send(putCall { slot: U256::from(1), value: U256::ZERO }, 0);
    assert_eq!(outcome.delta.accounts[0].storage.len(), 1);
    assert_eq!(life.world.size(), size - 64);
    let before = life.world.clone();
    assert!(life.send(putCall { slot: U256::from(1), value: U256::ZERO }, 0).delta.is_empty());
    assert_eq!(life.world, before);
}

#[test]
fn a_query_reads_and_cannot_write() {
    let mut life = Life::begun();
    let ask = |life: &mut Life, calldata: Vec<u8>| {
        let calldata = calldata.into();
        life.run(Task { value: U256::from(9), ..task(Kind::Query { calldata: &calldata }, 0, 0) })
    };
    let before = life.world.clone();
    let outcome = execute(
        &life.world,
        &Task {
            value: U256::from(9),
            inflow: U256::from(50),
            ..task(Kind::Query { calldata: &startCall {}.abi_encode().into() }, 0, 0)
        },
    );
    assert_eq!((outcome.status, outcome.output), (Status::Success, U256::from(5).abi_encode().into()));
    assert!(outcome.delta.is_empty());
    let put = putCall { slot: U256::from(1), value: U256::from(1) }.abi_encode();
    assert_eq!(ask(&mut life, put).status, Status::Halt(HaltCode::StaticWrite));
    assert_eq!(life.world, before);
}

#[test]
fn a_delta_is_the_whole_change() {
    // Two copies of a world, one fed with executions and one with the encoded deltas only.
    let mut life = Life::begun();
    let mut copy = life.world.clone();
    let mut follow = |life: &mut Life, call: Bytes, value: u64| {
        let outcome = life.run(task(Kind::Call { calldata: &call }, life.inflow, value));
        copy.apply(&WorldDelta::from_bytes(&outcome.delta.to_bytes()).unwrap());
        assert_eq!(copy, life.world);
        assert_eq!(copy.to_bytes(), life.world.to_bytes());
    };
    follow(&mut life, spawnCall { number: U256::from(7) }.abi_encode().into(), 100);
    life.inflow = 55;
    follow(&mut life, putAndFailCall { slot: U256::from(1), value: U256::from(1) }.abi_encode().into(), 9);
    follow(&mut life, fillCall { from: U256::from(10), count: U256::from(20) }.abi_encode().into(), 0);
    follow(&mut life, spinCall {}.abi_encode().into(), 0);
    let child = ROOT.create(1);
    let give = giveBackCall { amount: U256::from(40) }.abi_encode().into();
    let call = rawCall { kind: U256::ZERO, target: child, value: U256::ZERO, data: give };
    follow(&mut life, call.abi_encode().into(), 3);
}
