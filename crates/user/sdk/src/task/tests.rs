//! What ends the wait for a task, and what does not.

use alloy_primitives::U256;
use enigma_chain::{SkipEvent, TaskOutcome};

use super::*;

const MINE: Address = Address::repeat_byte(1);
const THEIRS: Address = Address::repeat_byte(2);

fn sent() -> Sent {
    Sent {
        contract: MINE,
        index: 7,
        transaction: B256::repeat_byte(3),
        block: 10,
        ctx: B256::ZERO,
        reply_key: Secret::new([4; 32]),
    }
}

fn skip(contract: Address, index: u64) -> Event {
    Event::Skipped(SkipEvent {
        contract,
        index,
        state_head: B256::repeat_byte(5),
        sender: Address::repeat_byte(6),
        refund: U256::from(1_234),
        block_number: 200,
        timestamp: 2_000,
        transaction: B256::repeat_byte(8),
    })
}

fn unopened(contract: Address, first_index: u64, last_index: u64) -> Event {
    let outcome = |_| TaskOutcome {
        status: Status::Unopened,
        gas_charged: 0,
        pay: U256::from(9),
        output: Vec::new(),
        delta: Vec::new(),
    };
    Event::Commit(Box::new(CommitEvent {
        contract,
        first_index,
        last_index,
        epoch: 2,
        state_head: B256::ZERO,
        snapshot_hash: B256::ZERO,
        outcomes: (first_index..=last_index).map(outcome).collect(),
        block_number: 20,
        timestamp: 120,
        transaction: B256::repeat_byte(0xcc),
    }))
}

#[test]
fn a_skipped_task_ends_the_wait_and_says_where_its_money_is() {
    let error = end(&sent(), &skip(MINE, 7)).unwrap().unwrap_err();
    assert!(matches!(
        &error,
        Error::Skipped { contract: MINE, index: 7, refund, transaction }
            if *refund == U256::from(1_234) && *transaction == B256::repeat_byte(8)
    ));
    let text = error.to_string();
    for part in ["task 7", "nobody executed it", "1234 wei", "withdraw()", "send it again"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn only_what_covers_the_task_ends_the_wait() {
    for other in [skip(MINE, 6), skip(MINE, 8), skip(THEIRS, 7), unopened(MINE, 4, 6), unopened(THEIRS, 7, 7)]
    {
        assert!(end(&sent(), &other).is_none(), "{other:?}");
    }
    let report = end(&sent(), &unopened(MINE, 5, 9)).unwrap().unwrap();
    assert_eq!((report.outcome, report.paid), (Outcome::Unopened, U256::from(9)));
}

#[test]
fn a_commit_of_other_tasks_answers_nothing() {
    for (first, last) in [(8, 9), (5, 6)] {
        let Event::Commit(commit) = unopened(MINE, first, last) else { unreachable!() };
        let error = report(&sent(), &commit).unwrap_err();
        assert!(matches!(error, Error::ForeignOutput { index: 7 }), "{first} to {last}: {error}");
    }
}
