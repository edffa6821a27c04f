//! A world rebuilt: from the last snapshot, from an older one, from nothing; and from what is none of these.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use enigma_protocol::{
    door::{Code, Executed, Refusal, UntrustedFold, UntrustedSkip, UntrustedStep},
    input::Kind,
    snapshot::{CHUNK, Manifest},
    state::UntrustedState,
};
use enigma_tests::sealed::{Client, Network, Plan, Terms};

use crate::abi::*;

/// Blocks of an epoch.
const EPOCH: u64 = 32;

fn put(slot: u64, value: u64) -> Vec<u8> {
    putCall { slot: U256::from(slot), value: U256::from(value) }.abi_encode()
}

/// Snapshots of epochs 2, 3 and 4, tasks in each, an input skipped between the second and the third, and one pending.
fn aged() -> (Network, Client, Address) {
    let mut net = Network::planned(Plan { epoch_length: EPOCH, ..Plan::default() });
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.call(&mut alice, contract, &put(1, 11), &Terms::default());
    net.work(contract);
    net.next_epoch();
    for value in [12, 13] {
        net.call(&mut alice, contract, &put(1, value), &Terms::default());
        net.work(contract);
    }
    net.call(&mut alice, contract, &put(1, 666), &Terms::default());
    net.enigma.chain.mine_to(net.enigma.now() + 2 * EPOCH);
    net.enigma.skip(contract).unwrap();
    net.enigma.chain.mine();
    net.next_epoch();
    net.call(&mut alice, contract, &put(2, 22), &Terms::default());
    net.work(contract);
    net.call(&mut alice, contract, &put(3, 33), &Terms::default());
    net.enigma.chain.mine();
    assert_eq!(net.enigma.events[&contract].bases.len(), 3);
    (net, alice, contract)
}

/// The receipt of a fresh enclave that is given this state.
fn from(net: &mut Network, contract: Address, state: &UntrustedState) -> Result<Executed, Refusal> {
    let worker = net.in_turn(contract, 0);
    net.restart(worker);
    net.execute_on(worker, contract, 1, state)
}

fn declare_lost(net: &mut Network, contract: Address) {
    let since = net.enigma.now();
    net.enigma.declare_lost(contract, true);
    net.enigma.chain.mine_to(since + EPOCH);
}

#[test]
fn a_state_from_an_older_snapshot_or_from_nothing_is_the_world() {
    let (mut net, _, contract) = aged();
    let events = net.enigma.events[&contract].clone();
    let older = [events.state_from(1), events.state_from(0), events.state_from_nothing()];
    let folds = |s: &UntrustedState| s.steps.iter().filter(|s| matches!(s, UntrustedStep::Folded(_))).count();
    let skips =
        |s: &UntrustedState| s.steps.iter().filter(|s| matches!(s, UntrustedStep::Skipped(_))).count();
    assert_eq!(older.each_ref().map(|s| (folds(s), skips(s))), [(1, 1), (2, 1), (3, 1)]);
    // Nobody has the keys for that, as long as the last snapshot is not lost.
    let now = net.enigma.epoch();
    for state in &older {
        let refusal = from(&mut net, contract, state).unwrap_err();
        assert_eq!(refusal, Refusal { code: Code::EpochNotReleased, detail: now });
    }
    declare_lost(&mut net, contract);
    assert_eq!(net.enigma.epoch(), now);
    let whole = from(&mut net, contract, &events.state()).unwrap();
    for state in &older {
        assert_eq!(from(&mut net, contract, state).unwrap(), whole, "every byte of it");
    }
    net.enigma.commit(&whole, &[whole.signature]).unwrap();
    net.enigma.chain.mine();
}

#[test]
fn an_older_state_is_the_world_for_the_next_epochs_snapshot_too() {
    let (mut net, _, contract) = aged();
    net.next_epoch();
    declare_lost(&mut net, contract);
    let events = net.enigma.events[&contract].clone();
    let whole = from(&mut net, contract, &events.state()).unwrap();
    assert!(whole.snapshot.is_some(), "first commit of its epoch");
    for state in [events.state_from(1), events.state_from(0), events.state_from_nothing()] {
        assert_eq!(from(&mut net, contract, &state).unwrap(), whole);
    }
}

#[test]
fn stale_forged_and_misplaced_steps_are_refused() {
    let (mut net, _, contract) = aged();
    declare_lost(&mut net, contract);
    let events = net.enigma.events[&contract].clone();
    let good = events.state_from(0);
    let kinds: String = good
        .steps
        .iter()
        .map(|step| match step {
            UntrustedStep::Delta(_) => 'd',
            UntrustedStep::Skipped(_) => 's',
            UntrustedStep::Folded(_) => 'f',
        })
        .collect();
    assert_eq!(kinds, "ddfddsfd");
    let (fold, skip) = (2, 5);
    let fold_of = |s: &mut UntrustedState, place: usize, change: &dyn Fn(&mut UntrustedFold)| {
        let UntrustedStep::Folded(fold) = &mut s.steps[place] else { panic!("no fold") };
        change(fold);
    };
    let mut wrong: Vec<(&str, UntrustedState)> = Vec::new();
    let mut add = |name: &'static str, change: &dyn Fn(&mut UntrustedState)| {
        let mut state = good.clone();
        change(&mut state);
        wrong.push((name, state));
    };
    add("stale: it ends before the last fold", &|s| s.steps.truncate(6));
    add("stale: it ends before the skip", &|s| s.steps.truncate(5));
    add("the skip left out", &|s| drop(s.steps.remove(skip)));
    add("the skip twice", &|s| s.steps.insert(skip, s.steps[skip].clone()));
    add("another input skipped", &|s| {
        let UntrustedStep::Skipped(skipped) = &mut s.steps[skip] else { panic!("no skip") };
        skipped.input_hash = B256::ZERO;
    });
    add("a task called a skip", &|s| {
        let UntrustedStep::Delta(delta) = &s.steps[0] else { panic!("no delta") };
        let input_hash = delta.input_hash;
        s.steps[0] = UntrustedStep::Skipped(UntrustedSkip { input_hash });
    });
    add("a fold left out", &|s| drop(s.steps.remove(fold)));
    add("a fold of another snapshot", &|s| fold_of(s, fold, &|f| f.snapshot_hash = B256::ZERO));
    add("the folds swapped", &|s| s.steps.swap(fold, 6));
    add("a skip and a fold swapped", &|s| s.steps.swap(5, 6));
    // The epochs of folds are no part of the heads: the order, and then the cipher, refuse others.
    add("a fold of its own epoch", &|s| fold_of(s, fold, &|f| f.epoch -= 1));
    add("folds of one epoch", &|s| fold_of(s, fold, &|f| f.epoch += 1));
    add("a fold of epoch 0", &|s| fold_of(s, fold, &|f| f.epoch = 0));
    add("the last fold of a later epoch", &|s| fold_of(s, 6, &|f| f.epoch += 1));
    add("the last fold of no epoch", &|s| fold_of(s, 6, &|f| f.epoch = u64::MAX));
    add("the snapshot of an earlier epoch", &|s| s.base.as_mut().unwrap().epoch -= 1);
    add("the snapshot of epoch 0", &|s| s.base.as_mut().unwrap().epoch = 0);
    add("a snapshot that came later", &|s| s.base = Some(events.bases[1].0.clone()));
    add("nothing to start from", &|s| s.base = None);
    let from_nothing = events.state_from_nothing();
    add("a delta before any epoch", &|s| {
        *s = from_nothing.clone();
        s.steps.remove(0);
    });
    for (name, state) in wrong {
        assert_eq!(from(&mut net, contract, &state), Err(Code::WrongState.into()), "{name}");
    }
    from(&mut net, contract, &good).unwrap();
}

/// A contract that writes the complements of the numbers from the first argument to the second into the slots of these
/// numbers. First what returns the code, then the code.
const FILL: [u8; 32] = [
    0x60, 23, 0x80, 0x60, 9, 0x5f, 0x39, 0x5f, 0xf3, // codecopy(0, 9, 23), return(0, 23)
    0x5f, 0x35, // i
    0x5b, 0x80, 0x60, 32, 0x35, 0x14, 0x60, 21, 0x57, // until it is the end:
    0x80, 0x19, 0x81, 0x55, // slot i = ~i
    0x60, 1, 0x01, 0x60, 2, 0x56, // i + 1, and on
    0x5b, 0x00,
];

/// A contract with two committed snapshots of several chunks, and an input that waits.
fn large() -> (Network, Address) {
    let mut net = Network::planned(Plan { epoch_length: EPOCH, ..Plan::default() });
    let mut alice = net.client("alice");
    let contract = Address::from_word(keccak256("large"));
    net.enigma.create(contract, 1, 0);
    let terms = Terms { gas_limit: 16_000_000, commit_gas: 5_000_000, ..Terms::default() };
    let epoch = net.enigma.epoch();
    let letter = alice.seal(&alice.binding(Kind::Deploy, contract, epoch), b"");
    net.enigma.submit(Kind::Deploy, contract, alice.address, &terms, epoch, &letter.envelope, &FILL);
    let fill = |from: u64| [from, from + 650].map(|n| U256::from(n).to_be_bytes::<32>()).concat();
    net.work(contract);
    for part in 0..8 {
        if part >= 6 {
            net.next_epoch();
        }
        // Each is a receipt of its own.
        net.call(&mut alice, contract, &fill(300 + 650 * part), &terms);
        net.work(contract);
    }
    net.call(&mut alice, contract, &fill(0), &terms);
    net.enigma.chain.mine();
    (net, contract)
}

#[test]
fn ranges_and_chunks_of_another_snapshot_are_refused() {
    let (mut net, contract) = large();
    let good = net.enigma.events[&contract].state();
    let sealed = good.base.as_ref().unwrap().snapshot.0.clone();
    let older = net.enigma.events[&contract].bases[1].0.snapshot.0.clone();
    let (manifest, other) = (Manifest::of(&sealed), Manifest::of(&older));
    assert!(manifest.hashes.0.len() >= 2 && other.hashes.0.len() >= 2, "{} bytes", sealed.len());
    assert_ne!(manifest.hash(), other.hash());
    for (index, chunk) in older.chunks(CHUNK).enumerate() {
        assert!(!manifest.has(index, chunk), "a chunk of another snapshot");
        assert!(!other.has(index, sealed.chunks(CHUNK).nth(index).unwrap()), "another snapshot's manifest");
        assert!(other.has(index, chunk));
    }
    // What a host puts together of them is none of them.
    let split = |bytes: &[u8]| bytes.chunks(CHUNK).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (ours, theirs) = (split(&sealed), split(&older));
    let with = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut parts = ours.clone();
        change(&mut parts);
        let mut state = good.clone();
        state.base.as_mut().unwrap().snapshot = parts.concat().into();
        state
    };
    let last = ours.len() - 1;
    let wrong = [
        ("the first chunk of the other", with(&|c| c[0].clone_from(&theirs[0]))),
        ("the last chunk of the other", with(&|c| c[last].clone_from(&theirs[last]))),
        ("all of the other", with(&|c| c.clone_from(&theirs))),
        ("swapped", with(&|c| c.swap(0, 1))),
        ("a chunk short", with(&|c| drop(c.pop()))),
        ("only the others", with(&|c| drop(c.remove(0)))),
        ("a chunk twice", with(&|c| c.push(ours[0].clone()))),
        ("a byte short", with(&|c| c[0].truncate(CHUNK - 1))),
        ("the range one byte on", with(&|c| c[0] = sealed[1..=CHUNK].to_vec())),
    ];
    for (name, state) in wrong {
        assert_eq!(from(&mut net, contract, &state), Err(Code::WrongState.into()), "{name}");
    }
    let executed = from(&mut net, contract, &good).unwrap();
    net.enigma.commit(&executed, &[executed.signature]).unwrap();
}
