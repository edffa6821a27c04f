//! Histories that change while they are read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use enigma_chain::Error;
use serde_json::json;

use crate::{
    proxy::{Deed, Endpoint},
    scene::{ENIGMA, chain, connect, emit, height, skipped, within},
};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_of_one_history() {
    let anvil = chain(&[]);
    for index in [1, 2, 3] {
        emit(&anvil, ENIGMA, &skipped(index));
    }
    let endpoint = Endpoint::before(&anvil);
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = reads.clone();
    endpoint.does(move |anvil, method, params| {
        if method != "eth_getLogs" {
            return Deed::Pass;
        }
        let logs = anvil.call(method, params.clone());
        // The two newest blocks give way to others without events, once, after their logs were read.
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            anvil.call("anvil_reorg", json!([2, []]));
        }
        Deed::Answer(logs)
    });
    let chain = connect(&[&endpoint]);
    let span = within(40, chain.events(1, 3)).await.unwrap();
    assert_eq!(span.events.len(), 1, "what the reorganisation dropped is not told");
    assert_eq!(span.last.hash, chain.block(3).await.unwrap().hash);
    assert!(reads.load(Ordering::SeqCst) >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_never_rests_is_no_lie_and_no_answer() {
    let anvil = chain(&[]);
    for index in [1, 2, 3] {
        emit(&anvil, ENIGMA, &skipped(index));
    }
    let endpoint = Endpoint::before(&anvil);
    let round = AtomicUsize::new(0);
    endpoint.does(move |anvil, method, params| {
        if method != "eth_getLogs" {
            return Deed::Pass;
        }
        let logs = anvil.call(method, params.clone());
        // Other blocks each time: with a transaction of its own each.
        let nonce = round.fetch_add(1, Ordering::SeqCst);
        let account = enigma_chain::accounts::local_address(5).unwrap();
        let value = json!({ "from": account, "to": account, "value": format!("{:#x}", nonce + 1) });
        anvil.call("anvil_reorg", json!([1, [[value, 0]]]));
        Deed::Answer(logs)
    });
    let told = within(40, connect(&[&endpoint]).events(1, height(&anvil))).await;
    assert!(matches!(told, Err(Error::Reorganised(3))), "{told:?}");
}
