//! From an envelope to an output.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolError, SolEvent};
use enigma_protocol::{
    door::{Code, Executed, Need, Refusal, WorkerReply},
    input::Kind,
    output::{InnerStatus, Output},
    receipt::Status,
};
use enigma_tests::sealed::{Chain, Network, Sent, Terms, chain};

use crate::abi::*;

fn put(slot: u64, value: u64) -> Vec<u8> {
    putCall { slot: U256::from(slot), value: U256::from(value) }.abi_encode()
}

fn with_value(value: u64) -> Terms {
    Terms { value: U256::from(value), ..Terms::default() }
}

/// What a successful call returned.
fn returned<C: SolCall>(output: &Output) -> C::Return {
    assert_eq!(output.status, InnerStatus::Success, "{output:?}");
    C::abi_decode_returns(&output.data).unwrap()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

fn statuses(executed: &Executed) -> Vec<Status> {
    executed.receipt.results.0.iter().map(|r| r.status).collect()
}

#[test]
fn a_deploy_and_a_call_commit_and_the_sender_decrypts() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let deployed = net.deploy(&mut alice, "root", 5, 1);
    let contract = deployed.contract;
    let first = net.work(contract);
    assert!(first.snapshot.is_some(), "the first commit of an epoch re-seals");
    let output = net.read(&deployed);
    assert_eq!((output.status, output.data.len()), (InnerStatus::Success, 0));

    let asked = net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    let second = net.work(contract);
    assert_eq!(second.snapshot, None);
    assert_eq!(returned::<startCall>(&net.read(&asked)), U256::from(5));
    assert_eq!(statuses(&second), [Status::Completed]);
    assert_eq!(net.enigma.cursor(contract), 2);

    let who = net.call(&mut alice, contract, &whoCall {}.abi_encode(), &Terms::default());
    let moved = transferCall { to: Address::repeat_byte(7), amount: U256::from(3) };
    let moved = net.call(&mut alice, contract, &moved.abi_encode(), &Terms::default());
    net.work(contract);
    let who = returned::<whoCall>(&net.read(&who));
    assert_eq!((who.sender, who.origin), (alice.address, alice.address));
    let logs = net.read(&moved).logs;
    assert_eq!((logs.len(), logs[0].address, logs[0].topics[0]), (1, contract, Moved::SIGNATURE_HASH));
}

#[test]
fn several_tasks_share_a_receipt_and_see_each_other() {
    let mut net = Network::start();
    let (mut alice, mut bob) = (net.client("alice"), net.client("bob"));
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    for i in 0..6 {
        net.call(&mut bob, contract, &put(i, 100 + i), &Terms::default());
    }
    net.enigma.chain.mine();
    let read = slotsCall { slot: U256::from(4) }.abi_encode();
    let read = net.call(&mut alice, contract, &read, &Terms::default());
    let executed = net.work(contract);
    assert_eq!(executed.receipt.results.0.len(), 8);
    assert_eq!((executed.receipt.first_index, executed.receipt.last_index), (0, 7));
    assert_eq!(returned::<slotsCall>(&net.read(&read)), U256::from(104));
    let mut hashes: Vec<B256> = executed.receipt.results.0.iter().map(|r| r.delta_hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 8, "no two deltas look alike");
}

#[test]
fn revert_data_reaches_only_the_sender() {
    let mut net = Network::start();
    let (mut alice, mut bob) = (net.client("alice"), net.client("bob"));
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let fail = putAndFailCall { slot: U256::from(9), value: U256::from(77) }.abi_encode();
    let free = net.call(&mut alice, contract, &fail, &Terms::default());
    let paid = net.call(&mut alice, contract, &fail, &with_value(1_000));
    let good = net.call(&mut bob, contract, &put(1, 1), &Terms::default());
    let executed = net.work(contract);
    for sent in [&free, &paid] {
        let output = net.read(sent);
        assert_eq!(output.status, InnerStatus::Reverted);
        let refused = Refused::abi_decode(&output.data).unwrap();
        assert_eq!((refused.code, refused.why.as_str()), (U256::from(77), "undo"));
    }
    // The public learns of a failure only where the money shows it.
    assert_eq!(statuses(&executed), [Status::Completed, Status::ValueReturned, Status::Completed]);
    let bytes = enigma_protocol::Encode::to_bytes(&executed);
    for secret in [&b"undo"[..], &Refused::SELECTOR, &fail] {
        assert!(!contains(&bytes, secret), "plaintext in a reply");
    }
    let encrypted = &net.enigma.events[&contract].outputs[free.index as usize];
    let ctx = net.enigma.context(contract, free.index);
    assert!(Output::decrypt(&good.reply_key, ctx, encrypted).is_err(), "another sender's key");
    assert!(Output::decrypt(&free.reply_key, net.enigma.context(contract, paid.index), encrypted).is_err());
}

#[test]
fn a_failed_task_looks_like_a_successful_one_of_its_size() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let fail = putAndFailCall { slot: U256::from(9), value: U256::from(77) }.abi_encode();
    let sent = [put(8, 77), fail].map(|data| net.call(&mut alice, contract, &data, &Terms::default()));
    let executed = net.work(contract);
    assert_ne!(net.read(&sent[0]).status, net.read(&sent[1]).status);
    let [good, bad] = [0, 1].map(|i| {
        let result = &executed.receipt.results.0[i];
        (result.status, result.gas_charged, executed.deltas.0[i].0.len(), executed.outputs.0[i].0.len())
    });
    // A public status, a class of gas, a class of delta. Revert data of 132 bytes takes a class of its own.
    assert_eq!((good.0, good.1, good.2), (bad.0, bad.1, bad.2));
    assert_eq!((good.3, bad.3), (144, 272));
}

#[test]
fn values_deposits_and_refunds_add_up_inside() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.enigma.deposit(contract, 10);
    let fail = putAndFailCall { slot: U256::from(9), value: U256::from(1) }.abi_encode();
    let deposit = depositCall {}.abi_encode();
    let look = lookCall { at: contract }.abi_encode();
    net.call(&mut alice, contract, &deposit, &with_value(100));
    net.call(&mut alice, contract, &fail, &with_value(1_000));
    let balance = net.call(&mut alice, contract, &look, &Terms::default());
    net.work(contract);
    assert_eq!(returned::<lookCall>(&net.read(&balance)).balance, U256::from(110));
    // The value has reached the portal by now and must not count twice.
    let balance = net.call(&mut alice, contract, &look, &Terms::default());
    net.work(contract);
    assert_eq!(returned::<lookCall>(&net.read(&balance)).balance, U256::from(110));
}

#[test]
fn a_task_past_its_expiry_does_not_run() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let epoch = net.enigma.epoch();
    let binding = alice.binding(Kind::Task, contract, epoch);
    let now = Chain::time(net.enigma.now());
    let mut sent = Vec::new();
    for (value, expiry) in [(1, now - 1), (2, now)] {
        let letter = alice.seal_until(&binding, &put(3, value), expiry);
        let index = net.post(alice.address, contract, &with_value(5), epoch, &letter.envelope);
        sent.push(Sent { contract, index, reply_key: letter.reply_key });
    }
    let executed = net.work(contract);
    assert_eq!(net.read(&sent[0]).status, InnerStatus::Expired);
    // `put` takes no value: the second one ran, and reverted.
    assert_eq!(net.read(&sent[1]).status, InnerStatus::Reverted);
    assert_eq!(statuses(&executed), [Status::ValueReturned; 2]);
}

#[test]
fn what_commit_gas_does_not_pay_for_is_undone() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let poor = Terms { commit_gas: enigma_protocol::fees::MIN_COMMIT_GAS, ..Terms::default() };
    let long = longCall { size: U256::from(5_000) }.abi_encode();
    let large = net.call(&mut alice, contract, &long, &poor);
    let spin = net.call(&mut alice, contract, &spinCall {}.abi_encode(), &poor);
    let executed = net.work(contract);
    assert_eq!(net.read(&large).status, InnerStatus::TooLarge);
    let halted = net.read(&spin);
    assert_eq!((halted.status, halted.data), (InnerStatus::Halted, vec![1]));
    assert_eq!(executed.receipt.results.0[1].gas_charged, Terms::default().gas_limit);
    for i in 0..2 {
        assert_eq!(executed.outputs.0[i].0.len() + executed.deltas.0[i].0.len(), 288);
    }
}

/// Deposits belong to the contract, whatever becomes of the task that tells of them.
#[test]
fn a_task_that_does_not_run_still_brings_the_deposits() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let (epoch, past) = (net.enigma.epoch(), Chain::time(net.enigma.now()) - 1);
    let poor = Terms { commit_gas: enigma_protocol::fees::MIN_COMMIT_GAS, ..Terms::default() };
    let long = longCall { size: U256::from(5_000) }.abi_encode();
    let look = lookCall { at: contract }.abi_encode();
    net.enigma.deposit(contract, 10);
    let letter =
        alice.seal_until(&alice.binding(Kind::Task, contract, epoch), &spinCall {}.abi_encode(), past);
    let index = net.post(alice.address, contract, &Terms::default(), epoch, &letter.envelope);
    let expired = Sent { contract, index, reply_key: letter.reply_key };
    let after_expired = net.call(&mut alice, contract, &look, &Terms::default());
    net.enigma.deposit(contract, 100);
    let large = net.call(&mut alice, contract, &long, &poor);
    let after_large = net.call(&mut alice, contract, &look, &Terms::default());
    let executed = net.work(contract);
    assert_eq!(net.read(&expired).status, InnerStatus::Expired);
    assert_eq!(executed.receipt.results.0[0].gas_charged, 32_768, "it spun for nobody");
    assert_eq!(net.read(&large).status, InnerStatus::TooLarge);
    let balances = [after_expired, after_large].map(|s| returned::<lookCall>(&net.read(&s)).balance);
    assert_eq!(balances, [10, 110].map(U256::from));
}

#[test]
fn a_call_before_a_good_deployment_is_told_so() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let deployed = net.deploy(&mut alice, "root", 404, 1); // its constructor refuses
    let called = net.call(&mut alice, deployed.contract, &startCall {}.abi_encode(), &Terms::default());
    net.work(deployed.contract);
    assert_eq!(net.read(&deployed).status, InnerStatus::Reverted);
    assert_eq!(net.read(&called).status, InnerStatus::NotDeployed);
}

/// Two contracts with two required signers: a second executor of everything.
#[test]
fn two_required_signers_agree_byte_for_byte() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 2).contract;
    for i in 0..5 {
        net.call(&mut alice, contract, &put(i, i), &Terms::default());
    }
    net.enigma.chain.mine();
    let [first, second] = [0, 1].map(|rank| net.execute(net.rank(contract, rank), contract, 6).unwrap());
    assert_ne!(first.signature, second.signature);
    assert_eq!(Executed { signature: first.signature, ..second.clone() }, first);
    let error = net.enigma.commit(&first, &[first.signature, first.signature]);
    assert_eq!(error, Err("WrongSignerOrder"));
    let error = net.enigma.commit(&first, &[second.signature, first.signature]);
    assert_eq!(error, Err("WrongSignerOrder"));
    net.enigma.commit(&first, &[first.signature, second.signature]).unwrap();
}

#[test]
fn randomness_differs_per_task_and_is_the_same_for_any_executor() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 2).contract;
    let env = envCall {}.abi_encode();
    let draw = randomCall { size: U256::from(32), pers: Vec::new().into() }.abi_encode();
    let tasks: Vec<Sent> =
        [&env, &env, &draw, &draw].map(|data| net.call(&mut alice, contract, data, &Terms::default())).into();
    net.enigma.chain.mine();
    let [first, second] = [0, 1].map(|rank| net.execute(net.rank(contract, rank), contract, 5).unwrap());
    assert_eq!(first.outputs, second.outputs, "whoever executes");
    net.enigma.commit(&first, &[first.signature, second.signature]).unwrap();
    let env = |sent| returned::<envCall>(&net.read(sent));
    let drawn = |sent| returned::<randomCall>(&net.read(sent));
    assert_ne!(env(&tasks[0])[4], env(&tasks[1])[4], "one block, two tasks");
    assert_ne!(drawn(&tasks[2]), drawn(&tasks[3]));
    assert_eq!(drawn(&tasks[2]).len(), 32);
    assert!(env(&tasks[0])[4] != U256::ZERO);
    // The rest of the environment is the block's.
    let block = net.enigma.events[&contract].inputs[1].input.block_number;
    let expected = [block, Chain::time(block), chain::BASE_FEE, 31_337].map(U256::from);
    assert_eq!(env(&tasks[0])[..4], expected);
}

/// The chain decides the randomness, and a fork decides otherwise.
#[test]
fn a_fork_gives_other_randomness() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let sent = net.call(&mut alice, contract, &envCall {}.abi_encode(), &Terms::default());
    let before = net.enigma.chain.height();
    let words = net.enigma.chain.pending.clone();
    let drawn = |net: &mut Network| {
        let executed = net.execute(net.rank(contract, 0), contract, 1).unwrap();
        let ctx = net.enigma.context(contract, sent.index);
        let output = Output::decrypt(&sent.reply_key, ctx, &executed.outputs.0[0].0).unwrap();
        returned::<envCall>(&output)[4]
    };
    net.enigma.chain.mine();
    let first = drawn(&mut net);
    net.enigma.chain = net.enigma.chain.fork(before);
    net.enigma.chain.pending = words;
    net.enigma.chain.mine_to(before + 2);
    assert_ne!(drawn(&mut net), first);
}

#[test]
fn blockhash_is_the_chains() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    let known = net.enigma.chain.height() - 1;
    let asked = hashOfCall { number: U256::from(known) }.abi_encode();
    let asked = net.call(&mut alice, contract, &asked, &Terms::default());
    net.work(contract);
    assert_eq!(returned::<hashOfCall>(&net.read(&asked)), net.enigma.chain.block(known).hash);
}

#[test]
fn missing_facts_are_a_need_never_a_guess() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.call(&mut alice, contract, &put(1, 1), &Terms::default());
    net.enigma.chain.mine();
    let worker = net.rank(contract, 0);
    let tip = net.workers[worker].follow(&net.enigma.chain).unwrap();
    let mut slots = std::collections::BTreeSet::new();
    // Ask from nothing until nothing is missing: keys and state are in place.
    let done = loop {
        let question = net.question(contract, 1, &slots, tip);
        match net.workers[worker].execute(question) {
            WorkerReply::Need(Need { slots: missing, keys, state }) => {
                assert!(!missing.0.is_empty() && keys.0.is_empty() && !state);
                slots.extend(missing.0);
            }
            WorkerReply::Executed(executed) => break executed,
            other => panic!("{other:?}"),
        }
    };
    assert!(slots.len() >= 5, "{slots:?}");
    for slot in &slots {
        let mut fewer = slots.clone();
        fewer.remove(slot);
        let question = net.question(contract, 1, &fewer, tip);
        let WorkerReply::Need(need) = net.workers[worker].execute(question) else { panic!("guessed {slot}") };
        assert_eq!(need.slots.0, [*slot]);
    }
    // Facts of another block are no facts.
    let mut question = net.question(contract, 1, &slots, tip);
    question.facts = net.enigma.chain.prove(tip - 1, &slots);
    let refusal = Refusal { code: Code::BadProof, detail: u64::MAX };
    assert_eq!(net.workers[worker].execute(question), WorkerReply::Refused(refusal));
    let question = net.question(contract, 1, &slots, tip);
    assert_eq!(net.workers[worker].execute(question), WorkerReply::Executed(done));
}

#[test]
fn only_the_next_inputs_of_the_chain_are_executed() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    for i in 0..3 {
        net.call(&mut alice, contract, &put(i, 1), &Terms::default());
    }
    net.enigma.chain.mine();
    let worker = net.rank(contract, 0);
    let good = net.execute(worker, contract, 3).unwrap();
    let slots = net.workers[worker].usual().clone();
    let tip = net.workers[worker].tip();
    let question = net.question(contract, 3, &slots, tip);
    let mut refused = |change: &dyn Fn(&mut Vec<enigma_protocol::door::UntrustedInput>)| {
        let mut other = question.clone();
        change(&mut other.inputs.0);
        let WorkerReply::Refused(refusal) = net.workers[worker].execute(other) else { panic!("executed") };
        assert_eq!(refusal.code, Code::WrongInputs);
    };
    refused(&|inputs| inputs.clear());
    refused(&|inputs| inputs.swap(0, 1));
    refused(&|inputs| inputs.push(inputs[2].clone()));
    refused(&|inputs| inputs[1] = inputs[0].clone());
    refused(&|inputs| inputs[0].input.sender = Address::ZERO);
    refused(&|inputs| inputs[0].input.value += U256::from(1));
    refused(&|inputs| inputs[0].input.inflow += U256::from(1));
    refused(&|inputs| inputs[0].envelope.0[200] ^= 1);
    refused(&|inputs| inputs[0].code.0.push(0));
    assert_eq!(net.workers[worker].execute(question), WorkerReply::Executed(good));
}

#[test]
fn an_input_waits_for_its_depth() {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let deployed = net.deploy(&mut alice, "root", 5, 1);
    let contract = deployed.contract;
    net.enigma.create(contract, 1, 3);
    let code = net.enigma.events[&contract].inputs[0].code.0.clone();
    net.enigma.events.get_mut(&contract).unwrap().inputs.clear();
    let letter = alice.seal(&alice.binding(Kind::Deploy, contract, 2), &[0; 32]);
    let terms = Terms::default();
    net.enigma.submit(Kind::Deploy, contract, alice.address, &terms, 2, &letter.envelope, &code);
    let mined = net.enigma.chain.mine();
    let worker = net.rank(contract, 0);
    for _ in 0..3 {
        let early = net.execute(worker, contract, 1).unwrap_err();
        assert_eq!(early, Refusal { code: Code::NotDeepEnough, detail: mined + 3 });
        net.enigma.chain.mine();
    }
    net.execute(worker, contract, 1).unwrap();
}
