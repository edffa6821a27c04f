//! Facts by proof alone: all frames of a real task, each of their bytes changed, and no second receipt.
//!
//! The `dev` verifier believes any header that continues the chain, so a changed last header is followed: what keeps
//! the enclave from signing on it are the key enclaves' answers, which name a block that this branch does not have.

use std::time::Instant;

use alloy_primitives::{Address, B256, keccak256};
use enigma_protocol::{
    door::{Executed, Need, UntrustedReplay, WorkerReply, unframe},
    input::Kind,
};
use enigma_tests::sealed::{Entropy, Network, Plan, Terms, WorkerDoor, entropy::boot, network::whole};
use enigma_worker_enclave::WorkerEnclave;

/// Creation code of a contract that returns 42, in 22 bytes: the frames stay short.
const TINY: [u8; 22] = [
    0x60, 0x0a, 0x60, 0x0c, 0x60, 0x00, 0x39, 0x60, 0x0a, 0x60, 0x00,
    0xf3, // return the 10 bytes that follow
    0x60, 0x2a, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3,
];

/// Every frame from waking up to a receipt, of a worker that takes a contract over: with headers, facts, keys, a
/// snapshot and a delta.
struct Recording {
    name: String,
    frames: Vec<Vec<u8>>,
    executed: Executed,
}

fn record() -> Recording {
    let mut net = Network::planned(Plan { epoch_length: 1, ..Plan::default() });
    let mut alice = net.client("alice");
    let contract = Address::from_word(keccak256("tiny"));
    net.enigma.create(contract, 1, 0);
    let epoch = net.enigma.epoch();
    let letter = alice.seal(&alice.binding(Kind::Deploy, contract, epoch), b"");
    let terms = Terms::default();
    net.enigma.submit(Kind::Deploy, contract, alice.address, &terms, epoch, &letter.envelope, &TINY);
    net.work(contract);
    let first = net.rank(contract, 0);
    while net.rank(contract, 0) == first {
        net.next_epoch();
    }
    net.call(&mut alice, contract, b"", &terms);
    net.enigma.chain.mine();
    // Once to learn what it needs, and then a fresh enclave of the same name gets it straight.
    let place = net.rank(contract, 0);
    net.execute(place, contract, 1).unwrap();
    let slots = net.workers[place].usual().clone();
    let name = format!("worker {place}");
    let mut door = WorkerDoor::new(&name);
    door.start(100 + place as u8, None).unwrap();
    door.join(&net.descriptor, &net.commitments).unwrap();
    let tip = door.follow(&net.enigma.chain).unwrap();
    let question = net.question(contract, 1, &slots, tip);
    let WorkerReply::Need(Need { slots, keys, state: true }) = door.execute(question.clone()) else {
        panic!("no need");
    };
    assert_eq!((slots.0.len(), keys.0.len()), (0, 3));
    for request in keys.0 {
        let replies = net.gather(&request).unwrap();
        door.keys(&request, &replies[..3]).unwrap();
    }
    let (facts, piece) = (question.facts.clone(), whole(&net.enigma.events[&contract].state()));
    let WorkerReply::Done(_) = door.replay(UntrustedReplay { contract, facts, piece }) else {
        panic!("not replayed")
    };
    let WorkerReply::Executed(executed) = door.execute(question) else { panic!("no receipt") };
    net.enigma.commit(&executed, &[executed.signature]).unwrap();
    Recording { name, frames: door.frames, executed }
}

/// Changes of each byte.
const CHANGES: usize = 2;

#[derive(Debug, Default)]
struct Count {
    changes: usize,
    refused: usize,
    /// Answered with something else, none of it another receipt.
    answered: usize,
    identical: usize,
}

impl Recording {
    /// A fresh enclave that has lived through the first `count` frames.
    fn enclave(&self, count: usize) -> WorkerEnclave {
        let mut enclave = WorkerEnclave::new(boot("worker", &self.name));
        for frame in &self.frames[..count] {
            enclave.handle(frame);
        }
        enclave
    }

    /// Gives the frames from `from` on; whatever receipt comes out is the recorded one. Returns how many did.
    fn finish(&self, enclave: &mut WorkerEnclave, from: usize, what: &str) -> usize {
        self.frames[from..].iter().map(|frame| self.judge(&enclave.handle(frame), what)).sum()
    }

    fn judge(&self, reply: &[u8], what: &str) -> usize {
        match unframe(reply).expect("a reply") {
            WorkerReply::Executed(executed) => {
                assert_eq!(executed.signature, self.executed.signature, "another signature: {what}");
                assert_eq!(executed, self.executed, "{what}");
                1
            }
            _ => 0,
        }
    }

    /// Changes the bytes of frame `place`, one at a time: a bit of each, and then to some other byte.
    fn change(&self, place: usize, entropy: &mut Entropy) -> Count {
        let mut count = Count::default();
        let mut enclave = self.enclave(place);
        let bytes = self.frames[place].len();
        for change in 0..CHANGES * bytes {
            let (byte, bit) = (change % bytes, 1 << entropy.below(8));
            let mut frame = self.frames[place].clone();
            frame[byte] ^= if change < bytes { bit } else { 1 + entropy.below(255) as u8 };
            let what = format!("frame {place}, byte {byte}: {:02x}", frame[byte]);
            let reply = enclave.handle(&frame);
            count.changes += 1;
            if matches!(unframe(&reply), Ok(WorkerReply::Refused(_))) {
                // Refused: nothing has changed, so the same enclave serves again. That it does is checked below.
                count.refused += 1;
                continue;
            }
            count.answered += 1;
            let receipts = self.judge(&reply, &what) + self.finish(&mut enclave, place + 1, &what);
            count.identical += usize::from(receipts > 0);
            enclave = self.enclave(place);
        }
        let receipts = self.finish(&mut enclave, place, "the recorded frames after all refusals");
        assert_eq!(receipts, 1, "refusals leave frame {place} as good as before");
        count
    }
}

#[test]
fn no_changed_byte_makes_another_receipt() {
    let seed: u64 = match std::env::var("ENIGMA_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => rand::random(),
    };
    println!("replay with ENIGMA_SEED={seed}");
    let mut entropy = Entropy::new(&format!("frames {seed}"));
    let recording = record();
    let frames = &recording.frames;
    let begun = Instant::now();
    let (mut total, mut bytes) = (Count::default(), 0);
    for (place, frame) in frames.iter().enumerate() {
        let count = recording.change(place, &mut entropy);
        println!("frame {place}: {} bytes, {count:?}, {:?}", frame.len(), begun.elapsed());
        assert_eq!(count.changes, count.refused + count.answered);
        bytes += frame.len();
        total.changes += count.changes;
        total.refused += count.refused;
        total.answered += count.answered;
        total.identical += count.identical;
    }
    println!("{} frames, {bytes} bytes, {total:?} in {:?}", frames.len(), begun.elapsed());
    assert_eq!(total.changes, CHANGES * bytes);
    assert!(total.refused * 10 > total.changes * 9, "most changes are refused");
}

#[test]
fn lost_doubled_and_reordered_frames_make_no_other_receipt() {
    let recording = record();
    let frames = &recording.frames;
    let last = frames.len() - 1;
    for place in 0..last {
        let what = format!("frame {place}");
        let mut lost = recording.enclave(place);
        let receipts = recording.finish(&mut lost, place + 1, &what);
        // The first `Execute` alone may be left out by whoever knows the rest, but then no key was asked for.
        assert_eq!(receipts, 0, "{what} was lost");
        let mut doubled = recording.enclave(place + 1);
        assert_eq!(recording.finish(&mut doubled, place, &what), 1, "{what} came twice");
        for other in place + 1..last {
            let mut order: Vec<usize> = (0..=last).collect();
            order.swap(place, other);
            let mut enclave = recording.enclave(0);
            for &frame in &order {
                recording.judge(&enclave.handle(&frames[frame]), &format!("{place} and {other} swapped"));
            }
        }
    }
}

/// The recorded receipt says what the chain said.
#[test]
fn the_recorded_receipt_is_the_chains() {
    let [first, second] = [record(), record()];
    assert_eq!(first.frames, second.frames, "a recording can be repeated");
    assert_eq!(first.executed, second.executed);
    let receipt = &first.executed.receipt;
    assert_eq!((receipt.first_index, receipt.last_index), (1, 1));
    assert_ne!(receipt.snapshot_hash, B256::ZERO);
}
