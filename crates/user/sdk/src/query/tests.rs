//! Read sessions: what an account signs, for how long it serves, and that the enclave's rule accepts it.

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
