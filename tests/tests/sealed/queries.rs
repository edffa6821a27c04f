//! Private reads: who may, of what, when; and what an answer proves.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use enigma_crypto::sign;
use enigma_protocol::{
    door::{Code, Refusal},
    envelope::Plaintext,
    input::Kind,
    output::{InnerStatus, Output},
    query::{AUTHORISATION_LIFETIME, LIFETIME, QueryReply},
    receipt::Status,
};
use enigma_tests::sealed::{Client, Network, Query, Question, Reader, Terms};

use crate::abi::*;

/// A network with one contract, and the worker that holds its keys.
struct Scene {
    net: Network,
    alice: Client,
    contract: Address,
}

impl Scene {
    fn new() -> Self {
        let mut net = Network::start();
        let mut alice = net.client("alice");
        let contract = net.deploy(&mut alice, "root", 5, 1).contract;
        net.work(contract);
        Self { net, alice, contract }
    }

    fn question(&self, reader: &Reader, calldata: &[u8]) -> Question {
        reader.question(self.contract, self.net.enigma.epoch(), self.net.time(), calldata)
    }

    fn ask(&mut self, query: &Query) -> Result<QueryReply, Refusal> {
        let worker = self.net.rank(self.contract, 0);
        self.net.query(worker, self.contract, &query.envelope)
    }

    fn code(&mut self, query: &Query) -> Code {
        self.ask(query).expect_err("a refusal").code
    }

    fn read(&self, query: &Query, reply: &QueryReply) -> Output {
        query.read(self.net.descriptor.network(), self.contract, reply).expect("the reader's answer")
    }

    fn answer(&mut self, query: &Query) -> Output {
        let reply = self.ask(query).expect("an answer");
        self.read(query, &reply)
    }
}

fn who(output: &Output) -> (Address, Address) {
    assert_eq!(output.status, InnerStatus::Success, "{output:?}");
    let who = whoCall::abi_decode_returns(&output.data).unwrap();
    (who.sender, who.origin)
}

fn slot(n: u64) -> Vec<u8> {
    slotsCall { slot: U256::from(n) }.abi_encode()
}

#[test]
fn a_signed_read_runs_as_its_account_and_an_unsigned_one_as_nobody() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &whoCall {}.abi_encode());
    let signed = reader.seal(&question);
    assert_eq!(who(&scene.answer(&signed)), (reader.address(), reader.address()));
    let unsigned = reader.seal_unsigned(&question);
    assert_eq!(who(&scene.answer(&unsigned)), (Address::ZERO, Address::ZERO));
}

#[test]
fn a_read_sees_the_last_committed_state_and_nothing_pending() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let put = putCall { slot: U256::from(9), value: U256::from(77) }.abi_encode();
    scene.net.call(&mut scene.alice, scene.contract, &put, &Terms::default());
    scene.net.enigma.chain.mine();
    let question = scene.question(&reader, &slot(9));
    let before = reader.seal(&question);
    assert_eq!(scene.answer(&before).data, U256::ZERO.to_be_bytes::<32>());
    scene.net.work(scene.contract);
    let question = scene.question(&reader, &slot(9));
    let after = reader.seal(&question);
    assert_eq!(scene.answer(&after).data, U256::from(77).to_be_bytes::<32>());
}

#[test]
fn an_answer_names_the_state_and_the_block_it_was_read_at_and_is_signed() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    let reply = scene.ask(&query).unwrap();
    let chain = &scene.net.enigma.chain;
    let tip = chain.height();
    assert_eq!((reply.block_number, reply.block_hash), (tip, chain.block(tip).hash));
    let worker = scene.net.rank(scene.contract, 0);
    let context = reply.context(scene.net.descriptor.network(), scene.contract, &query.envelope);
    let signer = sign::recover(reply.digest(context), &reply.signature).unwrap();
    assert_eq!(signer, scene.net.identities[worker].address);
    assert_eq!(reply.epoch, scene.net.enigma.epoch());
    // Every field is bound: to the ciphertext, to the signature, or to both.
    type Change = fn(&mut QueryReply);
    let changes: [Change; 6] = [
        |r| r.state_head = B256::ZERO,
        |r| r.block_number += 1,
        |r| r.block_hash = B256::ZERO,
        |r| r.salt = B256::ZERO,
        |r| r.output.0[0] ^= 1,
        |r| r.epoch += 1,
    ];
    for (place, change) in changes.iter().enumerate() {
        let mut forged = reply.clone();
        change(&mut forged);
        let context = forged.context(scene.net.descriptor.network(), scene.contract, &query.envelope);
        assert_ne!(sign::recover(forged.digest(context), &forged.signature).ok(), Some(signer), "{place}");
        let opens = query.read(scene.net.descriptor.network(), scene.contract, &forged).is_ok();
        assert_eq!(opens, place == 5, "change {place}");
    }
}

#[test]
fn nobody_else_reads_the_answer() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    let (mine, other) = (reader.seal(&question), reader.seal(&question));
    let reply = scene.ask(&mine).unwrap();
    let network = scene.net.descriptor.network();
    assert!(other.read(network, scene.contract, &reply).is_err(), "another query's key");
    let swapped = Query { envelope: other.envelope, reply_key: mine.reply_key };
    assert!(swapped.read(network, scene.contract, &reply).is_err(), "an answer to another envelope");
}

#[test]
fn a_write_hidden_in_a_read_is_refused_and_changes_nothing() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    for calldata in [
        putCall { slot: U256::from(1), value: U256::from(9) }.abi_encode(),
        transferCall { to: Address::repeat_byte(7), amount: U256::ZERO }.abi_encode(),
    ] {
        let question = scene.question(&reader, &calldata);
        let query = reader.seal(&question);
        let output = scene.answer(&query);
        assert_eq!((output.status, output.data), (InnerStatus::Halted, vec![6]), "a static call");
    }
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    assert_eq!(scene.answer(&query).data, U256::ZERO.to_be_bytes::<32>());
    let transfer = scene.net.call(&mut scene.alice, scene.contract, &slot(1), &Terms::default());
    scene.net.work(scene.contract);
    assert_eq!(scene.net.read(&transfer).data, U256::ZERO.to_be_bytes::<32>(), "nor for a task");
}

#[test]
fn another_accounts_signature_does_not_read_for_me() {
    let mut scene = Scene::new();
    let (mut reader, mut thief) = (scene.net.reader("reader"), scene.net.reader("thief"));
    let question = scene.question(&reader, &whoCall {}.abi_encode());
    // The thief names the reader, with its own signatures.
    let mut plaintext = thief.plaintext(&question);
    plaintext.claim.reader_mut().unwrap().account = reader.address();
    let query = thief.seal_plaintext(&question, plaintext);
    assert_eq!(scene.code(&query), Code::NotAuthorised);
    // The thief has the reader's authorisation, from a client that lost it, but not its session key.
    let mut stolen = reader.plaintext(&question).claim;
    let mut plaintext = thief.plaintext(&question);
    let own = plaintext.claim.reader().unwrap().session_signature;
    stolen.reader_mut().unwrap().session_signature = own;
    plaintext.claim = stolen;
    let query = thief.seal_plaintext(&question, plaintext);
    assert_eq!(scene.code(&query), Code::NotAuthorised);
}

#[test]
fn a_replayed_authorisation_reads_nothing_else() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    let proof = |reader: &mut Reader| reader.plaintext(&question).claim;
    // Both signatures copied into a query for other calldata, another reply key, another expiry.
    let copied = proof(&mut reader);
    let fresh = Plaintext { claim: copied, ..reader.plaintext(&question) };
    let query = reader.seal_plaintext(&question, fresh);
    assert_eq!(scene.code(&query), Code::NotAuthorised, "another reply key");
    for change in 0..2 {
        let mut plaintext = reader.plaintext(&question);
        match change {
            0 => plaintext.body = enigma_primitives::Secret::new(slot(2)),
            _ => plaintext.expiry += 1,
        }
        let query = reader.seal_plaintext(&question, plaintext);
        assert_eq!(scene.code(&query), Code::NotAuthorised, "change {change}");
    }
    // An authorisation for another contract.
    let mut elsewhere = scene.question(&reader, &slot(1));
    elsewhere.authorised_contract = Address::repeat_byte(9);
    let query = reader.seal(&elsewhere);
    assert_eq!(scene.code(&query), Code::NotAuthorised, "another contract");
}

#[test]
fn a_query_is_answered_once() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    scene.ask(&query).unwrap();
    assert_eq!(scene.code(&query), Code::Replayed);
    scene.net.enigma.chain.mine();
    assert_eq!(scene.code(&query), Code::Replayed, "at another block too");
    let again = reader.seal(&question);
    scene.ask(&again).unwrap();
}

#[test]
fn expired_and_too_durable_queries_are_refused() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let now = scene.net.time();
    let mut at = |scene: &mut Scene, expiry: u64, authorisation_expiry: u64| {
        let question =
            Question { expiry, authorisation_expiry, ..scene.question(&reader, &whoCall {}.abi_encode()) };
        let query = reader.seal(&question);
        scene.ask(&query).map(drop).map_err(|refusal| refusal.code)
    };
    let hour = now + 3_600;
    assert_eq!(at(&mut scene, now, now), Ok(()), "the last moment counts");
    assert_eq!(at(&mut scene, now + LIFETIME, now + AUTHORISATION_LIFETIME), Ok(()));
    for (expiry, authorisation_expiry) in [
        (0, hour),
        (now - 1, hour),
        (now + LIFETIME + 1, hour),
        (now + 60, now - 1),
        (now + 60, now + AUTHORISATION_LIFETIME + 1),
        (u64::MAX, u64::MAX),
    ] {
        assert_eq!(at(&mut scene, expiry, authorisation_expiry), Err(Code::Expired));
    }
    // Time that passes on the chain makes a good query an expired one.
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    while scene.net.time() <= question.expiry {
        scene.net.enigma.chain.mine();
    }
    let refusal = scene.ask(&query).unwrap_err();
    assert_eq!((refusal.code, refusal.detail), (Code::Expired, scene.net.time()));
}

#[test]
fn a_tasks_envelope_is_no_query() {
    let mut scene = Scene::new();
    let epoch = scene.net.enigma.epoch();
    let binding = scene.alice.binding(Kind::Task, scene.contract, epoch);
    let letter = scene.alice.seal_until(&binding, &slot(1), scene.net.time() + 60);
    let query = Query { envelope: letter.envelope, reply_key: letter.reply_key };
    assert_eq!(scene.code(&query), Code::NotOpened);
    // Not even one whose sender is nobody.
    let nobody = enigma_protocol::envelope::Binding { sender: Address::ZERO, ..binding };
    let letter = scene.alice.seal_until(&nobody, &slot(1), scene.net.time() + 60);
    let query = Query { envelope: letter.envelope, reply_key: letter.reply_key };
    assert_eq!(scene.code(&query), Code::NotOpened);
}

#[test]
fn a_querys_envelope_is_no_task() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    for query in [reader.seal(&question), reader.seal_unsigned(&question)] {
        let (contract, epoch) = (scene.contract, scene.net.enigma.epoch());
        scene.net.post(reader.address(), contract, &Terms::default(), epoch, &query.envelope);
        let executed = scene.net.work(contract);
        assert_eq!(executed.receipt.results.0[0].status, Status::Unopened);
    }
    // Nor does a task carry a reader's proof.
    let mut as_task = scene.question(&reader, &slot(1));
    as_task.binding.kind = Kind::Task;
    as_task.binding.sender = reader.address();
    let sealed = reader.seal(&as_task);
    let (contract, epoch) = (scene.contract, scene.net.enigma.epoch());
    scene.net.post(reader.address(), contract, &Terms::default(), epoch, &sealed.envelope);
    let executed = scene.net.work(contract);
    assert_eq!(executed.receipt.results.0[0].status, Status::Unopened);
}

#[test]
fn a_query_for_another_contract_epoch_or_network_does_not_open() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let other = scene.net.deploy(&mut scene.alice, "other", 6, 1).contract;
    scene.net.work(other);
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    let worker = scene.net.rank(other, 0);
    let refusal = scene.net.query(worker, other, &query.envelope).unwrap_err();
    assert_eq!(refusal.code, Code::NotOpened, "another contract");
    let mut foreign = scene.question(&reader, &slot(1));
    foreign.binding.network = B256::repeat_byte(1);
    let query = reader.seal(&foreign);
    assert_eq!(scene.code(&query), Code::NotOpened, "another network");
    let epoch = scene.net.enigma.epoch();
    for wrong in [epoch + 1, u64::MAX] {
        let mut late = scene.question(&reader, &slot(1));
        late.binding.epoch = wrong;
        let query = reader.seal(&late);
        let refusal = scene.ask(&query).unwrap_err();
        assert_eq!((refusal.code, refusal.detail), (Code::EpochNotReleased, epoch));
    }
}

#[test]
fn every_flipped_byte_of_a_query_is_refused() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    for place in 0..query.envelope.len() {
        let mut spoiled = query.envelope.clone();
        spoiled[place] ^= 1;
        let worker = scene.net.rank(scene.contract, 0);
        let refusal = scene.net.query(worker, scene.contract, &spoiled).expect_err("spoiled");
        assert!(matches!(refusal.code, Code::NotOpened | Code::EpochNotReleased), "byte {place}");
    }
    scene.ask(&query).expect("untouched, it is answered");
}

#[test]
fn only_the_group_gets_the_keys_of_a_query() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let question = scene.question(&reader, &slot(1));
    let query = reader.seal(&question);
    let outsider = scene.net.rank(scene.contract, 1);
    let refusal = scene.net.query(outsider, scene.contract, &query.envelope).unwrap_err();
    assert_eq!(refusal.code, Code::NotYourTurn, "nothing waits");
}

#[test]
fn a_read_draws_other_randomness_than_any_task() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let draw = randomCall { size: U256::from(32), pers: Default::default() }.abi_encode();
    let drawn: Vec<Vec<u8>> = (0..2)
        .map(|_| {
            let question = scene.question(&reader, &draw);
            let query = reader.seal(&question);
            scene.answer(&query).data
        })
        .collect();
    assert_ne!(drawn[0], drawn[1]);
    let task = scene.net.call(&mut scene.alice, scene.contract, &draw, &Terms::default());
    scene.net.work(scene.contract);
    assert!(!drawn.contains(&scene.net.read(&task).data));
}

#[test]
fn reads_work_across_an_epoch_and_restore_the_state() {
    let mut scene = Scene::new();
    let mut reader = scene.net.reader("reader");
    let put = putCall { slot: U256::from(9), value: U256::from(77) }.abi_encode();
    scene.net.call(&mut scene.alice, scene.contract, &put, &Terms::default());
    scene.net.work(scene.contract);
    let first = scene.net.rank(scene.contract, 0);
    let old = scene.question(&reader, &slot(9));
    for _ in 0..8 {
        scene.net.next_epoch();
        if scene.net.rank(scene.contract, 0) != first {
            break;
        }
    }
    assert_ne!(scene.net.rank(scene.contract, 0), first, "another worker's turn came");
    let question = scene.question(&reader, &slot(9));
    let query = reader.seal(&question);
    assert_eq!(scene.answer(&query).data, U256::from(77).to_be_bytes::<32>());
    // An envelope of an epoch within the window still opens.
    if scene.net.enigma.epoch() - old.binding.epoch <= 3 {
        let late =
            Question { expiry: scene.net.time() + 60, authorisation_expiry: scene.net.time() + 60, ..old };
        let query = reader.seal(&late);
        assert_eq!(scene.answer(&query).data, U256::from(77).to_be_bytes::<32>());
    }
}
