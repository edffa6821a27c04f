//! What leaves a world, and what does not. `Life` checks the money and the counter after every task.

use alloy_sol_types::SolError;

use super::{purse::*, *};
use crate::{
    outbound::{BASE_GAS, OUTBOUND, WORD_GAS},
    random::RANDOM_BYTES,
};

const SHA256: Address = address!("0000000000000000000000000000000000000002");
const SALT: Address = address!("000000000000000000000000000000000000005a");

#[test]
fn plain_ether_to_an_outside_address_leaves_at_once() {
    let mut life = purse_with(100);
    let balance = |at| step(6, at, 0, vec![]);
    let steps = vec![note(), give(BOB, 30), note(), give(BOB, 5), balance(BOB), balance(ROOT)];
    let outcome = life.steps(steps, 0);
    let done = runCall::abi_decode_returns(&outcome.output).unwrap();
    assert!(done[1].ok && done[1].back.is_empty() && done[3].ok);
    assert_eq!(done[4].back, U256::ZERO.abi_encode(), "outside looks empty still");
    assert_eq!(done[5].back, U256::from(65).abi_encode());
    assert_eq!(outcome.outbound, [transfer(BOB, 30), transfer(BOB, 5)]);
    assert_eq!(outcome.logs.len(), 2, "the records are no logs");
    assert!(outcome.logs.iter().all(|log| log.address == ROOT));
    assert_eq!(life.world.addresses().collect::<Vec<_>>(), [ROOT]);
    assert_eq!(outcome.delta.outbound_calls, None, "transfers have no number");
}

#[test]
fn soliditys_transfer_pays_anybody_back_the_sender_too() {
    let mut life = purse_with(100);
    for target in [BOB, ALICE, Address::ZERO, Address::with_last_byte(0x12)] {
        let outcome = life.send(payCall { target, value: U256::from(7) }, 3);
        assert_eq!((outcome.status, outcome.outbound), (Status::Success, vec![transfer(target, 7)]));
    }
    // All that the sender brought goes straight back.
    let outcome = life.send(payCall { target: ALICE, value: U256::from(9) }, 9);
    assert_eq!(outcome.outbound, [transfer(ALICE, 9)]);
    assert_eq!(life.world.balance(ROOT), U256::from(84));
    let poor = life.send(payCall { target: BOB, value: U256::from(85) }, 0);
    assert_eq!(poor.status, Status::Revert);
}

#[test]
fn a_constructor_can_send_and_call() {
    let mut life = Life::unborn(40);
    let steps = vec![give(ALICE, 1), ask_out(BOB, 2, 9, b"hi"), give(BOB, 3), give(ROOT, 4)];
    let init_code = purse(steps);
    let outcome = life.run(task(Kind::Deploy { init_code: &init_code }, 40, 10));
    assert_eq!(outcome.status, Status::Success);
    assert_eq!(outcome.outbound, [transfer(ALICE, 1), call(BOB, 2, 9, b"hi"), transfer(BOB, 3)]);
    assert_eq!(life.world.balance(ROOT), U256::from(44));

    let mut life = Life::unborn(40);
    let outcome = life.deploy(purse(vec![give(ALICE, 1), fail()]), 10);
    assert_eq!(outcome.status, Status::Revert);
    let mut life = Life::unborn(40);
    let outcome = life.deploy(purse(vec![die(BOB)]), 10);
    assert_eq!((outcome.status, outcome.outbound), (Status::Success, vec![transfer(BOB, 50)]));
    assert!(!life.world.is_deployed());
}

#[test]
fn what_a_reverting_frame_sent_never_left_and_the_rest_keeps_its_order() {
    let mut life = purse_with(100);
    let lost = |end| vec![give(BOB, 1), ask_out(BOB, 2, 3, b"x"), note(), end];
    let never = step(99, BOB, 0, vec![]);
    let steps = vec![
        give(BOB, 10),
        frame(ROOT, 0, lost(fail())),
        frame(ROOT, 0, vec![give(ALICE, 11), frame(ROOT, 0, lost(never)), ask_out(ALICE, 12, 1, b"y")]),
        note(),
        ask_out(BOB, 13, 2, b"z"),
    ];
    let outcome = life.steps(steps, 0);
    let done = runCall::abi_decode_returns(&outcome.output).unwrap();
    assert_eq!(done.iter().map(|d| d.ok).collect::<Vec<_>>(), [true, false, true, true, true]);
    let expected = [transfer(BOB, 10), transfer(ALICE, 11), call(ALICE, 12, 1, b"y"), call(BOB, 13, 2, b"z")];
    assert_eq!(outcome.outbound, expected);
    assert_eq!(outcome.logs.len(), 1);
    assert_eq!(done[4].back, U256::from(1).abi_encode(), "undone calls leave no gap in the numbers");

    assert_eq!(life.steps(lost(fail()), 5).status, Status::Revert);
    let loops = vec![give(BOB, 1), frame(ROOT, 0, vec![give(BOB, 1)]), step(0, BOB, 0, vec![])];
    assert_eq!(life.play(loops).1, [transfer(BOB, 1), transfer(BOB, 1)]);
}

#[test]
fn a_task_that_halts_sends_nothing() {
    let mut life = purse_with(100);
    let calldata = runCall { steps: vec![give(BOB, 1), give(BOB, 1), give(BOB, 1)] }.abi_encode().into();
    for gas_limit in (21_000..160_000).step_by(1_111) {
        let mut copy = Life { world: life.world.clone(), ..life };
        copy.run(Task { gas_limit, ..task(Kind::Call { calldata: &calldata }, 100, 0) });
    }
    let limits = Limits { output: 10, ..Limits::default() };
    let outcome = life.run(Task { limits, ..task(Kind::Call { calldata: &calldata }, 100, 0) });
    assert_eq!(outcome.status, Status::Halt(HaltCode::OutputLimit));
}

#[test]
fn calls_are_numbered_over_the_life_of_a_world() {
    let mut life = purse_with(100);
    let number = |done: &Done| U256::abi_decode(&done.back).unwrap();
    let (done, left) =
        life.play(vec![ask_out(BOB, 0, 0, b""), give(BOB, 1), ask_out(BOB, 5, u64::MAX, &[7; 100])]);
    assert!(done.iter().all(|done| done.ok));
    assert_eq!((number(&done[0]), number(&done[2])), (U256::ZERO, U256::from(1)));
    assert_eq!(left, [call(BOB, 0, 0, b""), transfer(BOB, 1), call(BOB, 5, u64::MAX, &[7; 100])]);
    assert_eq!(life.steps(vec![ask_out(BOB, 5, 1, b""), fail()], 0).status, Status::Revert);
    // Any address may be called, one of this world too: on Ethereum it is another.
    let (done, left) = life.play(vec![ask_out(ROOT, 3, 1, b"")]);
    assert_eq!((number(&done[0]), left), (U256::from(2), vec![call(ROOT, 3, 1, b"")]));
    assert_eq!(life.world.outbound_calls(), 3);
}

#[test]
fn the_last_number_is_never_given() {
    let mut life = purse_with(100);
    life.calls = u64::MAX - 1;
    life.world.apply(&WorldDelta { outbound_calls: Some(life.calls), ..WorldDelta::default() });
    let (done, left) = life.play(vec![ask_out(BOB, 1, 0, b""), ask_out(BOB, 1, 0, b""), give(BOB, 1)]);
    assert_eq!(done[0].back, U256::from(u64::MAX - 1).abi_encode());
    assert!(!done[1].ok && done[1].back.is_empty());
    assert_eq!(left, [call(BOB, 1, 0, b""), transfer(BOB, 1)]);
}

#[test]
fn malformed_input_is_refused_and_nothing_moves() {
    let mut life = purse_with(100);
    let good = arguments(BOB, 7, &[1; 33]);
    let changed = |at: usize, byte: u8| {
        let mut input = good.clone();
        input[at] = byte;
        input
    };
    let far = [&good[..64], &[0xff; 32], &good[96..]].concat();
    let long = [&good[..96], &[0xff; 32], &good[128..]].concat();
    let cut = |len: usize| good[..len].to_vec();
    // A target of 161 bits, gas of 65, an offset and a length past the end, and all that is cut off.
    let mut wrong = vec![changed(11, 1), changed(55, 1), changed(94, 1), changed(127, 255), far, long];
    wrong.extend([0, 1, 31, 32, 64, 95, 96, 127, 128, 160].map(cut));
    for input in wrong {
        let (done, left) = life.play(vec![step(0, OUTBOUND, 5, input.clone())]);
        assert!(!done[0].ok && done[0].back.is_empty(), "{}", hex::encode(input));
        assert!(left.is_empty());
    }
    // Padding is not looked at, as in Solidity.
    let (_, left) = life.play(vec![step(0, OUTBOUND, 5, cut(161))]);
    assert_eq!(left, [call(BOB, 5, 7, &[1; 33])]);
}

#[test]
fn the_precompile_takes_plain_calls_only() {
    let mut life = purse_with(100);
    let input = arguments(BOB, 7, b"data");
    for (kind, value) in [(1, 0), (2, 0), (3, 0), (3, 5)] {
        let (done, left) = life.play(vec![step(kind, OUTBOUND, value, input.clone())]);
        assert!(!done[0].ok && done[0].back.is_empty(), "kind {kind}, value {value}");
        assert!(left.is_empty());
    }
    // A static frame above is as good as a static call.
    let inner = runCall { steps: vec![ask_out(BOB, 0, 7, b"data")] }.abi_encode();
    let (done, left) = life.play(vec![step(1, ROOT, 0, inner)]);
    let done = runCall::abi_decode_returns(&done[0].back).unwrap();
    assert!(!done[0].ok && left.is_empty());
}

#[test]
fn a_query_sends_nothing() {
    let mut life = purse_with(100);
    let mut ask = |steps: Vec<Step>| {
        let calldata = runCall { steps }.abi_encode().into();
        let outcome = life.run(task(Kind::Query { calldata: &calldata }, 100, 0));
        assert!(outcome.outbound.is_empty() && outcome.delta.is_empty());
        outcome
    };
    assert_eq!(ask(vec![give(BOB, 1)]).status, Status::Halt(HaltCode::StaticWrite));
    assert_eq!(ask(vec![die(BOB)]).status, Status::Halt(HaltCode::StaticWrite));
    let done = runCall::abi_decode_returns(&ask(vec![ask_out(BOB, 0, 1, b"")]).output).unwrap();
    assert!(!done[0].ok);
}

#[test]
fn no_ether_at_all_is_no_call_and_succeeds() {
    let mut life = purse_with(100);
    for target in [BOB, ALICE] {
        // A payout whose share is nothing must not undo the others.
        let (done, left) = life.play(vec![give(target, 0), give(target, 7), give(target, 0)]);
        assert!(done.iter().all(|done| done.ok && done.back.is_empty()));
        assert_eq!(left.len(), 1, "only what carries ether leaves");
    }
}

#[test]
fn with_data_or_by_another_kind_of_call_an_outside_call_reverts_as_ever() {
    let mut life = purse_with(100);
    for target in [BOB, ALICE] {
        let steps = vec![
            step(0, target, 0, vec![0]),
            step(0, target, 5, vec![0]),
            step(1, target, 0, vec![]),
            step(2, target, 0, vec![]),
            step(3, target, 5, vec![]),
        ];
        let (done, left) = life.play(steps);
        for done in done {
            assert!(!done.ok);
            assert_eq!(done.back, OutsideCall { target }.abi_encode());
        }
        assert!(left.is_empty());
    }
}

#[test]
fn ether_for_precompiles_stays_inside() {
    let mut life = purse_with(100);
    let (done, left) = life.play(vec![give(SHA256, 4), give(RANDOM_BYTES, 5), give(OUTBOUND, 6)]);
    assert_eq!(done.iter().map(|d| d.ok).collect::<Vec<_>>(), [true, false, false]);
    assert!(left.is_empty());
    assert_eq!((life.world.balance(ROOT), life.world.balance(SHA256)), (U256::from(96), U256::from(4)));
}

#[test]
fn ether_for_a_contract_of_the_world_stays_inside() {
    let mut life = purse_with(100);
    let made = clone_of(&life, ROOT, SALT);
    // Made in this task, in the next, and the root by itself.
    let (done, left) = life.play(vec![clone(SALT, 1), give(made, 2), give(ROOT, 50)]);
    assert!(done.iter().all(|d| d.ok) && left.is_empty());
    assert_eq!(done[0].back, made.abi_encode());
    let (_, left) = life.play(vec![give(made, 4), frame(made, 0, vec![give(ROOT, 3)])]);
    assert!(left.is_empty());
    assert_eq!((life.world.balance(ROOT), life.world.balance(made)), (U256::from(96), U256::from(4)));
}

#[test]
fn ether_sent_before_a_contract_is_made_there_has_left() {
    let mut life = purse_with(100);
    let made = clone_of(&life, ROOT, SALT);
    let undone = frame(ROOT, 0, vec![clone(SALT, 7), give(made, 8), fail()]);
    let steps = vec![give(made, 1), undone, give(made, 2), clone(SALT, 3), give(made, 4)];
    let (done, left) = life.play(steps);
    assert_eq!(done.iter().map(|d| d.ok).collect::<Vec<_>>(), [true, false, true, true, true]);
    assert_eq!(left, [transfer(made, 1), transfer(made, 2)]);
    assert_eq!(life.world.balance(made), U256::from(7));
    assert!(life.world.owns(made));
}

#[test]
fn a_self_destruct_sends_its_money_out() {
    let mut life = purse_with(100);
    let made = clone_of(&life, ROOT, SALT);
    // In the task that makes it: nothing remains but what left.
    let (_, left) = life.play(vec![clone(SALT, 10), frame(made, 0, vec![give(BOB, 1), die(ALICE)])]);
    assert_eq!(left, [transfer(BOB, 1), transfer(ALICE, 9)]);
    assert_eq!(life.world.addresses().collect::<Vec<_>>(), [ROOT]);
    // Later only the money moves.
    life.play(vec![clone(SALT, 20)]);
    let undone = frame(ROOT, 0, vec![frame(made, 0, vec![die(BOB)]), fail()]);
    let (_, left) = life.play(vec![undone, frame(made, 5, vec![die(BOB)])]);
    assert_eq!(left, [transfer(BOB, 25)]);
    assert!(life.world.owns(made));
    let (done, left) = life.play(vec![frame(made, 0, vec![die(BOB)])]);
    assert!(done[0].ok && left.is_empty(), "with nothing to carry nothing leaves");
    // The root itself.
    let outcome = life.steps(vec![ask_out(BOB, 1, 1, b""), die(BOB)], 2);
    let rest = life.inflow + life.paid - 10 - 25 - 1;
    assert_eq!(outcome.status, Status::Success);
    assert_eq!(outcome.outbound, [call(BOB, 1, 1, b""), transfer(BOB, rest)]);
    assert!(life.world.is_deployed());
}

#[test]
fn ether_for_a_contract_that_died_burns_in_its_task_and_leaves_after_it() {
    let mut life = purse_with(100);
    let made = clone_of(&life, ROOT, SALT);
    let born_to_die = vec![clone(SALT, 10), frame(made, 0, vec![die(BOB)])];
    let burning = born_to_die.iter().cloned().chain([give(made, 5)]).collect();
    let calldata = runCall { steps: burning }.abi_encode().into();
    let outcome = execute(&life.world, &task(Kind::Call { calldata: &calldata }, 100, 0));
    assert_eq!((outcome.status, outcome.outbound), (Status::Success, vec![transfer(BOB, 10)]));
    let mut burnt = life.world.clone();
    burnt.apply(&outcome.delta);
    assert_eq!(burnt.total_balance(), U256::from(85), "as on Ethereum");

    life.play(born_to_die);
    assert_eq!(life.play(vec![give(made, 5)]).1, [transfer(made, 5)]);
}

#[test]
fn a_self_destruct_in_favour_of_the_precompile_is_refused() {
    let mut life = purse_with(100);
    let (done, left) = life.play(vec![frame(ROOT, 0, vec![ask_out(BOB, 1, 1, b""), die(OUTBOUND)])]);
    assert!(!done[0].ok && done[0].back.is_empty() && left.is_empty());
    let (_, left) = life.play(vec![frame(ROOT, 0, vec![die(SHA256)])]);
    assert!(left.is_empty());
    assert_eq!(life.world.balance(SHA256), U256::from(100));
    // Poor as it is now it may die for anybody.
    assert_eq!(life.steps(vec![die(OUTBOUND)], 0).status, Status::Success);
}

#[test]
fn a_contract_that_sends_a_task_to_its_own_world_stays_inside() {
    let mut life = purse_with(100);
    let calldata = payCall { target: ROOT, value: U256::from(9) }.abi_encode().into();
    let outcome = life.run(Task { sender: ROOT, ..task(Kind::Call { calldata: &calldata }, 100, 3) });
    assert_eq!((outcome.status, outcome.outbound.len()), (Status::Success, 0));
    assert_eq!(life.world.balance(ROOT), U256::from(103));
}

#[test]
fn books_that_do_not_balance_are_no_success() {
    // No precompile ever sends a transaction; if one did, what it gets back would be lost with the sender.
    let mut life = purse_with(100);
    let calldata = payCall { target: SHA256, value: U256::from(9) }.abi_encode().into();
    let outcome = life.run(Task { sender: SHA256, ..task(Kind::Call { calldata: &calldata }, 100, 3) });
    assert_eq!(outcome.status, Status::Halt(HaltCode::Machine));
    // A world that already has something where outgoing money waits.
    let stray = AccountDelta { address: OUTBOUND, balance: Some(U256::from(1)), ..AccountDelta::default() };
    life.world.apply(&WorldDelta { accounts: vec![stray], ..WorldDelta::default() });
    let calldata = payCall { target: OUTBOUND, value: U256::ZERO }.abi_encode().into();
    assert_eq!(
        execute(&life.world, &task(Kind::Call { calldata: &calldata }, 100, 0)).status,
        Status::Revert
    );
    let calldata = runCall { steps: vec![ask_out(BOB, 1, 1, b"")] }.abi_encode().into();
    let outcome = execute(&life.world, &task(Kind::Call { calldata: &calldata }, 100, 0));
    assert_eq!(outcome.status, Status::Halt(HaltCode::Machine));
    assert!(outcome.outbound.is_empty() && outcome.delta.is_empty());
}

#[test]
fn gas_inside_is_ethereums_for_the_call_and_the_precompiles_own() {
    // Memory holds 64 zero bytes, 0x60, `len`; stores what a CALL of `at` with its first `size` bytes costs, and
    // returns code 0x00.
    let cost = |at: Address, value: u8, size: u8, len: u8| {
        let code = format!(
            "606060405260{len:02x}6060525f610200525a5f5f60{size:02x}5f60{value:02x}73{}5af15a919050035f555f5f5360015ff3",
            hex::encode(at)
        );
        let mut life = Life::unborn(100);
        let outcome = life.deploy(hex::decode(code).unwrap().into(), 0);
        assert_eq!(outcome.status, Status::Success);
        // Less the pushes and the second GAS.
        (u64::try_from(life.world.storage(ROOT, U256::ZERO)).unwrap() - 19, outcome.outbound.len())
    };
    let (warm, cold, value, fresh) = (100, 2_600, 9_000 - 2_300, 25_000);
    assert_eq!((BASE_GAS, WORD_GAS), (10_000, 60));
    assert_eq!(cost(OUTBOUND, 0, 128, 0), (warm + BASE_GAS, 1));
    assert_eq!(cost(OUTBOUND, 0, 192, 1), (warm + BASE_GAS + WORD_GAS, 1));
    assert_eq!(cost(OUTBOUND, 0, 192, 33), (warm + BASE_GAS + 2 * WORD_GAS, 1));
    assert_eq!(cost(OUTBOUND, 1, 192, 33), (warm + value + fresh + BASE_GAS + 2 * WORD_GAS, 1));
    assert_eq!(cost(OUTBOUND, 0, 160, 33), (warm + BASE_GAS, 0), "refused");
    assert_eq!(cost(BOB, 1, 0, 0), (cold + value + fresh, 1));
}
