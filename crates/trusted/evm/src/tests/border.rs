//! Where a sealed world ends, and who is inside.

use alloy_primitives::{KECCAK256_EMPTY, keccak256};
use alloy_sol_types::SolError;

use super::*;

const SHA256: Address = address!("0000000000000000000000000000000000000002");

fn raw(kind: u64, target: Address, value: u64) -> rawCall {
    let (kind, value) = (U256::from(kind), U256::from(value));
    rawCall { kind, target, value, data: Bytes::from_static(b"\x01\x02\x03\x04") }
}

#[test]
fn the_selector_is_the_one_that_solidity_computes() {
    assert_eq!(crate::border::OUTSIDE_CALL, OutsideCall::SELECTOR);
    assert_eq!(crate::border::outside_call(BOB), OutsideCall { target: BOB }.abi_encode());
}

#[test]
fn every_kind_of_call_with_data_to_an_outside_address_reverts_with_outside_call() {
    let mut life = Life::begun();
    life.inflow = 1_000;
    let history = address!("0000F90827F1C53a10cb7A02335B175320002935");
    for target in [BOB, ALICE, Address::ZERO, history] {
        for kind in 0..4 {
            for value in [0, 5] {
                let answer = life.ask(raw(kind, target, value));
                assert!(!answer.ok, "kind {kind}, value {value}, {target}");
                assert_eq!(answer.back, OutsideCall { target }.abi_encode());
            }
        }
    }
    assert_eq!(life.world.balance(ROOT), U256::from(1_000));
    assert_eq!(life.world.addresses().count(), 1);
}

#[test]
fn try_and_catch_see_outside_call() {
    let mut life = Life::begun();
    // A call that returns something is made without asking for code first (Solidity 0.8.10).
    let reason = life.ask(tryPingCall { target: BOB });
    assert_eq!(OutsideCall::abi_decode(&reason).unwrap().target, BOB);
    let bubbled = life.send(pingOfCall { child: BOB }, 0);
    assert_eq!(bubbled.status, Status::Revert);
    assert_eq!(bubbled.output, OutsideCall { target: BOB }.abi_encode());
}

#[test]
fn outside_addresses_look_like_empty_accounts() {
    let mut life = Life::begun();
    for at in [BOB, ALICE, Address::ZERO] {
        let seen = life.pay(lookCall { at }, 0);
        assert_eq!((seen.balance, seen.size, seen.hash), (U256::ZERO, U256::ZERO, B256::ZERO), "{at}");
    }
    let seen = life.ask(lookCall { at: ROOT });
    assert_eq!(seen.hash, keccak256(life.world.code(ROOT)));
    assert_ne!(seen.hash, KECCAK256_EMPTY);
}

#[test]
fn the_sender_looks_empty_to_a_constructor_too() {
    // extcodehash(caller) -> slot 0, balance(caller) -> slot 1; deploys code 0x00.
    let init_code: Bytes = hex::decode("333f5f553331600155600160005360015ff3").unwrap().into();
    let mut life = Life::unborn(0);
    assert_eq!(life.deploy(init_code, 12).status, Status::Success);
    assert_eq!(life.world.slots(ROOT).count(), 0);
    assert_eq!(life.world.addresses().collect::<Vec<_>>(), [ROOT]);
}

#[test]
fn precompiles_are_inside() {
    let mut life = Life::begun();
    let answer = life.ask(raw(1, SHA256, 0));
    assert!(answer.ok);
    assert_eq!(hex::encode(&answer.back), "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a");
    // As on Ethereum a precompile keeps what it is sent, and the world keeps the account.
    assert!(life.pay(raw(0, SHA256, 4), 4).ok);
    assert_eq!(life.world.balance(SHA256), U256::from(4));
}

#[test]
fn every_osaka_precompile_answers() {
    let mut life = Life::begun();
    for n in (1..=0x11).chain([0x100]) {
        let target = Address::from_word(U256::from(n).into());
        let answer = life.ask(raw(1, target, 0));
        assert!(
            OutsideCall::abi_decode(&answer.back).is_err(),
            "0x{n:x} is inside, whether it likes four bytes or not"
        );
    }
    let target = Address::from_word(U256::from(0x12).into());
    assert_eq!(life.ask(raw(1, target, 0)).back, OutsideCall { target }.abi_encode());
}

#[test]
fn a_long_sum_of_points_is_computed() {
    // 100 generators of G1 at once: where blst would otherwise ask for threads.
    let x =
        "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
    let y =
        "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";
    let zeros = "0".repeat(32);
    let one = format!("{}1", "0".repeat(63));
    let data = hex::decode(format!("{zeros}{x}{zeros}{y}{one}").repeat(100)).unwrap().into();
    let target = Address::with_last_byte(0x0c);
    let mut life = Life::begun();
    let answer = life.ask(rawCall { kind: U256::from(1), target, value: U256::ZERO, data });
    let hundred = hex::decode(format!("{zeros}{x}{zeros}{y}{:064x}", 100)).unwrap().into();
    let single = life.ask(rawCall { kind: U256::from(1), target, value: U256::ZERO, data: hundred });
    assert!(answer.ok && single.ok);
    assert_eq!(answer.back, single.back);
}

#[test]
fn a_self_destruct_within_the_world_moves_only_the_money() {
    let mut life = Life::begun();
    let child = life.pay(spawnCall { number: U256::from(7) }, 30);
    life.ask(dieOfCall { child, heir: ROOT });
    assert_eq!(life.world.balance(ROOT), U256::from(30));
    assert!(life.world.owns(child), "EIP-6780: only the money moves");
    // With nothing to carry nothing leaves.
    let outcome = life.send(dieOfCall { child, heir: BOB }, 0);
    assert_eq!((outcome.status, outcome.outbound.len()), (Status::Success, 0));
}

#[test]
fn a_contract_that_dies_in_the_task_that_made_it_leaves_no_trace() {
    let mut life = Life::begun();
    let child = life.pay(bornToDieCall { heir: ROOT }, 8);
    assert!(!life.world.owns(child));
    assert_eq!(life.world.balance(ROOT), U256::from(8));
    // Its leaf lives on.
    assert_eq!(life.world.addresses().count(), 2);
    let answer = life.ask(raw(0, child, 0));
    assert_eq!(answer.back, OutsideCall { target: child }.abi_encode());
}

#[test]
fn delegatecall_runs_inside_code_on_the_callers_account() {
    let mut life = Life::begun();
    let child = life.ask(spawnCall { number: U256::from(7) });
    let data = Bytes::copy_from_slice(&keccak256("ping()")[..4]);
    // Slot 0 of the root is `start`, of the child `number`.
    let answer = life.ask(rawCall { kind: U256::from(2), target: child, value: U256::ZERO, data });
    assert!(answer.ok);
    assert_eq!(life.ask(startCall {}), U256::from(6));
    assert_eq!(life.world.storage(child, U256::ZERO), U256::from(7));
}
