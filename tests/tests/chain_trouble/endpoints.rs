//! Endpoints that die, hang, lag, refuse, or belong to another chain.

use alloy_primitives::Address;
use enigma_chain::{Chain, Error};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    proxy::{Deed, Endpoint},
    scene::{OPTIONS, chain, connect, height, within},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_dies_is_replaced_and_taken_back_when_it_lives() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let chain = connect(&[&first, &second]);
    anvil.call("anvil_mine", json!(["0x3"]));
    assert_eq!(chain.block(2).await.unwrap().number, 2);
    assert_eq!(second.requests(), 0, "the first in the list serves");
    first.does(|_, _, _| Deed::HangUp);
    assert_eq!(within(20, chain.block(3)).await.unwrap().number, 3);
    assert!(second.requests() > 0);
    first.requests();
    assert_eq!(chain.block(1).await.unwrap().number, 1);
    assert_eq!(first.requests(), 0, "it rests");
    first.is_honest();
    within(40, async {
        while first.requests() == 0 {
            chain.height().await.unwrap();
            tokio::task::yield_now().await;
        }
    })
    .await;
    second.requests();
    chain.height().await.unwrap();
    chain.block(1).await.unwrap();
    assert!(first.requests() > 0, "it serves again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_costs_one_bounded_wait() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let chain = connect(&[&first, &second]);
    first.does(|_, _, _| Deed::Hang);
    let begun = Instant::now();
    assert_eq!(within(20, chain.height()).await.unwrap(), height(&anvil));
    assert!(begun.elapsed() >= OPTIONS.patience && begun.elapsed() < 4 * OPTIONS.patience);
    first.requests();
    let begun = Instant::now();
    chain.block(0).await.unwrap();
    assert!(begun.elapsed() < OPTIONS.patience && first.requests() == 0, "it rests");

    let alone = connect(&[&first]);
    let error = within(20, alone.height()).await.unwrap_err();
    assert!(error.to_string().contains("took too long"), "{error}");
    first.is_honest();
    within(20, alone.height()).await.expect("a single endpoint is asked again at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_lags_is_left_and_an_invented_height_does_not_win() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let chain = connect(&[&first, &second]);
    anvil.call("anvil_mine", json!(["0x2"]));
    assert_eq!(chain.height().await.unwrap(), 2);
    first.changes("eth_blockNumber", |answer| *answer = "0x2".into());
    anvil.call("anvil_mine", json!(["0x2"]));
    assert_eq!(chain.height().await.unwrap(), 2, "two blocks behind are allowed");
    anvil.call("anvil_mine", json!(["0x1"]));
    assert_eq!(chain.height().await.unwrap(), 5);
    first.requests();
    chain.block(5).await.unwrap();
    assert_eq!(first.requests(), 0, "it rests");

    let (first, second) = (Endpoint::before(&anvil), second);
    let chain = connect(&[&first, &second]);
    second.changes("eth_blockNumber", |answer| *answer = "0xffffffff".into());
    assert_eq!(within(20, chain.height()).await.unwrap(), 5);
    second.requests();
    assert_eq!(within(20, chain.height()).await.unwrap(), 5);
    assert_eq!(second.requests(), 0, "who claims a block must have it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_height_does_not_fall_back_while_another_endpoint_holds_it() {
    let anvil = chain(&[]);
    let [first, second, third] = [(); 3].map(|()| Endpoint::before(&anvil));
    let chain = connect(&[&first, &second, &third]);
    anvil.call("anvil_mine", json!(["0x4"]));
    second.changes("eth_blockNumber", |answer| *answer = "0x3".into());
    assert_eq!(chain.height().await.unwrap(), 4);
    first.does(|_, _, _| Deed::HangUp);
    assert_eq!(
        within(20, chain.height()).await.unwrap(),
        4,
        "one block behind is allowed, and yet not chosen"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_one_endpoint_has_not_yet_comes_from_another() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let chain = connect(&[&first, &second]);
    anvil.call("anvil_mine", json!(["0x2"]));
    first.changes("eth_getBlockByNumber", |answer| *answer = json!(null));
    assert_eq!(chain.block(2).await.unwrap().number, 2);
    assert!(matches!(chain.block(9).await, Err(Error::NoBlock(9))));
    assert!(first.requests() > 0, "nobody is blamed for that");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_taken_elsewhere() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let chain = connect(&[&first, &second]);
    first.does(|_, _, _| Deed::Refuse(-32005, "rate limit exceeded"));
    chain.height().await.unwrap();
    first.requests();
    chain.block(0).await.unwrap();
    assert_eq!(first.requests(), 0, "it rests");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_never_used() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    second.changes("eth_chainId", |answer| *answer = "0x1".into());
    let chain = connect(&[&first, &second]);
    chain.height().await.unwrap();
    first.does(|_, _, _| Deed::HangUp);
    let error = within(20, chain.height()).await.unwrap_err();
    assert!(error.to_string().contains("another chain"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_endpoints_without_their_keys() {
    let anvil = chain(&[]);
    let endpoint = Endpoint::before(&anvil);
    let host = endpoint.url().replace("http://", "");
    let url = format!("http://user:hunter2@{host}/v3/hunter2?key=hunter2");
    for deed in [|| Deed::HangUp, || Deed::Hang, || Deed::Refuse(-1, "no"), || Deed::Answer(json!("zz"))] {
        endpoint.does(move |_, _, _| deed());
        let chain = Chain::connect_all(&[&url], Address::ZERO, OPTIONS).unwrap();
        let error = within(20, chain.height()).await.unwrap_err();
        assert!(error.to_string().contains(&host), "{error}");
        assert!(!format!("{error} {error:?} {chain:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_proven_wrong_rests() {
    let anvil = chain(&[]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let chain = connect(&[&first, &second]);
    chain.height().await.unwrap();
    assert!(chain.distrust(), "there is another");
    first.requests();
    chain.block(0).await.unwrap();
    assert_eq!(first.requests(), 0);
    assert!(second.requests() > 0);
    assert!(!chain.distrust(), "both have lied");
    chain.block(0).await.expect("better than nobody");
}
