//! Hostile envelopes: each is its sender's loss and nobody else's. Whatever the bytes, the receipt says "unopened",
//! and the good task behind runs.

use std::{fs, path::PathBuf};

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use enigma_crypto::aead;
use enigma_protocol::{
    door::{Code, Executed, Refusal},
    envelope::LARGEST,
    input::Kind,
    output::InnerStatus,
    receipt::Status,
};
use enigma_tests::sealed::{Client, Entropy, Network, Plan, Terms};

use crate::abi::*;

/// Hostile tasks in one receipt; the good one comes behind.
const BATCH: usize = 127;

fn put() -> Vec<u8> {
    putCall { slot: U256::from(1), value: U256::from(2) }.abi_encode()
}

struct Attack {
    net: Network,
    alice: Client,
    contract: Address,
    unopened: usize,
}

impl Attack {
    fn new() -> Self {
        let mut net = Network::start();
        let mut alice = net.client("alice");
        let contract = net.deploy(&mut alice, "root", 5, 1).contract;
        net.work(contract);
        Self { net, alice, contract, unopened: 0 }
    }

    fn epoch(&self) -> u64 {
        self.net.enigma.epoch()
    }

    fn good(&mut self) -> Vec<u8> {
        let binding = self.alice.binding(Kind::Task, self.contract, self.epoch());
        self.alice.seal(&binding, &put()).envelope
    }

    /// Posts an envelope as Alice's.
    fn post(&mut self, envelope: &[u8]) {
        let (sender, epoch) = (self.alice.address, self.epoch());
        self.net.post(sender, self.contract, &Terms::default(), epoch, envelope);
    }

    /// Puts a good task behind what was posted and has everything executed: only it runs.
    fn all_unopened(&mut self) -> Executed {
        let good = self.net.call(&mut self.alice, self.contract, &put(), &Terms::default());
        let executed = self.net.work(self.contract);
        let count = executed.receipt.results.0.len();
        for (place, result) in executed.receipt.results.0[..count - 1].iter().enumerate() {
            let index = executed.receipt.first_index + place as u64;
            assert_eq!((result.status, result.gas_charged), (Status::Unopened, 32_768), "input {index}");
            assert!(executed.outputs.0[place].0.is_empty());
            assert_eq!(executed.deltas.0[place].0.len(), 144, "an empty change of the smallest class");
            self.unopened += 1;
        }
        assert_eq!(executed.receipt.results.0[count - 1].status, Status::Completed);
        assert_eq!(self.net.read(&good).status, InnerStatus::Success);
        executed
    }

    /// Everything opens.
    fn all_open(&mut self, count: usize) {
        let executed = self.net.work(self.contract);
        assert_eq!(executed.receipt.results.0.len(), count);
        assert!(executed.receipt.results.0.iter().all(|r| r.status == Status::Completed));
    }

    fn all(&mut self, envelopes: impl IntoIterator<Item = Vec<u8>>) {
        let mut waiting = 0;
        for envelope in envelopes {
            self.post(&envelope);
            waiting += 1;
            if waiting == BATCH {
                self.all_unopened();
                waiting = 0;
            }
        }
        self.all_unopened();
    }
}

#[test]
fn every_truncation_is_unopened() {
    let mut attack = Attack::new();
    let good = attack.good();
    attack.all((0..good.len()).map(|len| good[..len].to_vec()));
    assert_eq!(attack.unopened, good.len());
}

#[test]
fn ten_thousand_flipped_envelopes_are_unopened() {
    let seed: u64 = match std::env::var("ENIGMA_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => rand::random(),
    };
    println!("replay with ENIGMA_SEED={seed}");
    let mut entropy = Entropy::new(&format!("flips {seed}"));
    let mut attack = Attack::new();
    let good = attack.good();
    let bits = 8 * good.len();
    // Every single bit once, then two to nine at once.
    let flipped = (0..10_000).map(|n| {
        let mut envelope = good.clone();
        let mut flip = |bit: usize| envelope[bit / 8] ^= 1 << (bit % 8);
        if n < bits {
            flip(n);
        } else {
            for _ in 0..2 + entropy.below(8) {
                flip(entropy.below(bits));
            }
        }
        envelope
    });
    attack.all(flipped.filter(|envelope| *envelope != good));
    println!("{} envelopes, {} bits in each", attack.unopened, bits);
    assert!(attack.unopened > 9_990);
}

#[test]
fn envelopes_for_another_place_are_unopened() {
    let mut attack = Attack::new();
    let (epoch, contract, alice) = (attack.epoch(), attack.contract, attack.alice.address);
    let bob = attack.net.client("bob").address;
    let word = B256::repeat_byte(1);
    let honest = attack.alice.binding(Kind::Task, contract, epoch);
    let mut bindings = vec![honest; 7];
    bindings[0].sender = bob;
    bindings[1].kind = Kind::Deploy;
    bindings[2].kind = Kind::Query;
    bindings[3].contract = Address::repeat_byte(9);
    bindings[4].network = word;
    bindings[5].on_behalf_of = word;
    bindings[6].epoch = epoch - 1;
    for binding in bindings {
        let letter = attack.alice.seal(&binding, &put());
        attack.post(&letter.envelope);
    }
    // A good one in other hands, and with a forwarder's word that its sender did not write.
    let good = attack.good();
    attack.net.post(bob, contract, &Terms::default(), epoch, &good);
    let forwarded = Terms { on_behalf_of: word, ..Terms::default() };
    attack.net.post(alice, contract, &forwarded, epoch, &good);
    attack.all_unopened();
    assert_eq!(attack.unopened, 9);
    // The word that was sealed is the word that opens.
    let sent = attack.net.call(&mut attack.alice, contract, &put(), &forwarded);
    attack.all_open(1);
    assert_eq!(attack.net.read(&sent).status, InnerStatus::Success);
}

#[test]
fn wrong_epochs_are_unopened() {
    let mut attack = Attack::new();
    attack.net.next_epoch();
    let (epoch, contract, alice) = (attack.epoch(), attack.contract, attack.alice.address);
    let terms = Terms::default();
    let good = attack.good();
    let with_epoch = |epoch: u64| [&good[..5], &epoch.to_be_bytes(), &good[13..]].concat();
    // Header and input disagree, whatever either says.
    for (input, header) in
        [(epoch - 1, epoch), (epoch, epoch - 1), (epoch, epoch + 1), (epoch, 0), (epoch, u64::MAX)]
    {
        attack.net.post(alice, contract, &terms, input, &with_epoch(header));
    }
    // They agree, and the ciphertext is for another epoch: the key was right and did not open it.
    attack.net.post(alice, contract, &terms, epoch - 1, &with_epoch(epoch - 1));
    attack.all_unopened();
    assert_eq!(attack.unopened, 6);
    // Honestly for the epoch before: opens.
    let letter = attack.alice.seal(&attack.alice.binding(Kind::Task, contract, epoch - 1), &put());
    attack.net.post(alice, contract, &terms, epoch - 1, &letter.envelope);
    attack.all_open(1);
}

/// The contract takes no envelope for an epoch to come, and this is why: nobody gets that key before.
#[test]
fn an_envelope_for_the_next_epoch_waits_for_it() {
    let mut attack = Attack::new();
    let (epoch, contract, alice) = (attack.epoch(), attack.contract, attack.alice.address);
    let letter = attack.alice.seal(&attack.alice.binding(Kind::Task, contract, epoch + 1), &put());
    attack.net.post(alice, contract, &Terms::default(), epoch + 1, &letter.envelope);
    attack.net.enigma.chain.mine();
    let worker = attack.net.rank(contract, 0);
    let refusal = attack.net.execute(worker, contract, 1).unwrap_err();
    assert_eq!(refusal, Refusal { code: Code::EpochNotReleased, detail: epoch });
    attack.net.next_epoch();
    attack.all_open(1);
}

/// Accepted at the old end of the window and not executed in time: no key can come for it any more.
#[test]
fn an_envelope_that_outlives_the_window_is_unopened_and_holds_nobody_up() {
    let mut attack = Attack::new();
    while attack.net.next_epoch() < 6 {}
    let (epoch, contract, alice) = (attack.epoch(), attack.contract, attack.alice.address);
    let oldest = epoch - u64::from(Plan::default().window);
    for sealed_for in [oldest, oldest + 1] {
        let letter = attack.alice.seal(&attack.alice.binding(Kind::Task, contract, sealed_for), &put());
        attack.net.post(alice, contract, &Terms::default(), sealed_for, &letter.envelope);
    }
    let late = attack.net.call(&mut attack.alice, contract, &put(), &Terms::default());
    attack.net.next_epoch();
    let executed = attack.net.work(contract);
    let statuses: Vec<Status> = executed.receipt.results.0.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [Status::Unopened, Status::Completed, Status::Completed]);
    assert_eq!(attack.net.read(&late).status, InnerStatus::Success);
    // Executed in its own epoch it would have opened.
    let mut other = Attack::new();
    while other.net.next_epoch() < 6 {}
    let letter = other.alice.seal(&other.alice.binding(Kind::Task, contract, oldest), &put());
    other.net.post(alice, contract, &Terms::default(), oldest, &letter.envelope);
    other.all_open(1);
    // And after a pause longer than the window everything pending is unopened, whatever it was sealed for.
    let letter = other.good();
    other.post(&letter);
    for _ in 0..=Plan::default().window {
        other.net.next_epoch();
    }
    other.all_unopened();
}

#[test]
fn hostile_points_are_unopened() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/crypto.json");
    let vectors: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let refused = &vectors["ibe_kem"]["refused_u"];
    let bytes = |name: &str| hex::decode(&refused[name].as_str().unwrap()[2..]).unwrap();
    let mut attack = Attack::new();
    let good = attack.good();
    let mut other = good[13..109].to_vec();
    other[0] ^= 0x20; // the point negated: valid, and another key
    let points = [
        bytes("infinity"),
        bytes("outside_subgroup"),
        other,
        vec![0; 96],
        vec![0xff; 96],
        vec![0xc0; 96],
        [&[0xe0][..], &[0; 95]].concat(),
        [&[0x40][..], &[0; 95]].concat(),
        [&good[61..109], &good[13..61]].concat(),
    ];
    let count = points.len();
    attack.all(points.map(|point| [&good[..13], &point, &good[109..]].concat()));
    assert_eq!(attack.unopened, count);
}

#[test]
fn absurd_sizes_versions_and_eras_are_unopened() {
    let mut attack = Attack::new();
    let good = attack.good();
    let with = |place: usize, byte: u8| {
        let mut envelope = good.clone();
        envelope[place] = byte;
        envelope
    };
    let mut envelopes = vec![
        vec![0; LARGEST],
        vec![1; LARGEST],
        [&good[..], &vec![0; LARGEST - good.len()]].concat(),
        [&good[..], &[0]].concat(),
        [&good[..], &good[..]].concat(),
        [&[0][..], &good[..]].concat(),
    ];
    envelopes.extend([0, 2, 255].map(|version| with(0, version)));
    envelopes.extend([0, 2, 255].map(|era| with(4, era)));
    envelopes.push(with(1, 1));
    let count = envelopes.len();
    attack.all(envelopes);
    assert_eq!(attack.unopened, count);
}

/// Sealed as the rules say, around a plaintext that is none.
#[test]
fn malformed_plaintexts_are_unopened() {
    let mut attack = Attack::new();
    let (epoch, contract) = (attack.epoch(), attack.contract);
    let binding = attack.alice.binding(Kind::Task, contract, epoch);
    // As in docs/bytes.md, written out.
    let aad = [
        &b"enigma/v1/envelope"[..],
        &[1],
        binding.network.as_slice(),
        contract.as_slice(),
        &epoch.to_be_bytes(),
        binding.sender.as_slice(),
        &[0; 32],
    ]
    .concat();
    let mut plain = [&[7; 32][..], &[0; 8], &[0], &68u32.to_be_bytes(), &put()].concat();
    plain.resize(128, 0);
    let seal = |attack: &mut Attack, plain: &[u8]| {
        let session = attack.alice.session(contract, epoch);
        let nonce = [3; 24];
        let sealed = aead::seal_envelope(&session.key, &nonce, &aad, plain).unwrap();
        [&[1][..], &1u32.to_be_bytes(), &epoch.to_be_bytes(), &session.u, &nonce, &sealed].concat()
    };
    let with = |place: usize, byte: u8| {
        let mut plain = plain.clone();
        plain[place] = byte;
        plain
    };
    let wrong = [
        with(40, 1),   // an authorisation
        with(40, 255), // no flag
        with(41, 255), // a length of gigabytes
        with(44, 84),  // a length past the end by one
        with(127, 1),  // padding that says something
        with(113, 1),  // its first byte
        Vec::new(),
        vec![0; 44],
        plain[..112].to_vec(),
    ];
    let count = wrong.len();
    for plain in wrong {
        let envelope = seal(&mut attack, &plain);
        attack.post(&envelope);
    }
    attack.all_unopened();
    assert_eq!(attack.unopened, count);
    let envelope = seal(&mut attack, &plain);
    attack.post(&envelope);
    attack.all_open(1);
}

/// Once seen on the chain, an envelope can be posted again by its sender alone; it runs as a task of its own.
#[test]
fn a_replayed_envelope_is_another_task_of_the_same_sender() {
    let mut attack = Attack::new();
    let good = attack.good();
    attack.post(&good);
    attack.post(&good);
    let executed = attack.net.work(attack.contract);
    assert_ne!(executed.outputs.0[0], executed.outputs.0[1]);
    assert_ne!(executed.deltas.0[0], executed.deltas.0[1]);
    let bob = attack.net.client("bob").address;
    let epoch = attack.epoch();
    attack.net.post(bob, attack.contract, &Terms::default(), epoch, &good);
    attack.all_unopened();
}

#[test]
fn a_deployment_that_does_not_open_leaves_nothing_deployed() {
    let mut attack = Attack::new();
    let contract = Address::repeat_byte(0x77);
    attack.net.enigma.create(contract, 1, 0);
    let epoch = attack.epoch();
    let alice = attack.alice.address;
    let letter = attack.alice.seal(&attack.alice.binding(Kind::Task, contract, epoch), b"");
    let terms = Terms::default();
    attack.net.enigma.submit(Kind::Deploy, contract, alice, &terms, epoch, &letter.envelope, b"code");
    let called = attack.net.call(&mut attack.alice, contract, &put(), &terms);
    let executed = attack.net.work(contract);
    assert_eq!(executed.receipt.results.0[0].status, Status::Unopened);
    assert_eq!(attack.net.read(&called).status, InnerStatus::NotDeployed);
}
