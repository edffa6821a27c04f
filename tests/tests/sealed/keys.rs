//! Keys in a worker enclave: whose answers it takes, on which chain it uses them, when it forgets.

use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use enigma_protocol::{
    door::{Code, Need, Refusal, WorkerReply},
    keys::KeyRequest,
};
use enigma_tests::sealed::{Client, Network, Terms};

use crate::abi::*;

/// A worker that has its keys, with one task to do.
fn ready() -> (Network, Client, Address, usize) {
    let mut net = Network::start();
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    net.enigma.chain.mine();
    let worker = net.rank(contract, 0);
    net.execute(worker, contract, 1).unwrap();
    (net, alice, contract, worker)
}

/// Which keys the worker lacks, all facts given.
fn lacking(net: &mut Network, contract: Address, worker: usize) -> Vec<KeyRequest> {
    let tip = net.workers[worker].follow(&net.enigma.chain).unwrap();
    let mut slots = net.workers[worker].usual().clone();
    for _ in 0..9 {
        let question = net.question(contract, 1, &slots, tip);
        match net.workers[worker].execute(question) {
            WorkerReply::Need(Need { slots: missing, keys, .. }) if missing.0.is_empty() => return keys.0,
            WorkerReply::Need(need) => slots.extend(need.slots.0),
            WorkerReply::Executed(_) => return Vec::new(),
            other => panic!("{other:?}"),
        }
    }
    panic!("no end of facts");
}

#[test]
fn keys_are_used_only_on_a_chain_with_the_key_enclaves_blocks() {
    let (mut net, _, contract, worker) = ready();
    assert_eq!(lacking(&mut net, contract, worker), []);
    let seen = net.keys[0].tip();
    let words = net.enigma.chain.pending.clone();
    let height = net.enigma.chain.height();
    // A fork above the block that the key enclaves saw changes nothing.
    let mut above = net.enigma.chain.fork(seen);
    above.pending = words.clone();
    above.mine_to(height + 1);
    let mut below = net.enigma.chain.fork(seen - 1);
    below.pending = words;
    net.enigma.chain = above;
    assert_eq!(lacking(&mut net, contract, worker), []);
    // One below it takes the keys away, with whatever inputs the fork has.
    net.enigma.chain = below;
    net.enigma.chain.mine_to(height + 2);
    let lost = lacking(&mut net, contract, worker);
    assert_eq!(lost.len(), 2, "input and state key");
    net.execute(worker, contract, 1).unwrap();
}

#[test]
fn answers_from_a_foreign_chain_are_not_taken() {
    let (mut net, _, contract, worker) = ready();
    net.next_epoch();
    let worker = if net.rank(contract, 0) == worker { worker } else { net.rank(contract, 0) };
    let requests = lacking(&mut net, contract, worker);
    assert!(!requests.is_empty());
    // The key enclaves are a block ahead on a branch that the worker does not have.
    let home = net.enigma.chain.clone();
    net.enigma.chain = home.fork(home.height() - 1);
    net.enigma.chain.pending = home.pending.clone();
    net.enigma.chain.mine_to(home.height() + 1);
    let foreign = net.gather(&requests[0]).unwrap();
    let refusal = Refusal { code: Code::ForeignBlock, detail: home.height() + 1 };
    assert_eq!(net.workers[worker].keys(&requests[0], &foreign), Err(refusal));
    // Once it has followed that branch they are good.
    net.workers[worker].follow(&net.enigma.chain).unwrap();
    net.workers[worker].keys(&requests[0], &foreign).unwrap();
}

#[test]
fn an_answer_to_another_request_is_refused() {
    let (mut net, mut alice, contract, _) = ready();
    let executed = net.work(contract);
    assert_eq!(executed.receipt.results.0.len(), 1);
    net.next_epoch();
    net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    net.enigma.chain.mine();
    let worker = net.rank(contract, 0);
    let requests = lacking(&mut net, contract, worker);
    let replies: Vec<_> = requests.iter().map(|r| net.gather(r).unwrap()).collect();
    let door = &mut net.workers[worker];
    let wrong: Refusal = Refusal { code: Code::WrongPartial, detail: 1 };
    assert_eq!(door.keys(&requests[0], &replies[1]), Err(wrong.clone()));
    assert_eq!(door.keys(&requests[1], &replies[0]), Err(wrong));
    let unusable: Refusal = Code::UnusableReplies.into();
    let changes: [fn(&mut KeyRequest); 6] = [
        |r| r.network.0[0] ^= 1,
        |r| r.contract = Address::ZERO,
        |r| r.key_epoch += 1,
        |r| r.group_epoch += 1,
        |r| r.reply_to[3] ^= 1,
        |r| r.signature[9] ^= 1,
    ];
    for change in changes {
        let mut other = requests[0].clone();
        change(&mut other);
        assert_eq!(door.keys(&other, &replies[0]), Err(unusable.clone()));
    }
    assert_eq!(door.keys(&requests[0], &[]), Err(unusable.clone()));
    for (request, replies) in requests.iter().zip(&replies) {
        door.keys(request, replies).unwrap();
        assert_eq!(door.keys(request, replies), Err(unusable.clone()), "asked and answered");
    }
    net.execute(worker, contract, 1).unwrap();
}

#[test]
fn a_question_is_repeated_until_it_is_answered() {
    let (mut net, _, contract, _) = ready();
    net.next_epoch();
    let worker = net.rank(contract, 0);
    let first = lacking(&mut net, contract, worker);
    assert!(!first.is_empty());
    net.enigma.chain.mine();
    assert_eq!(lacking(&mut net, contract, worker), first, "one request, however often asked");
    net.next_epoch();
    let later = lacking(&mut net, contract, worker);
    assert!(later.iter().all(|r| !first.contains(r)), "a new epoch, a new request");
}

#[test]
fn keys_are_forgotten_with_their_epoch() {
    let (mut net, mut alice, contract, worker) = ready();
    net.work(contract);
    let epoch = net.enigma.epoch();
    for _ in 0..12 {
        net.next_epoch();
        if net.rank(contract, 0) == worker {
            break;
        }
    }
    assert_eq!(net.rank(contract, 0), worker, "drawn again");
    net.call(&mut alice, contract, &startCall {}.abi_encode(), &Terms::default());
    net.enigma.chain.mine();
    let asked: Vec<u64> = lacking(&mut net, contract, worker).iter().map(|r| r.key_epoch).collect();
    let now = net.enigma.epoch();
    // Two keys of now. The state is in memory, so the old state key is not needed, and nothing else is left of then.
    assert_eq!(asked.iter().filter(|&&e| e == now).count(), 2, "{asked:?} in {now}");
    assert!(now > epoch && asked.len() == 2);
    // A late task of the old epoch needs the old key again.
    let binding = alice.binding(enigma_protocol::input::Kind::Task, contract, now - 1);
    let letter = alice.seal(&binding, &startCall {}.abi_encode());
    net.post(alice.address, contract, &Terms::default(), now - 1, &letter.envelope);
    net.work(contract);
}
