//! Transactions that are stuck, dropped, overtaken or pointless.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::SolEvent;
use enigma_chain::{Dropped, Error, Outcome, SendOptions, Sender, accounts, bindings::Enigma};
use enigma_sdk::{EquivocationProof, SignedReceipt};
use enigma_tests::anvil::{Anvil, number};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::{
    proxy::{Deed, Endpoint},
    scene::{ENIGMA, REFUSER, SECRET, chain, connect, skipped, within},
};

const OPTIONS: SendOptions =
    SendOptions { max_fee: 500_000_000_000, stuck_after: 3, patience: Duration::from_secs(30) };
const GWEI: u64 = 1_000_000_000;

/// Mines a block ten times a second, at a base fee.
struct Miner {
    fee: Arc<AtomicU64>,
    ending: Arc<AtomicBool>,
    mining: Option<JoinHandle<()>>,
}

impl Miner {
    fn start(anvil: &Arc<Anvil>, fee: u64) -> Self {
        let (anvil, fee, ending) =
            (anvil.clone(), Arc::new(AtomicU64::new(fee)), Arc::<AtomicBool>::default());
        let (told, end) = (fee.clone(), ending.clone());
        let mining = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                let fee = format!("{:#x}", told.load(Ordering::SeqCst));
                anvil.call("anvil_setNextBlockBaseFeePerGas", json!([fee]));
                anvil.call("evm_mine", json!([]));
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        Self { fee, ending, mining: Some(mining) }
    }
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        if let Some(mining) = self.mining.take() {
            mining.thread().unpark();
            let _ = mining.join();
        }
    }
}

fn sender(endpoints: &[&Endpoint]) -> Sender {
    Sender::new(connect(endpoints), accounts::local(0).unwrap()).with_options(OPTIONS)
}

fn count(anvil: &Anvil, block: &str) -> u64 {
    let account = accounts::local_address(0).unwrap();
    number(&anvil.call("eth_getTransactionCount", json!([account, block])))
}

fn transaction(anvil: &Anvil, hash: B256) -> Value {
    anvil.call("eth_getTransactionByHash", json!([hash]))
}

/// The hashes in the pool that can be mined, by nonce.
fn pool(anvil: &Anvil) -> Vec<B256> {
    let content = anvil.call("txpool_content", json!([]));
    let Some(account) = content["pending"].as_object().and_then(|a| a.values().next()) else {
        return Vec::new();
    };
    let mut all: Vec<(u64, B256)> = account
        .as_object()
        .unwrap()
        .iter()
        .map(|(nonce, t)| (nonce.parse().unwrap(), t["hash"].as_str().unwrap().parse().unwrap()))
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, hash)| hash).collect()
}

/// Waits until the pool holds so many.
async fn pooled(anvil: &Anvil, how_many: usize) -> Vec<B256> {
    within(20, async {
        loop {
            let pool = pool(anvil);
            if pool.len() == how_many {
                return pool;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Sends what makes the contract emit, in the background.
fn background(sender: &Sender) -> tokio::task::JoinHandle<Outcome> {
    let sender = sender.clone();
    tokio::spawn(async move {
        sender.send_until(Some(ENIGMA), skipped(1).into(), U256::ZERO, pending()).await.unwrap()
    })
}

fn landed(outcome: Outcome) -> (B256, u64) {
    let receipt = outcome.landed().expect("landed");
    (receipt.transaction_hash, receipt.effective_gas_price as u64)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_outlives_its_endpoint() {
    let anvil = chain(&["--no-mining"]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    let sending = background(&sender(&[&first, &second]));
    let hash = pooled(&anvil, 1).await[0];
    first.does(|_, _, _| Deed::Hang);
    anvil.call("evm_mine", json!([]));
    assert_eq!(landed(within(20, sending).await.unwrap()).0, hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_swallows_transactions_is_outdone_by_the_others() {
    let anvil = chain(&[]);
    let (liar, honest) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    liar.does(|_, method, _| match method {
        "eth_sendRawTransaction" => Deed::Answer(json!(B256::repeat_byte(7))),
        _ => Deed::Pass,
    });
    let sender = sender(&[&liar, &honest]);
    within(20, sender.send(Some(ENIGMA), skipped(1).into(), U256::ZERO)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_transaction_offers_more_until_it_lands() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sending = background(&sender(&[&endpoint]));
    let first = pooled(&anvil, 1).await[0];
    let offered = number(&transaction(&anvil, first)["maxFeePerGas"]);
    let _miner = Miner::start(&anvil, 5 * offered);
    let (hash, price) = landed(within(30, sending).await.unwrap());
    assert!(hash != first && price >= 5 * offered, "{price}");
    assert_eq!(number(&transaction(&anvil, hash)["nonce"]), 0);
    assert_eq!(count(&anvil, "latest"), 1, "one of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_offered_than_is_allowed() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let cap = 4 * GWEI;
    let sender = sender(&[&endpoint]).with_options(SendOptions { max_fee: cap.into(), ..OPTIONS });
    let sending = background(&sender);
    pooled(&anvil, 1).await;
    let miner = Miner::start(&anvil, 20 * GWEI);
    let above = crate::scene::height(&anvil) + 12;
    within(20, async {
        while crate::scene::height(&anvil) < above {
            // One that is replaced between the two questions is unknown to the second.
            let offers = pool(&anvil).into_iter().map(|hash| transaction(&anvil, hash));
            for offer in offers.filter(|offer| !offer.is_null()) {
                assert!(number(&offer["maxFeePerGas"]) <= cap);
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(!sending.is_finished() && count(&anvil, "latest") == 0);
    miner.fee.store(GWEI, Ordering::SeqCst);
    let (_, price) = landed(within(20, sending).await.unwrap());
    assert!(price <= cap);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_is_sent_again() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sending = background(&sender(&[&endpoint]));
    let hash = pooled(&anvil, 1).await[0];
    anvil.call("anvil_dropTransaction", json!([hash]));
    assert_eq!(pooled(&anvil, 1).await, [hash]);
    anvil.call("evm_mine", json!([]));
    assert_eq!(landed(within(20, sending).await.unwrap()).0, hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_that_the_contract_would_refuse_is_not_sent_again() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sending = background(&sender(&[&endpoint]));
    let hash = pooled(&anvil, 1).await[0];
    let refuses = anvil.call("eth_getCode", json!([REFUSER, "latest"]));
    anvil.call("anvil_setCode", json!([ENIGMA, refuses]));
    anvil.call("anvil_dropTransaction", json!([hash]));
    match within(20, sending).await.unwrap() {
        Outcome::Refused(refusal) => assert!(refusal.is("UnknownContract") && refusal.mined.is_none()),
        other => panic!("{other:?}"),
    }
    assert!(pool(&anvil).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_in_a_reorganised_block_is_sent_again() {
    let anvil = chain(&["--no-mining"]);
    anvil.call("anvil_mine", json!(["0x3"]));
    let endpoint = Endpoint::before(&anvil);
    // Its block goes in the moment it is seen.
    let once = AtomicBool::new(true);
    endpoint.does(move |anvil, method, params| {
        if method != "eth_getTransactionReceipt" {
            return Deed::Pass;
        }
        let receipt = anvil.call(method, params.clone());
        if !receipt.is_null() && once.swap(false, Ordering::SeqCst) {
            anvil.call("anvil_reorg", json!([1, []]));
        }
        Deed::Answer(receipt)
    });
    let sending = background(&sender(&[&endpoint]));
    let hash = pooled(&anvil, 1).await[0];
    anvil.call("evm_mine", json!([]));
    pooled(&anvil, 0).await;
    assert_eq!(pooled(&anvil, 1).await, [hash], "again in the pool");
    anvil.call("evm_mine", json!([]));
    assert_eq!(landed(within(20, sending).await.unwrap()).0, hash);
}

/// Sends as a former life would have.
fn former(anvil: &Anvil, nonce: u64, max_fee: u64) {
    let account = accounts::local_address(0).unwrap();
    let call = json!({
        "from": account, "to": Address::repeat_byte(1), "value": "0x1", "nonce": format!("{nonce:#x}"),
        "gas": "0x5208", "maxFeePerGas": format!("{max_fee:#x}"), "maxPriorityFeePerGas": "0x1",
    });
    anvil.call("eth_sendTransaction", json!([call]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_a_former_life_left_is_filled_by_the_next_transaction() {
    let anvil = chain(&["--no-mining"]);
    former(&anvil, 1, 10 * GWEI);
    assert!(pool(&anvil).is_empty(), "it waits for nonce 0");
    let endpoint = Endpoint::before(&anvil);
    let sender = sender(&[&endpoint]);
    let sending = background(&sender);
    pooled(&anvil, 2).await;
    let _miner = Miner::start(&anvil, GWEI);
    let (hash, _) = landed(within(20, sending).await.unwrap());
    assert_eq!(number(&transaction(&anvil, hash)["nonce"]), 0);
    let (hash, _) = landed(within(20, background(&sender)).await.unwrap());
    assert_eq!(number(&transaction(&anvil, hash)["nonce"]), 2, "after what was there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_former_life_left_stuck_is_replaced_by_nothing() {
    let anvil = chain(&["--no-mining"]);
    let wealth = || anvil.call("eth_getBalance", json!([Address::repeat_byte(1), "latest"]));
    for nonce in [0, 1] {
        former(&anvil, nonce, 2 * GWEI);
    }
    assert_eq!((count(&anvil, "latest"), count(&anvil, "pending")), (0, 2));
    let before = wealth();
    let endpoint = Endpoint::before(&anvil);
    let sending = background(&sender(&[&endpoint]));
    pooled(&anvil, 3).await;
    // Too expensive for those two, for ever.
    let _miner = Miner::start(&anvil, 6 * GWEI);
    let (hash, _) = landed(within(40, sending).await.unwrap());
    assert_eq!(number(&transaction(&anvil, hash)["nonce"]), 2);
    assert_eq!(wealth(), before, "they never landed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pointless_is_given_up_and_its_nonce_freed() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sender = sender(&[&endpoint]);
    let (tell, told) = oneshot::channel::<()>();
    let giving_up = {
        let sender = sender.clone();
        tokio::spawn(async move {
            let pointless = async { told.await.unwrap() };
            sender.send_until(Some(ENIGMA), skipped(1).into(), U256::ZERO, pointless).await.unwrap()
        })
    };
    let hash = pooled(&anvil, 1).await[0];
    tell.send(()).unwrap();
    match within(20, giving_up).await.unwrap() {
        Outcome::Dropped(Dropped::GivenUp(Some(given_up))) => assert_eq!(given_up, hash),
        other => panic!("{other:?}"),
    }
    let in_its_place = pool(&anvil);
    assert!(in_its_place.len() == 1 && in_its_place != [hash]);
    assert_eq!(number(&transaction(&anvil, in_its_place[0])["gas"]), 21_000);
    // The next one takes the nonce rather than to wait.
    let next = background(&sender);
    within(20, async {
        while pool(&anvil) == in_its_place {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let _miner = Miner::start(&anvil, GWEI);
    let (next, _) = landed(within(20, next).await.unwrap());
    assert_eq!(number(&transaction(&anvil, next)["nonce"]), 0);
    assert_eq!(count(&anvil, "latest"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_future_that_is_dropped_leaves_no_gap() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sender = sender(&[&endpoint]);
    let first = background(&sender);
    let hash = pooled(&anvil, 1).await[0];
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    anvil.call("anvil_dropTransaction", json!([hash]));
    let second = background(&sender);
    pooled(&anvil, 1).await;
    let _miner = Miner::start(&anvil, GWEI);
    let (second, _) = landed(within(20, second).await.unwrap());
    assert_eq!(number(&transaction(&anvil, second)["nonce"]), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_and_lands_after_all_costs_the_next_nothing() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sender = sender(&[&endpoint]);
    let first = background(&sender);
    pooled(&anvil, 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    // The replacement never reaches the pool, and the first one is mined.
    let once = AtomicBool::new(true);
    endpoint.does(move |anvil, method, _| {
        if method == "eth_sendRawTransaction" && once.swap(false, Ordering::SeqCst) {
            anvil.call("evm_mine", json!([]));
            return Deed::Answer(json!(B256::repeat_byte(7)));
        }
        Deed::Pass
    });
    let _miner = Miner::start(&anvil, GWEI);
    let (second, _) = landed(within(20, background(&sender)).await.unwrap());
    assert_eq!(number(&transaction(&anvil, second)["nonce"]), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_transactions_at_once_take_consecutive_nonces() {
    let anvil = chain(&["--no-mining"]);
    let (first, second) = (Endpoint::before(&anvil), Endpoint::before(&anvil));
    // An endpoint that never hears of anything in the pool.
    first.changes("eth_getTransactionCount", |answer| *answer = "0x0".into());
    let sender = sender(&[&first, &second]);
    let sending: Vec<_> = (0..6).map(|_| background(&sender)).collect();
    pooled(&anvil, 6).await;
    anvil.call("evm_mine", json!([]));
    for one in sending {
        landed(within(20, one).await.unwrap());
    }
    assert_eq!(count(&anvil, "latest"), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_that_somebody_else_took_is_told() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sending = background(&sender(&[&endpoint]));
    let hash = pooled(&anvil, 1).await[0];
    anvil.call("anvil_dropTransaction", json!([hash]));
    former(&anvil, 0, 400 * GWEI);
    anvil.call("evm_mine", json!([]));
    match within(20, sending).await.unwrap() {
        Outcome::Dropped(Dropped::Superseded(told)) => assert_eq!(told, hash),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_refuses_is_refused_by_name_and_not_sent() {
    let anvil = chain(&[]);
    let endpoint = Endpoint::before(&anvil);
    let sender = sender(&[&endpoint]);
    let outcome = sender.send_until(Some(REFUSER), vec![1].into(), U256::ZERO, pending()).await.unwrap();
    assert!(matches!(outcome, Outcome::Refused(r) if r.is("UnknownContract") && r.mined.is_none()));
    let error = sender.send(Some(REFUSER), vec![1].into(), U256::ZERO).await.unwrap_err();
    assert!(error.is_refusal("UnknownContract"), "{error}");
    assert_eq!(count(&anvil, "pending"), 0);
    assert!(matches!(error, Error::Reverted { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mined_and_refused_is_told_by_name() {
    let anvil = chain(&["--no-mining"]);
    let endpoint = Endpoint::before(&anvil);
    let sending = background(&sender(&[&endpoint]));
    pooled(&anvil, 1).await;
    let refuses = anvil.call("eth_getCode", json!([REFUSER, "latest"]));
    anvil.call("anvil_setCode", json!([ENIGMA, refuses]));
    anvil.call("evm_mine", json!([]));
    match within(20, sending).await.unwrap() {
        Outcome::Refused(refusal) => assert!(refusal.is("UnknownContract") && refusal.mined.is_some()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_proof_that_has_landed_is_told_though_the_chain_answers_nothing_more() {
    let anvil = chain(&[]);
    // Announces that worker 7 is out, whatever it is asked, and answers nothing.
    let announces = [
        &[0x73][..],
        SECRET.as_slice(),
        &hex!("60077f"),
        Enigma::Equivocated::SIGNATURE_HASH.as_slice(),
        &hex!("60606000a300"),
    ]
    .concat();
    anvil.call("anvil_setCode", json!([ENIGMA, hex::encode_prefixed(announces)]));
    let endpoint = Endpoint::before(&anvil);
    let nothing = SignedReceipt {
        receipt: Enigma::Receipt {
            network: B256::ZERO,
            ruleset: 1,
            secretContract: SECRET,
            epoch: 2,
            firstIndex: 0,
            lastIndex: 0,
            inputHead: B256::ZERO,
            stateHeadBefore: B256::ZERO,
            stateHeadAfter: B256::ZERO,
            anchorNumber: 1,
            anchorHash: B256::ZERO,
            results: Vec::new(),
            snapshotHash: B256::ZERO,
            outboundHash: B256::ZERO,
        },
        signature: Default::default(),
    };
    let proof = EquivocationProof { one: nothing.clone(), other: nothing };
    let done = within(30, proof.submit(&sender(&[&endpoint]))).await.expect("it has landed");
    assert_eq!((done.worker, done.platform), (7, None));
    assert!(transaction(&anvil, done.transaction)["blockNumber"].is_string());
}
