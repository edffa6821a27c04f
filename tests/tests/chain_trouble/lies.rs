//! Endpoints that lie about blocks and logs.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use enigma_chain::{Error, Event};
use enigma_tests::anvil::Anvil;
use serde_json::{Value, json};

use crate::{
    proxy::Endpoint,
    scene::{ENIGMA, STRANGER, chain, connect, emit, height, skipped, within},
};

/// Which inputs are told to be skipped.
fn indices(events: &[Event]) -> Vec<u64> {
    let index = |event: &Event| match event {
        Event::Skipped(skip) => skip.index,
        other => panic!("{other:?}"),
    };
    events.iter().map(index).collect()
}

fn with_events() -> Arc<Anvil> {
    let anvil = chain(&[]);
    for index in [7, 8, 9] {
        emit(&anvil, ENIGMA, &skipped(index));
        emit(&anvil, STRANGER, &skipped(index));
    }
    anvil
}

/// Alone, the liar is found out; beside an honest one, the truth is told.
async fn is_found_out(name: &str, method: &'static str, lie: fn(&mut Value)) {
    let anvil = with_events();
    let top = height(&anvil);
    let (liar, honest) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    liar.changes(method, lie);
    let told = within(40, connect(&[&liar]).events(1, top)).await;
    assert!(matches!(told, Err(Error::Untrue { .. })), "{name}: {told:?}");
    let chain = connect(&[&liar, &honest]);
    let span = within(40, chain.events(1, top)).await.unwrap();
    assert_eq!((indices(&span.events), span.last.number), (vec![7, 8, 9], top), "{name}");
    liar.requests();
    chain.events(1, top).await.unwrap();
    assert_eq!(liar.requests(), 0, "{name}: it rests");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_truth_is_told() {
    let anvil = with_events();
    let endpoint = Endpoint::before(&anvil);
    let chain = connect(&[&endpoint]);
    let span = chain.events(1, height(&anvil)).await.unwrap();
    assert_eq!(indices(&span.events), [7, 8, 9], "and of strangers nothing");
    assert_eq!(span.events[2].block_number(), 5);
    assert_eq!(span.last.hash, chain.block(6).await.unwrap().hash);
    let blocks = chain.blocks(2, 6).await.unwrap();
    assert_eq!(blocks.iter().map(|b| b.number).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    assert_eq!(indices(&chain.history(3, 4).await.unwrap()), [8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_does_not_hash_is_found_out() {
    is_found_out("time", "eth_getBlockByNumber", |b| b["timestamp"] = "0x1".into()).await;
    is_found_out("hash", "eth_getBlockByNumber", |b| b["hash"] = json!(B256::repeat_byte(9))).await;
    is_found_out("number", "eth_getBlockByNumber", |b| b["number"] = "0x63".into()).await;
    is_found_out("parent", "eth_getBlockByNumber", |b| b["parentHash"] = json!(B256::repeat_byte(9))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_block_than_the_one_asked_for_is_found_out() {
    let anvil = with_events();
    let liar = Endpoint::before(&anvil);
    liar.does(|anvil, method, params| match method {
        "eth_getBlockByNumber" => {
            crate::proxy::Deed::Answer(anvil.call(method, json!(["0x1", params[1].clone()])))
        }
        _ => crate::proxy::Deed::Pass,
    });
    assert!(matches!(connect(&[&liar]).block(3).await, Err(Error::Untrue { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_two_forks_are_found_out() {
    let (anvil, fork) = (with_events(), chain(&[]));
    // The same heights, other blocks.
    fork.call("anvil_mine", json!(["0x6"]));
    let liar = Endpoint::before(&anvil);
    liar.does(move |_, method, params| match (method, params[0].as_str()) {
        ("eth_getBlockByNumber", Some("0x3")) => {
            crate::proxy::Deed::Answer(fork.call(method, params.clone()))
        }
        _ => crate::proxy::Deed::Pass,
    });
    let chain = connect(&[&liar]);
    assert!(matches!(chain.blocks(1, 6).await, Err(Error::Untrue { .. })));
    assert!(matches!(chain.events(1, 6).await, Err(Error::Untrue { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_do_not_fit_are_found_out() {
    is_found_out("emitter", "eth_getLogs", |l| l[0]["address"] = json!(Address::repeat_byte(3))).await;
    is_found_out("kind", "eth_getLogs", |l| l[0]["topics"][0] = json!(B256::repeat_byte(3))).await;
    is_found_out("range", "eth_getLogs", |l| l[0]["blockNumber"] = "0x0".into()).await;
    is_found_out("block", "eth_getLogs", |l| l[0]["blockHash"] = json!(B256::repeat_byte(3))).await;
    is_found_out("other block", "eth_getLogs", |l| l[0]["blockNumber"] = "0x2".into()).await;
    is_found_out("removed", "eth_getLogs", |l| l[0]["removed"] = true.into()).await;
    is_found_out("pending", "eth_getLogs", |l| l[0]["blockNumber"] = json!(null)).await;
    is_found_out("order", "eth_getLogs", |l| l.as_array_mut().unwrap().reverse()).await;
    is_found_out("twice", "eth_getLogs", |l| {
        let first = l[0].clone();
        l.as_array_mut().unwrap().insert(0, first);
    })
    .await;
    is_found_out("invented", "eth_getLogs", |l| {
        // Block 2 has only what the stranger emitted.
        let mut other = l[0].clone();
        other["blockNumber"] = "0x2".into();
        l.as_array_mut().unwrap().insert(1, other);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_its_block_does_not_hold_is_found_out() {
    let anvil = with_events();
    anvil.call("anvil_mine", json!(["0x1"]));
    let empty = crate::scene::block(&anvil, 7)["hash"].clone();
    let liar = Endpoint::before(&anvil);
    liar.changes("eth_getLogs", move |logs| {
        let mut invented = logs[0].clone();
        invented["blockNumber"] = "0x7".into();
        invented["blockHash"] = empty.clone();
        logs.as_array_mut().unwrap().push(invented);
    });
    assert!(matches!(connect(&[&liar]).events(1, 7).await, Err(Error::Untrue { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_left_out_is_found_out_beside_an_honest_endpoint() {
    let anvil = with_events();
    let top = height(&anvil);
    let (liar, honest) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    liar.changes("eth_getLogs", |logs| {
        logs.as_array_mut().unwrap().pop();
    });
    let span = connect(&[&liar, &honest]).events(1, top).await.unwrap();
    assert_eq!(indices(&span.events), [7, 8, 9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_is_passed_over() {
    let anvil = chain(&[]);
    let good = skipped(7);
    emit(&anvil, ENIGMA, &good[..good.len() - 32]);
    emit(&anvil, ENIGMA, &good[..128]);
    emit(&anvil, ENIGMA, &good);
    let mut wild = good.clone();
    wild[32..128].fill(0xff);
    emit(&anvil, ENIGMA, &wild);
    let endpoint = Endpoint::before(&anvil);
    let chain = connect(&[&endpoint]);
    let told = indices(&chain.history(1, 4).await.unwrap());
    assert_eq!(told, [7, u64::MAX], "words that are too large are cut, as contracts cut them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_is_refused_is_asked_for_in_parts() {
    let anvil = with_events();
    let endpoint = Endpoint::before(&anvil);
    endpoint.does(|_, method, params| {
        let block = |name: &str| {
            u64::from_str_radix(params[0][name].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
        };
        if method == "eth_getLogs" && block("toBlock") - block("fromBlock") > 1 {
            return crate::proxy::Deed::Refuse(-32602, "query returned more than 2 results");
        }
        crate::proxy::Deed::Pass
    });
    assert_eq!(indices(&connect(&[&endpoint]).history(1, 6).await.unwrap()), [7, 8, 9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_something_else_is_found_out() {
    let anvil = with_events();
    let (liar, honest) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let slots = [B256::with_last_byte(1), B256::with_last_byte(2)];
    for lie in [
        (|p| p["address"] = json!(STRANGER)) as fn(&mut Value),
        |p| p["storageProof"][0]["key"] = json!(B256::with_last_byte(9)),
        |p| drop(p["storageProof"].as_array_mut().unwrap().pop()),
        |p| p["accountProof"][0] = json!(format!("0x{}", "00".repeat(3_000))),
    ] {
        liar.changes("eth_getProof", lie);
        let told = connect(&[&liar]).prove(&slots, 3).await;
        assert!(matches!(told, Err(Error::Untrue { .. })), "{told:?}");
        connect(&[&liar, &honest]).prove(&slots, 3).await.unwrap();
    }
}
