//! A key enclave of a later life serves nobody before it has shown that it is where the others are.

use alloy_primitives::{Address, B256, keccak256};
use alloy_sol_types::SolCall;
use enigma_crypto::bls;
use enigma_primitives::tags;
use enigma_protocol::{
    door::{Code, KeyEnclaveReply, Refusal, UntrustedKeyRequest, UntrustedRelease, WorkerReply, unframe},
    keys::KeyRequest,
    network::head_message,
    peer::HeadStatement,
};
use enigma_tests::sealed::{Entropy, KeyDoor, Network, Terms};

use crate::abi::*;

fn behind(block: u64) -> Refusal {
    Refusal { code: Code::Behind, detail: block }
}

fn wrong(member: u8) -> Refusal {
    Refusal { code: Code::WrongStatement, detail: member.into() }
}

/// A network whose members all follow its chain, and a request that every one of them answers.
fn running() -> (Network, KeyRequest) {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    net.next_epoch();
    let request = request(&mut net, contract);
    net.gather(&request).unwrap();
    (net, request)
}

/// What the worker whose turn is first asks for.
fn request(net: &mut Network, contract: Address) -> KeyRequest {
    let worker = net.in_turn(contract, 0);
    let tip = net.workers[worker].follow(&net.enigma.chain).unwrap();
    let mut slots = net.workers[worker].usual().clone();
    for _ in 0..9 {
        let question = net.question(contract, 1, &slots, tip);
        let WorkerReply::Need(need) = net.workers[worker].execute(question) else {
            panic!("no need");
        };
        slots.extend(need.slots.0);
        if let Some(request) = need.keys.0.into_iter().next() {
            return request;
        }
    }
    panic!("no end of facts");
}

fn challenge(key: &mut KeyDoor) -> B256 {
    let lacking = key.catch_up().unwrap().expect("not caught up");
    assert_eq!(lacking.needed, 2, "of a committee with threshold 3");
    lacking.challenge
}

#[test]
fn a_rewound_key_enclave_serves_nobody_until_it_has_caught_up() {
    let (mut net, request) = running();
    let height = net.enigma.chain.height();
    let old = net.enigma.chain.fork(height - 4);
    let mut key = net.reborn(0, "rewound");
    // On the old chain it would answer: it is of the epoch before, when another worker was entitled.
    key.follow(&old).unwrap();
    for epoch in [2, 3] {
        assert_eq!(key.beacon(&old, epoch), Err(behind(0)));
    }
    assert_eq!(key.release(&old, &request), Err(behind(0)));

    let challenge = challenge(&mut key);
    let heads = net.heads(challenge, &[1, 2]);
    assert_eq!(heads[0].number, height);
    assert_eq!(key.statements(&heads), Err(behind(height)));
    assert_eq!(key.catch_up(), Err(behind(height)));
    assert_eq!(key.release(&old, &request), Err(behind(height)));
    // Following is not enough for somebody who has not looked; looking is.
    key.follow(&net.enigma.chain).unwrap();
    assert_eq!(key.release(&net.enigma.chain, &request), Err(behind(height)));
    assert_eq!(key.catch_up(), Ok(None));
    key.release(&net.enigma.chain, &request).unwrap();
    assert_eq!(key.beacon(&net.enigma.chain, 3), net.keys[0].beacon(&net.enigma.chain, 3));
    // From then on, whatever comes, it serves.
    let elsewhere = net.enigma.chain.fork(height - 1);
    let mut ahead = elsewhere.clone();
    ahead.mine_to(height + 3);
    for seat in [1, 2] {
        net.keys[seat].follow(&ahead).unwrap();
    }
    let heads = net.heads(challenge, &[1, 2]);
    assert_eq!(key.statements(&heads), Ok(()));
    assert_eq!(key.catch_up(), Ok(None));
    key.release(&net.enigma.chain, &request).unwrap();
}

#[test]
fn the_goal_is_the_head_that_t_members_are_at_with_this_one() {
    let (mut net, _) = running();
    let height = net.enigma.chain.height();
    for seat in 1..4 {
        net.enigma.chain.mine();
        net.keys[seat].follow(&net.enigma.chain).unwrap();
    }
    let at = |heads: &[HeadStatement]| heads.iter().map(|h| h.number - height).collect::<Vec<_>>();
    // Whoever answers, it takes the second highest: of two, the lower.
    for (seats, goal) in [(&[1, 2][..], 1), (&[3, 1], 1), (&[2, 3], 2), (&[1, 2, 3], 2), (&[3, 1, 2], 2)] {
        let mut key = net.reborn(0, "reborn");
        let heads = net.heads(challenge(&mut key), seats);
        assert_eq!(at(&heads), seats.iter().map(|s| *s as u64).collect::<Vec<_>>());
        assert_eq!(key.statements(&heads), Err(behind(height + goal)));
        let view = net.enigma.chain.fork(height + goal - 1);
        key.follow(&view).unwrap();
        assert_eq!(key.catch_up(), Err(behind(height + goal)), "one block short");
        key.follow(&net.enigma.chain.fork(height + goal)).unwrap();
        assert_eq!(key.catch_up(), Ok(None));
    }
}

#[test]
fn a_block_of_another_branch_is_not_the_goal() {
    let (mut net, _) = running();
    let height = net.enigma.chain.height();
    let mut branch = net.enigma.chain.fork(height - 1);
    branch.mine_to(height + 2);
    let mut key = net.reborn(0, "reborn");
    key.follow(&branch).unwrap();
    let challenge = challenge(&mut key);
    let heads = net.heads(challenge, &[1, 2]);
    assert_eq!(key.statements(&heads), Err(behind(height)), "that number it has, with another hash");
    // The others come over to the branch: newer statements count.
    for seat in [1, 2] {
        net.keys[seat].follow(&branch).unwrap();
    }
    let heads = net.heads(challenge, &[1, 2]);
    assert_eq!(key.statements(&heads), Ok(()));
}

#[test]
fn a_statement_for_another_challenge_is_refused() {
    let (mut net, request) = running();
    let mut key = net.reborn(0, "a second life");
    let old = challenge(&mut key);
    assert_eq!(challenge(&mut key), old, "one challenge a life");
    let recorded = net.heads(old, &[1, 2]);
    let mut key = net.reborn(0, "a third life");
    key.follow(&net.enigma.chain).unwrap();
    let fresh = challenge(&mut key);
    assert_ne!(fresh, old);
    assert_eq!(key.statements(&recorded), Err(wrong(2)));
    let good = net.heads(fresh, &[1, 2]);
    assert_eq!(key.statements(&[good[0].clone(), recorded[1].clone()]), Err(wrong(3)));
    assert_eq!(key.release(&net.enigma.chain, &request), Err(behind(0)), "nothing came of it");
    key.statements(&good).unwrap();
    key.release(&net.enigma.chain, &request).unwrap();
}

#[test]
fn forged_statements_name_their_member() {
    let (mut net, _) = running();
    let mut key = net.reborn(0, "reborn");
    key.follow(&net.enigma.chain).unwrap();
    let challenge = challenge(&mut key);
    let good = net.heads(challenge, &[1, 2]);
    let mut refused = |change: &dyn Fn(&mut HeadStatement)| {
        let mut heads = good.clone();
        change(&mut heads[1]);
        key.statements(&heads).unwrap_err()
    };
    assert_eq!(refused(&|h| h.number -= 1), wrong(3), "another number");
    assert_eq!(refused(&|h| h.number = 0), wrong(3));
    assert_eq!(refused(&|h| h.hash.0[31] ^= 1), wrong(3), "another hash");
    assert_eq!(refused(&|h| h.partial = good[0].partial), wrong(3), "another member's");
    assert_eq!(refused(&|h| h.partial[40] ^= 1), wrong(3), "no point, or another");
    assert_eq!(refused(&|h| h.partial = [0; 48]), wrong(3), "no point");
    assert_eq!(refused(&|h| h.member = 4), wrong(4), "under another number");
    assert_eq!(refused(&|h| h.member = 0), wrong(0), "under no number");
    assert_eq!(refused(&|h| h.member = 255), wrong(255));
    // A made up key, a beacon's or another network's message: all well formed.
    let network = net.descriptor.network();
    let forge = |network, tag| {
        let message = head_message(network, challenge, good[1].number, good[1].hash);
        bls::evaluate(&Entropy::new("forger").scalar(), tag, &message).to_bytes()
    };
    assert_eq!(refused(&|h| h.partial = forge(network, tags::CURVE_HEAD)), wrong(3));
    assert_eq!(refused(&|h| h.partial = forge(keccak256("other"), tags::CURVE_BEACON)), wrong(3));
    assert_eq!(key.catch_up().unwrap().unwrap().challenge, challenge, "no refusal has changed anything");
    key.statements(&good).unwrap();
}

#[test]
fn its_own_word_and_one_members_word_twice_are_too_few() {
    let (mut net, request) = running();
    let mut key = net.reborn(0, "reborn");
    key.follow(&net.enigma.chain).unwrap();
    let challenge = challenge(&mut key);
    let own = key.statement(challenge).unwrap();
    // A clone of it on the same machine says the same.
    assert_eq!(net.keys[0].statement(challenge).unwrap(), own);
    let other = net.heads(challenge, &[1]).remove(0);
    net.enigma.chain.mine();
    net.keys[1].follow(&net.enigma.chain).unwrap();
    let later = net.heads(challenge, &[1]).remove(0);
    assert_ne!(later, other);
    for too_few in [
        &[][..],
        std::slice::from_ref(&own),
        std::slice::from_ref(&other),
        &[own.clone(), other.clone()],
        &[other.clone(), own.clone(), other.clone()],
        &[other.clone(), later, other.clone(), own.clone()],
    ] {
        assert_eq!(key.statements(too_few), Err(behind(0)));
    }
    assert_eq!(key.release(&net.enigma.chain, &request), Err(behind(0)));
    let second = net.heads(challenge, &[2]).remove(0);
    key.statements(&[other, second]).unwrap();
}

/// The dealing of genesis is public, and opens to whoever has the identity: accepting it anew is a later life, too.
#[test]
fn a_dealing_accepted_again_by_an_old_identity_is_no_way_around() {
    let (net, request) = running();
    let mut key = KeyDoor::new("again");
    let (identity, _) = net.sealed_keys[1].clone();
    key.start(2, Some(identity)).unwrap();
    // The first life's second frame: its host kept it.
    let accept = net.keys[1].frames[1].clone();
    let reply: KeyEnclaveReply = unframe(&key.raw(&accept)).unwrap();
    assert!(matches!(reply, KeyEnclaveReply::Accepted(_)));
    let question =
        UntrustedRelease { request, pending: None, facts: net.enigma.chain.prove(2, &Default::default()) };
    let reply = key.ask(&UntrustedKeyRequest::Release(question));
    assert_eq!(reply, KeyEnclaveReply::Refused(behind(0)));
    challenge(&mut key);
}

#[test]
fn a_committee_that_restarts_at_once_catches_up_with_itself() {
    let (mut net, request) = running();
    net.keys = (0..4).map(|member| net.reborn(member, "reborn")).collect();
    let refused = net.gather(&request).unwrap_err();
    assert_eq!(refused, behind(0));
    for member in 0..4 {
        net.keys[member].follow(&net.enigma.chain).unwrap();
    }
    for member in 0..4 {
        let challenge = challenge(&mut net.keys[member]);
        let others: Vec<usize> = (0..4).filter(|other| *other != member).collect();
        let heads = net.heads(challenge, &others);
        net.keys[member].statements(&heads).unwrap();
    }
    assert_eq!(net.gather(&request).unwrap().len(), 4);
    net.next_epoch();
}

#[test]
fn without_a_seat_there_is_nothing_to_say() {
    let out_of_order: Refusal = Code::OutOfOrder.into();
    let mut key = KeyDoor::new("no seat");
    for awake in [false, true] {
        if awake {
            key.start(1, None).unwrap();
        }
        assert_eq!(key.statement(B256::ZERO), Err(out_of_order.clone()));
        assert_eq!(key.catch_up(), Err(out_of_order.clone()));
        assert_eq!(key.statements(&[]), Err(out_of_order.clone()));
    }
}
