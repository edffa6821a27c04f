//! The clock at the key enclaves: whoever stands by gets a key when its turn has come, and not a block before. How long it
//! has waited is told by the oldest pending input, which the chain's ring of heads proves.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_protocol::{
    door::{Code, Refusal},
    input::{Input, Kind},
    keys::{KeyReply, Purpose},
    layout,
};
use enigma_tests::sealed::{Terms, stake::Storage};

use crate::release::{Office, WORKERS, never, refused};

/// An epoch that is longer than the wait of the last position.
const EPOCH: u64 = 64;

/// An office whose contract has one pending input.
fn waiting() -> (Office, Input) {
    let mut office = Office::open_for(EPOCH);
    submit(&mut office, b"an envelope");
    office.mine();
    let pending = office.net.enigma.oldest(office.contract).expect("an input");
    (office, pending)
}

fn submit(office: &mut Office, envelope: &[u8]) {
    let (epoch, contract, sender) = (office.epoch(), office.contract, Address::repeat_byte(0xa1));
    office.net.enigma.submit(Kind::Task, contract, sender, &Terms::default(), epoch, envelope, &[]);
}

/// What member 1 says to the worker at `position`, now.
fn ask(
    office: &mut Office,
    position: usize,
    purpose: Purpose,
    pending: Option<&Input>,
) -> Result<KeyReply, Refusal> {
    let (now, worker) = (office.epoch(), office.net.in_turn(office.contract, position));
    office.ask_in_turn(worker, purpose, (now, now), pending)
}

fn not_before(block: u64) -> Result<KeyReply, Refusal> {
    Err(Refusal { code: Code::NotYourTurn, detail: block })
}

/// Holds the worker at `position` to the block of its turn: refused two blocks before, served one before, for a commit
/// can then be in the block of the turn.
fn check_boundary(office: &mut Office, position: usize, turn: u64, pending: &Input) {
    office.net.enigma.chain.mine_to(turn - 2);
    assert_eq!(office.net.enigma.chain.height(), turn - 2, "not later already");
    for purpose in [Purpose::Input, Purpose::State] {
        assert_eq!(ask(office, position, purpose, Some(pending)), not_before(turn), "position {position}");
    }
    office.mine();
    for purpose in [Purpose::Input, Purpose::State] {
        ask(office, position, purpose, Some(pending)).unwrap();
        assert_eq!(ask(office, position, purpose, None), never());
    }
}

#[test]
fn a_stand_by_gets_no_key_before_its_turn_and_one_from_then_on() {
    let (mut office, pending) = waiting();
    let start = pending.block_number;
    for purpose in [Purpose::Input, Purpose::State] {
        ask(&mut office, 0, purpose, None).unwrap();
    }
    // Three of the group, one signer, three blocks a turn; beyond the group steps double.
    for (position, wait) in [(1, 3), (2, 6), (3, 12), (4, 24)] {
        check_boundary(&mut office, position, start + wait, &pending);
    }
    assert_eq!(WORKERS, 5, "everybody had a turn");
}

#[test]
fn of_a_contract_with_two_signers_the_first_two_need_no_clock() {
    let (mut office, _) = waiting();
    office.net.enigma.events.clear();
    office.record(4, 2);
    submit(&mut office, b"an envelope");
    office.mine();
    let pending = office.net.enigma.oldest(office.contract).unwrap();
    for position in [0, 1] {
        ask(&mut office, position, Purpose::Input, None).unwrap();
    }
    for (position, wait) in [(2, 3), (3, 9)] {
        check_boundary(&mut office, position, pending.block_number + wait, &pending);
    }
}

#[test]
fn the_clock_starts_anew_with_a_commit_and_an_epoch_and_stands_still_while_it_is_held() {
    let (mut office, pending) = waiting();
    office.net.enigma.chain.mine_to(pending.block_number + 3);
    ask(&mut office, 1, Purpose::Input, Some(&pending)).unwrap();

    let slot = layout::secret_contract(office.contract, 1);
    let commit = office.net.enigma.now();
    let word = office.net.enigma.chain.pending.get(slot) | U256::from(commit) << 168;
    office.net.enigma.chain.pending.set(slot, word);
    office.mine();
    check_boundary(&mut office, 1, commit + 3, &pending);

    // Held with the turn of position 1: that stays, and no other comes however long it lasts.
    office.net.enigma.hold(office.contract);
    office.net.enigma.chain.mine_to(commit + 20);
    for purpose in [Purpose::Input, Purpose::State] {
        ask(&mut office, 1, purpose, Some(&pending)).unwrap();
        assert_eq!(ask(&mut office, 2, purpose, Some(&pending)), never());
    }
    let resumed = office.net.enigma.now();
    office.net.enigma.resume(office.contract);
    office.mine();
    check_boundary(&mut office, 2, resumed + 3, &pending);

    let (_, start) = office.net.post_beacon();
    office.net.enigma.chain.mine_to(start - 1);
    // The epoch as of the next block: its first.
    assert_eq!(ask(&mut office, 1, Purpose::Input, Some(&pending)), not_before(start + 3));
    check_boundary(&mut office, 1, start + 3, &pending);
}

#[test]
fn only_the_oldest_pending_input_starts_the_clock() {
    let (mut office, pending) = waiting();
    let other = Address::from_word(keccak256("another contract"));
    let (epoch, sender) = (office.epoch(), Address::repeat_byte(0xa1));
    office.net.enigma.create(other, 1, 0);
    office.net.enigma.submit(Kind::Task, other, sender, &Terms::default(), epoch, b"theirs", &[]);
    submit(&mut office, b"the second");
    office.net.enigma.chain.mine_to(pending.block_number + 40);
    let wrong = |index: u64| Err(Refusal { code: Code::WrongInputs, detail: index });
    let foreign = office.net.enigma.oldest(other).unwrap();
    let second = office.net.enigma.events[&office.contract].inputs[1].input.clone();

    assert_eq!(ask(&mut office, 1, Purpose::Input, None), never());
    assert_eq!(ask(&mut office, 1, Purpose::Input, Some(&foreign)), wrong(0), "of another contract");
    assert_eq!(ask(&mut office, 1, Purpose::Input, Some(&second)), wrong(0), "not the oldest");
    let forgeries: [fn(&mut Input); 18] = [
        |i| i.block_number -= 1,
        |i| i.block_number = 0,
        |i| i.kind = Kind::Deploy,
        |i| i.sender = Address::ZERO,
        |i| i.on_behalf_of = B256::repeat_byte(1),
        |i| i.value = U256::from(1),
        |i| i.gas_limit += 1,
        |i| i.commit_gas += 1,
        |i| i.price_cap += 1,
        |i| i.tip += 1,
        |i| i.epoch += 1,
        |i| i.inclusion_epoch += 1,
        |i| i.timestamp += 1,
        |i| i.base_fee += 1,
        |i| i.inflow = U256::from(1),
        |i| i.code_hash = B256::repeat_byte(1),
        |i| i.envelope_hash = B256::ZERO,
        |i| i.block_number += 1,
    ];
    for (place, forge) in forgeries.iter().enumerate() {
        let mut forged = pending.clone();
        forge(&mut forged);
        assert_eq!(ask(&mut office, 1, Purpose::Input, Some(&forged)), wrong(0), "forgery {place}");
    }
    ask(&mut office, 1, Purpose::Input, Some(&pending)).unwrap();

    // Once it is over it is stale: the next one counts, and has waited for its own time only.
    office.net.enigma.skip(office.contract).unwrap_err();
    let slot = layout::secret_contract(office.contract, 1);
    let word = office.net.enigma.chain.pending.get(slot) | U256::from(1) << 64;
    office.net.enigma.chain.pending.set(slot, word);
    office.mine();
    assert_eq!(ask(&mut office, 1, Purpose::Input, Some(&pending)), wrong(1), "stale");
    ask(&mut office, 1, Purpose::Input, Some(&second)).unwrap();
    let word = office.net.enigma.chain.pending.get(slot) + (U256::from(1) << 64);
    office.net.enigma.chain.pending.set(slot, word);
    office.mine();
    assert_eq!(ask(&mut office, 1, Purpose::Input, Some(&second)), never(), "nothing pending");
}

#[test]
fn the_next_epochs_group_gets_keys_only_as_far_as_it_signs_at_once() {
    let (mut office, pending) = waiting();
    office.net.post_beacon();
    office.net.enigma.chain.mine_to(pending.block_number + 30);
    let next = office.epoch() + 1;
    let drawn = office.net.enigma.drawn(office.contract, next);
    assert_eq!(office.net.enigma.epoch_at(office.net.enigma.now()), next - 1, "not begun");
    for purpose in [Purpose::Input, Purpose::State] {
        office.ask_in_turn(drawn[0] as usize, purpose, (next, next), None).unwrap();
        for id in &drawn[1..] {
            let said = office.ask_in_turn(*id as usize, purpose, (next, next), Some(&pending));
            assert_eq!(said, refused(Code::NotDrawn), "its clock has not begun");
        }
    }
}

#[test]
fn older_state_keys_are_released_only_while_the_state_is_declared_lost_and_after_the_waiting_time() {
    let (mut office, _) = waiting();
    let now = office.epoch();
    let outside = Err(Refusal { code: Code::EpochNotReleased, detail: now });
    let first = |office: &mut Office, purpose, epoch| {
        let worker = office.net.in_turn(office.contract, 0);
        office.ask_as(worker, purpose, epoch, now)
    };
    assert_eq!(first(&mut office, Purpose::State, 3), outside, "sealed in 4");
    let since = office.net.enigma.now();
    office.net.enigma.declare_lost(office.contract, true);
    office.mine();
    while office.net.enigma.chain.height() < since + EPOCH {
        if office.net.enigma.chain.height() + 3 > since + EPOCH
            || office.net.enigma.chain.height() < since + 2
        {
            assert_eq!(first(&mut office, Purpose::State, 3), outside, "too early");
        }
        office.mine();
    }
    assert_eq!(office.epoch(), now, "no beacon, no new epoch");
    for epoch in 0..=now {
        first(&mut office, Purpose::State, epoch).unwrap();
    }
    assert_eq!(first(&mut office, Purpose::State, now + 1), outside);
    assert_eq!(first(&mut office, Purpose::Input, 2), outside, "inputs have a window, lost or not");
    // For another contract, and when it was found, nothing has changed.
    let lost = office.contract;
    office.contract = Address::from_word(keccak256("another contract"));
    office.record(4, 1);
    assert_eq!(first(&mut office, Purpose::State, 3), outside);
    office.contract = lost;
    first(&mut office, Purpose::State, 3).unwrap();
    office.net.enigma.declare_lost(lost, false);
    office.mine();
    assert_eq!(first(&mut office, Purpose::State, 3), outside, "found");
    first(&mut office, Purpose::State, 4).unwrap();
}
