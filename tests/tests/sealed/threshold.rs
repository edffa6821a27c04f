//! t of n key enclaves, no fewer; a wrong one is named.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use enigma_crypto::{
    bls,
    sealed_box::{self, BoxPublicKey, BoxSecretKey},
};
use enigma_primitives::{Secret, tags};
use enigma_protocol::{
    door::{Code, Refusal, WorkerReply},
    keys::{KeyReply, KeyRequest},
};
use enigma_tests::sealed::{Entropy, Network, Terms, WorkerDoor};

use crate::abi::*;

/// A worker that has asked for keys, its requests, and what each of the four members answers to each.
fn asked() -> (Network, WorkerDoor, Vec<KeyRequest>, Vec<Vec<KeyReply>>) {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract: Address = net.deploy(&mut alice, "root", 5, 1).contract;
    net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    net.enigma.chain.mine();
    let place = net.rank(contract, 0);
    let tip = net.workers[place].follow(&net.enigma.chain).unwrap();
    let mut slots = std::collections::BTreeSet::new();
    let requests = loop {
        let question = net.question(contract, 2, &slots, tip);
        let WorkerReply::Need(need) = net.workers[place].execute(question) else { panic!("no need") };
        slots.extend(need.slots.0);
        if !need.keys.0.is_empty() {
            break need.keys.0;
        }
    };
    let replies: Vec<_> = requests.iter().map(|r| net.gather(r).unwrap()).collect();
    assert!(replies.iter().all(|r| r.len() == 4));
    let worker = net.workers[place].again();
    (net, worker, requests, replies)
}

fn wrong_partial(member: u8) -> Refusal {
    Refusal { code: Code::WrongPartial, detail: member.into() }
}

#[test]
fn all_triples_open_and_no_pair_does() {
    let (_net, worker, requests, replies) = asked();
    assert_eq!(requests.len(), 2, "an input key and a state key");
    for (request, replies) in requests.iter().zip(&replies) {
        let (mut triples, mut pairs) = (0, 0);
        for set in 0u32..16 {
            let chosen: Vec<KeyReply> =
                (0..4).filter(|i| set >> i & 1 == 1).map(|i| replies[i as usize].clone()).collect();
            let mut fresh = worker.again();
            let taken = fresh.keys(request, &chosen);
            match chosen.len() {
                3 | 4 => assert_eq!(taken, Ok(())),
                _ => assert_eq!(taken, Err(Code::UnusableReplies.into())),
            }
            triples += u32::from(chosen.len() == 3);
            pairs += u32::from(chosen.len() == 2);
            if chosen.len() == 2 {
                // The same member twice is still one member.
                let padded = [&chosen[..], &chosen[..1]].concat();
                assert_eq!(fresh.keys(request, &padded), Err(wrong_partial(chosen[0].member)));
                // And the refusals have spoilt nothing.
                assert_eq!(fresh.keys(request, replies), Ok(()));
            }
        }
        assert_eq!((triples, pairs), (4, 6));
    }
}

#[test]
fn any_triple_gives_the_same_key() {
    let (mut net, worker, requests, replies) = asked();
    let contract = requests[0].contract;
    let place = net.rank(contract, 0);
    let mut receipts = Vec::new();
    for without in 0..4 {
        net.workers[place] = worker.again();
        for (request, replies) in requests.iter().zip(&replies) {
            let mut three = replies.clone();
            three.remove(without);
            net.workers[place].keys(request, &three).unwrap();
        }
        receipts.push(net.execute(place, contract, 2).unwrap());
    }
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
}

/// The answer of a member that evaluates something else, well formed and in a box that opens.
fn forged(request: &KeyRequest, honest: &KeyReply) -> KeyReply {
    let mut entropy = Entropy::new("forger");
    let point = bls::evaluate(&entropy.scalar(), request.purpose.curve_tag(), &request.message());
    let aad = honest.associated_data(request.digest());
    let sealed = sealed_box::seal(
        &BoxPublicKey(request.reply_to),
        BoxSecretKey::new(Secret::from_bytes(entropy.bytes())),
        tags::KEY_REPLY_BOX,
        aad.as_slice(),
        &point.to_bytes(),
    );
    KeyReply { sealed: sealed.unwrap().into(), ..honest.clone() }
}

#[test]
fn a_wrong_partial_names_its_member_and_the_others_go_on() {
    let (_net, worker, requests, replies) = asked();
    let (request, replies) = (&requests[0], &replies[0]);
    for bad in 0..4usize {
        let mut fresh = worker.again();
        let mut answers = replies.clone();
        answers[bad] = forged(request, &replies[bad]);
        answers.swap(0, bad); // among the first three
        assert_eq!(fresh.keys(request, &answers), Err(wrong_partial(bad as u8 + 1)));
        answers.remove(0);
        assert_eq!(fresh.keys(request, &answers), Ok(()));
    }
}

#[test]
fn a_partial_under_another_number_in_another_box_or_damaged_names_its_member() {
    let (_net, worker, requests, replies) = asked();
    let (request, all) = (&requests[0], &replies);
    let mut fresh = worker.again();
    let mut refused = |change: &dyn Fn(&mut Vec<KeyReply>)| {
        let mut answers = all[0].clone();
        change(&mut answers);
        fresh.keys(request, &answers).unwrap_err()
    };
    assert_eq!(refused(&|a| a[1].member = 4), wrong_partial(4), "another number");
    assert_eq!(refused(&|a| a[1].member = 0), wrong_partial(0), "no number");
    assert_eq!(refused(&|a| a[1].member = 255), wrong_partial(255), "no number");
    assert_eq!(refused(&|a| a[1].sealed = a[0].sealed.clone()), wrong_partial(2), "another's box");
    assert_eq!(refused(&|a| a[1] = all[1][1].clone()), wrong_partial(2), "the box of another request");
    for byte in [0, 31, 32, 60, 95] {
        assert_eq!(refused(&|a| a[2].sealed.0[byte] ^= 1), wrong_partial(3), "byte {byte}");
    }
    assert_eq!(refused(&|a| a[2].sealed.0.clear()), wrong_partial(3), "nothing");
    assert_eq!(refused(&|a| a[0].generation = 2), Refusal::from(Code::UnusableReplies), "another generation");
    let foreign = refused(&|a| a[0].block_number += 1);
    assert_eq!(foreign, Refusal { code: Code::ForeignBlock, detail: all[0][0].block_number + 1 });
    assert_eq!(fresh.keys(request, &all[0]), Ok(()));
}
