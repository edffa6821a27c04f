//! A chain of one block whose storage is right for one answer, and every way in which an answer does not fit it.

use std::collections::BTreeMap;

use alloy_consensus::Header;
use alloy_primitives::{U256, keccak256};
use alloy_trie::{HashBuilder, Nibbles, TrieAccount, proof::ProofRetainer};
use enigma_protocol::{
    door::{UntrustedFacts, UntrustedSlot},
    wire::Blob,
};

use super::*;

const ENIGMA: Address = Address::repeat_byte(9);
const CONTRACT: Address = Address::repeat_byte(1);
const SIGNER: Address = Address::repeat_byte(2);
const MEASUREMENT: B256 = B256::repeat_byte(3);
const PLATFORM: B256 = B256::repeat_byte(7);
const HEAD: B256 = B256::repeat_byte(4);
const ID: u64 = 6;
const EPOCH: u64 = 5;
const NUMBER: u64 = 100;
const TIME: u64 = 1_900_000_000;

struct World(BTreeMap<B256, U256>);

fn word(fields: &[(u64, usize)]) -> U256 {
    fields.iter().fold(U256::ZERO, |word, (value, shift)| word | (U256::from(*value) << shift))
}

/// Worker 6 is one of the group {2, 6} of the contract in epoch 5, which begins with block 90.
fn world() -> World {
    let signer = U256::from_be_slice(SIGNER.as_slice());
    World(BTreeMap::from([
        (layout::EPOCH, word(&[(EPOCH - 1, 0), (50, 40), (90, 80), (1, 120)])),
        (layout::PARAMETERS, word(&[(64, 0), (2, 40), (2, 72)])),
        (layout::worker_id(SIGNER), U256::from(ID + 1)),
        (layout::worker(ID, 0), signer | word(&[(TIME + 1, 160), (1, 200)])),
        (layout::worker(ID, 2), MEASUREMENT.into()),
        (layout::worker(ID, 4), PLATFORM.into()),
        (layout::measurement(MEASUREMENT), U256::from(1)),
        (layout::secret_contract(CONTRACT, 0), HEAD.into()),
        (layout::secret_contract(CONTRACT, 1), word(&[(3, 0), (3, 64), (EPOCH, 128), (1, 208)])),
        (layout::secret_contract(CONTRACT, 2), word(&[(EPOCH, 0), (2, 40), (2, 56), (ID, 80)])),
    ]))
}

fn reply() -> QueryReply {
    QueryReply {
        epoch: EPOCH,
        state_head: HEAD,
        block_number: NUMBER,
        block_hash: header(B256::ZERO).hash,
        salt: B256::ZERO,
        output: Vec::new().into(),
        signature: [0; 65],
    }
}

fn header(state_root: B256) -> ChainBlock {
    let header = Header { number: NUMBER, timestamp: TIME, state_root, ..Header::default() };
    ChainBlock {
        number: NUMBER,
        hash: header.hash_slow(),
        parent: header.parent_hash,
        timestamp: TIME,
        base_fee: 0,
        next_base_fee: 0,
        rlp: alloy_rlp::encode(&header),
    }
}

fn trie(leaves: &BTreeMap<B256, Vec<u8>>, keys: &[B256]) -> (B256, Vec<Vec<Blob<2_048>>>) {
    let retainer = ProofRetainer::new(keys.iter().map(Nibbles::unpack).collect());
    let mut builder = HashBuilder::default().with_proof_retainer(retainer);
    for (key, value) in leaves {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    let root = builder.root();
    let nodes = builder.take_proof_nodes();
    let proof = |key: &B256| {
        let sorted = nodes.matching_nodes_sorted(&Nibbles::unpack(key));
        sorted.into_iter().map(|(_, node)| Blob(node.to_vec())).collect()
    };
    (root, keys.iter().map(proof).collect())
}

impl World {
    /// As `eth_getProof` answers.
    fn prove(&self, slots: &[B256]) -> (UntrustedFacts, B256) {
        let leaves: BTreeMap<B256, Vec<u8>> =
            self.0.iter().map(|(slot, value)| (keccak256(slot), alloy_rlp::encode(value))).collect();
        let keys: Vec<B256> = slots.iter().map(keccak256).collect();
        let (storage_root, proofs) = trie(&leaves, &keys);
        let account = alloy_rlp::encode(TrieAccount { storage_root, nonce: 1, ..TrieAccount::default() });
        let accounts = BTreeMap::from([(keccak256(ENIGMA), account.clone())]);
        let (state_root, account_proofs) = trie(&accounts, &[keccak256(ENIGMA)]);
        let slot = |(slot, proof): (&B256, Vec<Blob<2_048>>)| UntrustedSlot {
            slot: *slot,
            value: self.0.get(slot).copied().unwrap_or_default(),
            proof: proof.into(),
        };
        let facts = UntrustedFacts {
            account: account.into(),
            account_proof: account_proofs.into_iter().next().unwrap().into(),
            slots: slots.iter().zip(proofs).map(slot).collect::<Vec<_>>().into(),
        };
        (facts, state_root)
    }

    /// Asks for proofs until the answer is judged.
    fn judge(&self, signer: Address, reply: &QueryReply) -> Result<()> {
        let mut slots = first_slots(CONTRACT, signer, reply.epoch);
        for _ in 0..ROUNDS {
            let (facts, state_root) = self.prove(&slots.iter().copied().collect::<Vec<_>>());
            let proven = ProvenSlots::verify(&facts, ENIGMA, state_root).unwrap();
            let block = Block { state_root, ..matching(&reply_at(state_root), &header(state_root)).unwrap() };
            match judge(&EnigmaView::new(&proven, &block), CONTRACT, signer, reply) {
                Ok(()) => return Ok(()),
                Err(Stop::False(error)) => return Err(error),
                Err(Stop::Missing(missing)) => slots.extend(missing.0),
            }
        }
        panic!("never enough")
    }

    fn with(mut self, slot: B256, value: U256) -> Self {
        self.0.insert(slot, value);
        if value.is_zero() {
            self.0.remove(&slot);
        }
        self
    }
}

fn reply_at(state_root: B256) -> QueryReply {
    QueryReply { block_hash: header(state_root).hash, ..reply() }
}

#[test]
fn an_answer_of_the_group_for_the_chains_state_holds() {
    world().judge(SIGNER, &reply()).unwrap();
}

#[test]
fn an_answer_of_a_group_that_was_not_stored_yet_is_drawn_from_the_seed() {
    // One worker with weight, in seat 6: whoever is drawn, it is.
    let mut drawn = world()
        .with(layout::secret_contract(CONTRACT, 2), word(&[(EPOCH - 1, 0), (1, 40), (2, 56)]))
        .with(layout::seed(EPOCH), U256::from(7))
        .with(layout::TREE_ROOT, word(&[(EPOCH, 0), (10, 40), (10, 72), (10, 104)]));
    for level in 1..5 {
        drawn = drawn.with(layout::tree_word(level, 0, 0), word(&[(10, 0)]));
    }
    drawn = drawn.with(layout::tree_word(0, 0, 0), word(&[(10, 32 * ID as usize)]));
    drawn.judge(SIGNER, &reply()).unwrap();
    let elsewhere = drawn.with(layout::tree_word(0, 0, 0), word(&[(10, 32)]));
    assert!(matches!(elsewhere.judge(SIGNER, &reply()), Err(Error::NotInGroup { .. })));
}

#[test]
fn the_ring_of_seeds_tells_nothing_of_other_epochs() {
    // Seeds of epochs 2 to 5, of which 5 is the current one; then the beacon of 6 is posted; then 6 begins.
    let seeds =
        (2..=5).fold(world(), |world, epoch| world.with(layout::seed(epoch), U256::from(100 + epoch)));
    let posted = word(&[(EPOCH, 0), (90, 40), (154, 80), (1, 120)]);
    let begun = word(&[(EPOCH, 0), (50, 40), (90, 80), (1, 120)]);
    let known = |world: &World| -> Vec<(u64, U256)> {
        let slots: Vec<B256> = world.0.keys().copied().collect();
        let (facts, state_root) = world.prove(&slots);
        let proven = ProvenSlots::verify(&facts, ENIGMA, state_root).unwrap();
        let block = matching(&reply(), &header(B256::ZERO)).unwrap();
        let view = EnigmaView::new(&proven, &block);
        let seed = |epoch| view.seed(epoch).unwrap().map(|seed| (epoch, seed.into()));
        (0..20).filter_map(seed).collect()
    };
    let (five, six) = ((5, U256::from(105)), (6, U256::from(106)));
    assert_eq!(known(&seeds), [five], "6 would be the seed of 2");
    let next = seeds.with(layout::seed(6), six.1).with(layout::EPOCH, posted);
    assert_eq!(known(&next), [five, six]);
    let rolled = next.with(layout::EPOCH, begun);
    assert_eq!(known(&rolled), [six]);
    let first = rolled.with(layout::EPOCH, word(&[(1, 0), (90, 40), (0, 80), (1, 120)]));
    assert_eq!(known(&first), [], "the first lottery is that of epoch 2");
}

#[test]
fn a_stale_or_invented_state_is_refused() {
    let stale = QueryReply { state_head: B256::repeat_byte(5), ..reply() };
    assert!(matches!(
        world().judge(SIGNER, &stale),
        Err(Error::WrongState { told, found }) if told == B256::repeat_byte(5) && found == HEAD
    ));
    let nowhere = world().with(layout::secret_contract(CONTRACT, 0), U256::ZERO);
    assert!(matches!(nowhere.judge(SIGNER, &reply()), Err(Error::UnknownContract(CONTRACT))));
}

#[test]
fn who_is_not_admitted_now_answers_for_nobody() {
    let stranger = Address::repeat_byte(8);
    let refused = |world: World, signer| matches!(world.judge(signer, &reply()), Err(Error::NotAdmitted { signer: told }) if told == signer);
    assert!(refused(world(), stranger));
    assert!(refused(world(), Address::ZERO), "an address that nobody signs for");
    let signer = U256::from_be_slice(SIGNER.as_slice());
    assert!(refused(world().with(layout::worker(ID, 0), signer | word(&[(TIME, 160)])), SIGNER), "expired");
    assert!(refused(world().with(layout::measurement(MEASUREMENT), U256::ZERO), SIGNER), "revoked");
    let barred = layout::barred_platform(PLATFORM);
    assert!(refused(world().with(barred, U256::from(1)), SIGNER), "on a barred platform");
}

#[test]
fn a_worker_of_another_group_answers_for_nobody() {
    let others =
        world().with(layout::secret_contract(CONTRACT, 2), word(&[(EPOCH, 0), (2, 40), (2, 56), (7, 80)]));
    assert!(matches!(
        others.judge(SIGNER, &reply()),
        Err(Error::NotInGroup { signer: SIGNER, epoch: EPOCH })
    ));
}

/// Nine workers of equal weight in seats 0 to 8; the stored group holds two of them, which were passed over.
fn nine(stored: &[u64], silent: u64) -> World {
    let mut nine = world()
        .with(layout::seed(EPOCH), U256::from(7))
        .with(layout::TREE_ROOT, word(&[(EPOCH, 0), (90, 40), (90, 72), (90, 104)]));
    for level in 2..5 {
        nine = nine.with(layout::tree_word(level, 0, 0), word(&[(90, 0)]));
    }
    nine = nine
        .with(layout::tree_word(1, 0, 0), word(&[(80, 0), (10, 32)]))
        .with(layout::tree_word(0, 0, 0), word(&[0, 1, 2, 3, 4, 5, 6, 7].map(|seat| (10, 32 * seat))))
        .with(layout::tree_word(0, 1, 0), word(&[(10, 0)]));
    let ids = stored.iter().enumerate().map(|(rank, id)| (*id, 56 + 24 * rank));
    let fields: Vec<_> =
        [(EPOCH, 0), (stored.len() as u64, 40), (silent, 48)].into_iter().chain(ids).collect();
    nine.with(layout::secret_contract(CONTRACT, 2), word(&fields))
}

fn drawn(world: &World) -> Vec<u64> {
    let slots: Vec<B256> = world.0.keys().copied().collect();
    let (facts, state_root) = world.prove(&slots);
    let proven = ProvenSlots::verify(&facts, ENIGMA, state_root).unwrap();
    let seed = B256::from(U256::from(7));
    let all = enigma_protocol::lottery::sequence(&proven, CONTRACT, EPOCH, seed, 8).unwrap();
    all.iter().map(|drawn| drawn.id).collect()
}

/// The world in which worker `id` has the signing key of the tests.
fn signing(world: World, id: u64) -> World {
    let signer = U256::from_be_slice(SIGNER.as_slice());
    world
        .with(layout::worker_id(SIGNER), U256::from(id + 1))
        .with(layout::worker(id, 0), signer | word(&[(TIME + 1, 160), (1, 200)]))
        .with(layout::worker(id, 2), MEASUREMENT.into())
}

#[test]
fn any_of_the_eight_that_may_serve_answers_and_the_ninth_does_not() {
    let sequence = drawn(&nine(&[], 0));
    assert_eq!(sequence.len(), 8);
    let left_out = (0..9).find(|id| !sequence.contains(id)).unwrap();
    // A group of two; of two that were passed over; and a word that holds more than a group.
    for (count, silent) in [(2, 0), (2, 0b11), (8, 0b11)] {
        for id in &sequence {
            let world = signing(nine(&sequence[..count], silent), *id);
            world
                .judge(SIGNER, &reply())
                .unwrap_or_else(|e| panic!("{id} of {sequence:?}, {count} stored: {e}"));
        }
        let refused = signing(nine(&sequence[..count], silent), left_out).judge(SIGNER, &reply());
        assert!(matches!(refused, Err(Error::NotInGroup { signer: SIGNER, epoch: EPOCH })));
    }
}

#[test]
fn an_answer_of_another_epoch_is_refused() {
    for told in [EPOCH - 1, EPOCH + 1, 0, u64::MAX] {
        let reply = QueryReply { epoch: told, ..reply() };
        assert!(matches!(
            world().judge(SIGNER, &reply),
            Err(Error::WrongEpoch { told: t, found: EPOCH }) if t == told
        ));
    }
    // The epoch is that of the block after: block 90 begins it.
    let about_to_begin = world().with(layout::EPOCH, word(&[(EPOCH - 1, 0), (50, 40), (NUMBER + 1, 80)]));
    about_to_begin.judge(SIGNER, &reply()).unwrap();
    let later = world().with(layout::EPOCH, word(&[(EPOCH - 1, 0), (50, 40), (NUMBER + 2, 80)]));
    assert!(matches!(later.judge(SIGNER, &reply()), Err(Error::WrongEpoch { .. })));
}

#[test]
fn an_old_answer_and_one_of_the_future_are_refused() {
    assert!(recent(&reply(), NUMBER, 0).is_ok() && recent(&reply(), NUMBER + 8, 8).is_ok());
    assert!(matches!(
        recent(&reply(), NUMBER + 9, 8),
        Err(Error::Stale { block: NUMBER, behind: 9, most: 8 })
    ));
    assert!(matches!(recent(&reply(), NUMBER - 1, 8), Err(Error::UnknownBlock { .. })));
}

#[test]
fn an_answer_of_a_block_that_the_chain_does_not_have_is_refused() {
    assert!(matching(&reply(), &header(B256::ZERO)).is_ok());
    let unknown = |reply: QueryReply, header: ChainBlock| {
        matches!(matching(&reply, &header), Err(Error::UnknownBlock { .. }))
    };
    assert!(unknown(QueryReply { block_hash: B256::ZERO, ..reply() }, header(B256::ZERO)));
    assert!(unknown(QueryReply { block_number: NUMBER - 1, ..reply() }, header(B256::ZERO)));
    // An RPC that claims the hash for another header: it is hashed here.
    let lie = ChainBlock { hash: reply().block_hash, ..header(B256::repeat_byte(7)) };
    assert!(unknown(reply(), lie));
    assert!(unknown(reply(), ChainBlock { rlp: Vec::new(), ..header(B256::ZERO) }));
    assert!(unknown(reply(), ChainBlock { number: 0, ..header(B256::ZERO) }));
}
