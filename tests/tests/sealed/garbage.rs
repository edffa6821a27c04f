//! Garbage at the door: a reply to everything, and the enclave goes on.

use alloy_primitives::Address;
use enigma_protocol::door::{Code, KeyEnclaveReply, Refusal, VERSION, WorkerReply, unframe};
use enigma_tests::sealed::{Entropy, KeyDoor, Network, Terms, WorkerDoor};

const FRAMES: usize = 10_000;

/// Noise; noise behind a version and a message number; a real frame with bytes changed, cut off, added or moved.
fn garbage(entropy: &mut Entropy, real: &[Vec<u8>]) -> Vec<u8> {
    let len = entropy.below(400);
    let mut noise = vec![0; len];
    entropy.fill(&mut noise);
    match entropy.below(4) {
        0 => noise,
        1 => [&[VERSION, entropy.below(9) as u8][..], &noise].concat(),
        kind => {
            let mut frame = real[entropy.below(real.len())].clone();
            for _ in 0..1 + entropy.below(6) {
                let place = entropy.below(frame.len());
                match entropy.below(4) {
                    0 => frame.truncate(place.max(1)),
                    1 => frame.insert(place, entropy.word()[0]),
                    2 if frame.len() > 1 => drop(frame.remove(place)),
                    _ => frame[place] = entropy.word()[0],
                }
            }
            if kind == 3 {
                let from = entropy.below(frame.len());
                frame.rotate_left(from);
            }
            frame
        }
    }
}

/// Frames that took all the way, of both kinds of enclave, and those enclaves.
fn network() -> (Network, Address, Vec<Vec<u8>>) {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let worker = net.rank(contract, 0);
    let frames = [net.workers[worker].frames.clone(), net.keys[0].frames.clone()].concat();
    (net, contract, frames.into_iter().filter(|f| f.len() > 1).collect())
}

#[test]
fn a_worker_enclave_answers_whatever_comes_and_goes_on() {
    let (mut net, contract, real) = network();
    let mut entropy = Entropy::new("garbage for a worker");
    let mut awake = WorkerDoor::new("garbage");
    awake.start(1, None).unwrap();
    let mut refused = 0;
    let first = net.rank(contract, 0);
    for door in [&mut WorkerDoor::new("asleep"), &mut awake, &mut net.workers[first]] {
        for _ in 0..FRAMES / 3 + 1 {
            let reply = door.raw(&garbage(&mut entropy, &real));
            let reply: WorkerReply = unframe(&reply).expect("a reply");
            refused += usize::from(matches!(reply, WorkerReply::Refused(_)));
            door.frames.clear();
        }
    }
    println!("{refused} of {FRAMES} refused");
    let mut alice = net.client("alice");
    net.call(&mut alice, contract, b"", &Terms::default());
    net.work(contract);
}

#[test]
fn a_key_enclave_answers_whatever_comes_and_goes_on() {
    let (mut net, _, real) = network();
    let mut entropy = Entropy::new("garbage for a key enclave");
    let mut awake = KeyDoor::new("garbage");
    awake.start(1, None).unwrap();
    let mut refused = 0;
    for door in [&mut KeyDoor::new("asleep"), &mut awake, &mut net.keys[0]] {
        for _ in 0..FRAMES / 3 + 1 {
            let reply = door.raw(&garbage(&mut entropy, &real));
            let reply: KeyEnclaveReply = unframe(&reply).expect("a reply");
            refused += usize::from(matches!(reply, KeyEnclaveReply::Refused(_)));
            door.frames.clear();
        }
    }
    println!("{refused} of {FRAMES} refused");
    net.next_epoch();
}

#[test]
fn no_message_at_all_is_malformed() {
    let malformed: Refusal = Code::Malformed.into();
    for frame in [&[][..], &[VERSION], &[0], &[VERSION, 0], &[VERSION, 200], &[2, 1], &[VERSION, 1]] {
        let worker: WorkerReply = unframe(&WorkerDoor::new("asleep").raw(frame)).unwrap();
        assert_eq!(worker, WorkerReply::Refused(malformed.clone()), "{frame:?}");
        let key: KeyEnclaveReply = unframe(&KeyDoor::new("asleep").raw(frame)).unwrap();
        assert_eq!(key, KeyEnclaveReply::Refused(malformed.clone()), "{frame:?}");
    }
}
