//! Balance = inflow + values of successful tasks - values of outbound calls. `Life` checks the sum after every task.

use super::*;

#[test]
fn value_arrives_with_a_success_and_stays_away_with_a_failure() {
    let mut life = Life::begun();
    assert_eq!(life.pay(depositCall {}, 70), U256::from(70));
    assert_eq!(life.world.balance(ROOT), U256::from(70));
    let failed = life.send(putAndFailCall { slot: U256::from(1), value: U256::from(1) }, 500);
    assert_eq!(failed.status, Status::Revert);
    assert!(failed.delta.is_empty());
    assert_eq!(life.send(spinCall {}, 500).status, Status::Halt(HaltCode::OutOfGas));
    assert_eq!(life.send(startCall {}, 1).status, Status::Revert, "not payable");
    assert_eq!(life.world.balance(ROOT), U256::from(70));
    assert_eq!(life.world.addresses().collect::<Vec<_>>(), [ROOT], "the sender is not in the world");
}

#[test]
fn plain_deposits_arrive_with_the_next_task_even_a_failing_one() {
    let mut life = Life::begun();
    life.inflow = 40;
    assert_eq!(life.send(spinCall {}, 9).status, Status::Halt(HaltCode::OutOfGas));
    assert_eq!(life.world.balance(ROOT), U256::from(40));
    assert_eq!(life.world.slots(ROOT).count(), 3, "nothing else has changed");
    life.inflow = 100;
    assert_eq!(life.ask(lookCall { at: ROOT }).balance, U256::from(100), "seen during the task");
    assert_eq!(life.ask(lookCall { at: ROOT }).balance, U256::from(100), "and counted once");
}

#[test]
fn deposits_before_the_deployment_are_not_lost() {
    let mut life = Life::unborn(25);
    assert_eq!(life.deploy(init_code(404), 1).status, Status::Revert);
    assert_eq!(life.world.balance(ROOT), U256::from(25));
    assert!(!life.world.is_deployed());
    life.inflow = 30;
    assert_eq!(life.send(startCall {}, 0).status, Status::Halt(HaltCode::NotDeployed));
    assert_eq!(life.deploy(init_code(5), 2).status, Status::Success);
    assert_eq!(life.world.balance(ROOT), U256::from(32));
}

#[test]
fn an_inflow_that_shrinks_counts_as_no_deposit() {
    let mut life = Life::begun();
    life.inflow = 60;
    life.ask(depositCall {});
    let calldata = depositCall {}.abi_encode().into();
    let outcome = execute(&life.world, &task(Kind::Call { calldata: &calldata }, 59, 0));
    assert_eq!(outcome.status, Status::Success);
    assert!(outcome.delta.is_empty());
}

#[test]
fn money_moves_between_the_contracts_of_a_world() {
    let mut life = Life::begun();
    let child = life.pay(spawnCall { number: U256::from(7) }, 90);
    let data = giveBackCall { amount: U256::from(50) }.abi_encode().into();
    let answer = life.ask(rawCall { kind: U256::ZERO, target: child, value: U256::ZERO, data });
    assert!(answer.ok);
    assert_eq!((life.world.balance(ROOT), life.world.balance(child)), (U256::from(50), U256::from(40)));
}

#[test]
fn a_contract_of_the_world_can_be_the_sender() {
    // The portal may send a task to its own contract.
    let mut life = Life::begun();
    let calldata = depositCall {}.abi_encode().into();
    let outcome = life.run(Task { sender: ROOT, ..task(Kind::Call { calldata: &calldata }, 0, 6) });
    assert_eq!(outcome.status, Status::Success);
    assert_eq!((life.world.balance(ROOT), life.world.nonce(ROOT)), (U256::from(6), 1));
    let calldata = putAndFailCall { slot: U256::from(1), value: U256::from(1) }.abi_encode().into();
    life.run(Task { sender: ROOT, ..task(Kind::Call { calldata: &calldata }, 0, 6) });
    assert_eq!((life.world.balance(ROOT), life.world.nonce(ROOT)), (U256::from(6), 1));
}

#[test]
fn impossible_amounts_are_refused() {
    let life = Life::begun();
    let calldata = depositCall {}.abi_encode().into();
    let base = task(Kind::Call { calldata: &calldata }, 0, 0);
    for wrong in [Task { value: U256::MAX, ..base }, Task { inflow: U256::MAX, ..base }] {
        let outcome = execute(&life.world, &wrong);
        assert_eq!(outcome.status, Status::Halt(HaltCode::Amount));
        assert!(outcome.delta.is_empty());
    }
}
