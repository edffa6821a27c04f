//! The release rule, condition by condition: who gets which key from a key enclave, on what the chain says alone.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_crypto::{
    bls::{self, Signature},
    sealed_box::{self, BoxSecretKey},
    sign::SigningKey,
    threshold::MemberIndex,
};
use enigma_platform::simulated_measurement;
use enigma_primitives::{Secret, tags};
use enigma_protocol::{
    door::{Code, KeyEnclaveReply, Refusal, UntrustedKeyRequest, UntrustedRelease},
    input::Input,
    keys::{KeyReply, KeyRequest, Purpose},
    layout,
};
use enigma_tests::sealed::{Entropy, Network, Plan, network::EXPIRY, stake::Storage};

/// Envelope window of the network here.
const WINDOW: u64 = 3;
pub(crate) const WORKERS: usize = 5;

/// A network whose workers are signing keys in the test's hands.
pub(crate) struct Office {
    pub(crate) net: Network,
    signers: Vec<SigningKey>,
    pub(crate) contract: Address,
    entropy: Entropy,
}

/// Two workers a machine.
fn machine_of(worker: usize) -> B256 {
    keccak256([worker as u8 / 2])
}

impl Office {
    /// In epoch 6, with a contract whose last snapshot is of epoch 4.
    fn open() -> Self {
        Self::open_for(Plan::default().epoch_length)
    }

    /// The same with epochs of so many blocks.
    pub(crate) fn open_for(epoch_length: u64) -> Self {
        let plan = Plan { workers: 0, window: WINDOW as u8, epoch_length, ..Plan::default() };
        let mut net = Network::unopened(plan);
        let mut entropy = Entropy::new("office");
        let signers: Vec<SigningKey> = (0..WORKERS)
            .map(|_| SigningKey::from_bytes(&Secret::from_bytes(entropy.bytes())).unwrap())
            .collect();
        for (id, signer) in (0..).zip(&signers) {
            let measurement = simulated_measurement("worker");
            let admitted = net.enigma.admit(signer.address(), measurement, machine_of(id as usize), EXPIRY);
            assert_eq!(admitted, id);
            net.enigma.login(id, 500 + id as u32);
        }
        let contract = Address::from_word(keccak256("a contract"));
        while net.next_epoch() < 6 {}
        let mut office = Self { net, signers, contract, entropy };
        office.record(4, 1);
        office
    }

    /// Writes the contract's record: epoch of the last snapshot, required signers.
    pub(crate) fn record(&mut self, sealed_epoch: u64, signers: u8) {
        self.net.enigma.create(self.contract, signers, 0);
        let slot = layout::secret_contract(self.contract, 1);
        let word = self.net.enigma.chain.pending.get(slot) | U256::from(sealed_epoch) << 128;
        self.net.enigma.chain.pending.set(slot, word);
        self.net.enigma.chain.mine();
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.net.enigma.epoch()
    }

    /// The id of a rank in an epoch's group.
    fn rank(&self, epoch: u64, rank: usize) -> usize {
        self.net.enigma.drawn(self.contract, epoch)[rank] as usize
    }

    /// A request, unsigned yet, with the key that its answers are for.
    fn blank(&mut self, purpose: Purpose, key_epoch: u64, group_epoch: u64) -> (KeyRequest, BoxSecretKey) {
        let own = BoxSecretKey::new(Secret::from_bytes(self.entropy.bytes()));
        let request = KeyRequest {
            network: self.net.descriptor.network(),
            purpose,
            contract: self.contract,
            key_epoch,
            group_epoch,
            reply_to: own.public_key().0,
            signature: [0; 65],
        };
        (request, own)
    }

    fn signed(&self, mut request: KeyRequest, worker: usize) -> KeyRequest {
        request.signature = self.signers[worker].sign_digest(request.digest());
        request
    }

    /// What member 1 answers to the first rank of the group epoch.
    fn ask(&mut self, purpose: Purpose, key_epoch: u64, group_epoch: u64) -> Result<KeyReply, Refusal> {
        let worker = self.rank(group_epoch, 0);
        self.ask_as(worker, purpose, key_epoch, group_epoch)
    }

    pub(crate) fn ask_as(
        &mut self,
        worker: usize,
        purpose: Purpose,
        key: u64,
        group: u64,
    ) -> Result<KeyReply, Refusal> {
        self.ask_in_turn(worker, purpose, (key, group), None)
    }

    /// The same by a worker that shows the oldest pending input. `epochs` are those of the key and of the group.
    pub(crate) fn ask_in_turn(
        &mut self,
        worker: usize,
        purpose: Purpose,
        epochs: (u64, u64),
        pending: Option<&Input>,
    ) -> Result<KeyReply, Refusal> {
        let (request, _) = self.blank(purpose, epochs.0, epochs.1);
        let request = self.signed(request, worker);
        self.net.keys[0].release_in_turn(&self.net.enigma.chain, &request, pending)
    }

    fn give(&mut self, request: &KeyRequest) -> Result<KeyReply, Refusal> {
        self.net.keys[0].release(&self.net.enigma.chain, request)
    }

    /// Mines what the chain says now.
    pub(crate) fn mine(&mut self) {
        self.net.enigma.chain.mine();
    }

    fn first(&self) -> usize {
        self.rank(self.epoch(), 0)
    }
}

fn opened(own: &BoxSecretKey, request: &KeyRequest, reply: &KeyReply) -> Option<Signature> {
    let aad = reply.associated_data(request.digest());
    let bytes = sealed_box::open(own, tags::KEY_REPLY_BOX, aad.as_slice(), &reply.sealed.0).ok()?;
    bytes.expose(|b| Signature::from_bytes(b.as_slice().try_into().unwrap()).ok())
}

pub(crate) fn refused(code: Code) -> Result<KeyReply, Refusal> {
    Err(code.into())
}

/// What a worker behind the first signers hears if it shows nothing that waits.
pub(crate) fn never() -> Result<KeyReply, Refusal> {
    Err(Refusal { code: Code::NotYourTurn, detail: u64::MAX })
}

#[test]
fn a_drawn_worker_gets_a_partial_that_only_it_can_read() {
    let mut office = Office::open();
    let now = office.epoch();
    let (request, own) = office.blank(Purpose::Input, now, now);
    let request = office.signed(request, office.first());
    let polynomial = office.net.polynomial();
    for member in 1..=4u8 {
        let reply =
            office.net.keys[usize::from(member) - 1].release(&office.net.enigma.chain, &request).unwrap();
        assert_eq!((reply.member, reply.generation), (member, 1));
        let height = office.net.enigma.chain.height();
        assert_eq!(
            (reply.block_number, reply.block_hash),
            (height, office.net.enigma.chain.block(height).hash)
        );
        let partial = opened(&own, &request, &reply).unwrap();
        let key = polynomial.member_key(MemberIndex::new(member).unwrap()).unwrap();
        bls::verify(&key, Purpose::Input.curve_tag(), &request.message(), &partial).unwrap();
        assert!(bls::verify(&key, Purpose::State.curve_tag(), &request.message(), &partial).is_err());
        let stranger = BoxSecretKey::new(Secret::from_bytes([9; 32]));
        assert_eq!(opened(&stranger, &request, &reply), None);
        let clear = partial.to_bytes();
        assert!(!reply.sealed.0.windows(48).any(|w| w == clear));
    }
}

#[test]
fn a_replayed_request_gives_the_same_worker_nothing_new() {
    let mut office = Office::open();
    let now = office.epoch();
    let (request, own) = office.blank(Purpose::State, now, now);
    let request = office.signed(request, office.first());
    let first = office.give(&request).unwrap();
    let replayed = office.give(&request).unwrap();
    assert_ne!(first.sealed, replayed.sealed, "a fresh box");
    assert_eq!(opened(&own, &request, &first), opened(&own, &request, &replayed));
    // Who replays it with a key of its own has no signature for it.
    let thief = BoxSecretKey::new(Secret::from_bytes([9; 32]));
    let stolen = KeyRequest { reply_to: thief.public_key().0, ..request };
    assert!(matches!(
        office.give(&stolen),
        Err(Refusal { code: Code::NotAdmitted | Code::BadSignature, .. })
    ));
}

#[test]
fn a_request_for_another_network_is_refused() {
    let mut office = Office::open();
    let now = office.epoch();
    let (mut request, _) = office.blank(Purpose::Input, now, now);
    request.network.0[31] ^= 1;
    let request = office.signed(request, office.first());
    assert_eq!(office.give(&request), refused(Code::WrongNetwork));
}

#[test]
fn a_bad_signature_is_refused() {
    let mut office = Office::open();
    let now = office.epoch();
    let (blank, _) = office.blank(Purpose::Input, now, now);
    assert_eq!(office.give(&blank), refused(Code::BadSignature), "none");
    let good = office.signed(blank, office.first());
    office.give(&good).unwrap();
    // Whatever of it is changed, the signature is another's or nobody's.
    let changes: [fn(&mut KeyRequest); 7] = [
        |r| r.purpose = Purpose::State,
        |r| r.contract = Address::ZERO,
        |r| r.key_epoch -= 1,
        |r| r.group_epoch += 1,
        |r| r.reply_to[0] ^= 1,
        |r| r.signature[0] ^= 1,
        |r| r.signature[64] ^= 7,
    ];
    for (place, change) in changes.iter().enumerate() {
        let mut request = good.clone();
        change(&mut request);
        let refusal = office.give(&request).unwrap_err();
        assert!(matches!(refusal.code, Code::NotAdmitted | Code::BadSignature), "{place}: {refusal:?}");
    }
    // Another worker's signature is that worker's request.
    let other = (office.first() + 1) % WORKERS;
    let request = office.signed(good, other);
    assert_eq!(office.give(&request), never());
}

#[test]
fn an_unadmitted_worker_is_refused() {
    let mut office = Office::open();
    let now = office.epoch();
    let stranger = SigningKey::from_bytes(&Secret::from_bytes([5; 32])).unwrap();
    let (mut request, _) = office.blank(Purpose::Input, now, now);
    request.signature = stranger.sign_digest(request.digest());
    assert_eq!(office.give(&request), refused(Code::NotAdmitted));
}

#[test]
fn an_expired_admission_is_refused() {
    let mut office = Office::open();
    let (now, first) = (office.epoch(), office.first());
    let signer = office.signers[first].address();
    // The block to be mined has this time.
    let time = office.net.time() + 1;
    office.net.enigma.admit(signer, simulated_measurement("worker"), machine_of(first), time + 1);
    office.mine();
    office.ask(Purpose::Input, now, now).unwrap();
    office.mine();
    assert_eq!(office.ask(Purpose::Input, now, now), refused(Code::NotAdmitted));
}

#[test]
fn a_worker_of_a_removed_measurement_is_refused() {
    let mut office = Office::open();
    let now = office.epoch();
    office.net.enigma.allow(simulated_measurement("worker"), false);
    office.mine();
    assert_eq!(office.ask(Purpose::Input, now, now), refused(Code::NotAdmitted));
    office.net.enigma.allow(simulated_measurement("worker"), true);
    office.mine();
    office.ask(Purpose::Input, now, now).unwrap();
}

#[test]
fn workers_of_a_barred_platform_are_refused_and_only_they() {
    let mut office = Office::open();
    let now = office.epoch();
    office.record(4, 3);
    let group: Vec<usize> = (0..3).map(|rank| office.rank(now, rank)).collect();
    let ask = |office: &mut Office| -> Vec<bool> {
        group.iter().map(|&worker| office.ask_as(worker, Purpose::Input, now, now).is_ok()).collect()
    };
    assert_eq!(ask(&mut office), [true; 3]);
    let machine = machine_of(group[0]);
    office.net.enigma.bar(keccak256("a machine of nobody here"));
    office.mine();
    assert_eq!(ask(&mut office), [true; 3], "that something was revoked is no reason");
    office.net.enigma.bar(machine);
    office.mine();
    let expected: Vec<bool> = group.iter().map(|&worker| machine_of(worker) != machine).collect();
    assert_eq!(ask(&mut office), expected);
    assert!(expected.contains(&true), "another one goes on: {group:?}");
    assert_eq!(office.ask_as(group[0], Purpose::State, now, now), refused(Code::NotAdmitted));
    // The contract's word, not that of the enclave's host: the count of revocations and a check of it change nothing.
    let slot = layout::worker(group[0] as u64, 0);
    let word = office.net.enigma.chain.pending.get(slot) | U256::from(2) << 240;
    office.net.enigma.chain.pending.set(slot, word);
    office.mine();
    assert_eq!(office.ask_as(group[0], Purpose::State, now, now), refused(Code::NotAdmitted));
}

#[test]
fn only_the_required_ranks_are_served() {
    let mut office = Office::open();
    let now = office.epoch();
    let group: Vec<usize> = (0..3).map(|rank| office.rank(now, rank)).collect();
    let outside = (0..WORKERS).find(|w| !group.contains(w)).unwrap();
    for signers in [1u8, 2, 3] {
        office.record(4, signers);
        for (rank, &worker) in group.iter().enumerate() {
            let answer = office.ask_as(worker, Purpose::State, now, now);
            assert_eq!(answer.is_ok(), rank < usize::from(signers), "rank {rank} of {signers} signers");
            if rank >= usize::from(signers) {
                assert_eq!(answer, never());
            }
        }
        assert_eq!(office.ask_as(outside, Purpose::State, now, now), never());
    }
}

#[test]
fn the_group_on_the_chain_is_the_group_that_counts() {
    let mut office = Office::open();
    let (now, first) = (office.epoch(), office.first());
    let other = office.rank(now, 1);
    // Stored for this epoch: no draw is repeated, and who was passed over is no longer first.
    let packed = |epoch: u64, silent: u64, ids: &[usize]| {
        let word = U256::from(epoch) | U256::from(ids.len()) << 40 | U256::from(silent) << 48;
        (0..).zip(ids).fold(word, |word, (rank, id)| word | U256::from(*id) << (56 + 24 * rank))
    };
    let group: Vec<usize> = (0..3).map(|rank| office.rank(now, rank)).collect();
    let slot = layout::secret_contract(office.contract, 2);
    office.net.enigma.chain.pending.set(slot, packed(now, 1, &group));
    office.mine();
    office.ask_as(other, Purpose::Input, now, now).unwrap();
    assert_eq!(office.ask_as(first, Purpose::Input, now, now), never());
    // Of an epoch that is over it says nothing.
    office.net.enigma.chain.pending.set(slot, packed(now - 1, 1, &group));
    office.mine();
    office.ask_as(first, Purpose::Input, now, now).unwrap();
    assert_eq!(office.ask_as(other, Purpose::Input, now, now), never());
}

#[test]
fn a_worker_without_a_place_in_the_sequence_is_not_drawn() {
    let mut office = Office::open();
    let left = office.first() as u64;
    office.net.enigma.login(left, 0);
    office.net.next_epoch();
    office.net.next_epoch();
    let now = office.epoch();
    assert_eq!(office.ask_as(left as usize, Purpose::Input, now, now), refused(Code::NotDrawn));
}

#[test]
fn input_keys_are_those_of_the_window() {
    let mut office = Office::open();
    let now = office.epoch();
    let outside = Err(Refusal { code: Code::EpochNotReleased, detail: now });
    for epoch in now - WINDOW..=now {
        office.ask(Purpose::Input, epoch, now).unwrap();
    }
    for epoch in [0, 1, now - WINDOW - 1, now + 1, now + 2, u64::MAX] {
        assert_eq!(office.ask(Purpose::Input, epoch, now), outside, "epoch {epoch} in {now}");
    }
}

#[test]
fn state_keys_are_those_since_the_last_snapshot() {
    let mut office = Office::open();
    let now = office.epoch();
    let outside = Err(Refusal { code: Code::EpochNotReleased, detail: now });
    for sealed in [4, 5, now] {
        office.record(sealed, 1);
        for epoch in sealed..=now {
            office.ask(Purpose::State, epoch, now).unwrap();
        }
        for epoch in [0, 2, sealed - 1, now + 1, u64::MAX] {
            assert_eq!(office.ask(Purpose::State, epoch, now), outside, "epoch {epoch}, sealed in {sealed}");
        }
    }
    // Never committed: there is no past to open.
    office.record(0, 1);
    office.ask(Purpose::State, now, now).unwrap();
    assert_eq!(office.ask(Purpose::State, now - 1, now), outside);
    office.contract = Address::from_word(keccak256("not on chain"));
    office.ask(Purpose::State, now, now).unwrap();
    assert_eq!(office.ask(Purpose::State, now - 1, now), outside);
}

#[test]
fn the_next_epoch_is_served_only_once_it_is_seeded() {
    let mut office = Office::open();
    let now = office.epoch();
    let outside = Err(Refusal { code: Code::EpochNotReleased, detail: now });
    for purpose in [Purpose::Input, Purpose::State] {
        for worker in 0..WORKERS {
            assert_eq!(office.ask_as(worker, purpose, now + 1, now + 1), outside);
        }
    }
    let (next, start) = office.net.post_beacon();
    assert_eq!(next, now + 1);
    for purpose in [Purpose::Input, Purpose::State] {
        office.ask(purpose, next, next).unwrap();
        office.ask(purpose, now, next).unwrap();
        office.ask(purpose, now, now).unwrap();
        assert_eq!(office.ask_as(0, purpose, next + 1, next + 1), outside);
        let second = office.rank(next, 1);
        assert_eq!(office.ask_as(second, purpose, next, next), refused(Code::NotDrawn));
    }
    // An epoch that is over is served no more.
    office.net.enigma.chain.mine_to(start);
    assert_eq!(office.epoch(), next);
    let over = Err(Refusal { code: Code::EpochNotReleased, detail: next });
    assert_eq!(office.ask(Purpose::Input, now, now), over);
    office.ask(Purpose::Input, now, next).unwrap();
}

#[test]
fn nothing_is_served_before_genesis() {
    let mut office = Office::open();
    let now = office.epoch();
    let (request, _) = office.blank(Purpose::Input, now, now);
    // A committee that has seen no header yet, fed with a chain on which the contract is not there.
    let mut fresh = Network::unopened(Plan { workers: 0, ..Plan::default() });
    let request = KeyRequest { network: fresh.descriptor.network(), ..request };
    let request = office.signed(request, office.first());
    let mut young = fresh.enigma.chain.fork(1);
    young.mine_to(3);
    assert_eq!(fresh.keys[0].release(&young, &request), refused(Code::NotStarted));
}

#[test]
fn a_key_enclave_judges_its_own_chain_and_no_claim() {
    let mut office = Office::open();
    let now = office.epoch();
    let (request, _) = office.blank(Purpose::Input, now, now);
    let request = office.signed(request, office.first());
    office.give(&request).unwrap();
    // All facts at the tip, then the same of an older block, and each of them changed.
    let tip = office.net.enigma.chain.height();
    let mut slots = std::collections::BTreeSet::new();
    let key = &mut office.net.keys[0];
    let mut ask = |facts| {
        key.ask(&UntrustedKeyRequest::Release(UntrustedRelease {
            request: request.clone(),
            pending: None,
            facts,
        }))
    };
    loop {
        match ask(office.net.enigma.chain.prove(tip, &slots)) {
            KeyEnclaveReply::Need(need) => slots.extend(need.slots.0),
            KeyEnclaveReply::Released(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(slots.len() > 10, "{} slots", slots.len());
    let bad = |place: u64| KeyEnclaveReply::Refused(Refusal { code: Code::BadProof, detail: place });
    assert_eq!(ask(office.net.enigma.chain.prove(2, &slots)), bad(u64::MAX));
    let good = office.net.enigma.chain.prove(tip, &slots);
    for (place, slot) in slots.iter().enumerate() {
        let mut changed = good.clone();
        changed.slots.0[place].value += U256::from(1);
        assert_eq!(ask(changed), bad(place as u64));
        let mut fewer = slots.clone();
        fewer.remove(slot);
        let KeyEnclaveReply::Need(need) = ask(office.net.enigma.chain.prove(tip, &fewer)) else {
            panic!("guessed {slot}");
        };
        assert_eq!(need.slots.0, [*slot]);
    }
}
