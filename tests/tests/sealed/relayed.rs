//! Relayed tasks: whose they are, every refusal with its reason, and who learns a nonce.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolValue};
use enigma_evm::whose::TASK;
use enigma_protocol::{
    door::Code,
    envelope::{Claim, Plaintext},
    input::Kind,
    output::{InnerStatus, Output},
    receipt::Status,
    relayed::{Authorisation, Unauthorised},
};
use enigma_tests::sealed::{Client, Network, Reader, Relay, Sent, Terms};

use crate::abi::*;

const GAS: u64 = 200_000;

/// A network with one contract, an author and a relayer.
struct Scene {
    net: Network,
    author: Reader,
    relayer: Client,
    contract: Address,
}

impl Scene {
    fn new() -> Self {
        let mut net = Network::start();
        let mut relayer = net.client("relayer");
        let contract = net.deploy(&mut relayer, "root", 5, 1).contract;
        net.work(contract);
        Self { author: net.reader("author"), net, relayer, contract }
    }

    fn relay(&self, nonce: u64, calldata: Vec<u8>) -> Relay {
        let epoch = self.net.enigma.epoch();
        Relay {
            binding: self.relayer.binding(Kind::Task, self.contract, epoch),
            nonce,
            min_gas: GAS,
            value: U256::ZERO,
            expiry: 0,
            calldata,
        }
    }

    /// Sends a relayed task as its relayer, in the pending block.
    fn post(&mut self, relay: &Relay, terms: &Terms, spoil: impl FnOnce(&mut Plaintext)) -> (Sent, Vec<u8>) {
        let letter = self.author.authorise(relay, spoil);
        let epoch = relay.binding.epoch;
        let index = self.net.post(relay.binding.sender, self.contract, terms, epoch, &letter.envelope);
        (Sent { contract: self.contract, index, reply_key: letter.reply_key }, letter.envelope)
    }

    /// Sends, commits, and gives what the author reads with the public status and charge.
    fn run(
        &mut self,
        relay: &Relay,
        terms: &Terms,
        spoil: impl FnOnce(&mut Plaintext),
    ) -> (Output, Status, u64) {
        let (sent, _) = self.post(relay, terms, spoil);
        let executed = self.net.work(self.contract);
        let result = &executed.receipt.results.0[0];
        (self.net.read(&sent), result.status, result.gas_charged)
    }

    fn good(&mut self, nonce: u64, calldata: Vec<u8>) -> Output {
        let relay = self.relay(nonce, calldata);
        self.run(&relay, &Terms::default(), |_| ()).0
    }

    /// What the account is told of its nonce.
    fn nonce(&mut self) -> U256 {
        let (epoch, now) = (self.net.enigma.epoch(), self.net.time());
        let question = self.author.question(self.contract, epoch, now, &[]);
        let query = self.author.account_question(&question);
        let worker = self.net.rank(self.contract, 0);
        let reply = self.net.query(worker, self.contract, &query.envelope).expect("an answer");
        let output = query.read(self.net.descriptor.network(), self.contract, &reply).expect("its answer");
        assert_eq!((output.status, output.gas_used, output.data.len()), (InnerStatus::Success, 0, 32));
        U256::abi_decode(&output.data).unwrap()
    }

    fn slot(&mut self, slot: u64) -> U256 {
        let call = slotsCall { slot: U256::from(slot) }.abi_encode();
        let mut relayer = self.relayer.clone();
        let sent = self.net.call(&mut relayer, self.contract, &call, &Terms::default());
        self.net.work(self.contract);
        U256::abi_decode(&self.net.read(&sent).data).unwrap()
    }
}

fn put(slot: u64, value: u64) -> Vec<u8> {
    putCall { slot: U256::from(slot), value: U256::from(value) }.abi_encode()
}

fn authorisation(plaintext: &mut Plaintext) -> &mut Authorisation {
    let Claim::Relayed(authorisation) = &mut plaintext.claim else { panic!("relayed") };
    authorisation
}

fn refused(output: &Output) -> Unauthorised {
    assert_eq!((output.status, output.gas_used), (InnerStatus::NotAuthorised, 0));
    Unauthorised::from_data(&output.data).expect("a reason")
}

#[test]
fn a_relayed_task_runs_as_its_author_and_tells_who_relayed_it() {
    let mut scene = Scene::new();
    let who = whoCall::abi_decode_returns(&scene.good(0, whoCall {}.abi_encode()).data).unwrap();
    assert_eq!((who.sender, who.origin), (scene.author.address(), scene.author.address()));

    let look = rawCall { kind: U256::ONE, target: TASK, value: U256::ZERO, data: [].into() }.abi_encode();
    let mut relay = scene.relay(1, look);
    relay.binding.on_behalf_of = B256::repeat_byte(7);
    let terms = Terms { on_behalf_of: B256::repeat_byte(7), ..Terms::default() };
    let (output, ..) = scene.run(&relay, &terms, |_| ());
    let told = rawCall::abi_decode_returns(&output.data).unwrap();
    let told = <(Address, B256)>::abi_decode(&told.back).unwrap();
    assert_eq!(told, (scene.relayer.address, B256::repeat_byte(7)));
    assert_eq!(scene.nonce(), U256::from(2));
}

#[test]
fn every_refusal_has_its_reason_changes_nothing_and_returns_the_value() {
    let mut scene = Scene::new();
    type Change = fn(&mut Relay, &mut Terms);
    type Spoil = fn(&mut Plaintext);
    let stranger: Spoil = |task| authorisation(task).account = Address::repeat_byte(1);
    let other_body: Spoil = |task| task.body = enigma_primitives::Secret::new(put(1, 666));
    let later: Spoil = |task| task.expiry = u64::MAX;
    let none: Spoil = |_| ();
    let same: Change = |_, _| ();
    let cases: [(Change, Spoil, Unauthorised); 9] = [
        (same, stranger, Unauthorised::Signature),
        (same, other_body, Unauthorised::Signature),
        (same, later, Unauthorised::Signature),
        (|_, terms| terms.value += U256::ONE, none, Unauthorised::Value),
        (|relay, _| relay.value += U256::ONE, none, Unauthorised::Value),
        (|_, terms| terms.gas_limit = GAS - 1, none, Unauthorised::Gas),
        (|relay, _| relay.nonce = 1, none, Unauthorised::Nonce { expected: 0 }),
        // All at once: the first reason counts, and a stranger never learns a nonce.
        (
            |relay, terms| (relay.nonce, terms.value, terms.gas_limit) = (1, U256::ONE, 1),
            stranger,
            Unauthorised::Signature,
        ),
        (
            |relay, terms| (relay.nonce, terms.value, terms.gas_limit) = (1, U256::ONE, 1),
            none,
            Unauthorised::Value,
        ),
    ];
    for (case, (change, spoil, reason)) in cases.into_iter().enumerate() {
        let (mut relay, mut terms) = (scene.relay(0, put(1, 5)), Terms::default());
        change(&mut relay, &mut terms);
        let value = terms.value;
        let (output, status, charged) = scene.run(&relay, &terms, spoil);
        assert_eq!(refused(&output), reason, "case {case}");
        let expected = if value.is_zero() { Status::Completed } else { Status::ValueReturned };
        assert_eq!((status, charged), (expected, 32_768.min(terms.gas_limit)), "case {case}");
    }
    assert_eq!((scene.nonce(), scene.slot(1)), (U256::ZERO, U256::ZERO));

    // An expiry that is over comes first, whatever else is wrong.
    let past = scene.net.time() - 1;
    let relay = Relay { expiry: past, nonce: 9, ..scene.relay(0, put(1, 5)) };
    let (output, ..) = scene.run(&relay, &Terms::default(), stranger);
    assert_eq!(output.status, InnerStatus::Expired);
    assert_eq!(scene.good(0, put(1, 5)).status, InnerStatus::Success, "nothing was spent");
    assert_eq!(scene.slot(1), U256::from(5));
}

#[test]
fn an_authorisation_is_spent_by_success_revert_halt_and_a_result_too_large() {
    let mut scene = Scene::new();
    assert_eq!(scene.good(0, put(1, 1)).status, InnerStatus::Success);
    let fails = putAndFailCall { slot: U256::from(1), value: U256::from(2) }.abi_encode();
    assert_eq!(scene.good(1, fails.clone()).status, InnerStatus::Reverted);
    assert_eq!(scene.good(2, spinCall {}.abi_encode()).status, InnerStatus::Halted);
    let poor = Terms { commit_gas: enigma_protocol::fees::MIN_COMMIT_GAS, ..Terms::default() };
    let relay = scene.relay(3, longCall { size: U256::from(5_000) }.abi_encode());
    assert_eq!(scene.run(&relay, &poor, |_| ()).0.status, InnerStatus::TooLarge);
    assert_eq!(scene.nonce(), U256::from(4));
    for nonce in 0..4 {
        let again = scene.good(nonce, fails.clone());
        assert_eq!(refused(&again), Unauthorised::Nonce { expected: 4 });
    }
    // What the account sends itself does not count.
    assert_eq!(scene.slot(1), U256::from(1));
    assert_eq!(scene.nonce(), U256::from(4));
}

#[test]
fn a_relayer_that_sends_it_again_is_refused_in_the_same_batch_and_in_later_epochs() {
    let mut scene = Scene::new();
    let relay = scene.relay(0, put(1, 1));
    let (first, envelope) = scene.post(&relay, &Terms::default(), |_| ());
    let again = |scene: &mut Scene| {
        let index = scene.net.post(
            scene.relayer.address,
            scene.contract,
            &Terms::default(),
            relay.binding.epoch,
            &envelope,
        );
        let key = first.reply_key.expose(|key| *key);
        Sent { contract: scene.contract, index, reply_key: enigma_primitives::Secret::from_bytes(key) }
    };
    let second = again(&mut scene);
    scene.net.work(scene.contract);
    assert_eq!(scene.net.read(&first).status, InnerStatus::Success);
    assert_eq!(refused(&scene.net.read(&second)), Unauthorised::Nonce { expected: 1 });

    // A snapshot is folded in with the first commit of the epoch, and a new enclave begins from it.
    scene.net.next_epoch();
    let worker = scene.net.in_turn(scene.contract, 0);
    scene.net.restart(worker);
    let third = again(&mut scene);
    scene.net.work(scene.contract);
    assert_eq!(refused(&scene.net.read(&third)), Unauthorised::Nonce { expected: 1 });
    let worker = scene.net.in_turn(scene.contract, 0);
    scene.net.restart(worker);
    assert_eq!(scene.nonce(), U256::ONE, "rebuilt from what hosts kept");
}

#[test]
fn another_relayer_or_another_word_opens_nothing() {
    let mut scene = Scene::new();
    let relay = scene.relay(0, put(1, 1));
    let thief = scene.net.client("thief");
    let letter = scene.author.authorise(&relay, |_| ());
    let epoch = relay.binding.epoch;
    scene.net.post(thief.address, scene.contract, &Terms::default(), epoch, &letter.envelope);
    let word = Terms { on_behalf_of: B256::repeat_byte(1), ..Terms::default() };
    scene.net.post(scene.relayer.address, scene.contract, &word, epoch, &letter.envelope);
    let executed = scene.net.work(scene.contract);
    let statuses: Vec<_> = executed.receipt.results.0.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [Status::Unopened; 2]);
    assert_eq!(scene.nonce(), U256::ZERO);
}

#[test]
fn only_the_accounts_own_signature_reads_its_nonce() {
    let mut scene = Scene::new();
    scene.good(0, put(1, 1));
    let (epoch, now) = (scene.net.enigma.epoch(), scene.net.time());
    let mut thief = scene.net.reader("thief");
    let question = thief.question(scene.contract, epoch, now, &[]);
    let mut plaintext = thief.plaintext(&question);
    plaintext.claim.reader_mut().unwrap().account = scene.author.address();
    let Claim::Reader(proof) = plaintext.claim else { panic!("a proof") };
    plaintext.claim = Claim::Account(proof);
    let query = thief.seal_plaintext(&question, plaintext);
    let worker = scene.net.rank(scene.contract, 0);
    let refusal = scene.net.query(worker, scene.contract, &query.envelope).expect_err("a refusal");
    assert_eq!(refusal.code, Code::NotAuthorised);
    // Calldata beside the question makes it none.
    let question = scene.author.question(scene.contract, epoch, now, &put(1, 1));
    let query = scene.author.account_question(&question);
    let refusal = scene.net.query(worker, scene.contract, &query.envelope).expect_err("a refusal");
    assert_eq!(refusal.code, Code::NotOpened);
    assert_eq!(scene.nonce(), U256::ONE);
}

#[test]
fn a_contract_whose_deployment_failed_still_answers_what_nonce_is_due() {
    let mut scene = Scene::new();
    let mut relayer = scene.relayer.clone();
    scene.contract = scene.net.deploy(&mut relayer, "broken", 404, 1).contract;
    scene.net.work(scene.contract);
    assert_eq!(scene.nonce(), U256::ZERO);
    assert_eq!(scene.good(0, put(1, 1)).status, InnerStatus::NotDeployed);
    assert_eq!(scene.nonce(), U256::ONE);
}

/// What a forwarding contract passes on: who calls it, or, planted, whoever its caller says.
fn forwarded(is_weak: bool, caller: Address, said: Address) -> B256 {
    if is_weak { said.into_word() } else { caller.into_word() }
}

#[test]
fn an_envelope_copied_through_a_forwarding_contract_opens_only_where_the_caller_says_who_it_is() {
    for is_weak in [true, false] {
        let mut scene = Scene::new();
        let forwarder = Address::repeat_byte(0xf0);
        let (author, thief) = (scene.net.client("an author"), scene.net.client("thief"));
        let epoch = scene.net.enigma.epoch();
        let mut sealing = author.clone();
        let mut binding = author.binding(Kind::Task, scene.contract, epoch);
        (binding.sender, binding.on_behalf_of) = (forwarder, author.address.into_word());
        let letter = sealing.seal(&binding, &put(1, 1));
        let mut post = |caller: Address| {
            let on_behalf_of = forwarded(is_weak, caller, author.address);
            let terms = Terms { on_behalf_of, ..Terms::default() };
            scene.net.post(forwarder, scene.contract, &terms, epoch, &letter.envelope);
        };
        post(author.address);
        post(thief.address);
        let executed = scene.net.work(scene.contract);
        let copied = if is_weak { Status::Completed } else { Status::Unopened };
        let statuses: Vec<_> = executed.receipt.results.0.iter().map(|r| r.status).collect();
        assert_eq!(statuses, [Status::Completed, copied], "weak: {is_weak}");
    }
}
