//! Sealed keys and seats; the ceremony that deals them; the order of messages.

use alloy_primitives::keccak256;
use enigma_crypto::{
    sealed_box::{self, BoxPublicKey, BoxSecretKey},
    sign::recover,
    threshold,
};
use enigma_primitives::{Secret, tags};
use enigma_protocol::{
    door::{Code, Join, Refusal, UntrustedHeaders, UntrustedKeyRequest, UntrustedWorkerRequest, WorkerReply},
    genesis::{Dealing, GenesisSetup, Member},
    keys::commitments_hash,
    network::ERA,
    receipt::{domain_separator, key_generation_digest},
};
use enigma_tests::sealed::{Entropy, KeyDoor, Network, WorkerDoor};

fn not_sealed_here() -> Refusal {
    Code::NotSealedHere.into()
}

#[test]
fn an_identity_comes_back_on_its_machine_alone() {
    let first = WorkerDoor::new("first").start(7, None).unwrap();
    let again = WorkerDoor::new("second").start(7, Some(first.sealed.0.clone())).unwrap();
    assert_eq!((again.address, again.box_key), (first.address, first.box_key));
    assert_eq!(again, first, "evidence and measurement too");
    let elsewhere = WorkerDoor::new("second").start(8, Some(first.sealed.0.clone()));
    assert_eq!(elsewhere, Err(not_sealed_here()), "another machine");
    let other_enclave = KeyDoor::new("second").start(7, Some(first.sealed.0.clone()));
    assert_eq!(other_enclave, Err(not_sealed_here()), "another measurement");
    for byte in 0..first.sealed.0.len() {
        let mut changed = first.sealed.0.clone();
        changed[byte] ^= 0x10;
        assert_eq!(WorkerDoor::new("second").start(7, Some(changed)), Err(not_sealed_here()), "byte {byte}");
        let cut = first.sealed.0[..byte].to_vec();
        assert_eq!(WorkerDoor::new("second").start(7, Some(cut)), Err(not_sealed_here()), "length {byte}");
    }
    assert_ne!(WorkerDoor::new("second").start(7, None).unwrap().address, first.address, "a new one is new");
}

#[test]
fn a_seat_comes_back_on_its_machine_alone() {
    let mut net = Network::start();
    let (identity, seat) = net.sealed_keys[1].clone();
    let mut key = KeyDoor::new("a new life");
    key.start(2, Some(identity.clone())).unwrap();
    assert_eq!(key.resume(identity.clone()), Err(not_sealed_here()), "an identity is no seat");
    let mut changed = seat.clone();
    changed[100] ^= 1;
    assert_eq!(key.resume(changed), Err(not_sealed_here()));
    let resumed = key.resume(seat.clone()).unwrap();
    assert_eq!((resumed.member, resumed.descriptor), (2, net.descriptor.clone()));
    assert_eq!(resumed.commitments.0, net.commitments);
    key.follow(&net.enigma.chain).unwrap();
    let challenge = key.catch_up().unwrap().unwrap().challenge;
    key.statements(&net.heads(challenge, &[0, 2])).unwrap();
    assert_eq!(key.beacon(&net.enigma.chain, 3), net.keys[1].beacon(&net.enigma.chain, 3));

    let mut thief = KeyDoor::new("thief");
    thief.start(3, None).unwrap();
    assert_eq!(thief.resume(seat.clone()), Err(not_sealed_here()), "another machine");
    assert_eq!(
        KeyDoor::new("thief").start(2, Some(seat)).unwrap_err(),
        not_sealed_here(),
        "a seat is no identity"
    );
}

/// Four woken key enclaves and what they would agree to.
fn candidates() -> (Vec<KeyDoor>, GenesisSetup) {
    let mut doors: Vec<KeyDoor> = (1..=4).map(|i| KeyDoor::new(&format!("candidate {i}"))).collect();
    let members: Vec<Member> = (1..)
        .zip(&mut doors)
        .map(|(i, door)| door.start(i, None).unwrap())
        .map(|identity| Member { address: identity.address, box_key: identity.box_key })
        .collect();
    let mut descriptor = Network::unopened(Default::default()).descriptor;
    descriptor.public_key = [0; 96];
    (doors, GenesisSetup { descriptor, members: members.into(), threshold: 3 })
}

#[test]
fn every_member_signs_for_the_same_key_and_only_for_a_share_that_fits() {
    let (mut doors, setup) = candidates();
    let dealing = doors[1].deal(&setup).unwrap();
    let bad = |result: Result<_, Refusal>| {
        let refusal: Refusal = Result::<enigma_protocol::door::Accepted, _>::unwrap_err(result);
        assert_eq!(refusal, Code::BadDealing.into());
    };
    let wrong = |change: &dyn Fn(&mut GenesisSetup, &mut Dealing)| {
        let (mut setup, mut dealing) = (setup.clone(), dealing.clone());
        change(&mut setup, &mut dealing);
        (setup, dealing)
    };
    let wrongs = [
        wrong(&|_, d| d.shares.0.swap(2, 1)),
        wrong(&|_, d| d.shares.0[2].0[50] ^= 1),
        wrong(&|_, d| drop(d.shares.0.pop())),
        wrong(&|_, d| d.commitments.0.swap(1, 2)),
        wrong(&|_, d| d.commitments.0.truncate(2)),
        wrong(&|_, d| d.commitments.0[0] = [0; 96]),
        wrong(&|s, _| s.threshold = 2),
        wrong(&|s, _| s.descriptor.chain_id += 1),
        wrong(&|s, _| s.members.0.swap(2, 3)),
        wrong(&|s, _| s.members.0.rotate_left(1)),
    ];
    for (setup, dealing) in &wrongs {
        bad(doors[2].accept(setup, dealing));
    }
    let mut descriptor = setup.descriptor.clone();
    descriptor.public_key = dealing.commitments.0[0];
    let domain = domain_separator(descriptor.chain_id, descriptor.enigma);
    let digest = key_generation_digest(
        domain,
        ERA,
        keccak256(descriptor.public_key),
        commitments_hash(&dealing.commitments.0),
    );
    for (place, door) in doors.iter_mut().enumerate() {
        let accepted = door.accept(&setup, &dealing).unwrap();
        assert_eq!(usize::from(accepted.member), place + 1);
        assert_eq!(recover(digest, &accepted.signature), Ok(setup.members.0[place].address));
        let twice = door.accept(&setup, &dealing).unwrap_err();
        assert_eq!(twice, Code::OutOfOrder.into(), "one seat");
        assert_eq!(door.deal(&setup).unwrap_err(), Code::OutOfOrder.into());
    }
}

/// A dealer that hands out a polynomial of a lower degree, so that fewer members make the key.
#[test]
fn a_dealer_cannot_lower_the_threshold() {
    let (mut doors, setup) = candidates();
    let mut entropy = Entropy::new("dealer");
    for (dealt, accepted) in [(2u8, false), (3, true), (4, false)] {
        let seeds: Vec<_> = (0..dealt).map(|_| Secret::from_bytes(entropy.bytes())).collect();
        let (polynomial, shares) = threshold::deal(4, dealt, &seeds).unwrap();
        let boxes = setup.members.0.iter().zip(&shares).map(|(member, share)| {
            let ephemeral = BoxSecretKey::new(Secret::from_bytes(entropy.bytes()));
            let to = BoxPublicKey(member.box_key);
            let seal =
                |s: &[u8; 32]| sealed_box::seal(&to, ephemeral, tags::DEAL, setup.hash().as_slice(), s);
            share.to_bytes().expose(seal).unwrap().into()
        });
        let commitments: Vec<_> = polynomial.commitments().iter().map(|c| c.to_bytes()).collect();
        let dealing = Dealing { commitments: commitments.into(), shares: boxes.collect::<Vec<_>>().into() };
        assert_eq!(doors[2].accept(&setup, &dealing).is_ok(), accepted, "degree of {dealt}");
    }
}

#[test]
fn committees_without_a_threshold_are_not_dealt() {
    let (mut doors, setup) = candidates();
    for threshold in [0, 1, 5, 255] {
        let refused = doors[0].deal(&GenesisSetup { threshold, ..setup.clone() });
        assert_eq!(refused, Err(Code::BadDealing.into()), "threshold {threshold}");
    }
    let alone = GenesisSetup { members: setup.members.0[..1].to_vec().into(), ..setup.clone() };
    assert_eq!(doors[0].deal(&alone), Err(Code::BadDealing.into()));
    let crowd = GenesisSetup { members: vec![setup.members.0[0].clone(); 64].into(), ..setup };
    doors[0].deal(&crowd).unwrap();
}

#[test]
fn messages_out_of_order_are_refused() {
    let net = Network::start();
    let headers = UntrustedHeaders { headers: Vec::new().into() };
    let mut key = KeyDoor::new("fresh");
    let out_of_order: Refusal = Code::OutOfOrder.into();
    assert_eq!(key.resume(net.sealed_keys[0].1.clone()), Err(out_of_order.clone()));
    let reply = key.ask(&UntrustedKeyRequest::Headers(headers.clone()));
    assert_eq!(reply, enigma_protocol::door::KeyEnclaveReply::Refused(out_of_order.clone()));
    key.start(1, None).unwrap();
    assert_eq!(key.start(1, None), Err(out_of_order.clone()), "awake already");

    let mut worker = WorkerDoor::new("fresh");
    assert_eq!(worker.join(&net.descriptor, &net.commitments), Err(out_of_order.clone()));
    worker.start(1, None).unwrap();
    let reply = worker.ask(&UntrustedWorkerRequest::Headers(headers));
    assert_eq!(reply, WorkerReply::Refused(out_of_order.clone()));
    worker.join(&net.descriptor, &net.commitments).unwrap();
    assert_eq!(worker.join(&net.descriptor, &net.commitments), Err(out_of_order), "one network");
}

#[test]
fn a_network_of_another_verifier_ruleset_or_key_is_not_joined() {
    let net = Network::start();
    let mut worker = WorkerDoor::new("fresh");
    worker.start(1, None).unwrap();
    let mut refused = |change: &dyn Fn(&mut Join)| {
        let mut join =
            Join { descriptor: net.descriptor.clone(), commitments: net.commitments.clone().into() };
        change(&mut join);
        let reply = worker.ask(&UntrustedWorkerRequest::Join(join));
        assert_eq!(reply, WorkerReply::Refused(Code::WrongNetwork.into()));
    };
    refused(&|j| j.descriptor.verifier = 2);
    refused(&|j| j.descriptor.verifier = 0);
    refused(&|j| j.descriptor.ruleset = 2);
    refused(&|j| j.descriptor.public_key = j.commitments.0[1]);
    refused(&|j| j.commitments.0.swap(0, 1));
    refused(&|j| j.commitments.0.clear());
    refused(&|j| j.commitments.0[2] = [0; 96]);
    worker.join(&net.descriptor, &net.commitments).unwrap();
}
