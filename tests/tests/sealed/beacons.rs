//! The beacon: never before its epoch's predecessor has begun.

use enigma_protocol::{
    door::{Code, KeyEnclaveReply, Refusal, UntrustedBeacon, UntrustedFacts, UntrustedKeyRequest},
    network::{ERA, seed},
};
use enigma_tests::sealed::{KeyDoor, Network};

fn not_yet(begun: u64) -> Refusal {
    Refusal { code: Code::EpochNotReleased, detail: begun }
}

#[test]
fn a_beacon_is_not_signed_before_the_epoch_before_has_begun() {
    let mut net = Network::start();
    for _ in 0..3 {
        let (epoch, start) = net.post_beacon();
        // The next one is known and has a first block; until that block nobody signs what comes after it.
        while net.enigma.chain.height() < start {
            for key in &mut net.keys {
                assert_eq!(key.beacon(&net.enigma.chain, epoch + 1), Err(not_yet(epoch - 1)));
                key.beacon(&net.enigma.chain, epoch).unwrap();
            }
            net.enigma.chain.mine();
        }
        for key in &mut net.keys {
            key.beacon(&net.enigma.chain, epoch + 1).unwrap();
            assert_eq!(key.beacon(&net.enigma.chain, epoch + 2), Err(not_yet(epoch)));
            assert_eq!(key.beacon(&net.enigma.chain, u64::MAX), Err(not_yet(epoch)));
        }
    }
}

#[test]
fn no_beacon_before_genesis() {
    let mut net = Network::unopened(Default::default());
    net.enigma.chain = net.enigma.chain.fork(1);
    net.enigma.chain.mine_to(4);
    let refusal = net.keys[0].beacon(&net.enigma.chain, 1).unwrap_err();
    assert_eq!(refusal.code, Code::NotStarted);
}

#[test]
fn no_beacon_without_a_chain() {
    let mut net = Network::start();
    // The life in which the seat was taken, before it was fed any header.
    let mut fresh = KeyDoor::new("key 2");
    for frame in &net.keys[1].frames[..2] {
        fresh.raw(frame);
    }
    let facts = UntrustedFacts {
        account: Default::default(),
        account_proof: Default::default(),
        slots: Default::default(),
    };
    let question = UntrustedKeyRequest::Beacon(UntrustedBeacon { epoch: 2, facts });
    let refusal = Refusal { code: Code::UnknownBlock, detail: 1 };
    assert_eq!(fresh.ask(&question), KeyEnclaveReply::Refused(refusal));
    let all = net.enigma.chain.headers(2, net.enigma.chain.height());
    assert!(matches!(fresh.ask(&UntrustedKeyRequest::Headers(all)), KeyEnclaveReply::View(_)));
    assert!(matches!(fresh.ask(&question), KeyEnclaveReply::Need(_)));
    net.keys[1].beacon(&net.enigma.chain, 2).unwrap();
}

#[test]
fn any_three_members_make_the_same_seed() {
    let mut net = Network::start();
    let network = net.descriptor.network();
    let first = seed(network, ERA, 3, &net.beacon(3).to_eip2537());
    net.keys.rotate_left(1);
    assert_eq!(seed(network, ERA, 3, &net.beacon(3).to_eip2537()), first);
    net.keys.rotate_left(2);
    assert_eq!(seed(network, ERA, 3, &net.beacon(3).to_eip2537()), first);
    assert_ne!(seed(network, ERA, 2, &net.beacon(2).to_eip2537()), first);
}
