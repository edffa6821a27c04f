//! The audit can fail: it sees every planted change.

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{Event, bindings::Enigma};
use enigma_tests::{audit::History, network::Network};
use serde_json::json;

use super::{
    author::{Author, Letter},
    mill, runtime,
    scene::{Known, keep_pace},
    watch::Watch,
};

/// More blocks than an input may be old.
const TOO_OLD: &str = "0x90";
/// Blocks in which the whole group has its turns.
const A_ROUND: &str = "0x9";

#[test]
fn the_audit_sees_every_planted_change() {
    let network = Network::started();
    let port = network.port_base();
    let known = Known::of(&network, &format!("http://127.0.0.1:{port}"));
    keep_pace(port);
    let history = runtime().block_on(live(&network, &known));
    let audited = known.audit(&history).unwrap_or_else(|difference| panic!("{difference:#?}"));
    let one = audited.values().next().unwrap();
    assert_eq!((audited.len(), one.executed, one.unopened, one.skipped), (1, 6, 1, 1));
    assert!(one.snapshots >= 2, "{}", one.snapshots);

    let contract = *audited.keys().next().unwrap();
    for (what, word, change) in changes(contract) {
        let mut changed = history.clone();
        change(&mut changed);
        let difference = known.audit(&changed).err().unwrap_or_else(|| panic!("{what}: not seen"));
        println!("{what}: {} {}", difference.index, difference.what);
        assert_eq!(difference.contract, contract);
        assert!(difference.what.contains(word), "{what}: {difference:?}");
    }
}

/// A deployment, tasks of which one cannot be opened, one that is skipped while all workers are dead, and one more.
async fn live(network: &Network, known: &Known) -> History {
    let from = known.chain.height().await.unwrap() + 1;
    let mut author = Author::new(&known.chain, &known.descriptor, 0);
    let contract = author.deploy(&mill::code(), 1, 0).await;
    let letter = |amount, spoilt| Letter { contract, body: mill::grind(amount), value: 5, spoilt };
    // 29 is refused.
    author.send(&[letter(7, false), letter(9, true), letter(29, false), letter(11, false)]).await;
    Watch::default().until(&known.chain, from, 5).await;

    let workers = ["worker-1", "worker-2", "worker-3"];
    workers.iter().for_each(|name| network.kill_node(name));
    author.send(&[letter(100, false)]).await;
    network.rpc("anvil_mine", json!([TOO_OLD]));
    let dead = known.chain.input(contract, 5, from).await.unwrap().expect("the input");
    let skip = Enigma::skipCall { account: contract, input: (&dead.input).into() };
    let mut attempts = 0;
    while let Err(early) = author.sender().call_enigma(&skip, U256::ZERO).await {
        // An epoch that begins meanwhile begins the clock anew.
        attempts += 1;
        assert!(attempts < 10, "{early}");
        network.rpc("anvil_mine", json!([A_ROUND]));
    }
    let _nodes = workers.map(|name| network.start_node(name, &[], &[]));
    author.send(&[letter(13_000, false)]).await;
    Watch::default().until(&known.chain, from, 7).await;
    known.history().await
}

type Change = Box<dyn Fn(&mut History)>;

/// What a lying chain could tell, or a broken enclave have done, and what the audit must call it.
fn changes(contract: Address) -> Vec<(&'static str, &'static str, Change)> {
    let of_commit = |change: fn(&mut enigma_chain::CommitEvent)| -> Change {
        Box::new(move |history| {
            let commits = history.events.iter_mut().filter_map(|event| match event {
                Event::Commit(commit) if commit.last_index >= 3 => Some(commit),
                _ => None,
            });
            change(commits.into_iter().next().expect("a commit"));
        })
    };
    let of_input = |change: fn(&mut enigma_chain::InputEvent)| -> Change {
        Box::new(move |history| {
            let inputs = history.events.iter_mut().filter_map(|event| match event {
                Event::Input(input) if input.index == 1 => Some(input),
                _ => None,
            });
            change(inputs.into_iter().next().expect("an input"));
        })
    };
    let without = |gone: fn(&Event) -> bool| -> Change {
        Box::new(move |history| {
            let place = history.events.iter().rposition(gone).expect("such an event");
            history.events.remove(place);
        })
    };
    vec![
        ("a bit of a delta", "sealed delta", of_commit(|c| c.outcomes.last_mut().unwrap().delta[0] ^= 1)),
        ("a bit of an output", "output", of_commit(|c| c.outcomes.last_mut().unwrap().output[0] ^= 1)),
        ("gas", "gas", of_commit(|c| c.outcomes.last_mut().unwrap().gas_charged += 1)),
        ("a head", "state head after", of_commit(|c| c.state_head.0[0] ^= 1)),
        ("a snapshot", "snapshot", of_commit(|c| c.snapshot_hash.0[0] ^= 1)),
        ("another epoch's key", "", of_commit(|c| c.epoch += 1)),
        ("an input's value", "input head", of_input(|i| i.input.value += U256::ONE)),
        ("an envelope", "envelope", of_input(|i| *i.envelope.last_mut().unwrap() ^= 1)),
        ("no last commit", "cursor", without(|e| matches!(e, Event::Commit(_)))),
        ("no skip", "", without(|e| matches!(e, Event::Skipped(_)))),
        (
            "the same commit twice",
            "first input",
            Box::new(|history| {
                let commit = history.events.iter().rfind(|e| matches!(e, Event::Commit(_))).cloned();
                history.events.extend(commit);
            }),
        ),
        (
            "another block before a task's",
            "",
            Box::new(|history| {
                let block = history.events.iter().find_map(|event| match event {
                    Event::Input(input) if input.index == 6 => Some(input.input.block_number),
                    _ => None,
                });
                history.hashes.insert(block.expect("an input") - 1, B256::repeat_byte(1));
            }),
        ),
        (
            "another head on the chain",
            "head in the end",
            Box::new(move |history| {
                history.standings.get_mut(&contract).unwrap().head.0[0] ^= 1;
            }),
        ),
    ]
}
