//! Read sessions: what an account signs, for how long it serves, and that the enclave's rule accepts it.

use std::sync::Mutex;

use alloy_primitives::U256;
use enigma_chain::{Chain, accounts};
use enigma_protocol::{
    query::{Place, reader},
    receipt::domain_separator,
};

use super::*;

const NOW: u64 = 1_900_000_000;
const CONTRACT: Address = Address::repeat_byte(1);
const EPOCH: u64 = 7;

fn account(index: u32) -> Sender {
    let chain = Chain::connect("http://127.0.0.1:1", Address::ZERO).unwrap();
    Sender::new(chain, accounts::local(index).unwrap())
}

fn signed() -> Signed {
    Signed { domain: domain_separator(31_337, Address::ZERO), network: B256::from(U256::from(5)) }
}

fn question(now: u64) -> Plaintext {
    Plaintext {
        reply_key: random().unwrap(),
        expiry: now + LIFETIME,
        claim: Claim::None,
        body: Secret::new(vec![1, 2, 3]),
    }
}

/// What an enclave at `now` says to a question of `account`.
fn asked(sessions: &mut ReadSessions, account: &Sender, contract: Address, now: u64) -> (Plaintext, Place) {
    let mut question = question(now);
    let proof = sessions.prove(account, signed(), contract, EPOCH, now, &question).unwrap();
    question.claim = Claim::Reader(proof);
    let Signed { domain, network } = signed();
    (question, Place { domain, network, contract, epoch: EPOCH, now })
}

fn session_key(question: &Plaintext) -> Address {
    question.claim.reader().unwrap().session_key
}

#[test]
fn an_enclave_reads_for_the_account_that_asks() {
    let (account, mut sessions) = (account(0), ReadSessions::default());
    let (question, place) = asked(&mut sessions, &account, CONTRACT, NOW);
    assert_eq!(reader(&place, &question), Ok(account.address()));
    let elsewhere = Place { contract: Address::repeat_byte(2), ..place };
    assert!(reader(&elsewhere, &question).is_err());
}

#[test]
fn a_time_that_no_chain_has_breaks_nothing() {
    let proof =
        ReadSessions::default().prove(&account(0), signed(), CONTRACT, EPOCH, u64::MAX, &question(NOW));
    assert_eq!(proof.unwrap().authorisation_expiry, u64::MAX);
}

#[test]
fn a_session_serves_one_contract_until_it_would_end_before_a_query() {
    let (account, mut sessions) = (account(0), ReadSessions::default());
    let (first, _) = asked(&mut sessions, &account, CONTRACT, NOW);
    let (second, place) = asked(&mut sessions, &account, CONTRACT, NOW + SESSION - LIFETIME);
    assert_eq!(session_key(&first), session_key(&second), "no second signature of the account");
    assert_eq!(reader(&place, &second), Ok(account.address()));
    let (elsewhere, _) = asked(&mut sessions, &account, Address::repeat_byte(2), NOW);
    assert_ne!(session_key(&first), session_key(&elsewhere));
    let (later, place) = asked(&mut sessions, &account, CONTRACT, NOW + SESSION - LIFETIME + 1);
    assert_ne!(session_key(&first), session_key(&later), "it would end while the query lives");
    assert_eq!(reader(&place, &later), Ok(account.address()));
}

#[test]
fn sessions_are_not_kept_without_end() {
    let (account, mut sessions) = (account(0), ReadSessions::default());
    for i in 0..3 * KEPT as u8 {
        asked(&mut sessions, &account, Address::repeat_byte(i), NOW);
    }
    assert!(sessions.0.len() <= KEPT);
}

#[test]
fn view_keys_are_of_an_account_and_a_contract_and_come_back() {
    let key = |index: u32, contract: u8| {
        let (Signed { domain, network }, contract) = (signed(), Address::repeat_byte(contract));
        crate::view::view_key(&account(index), domain, network, contract).unwrap().reply_key(&[7; 24])
    };
    assert_eq!(key(0, 1), key(0, 1), "signatures are deterministic");
    assert_ne!(key(0, 1), key(1, 1));
    assert_ne!(key(0, 1), key(0, 2));
}

fn silent() -> Error {
    Error::Node(enigma_chain::Error::Node { url: "http://node".into(), what: "took too long".into() })
}

/// Which of five nodes were asked, each of which is silent for so long; and how long all of it took.
async fn silence_of(each: Duration) -> (Vec<usize>, Duration) {
    let asked = Mutex::new(Vec::new());
    let begun = Instant::now();
    let told: Result<()> = in_turn(&[0, 1, 2, 3, 4], |node| {
        asked.lock().unwrap().push(*node);
        async move {
            tokio::time::sleep(each).await;
            Err(silent())
        }
    })
    .await;
    assert!(matches!(told, Err(Error::Node(_))), "{told:?}");
    (asked.into_inner().unwrap(), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_slow_nodes_does_not_wait_for_each() {
    assert_eq!(silence_of(ENOUGH / 4).await.0, [0, 1, 2, 3, 4], "there is time for all");
    let (asked, took) = silence_of(NodeApi::PATIENCE).await;
    assert_eq!(asked, [0, 1], "one that is silent is not the last word, and a third would be too much");
    assert!(took <= ENOUGH + NodeApi::PATIENCE, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_that_holds_counts_and_of_errors_what_a_node_said() {
    let ask = |node: &u64| {
        let node = *node;
        async move {
            match node {
                0 => Err(silent()),
                1 => Err(Error::Refused { node: "http://node".into(), refusal: Refusal(20) }),
                2 => Err(Error::Randomness),
                other => Ok(other),
            }
        }
    };
    assert_eq!(in_turn(&[0, 1, 7, 8], ask).await.unwrap(), 7);
    let told = in_turn(&[0, 1, 0], ask).await;
    assert!(matches!(told, Err(Error::Refused { .. })), "{told:?}");
    let told = in_turn(&[2, 7], ask).await;
    assert!(matches!(told, Err(Error::Randomness)), "no other node does better: {told:?}");
    assert!(matches!(in_turn(&[], ask).await, Err(Error::NoNodes)));
}
