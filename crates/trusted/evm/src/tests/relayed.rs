//! Relayed tasks: whose they are, and that an authorisation is spent whatever becomes of the task.

use super::*;
use crate::whose::{TASK, TASK_GAS};

/// Carries it on chain for [`ALICE`].
const RELAYER: Address = address!("0000000000000000000000000000000000001ee7");

fn put(slot: u64, value: u64) -> Vec<u8> {
    putCall { slot: U256::from(slot), value: U256::from(value) }.abi_encode()
}

fn look(data: &[u8]) -> Vec<u8> {
    let data = Bytes::copy_from_slice(data);
    rawCall { kind: U256::from(1), target: TASK, value: U256::ZERO, data }.abi_encode()
}

/// What [`TASK`] told.
fn told(outcome: &Outcome) -> (Address, B256) {
    let raw = rawCall::abi_decode_returns(&outcome.output).unwrap();
    assert!(raw.ok && raw.back.len() == 64);
    <(Address, B256)>::abi_decode(&raw.back).unwrap()
}

/// Runs what an enclave would: only if the nonce is the one that is due.
fn relay(life: &mut Life, nonce: u64, call: Vec<u8>, limits: Limits, gas_limit: u64) -> Option<Outcome> {
    (life.world.task_nonce(ALICE) == nonce).then(|| {
        let calldata = call.into();
        let task = task(Kind::Call { calldata: &calldata }, life.inflow, 0);
        let (caller, relayed, on_behalf_of) = (RELAYER, Some(nonce), B256::repeat_byte(0x5a));
        life.run(Task { caller, relayed, on_behalf_of, limits, gas_limit, ..task })
    })
}

fn relayed(life: &mut Life, nonce: u64, call: Vec<u8>) -> Option<Outcome> {
    relay(life, nonce, call, Limits::default(), GAS)
}

#[test]
fn the_author_is_sender_and_origin_and_the_precompile_tells_the_relayer() {
    let mut life = Life::begun();
    let seen = relayed(&mut life, 0, whoCall {}.abi_encode()).unwrap();
    let seen = whoCall::abi_decode_returns(&seen.output).unwrap();
    assert_eq!((seen.sender, seen.origin), (ALICE, ALICE));
    for (nonce, data) in [(1, &b""[..]), (2, b"any input")] {
        let outcome = relayed(&mut life, nonce, look(data)).unwrap();
        assert_eq!(told(&outcome), (RELAYER, B256::repeat_byte(0x5a)));
    }
    let calldata = look(b"").into();
    let own = life.run(task(Kind::Call { calldata: &calldata }, 0, 0));
    assert_eq!(told(&own), (ALICE, B256::ZERO), "an account's own task");
    let (on_behalf_of, caller) = (B256::repeat_byte(1), BOB);
    let query = Task { on_behalf_of, caller, ..task(Kind::Query { calldata: &calldata }, 0, 0) };
    assert_eq!(told(&execute(&life.world, &query)), (Address::ZERO, B256::ZERO), "a query has no sender");
    assert_eq!(TASK_GAS, 100);
}

#[test]
fn the_nonce_is_spent_whatever_becomes_of_the_task() {
    let mut life = Life::begun();
    assert_eq!(relayed(&mut life, 0, put(1, 1)).unwrap().status, Status::Success);
    let fails = putAndFailCall { slot: U256::from(1), value: U256::from(2) }.abi_encode();
    assert_eq!(relayed(&mut life, 1, fails).unwrap().status, Status::Revert);
    assert!(matches!(relayed(&mut life, 2, invalidCall {}.abi_encode()).unwrap().status, Status::Halt(_)));
    let none = relay(&mut life, 3, put(1, 3), Limits::default(), 0).unwrap();
    assert_eq!(none.status, Status::Halt(HaltCode::IntrinsicGas));
    let tight = Limits { delta: 1, ..Limits::default() };
    let large = relay(&mut life, 4, put(1, 4), tight, GAS).unwrap();
    assert_eq!(large.status, Status::Halt(HaltCode::DeltaLimit));
    assert_eq!((life.world.task_nonce(ALICE), life.world.task_nonce(BOB)), (5, 0));
    life.ask(putCall { slot: U256::from(1), value: U256::from(9) });
    assert_eq!(life.world.task_nonce(ALICE), 5, "an account's own tasks do not count");
    assert!(life.world.addresses().all(|at| at != ALICE), "and its account stays outside");

    let mut unborn = Life::unborn(0);
    let outcome = relayed(&mut unborn, 0, put(1, 1)).unwrap();
    assert_eq!(outcome.status, Status::Halt(HaltCode::NotDeployed));
    assert_eq!(unborn.world.task_nonce(ALICE), 1);
}

#[test]
fn a_relayed_task_runs_once_where_a_world_that_forgets_the_nonce_runs_it_again() {
    let fails = putAndFailCall { slot: U256::from(1), value: U256::from(2) }.abi_encode();
    for call in [spawnCall { number: U256::from(7) }.abi_encode(), fails] {
        // The planted weakness: the delta comes without the nonce.
        let mut weak = Life::begun();
        for _ in 0..2 {
            let calldata = call.clone().into();
            let kind = Kind::Call { calldata: &calldata };
            let mut outcome = execute(&weak.world, &Task { relayed: Some(0), ..task(kind, 0, 0) });
            outcome.delta.task_nonce = None;
            assert_eq!(weak.world.task_nonce(ALICE), 0, "the same authorisation is good again");
            weak.world.apply(&outcome.delta);
        }
        let mut life = Life::begun();
        assert!(relayed(&mut life, 0, call.clone()).is_some());
        assert!(relayed(&mut life, 0, call.clone()).is_none());
        // Neither does a snapshot forget.
        life.world = World::from_bytes(&life.world.to_bytes()).unwrap();
        assert!(relayed(&mut life, 0, call).is_none());
    }
}

#[test]
fn a_full_world_takes_no_new_author_and_keeps_the_old_ones() {
    let mut life = Life::begun();
    assert!(relayed(&mut life, 0, put(1, 1)).is_some());
    let size = life.world.size();
    let full = Limits { world: size, ..Limits::default() };
    let calldata = put(1, 2).into();
    let kind = Kind::Call { calldata: &calldata };
    let stranger = Task { sender: BOB, relayed: Some(0), limits: full, ..task(kind, 0, 0) };
    let outcome = life.run(stranger);
    assert_eq!((outcome.status, outcome.delta.task_nonce), (Status::Halt(HaltCode::WorldLimit), None));
    assert_eq!(
        (life.world.size(), life.world.task_nonce(BOB)),
        (size, 0),
        "it did not run, nothing is spent"
    );
    assert_eq!(relay(&mut life, 1, put(1, 3), full, GAS).unwrap().status, Status::Success);
    let room = Limits { world: size + 64, ..full };
    assert_eq!(life.run(Task { limits: room, ..stranger }).status, Status::Success);
    assert_eq!(life.world.size(), size + 64);
}
