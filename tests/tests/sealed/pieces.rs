//! States that take more than a frame come in pieces, and a piece proves nothing.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use enigma_protocol::{
    door::{Code, Executed, Refusal, UntrustedPiece},
    state::{UntrustedState, genesis_state_head},
};
use enigma_tests::sealed::{Network, Plan, Terms};

use crate::abi::*;

/// A contract with a snapshot and the deltas of seven tasks since, an input that waits, and whose turn it is.
fn lived() -> (Network, Address, usize) {
    let mut net = Network::planned(Plan::default());
    let mut alice = net.client("alice");
    let contract = net.deploy(&mut alice, "root", 5, 1).contract;
    net.work(contract);
    net.next_epoch();
    for n in 0..8u64 {
        let put = putCall { slot: U256::from(n), value: U256::from(100 + n) }.abi_encode();
        net.call(&mut alice, contract, &put, &Terms::default());
        if n < 7 {
            net.work(contract);
        }
    }
    net.enigma.chain.mine();
    let worker = net.in_turn(contract, 0);
    (net, contract, worker)
}

fn pieces(net: &Network, contract: Address, room: usize) -> Vec<UntrustedPiece> {
    let genesis = genesis_state_head(net.descriptor.network(), contract);
    net.enigma.events[&contract].state().pieces(genesis, room).expect("epochs rise")
}

/// What a fresh enclave makes of the pieces.
fn replay(
    net: &mut Network,
    worker: usize,
    contract: Address,
    pieces: &[UntrustedPiece],
) -> Result<(), Refusal> {
    net.restart(worker);
    let tip = net.workers[worker].follow(&net.enigma.chain)?;
    pieces.iter().try_for_each(|piece| net.replay(worker, contract, piece.clone(), tip))
}

/// A receipt by what the worker has. A state that it asked for would be wrong.
fn execute(net: &mut Network, worker: usize, contract: Address) -> Result<Executed, Refusal> {
    net.execute_on(worker, contract, 1, &UntrustedState { base: None, steps: Vec::new() })
}

#[test]
fn a_state_in_pieces_is_the_state() {
    let (mut net, contract, worker) = lived();
    let whole = net.execute(worker, contract, 1).unwrap();
    for (room, count) in [(0, 7), (300, 4), (usize::MAX, 1)] {
        let pieces = pieces(&net, contract, room);
        assert_eq!(pieces.len(), count, "{room} bytes");
        replay(&mut net, worker, contract, &pieces).unwrap();
        assert_eq!(execute(&mut net, worker, contract), Ok(whole.clone()), "{room} bytes");
    }
    net.enigma.commit(&whole, &[whole.signature]).unwrap();
}

#[test]
fn pieces_that_do_not_lead_to_the_chain_are_refused() {
    let (mut net, contract, worker) = lived();
    let good = pieces(&net, contract, 300);
    let wrong = Err(Refusal::from(Code::WrongState));
    let mut check = |name: &str, pieces: &[UntrustedPiece]| {
        assert_eq!(replay(&mut net, worker, contract, pieces), wrong, "{name}");
        assert!(
            execute(&mut net, worker, contract) == Err(Code::WrongState.into()),
            "{name}: nothing is there"
        );
    };
    check("one left out", &[good[0].clone(), good[2].clone()]);
    check("the second first", &good[1..]);
    check("one twice", &[good[0].clone(), good[1].clone(), good[1].clone()]);
    let changed = |place: usize, change: &dyn Fn(&mut UntrustedPiece)| {
        let mut pieces = good.clone();
        change(&mut pieces[place]);
        pieces
    };
    check("an end too early", &changed(0, &|p| p.is_last = true));
    check("no end", &changed(3, &|p| p.is_last = false));
    check("a second beginning", &changed(1, &|p| p.base = good[0].base.clone()));
    check("a delta left out", &changed(1, &|p| drop(p.steps.0.pop())));
    check("deltas swapped", &changed(1, &|p| p.steps.0.swap(0, 1)));
    check("a beginning without the snapshot", &changed(0, &|p| p.base = None));

    // Pieces without an end: what they make is of no use.
    replay(&mut net, worker, contract, &good[..3]).unwrap();
    assert_eq!(execute(&mut net, worker, contract), Err(Code::WrongState.into()));
    replay(&mut net, worker, contract, &good).unwrap();
    execute(&mut net, worker, contract).unwrap();
}

/// The epoch of a place is no part of its head: what it names is another key, which opens nothing, if it is given at all.
#[test]
fn a_piece_of_another_epoch_does_not_open() {
    let (mut net, contract, worker) = lived();
    let good = pieces(&net, contract, 300);
    for epoch in [0, 2, u64::MAX] {
        let mut pieces = good.clone();
        let place = pieces[1].after.as_mut().unwrap();
        assert_ne!(place.epoch, epoch);
        place.epoch = epoch;
        assert!(replay(&mut net, worker, contract, &pieces).is_err(), "epoch {epoch}");
    }
}
