//! Claims: what an account signs for a relayed task, the envelope around it, the question for the next nonce, the
//! reasons of a refusal.

use alloy_primitives::{Address, B256, U256};
use enigma_crypto::{
    aead, bls,
    ibe::{self, Session},
    sign::recover,
};
use enigma_primitives::{Secret, tags::CURVE_INPUT};
use enigma_protocol::{
    envelope::{self, Binding, Claim, Envelope, HEADER, Plaintext, Unopened},
    input::Kind,
    network::{ERA, key_message},
    query::{self, ReaderProof},
    receipt::domain_separator,
    relayed::{self, Authorisation, Given, Place, Unauthorised},
};
use serde_json::{Value, json};

use crate::{address, hex, identities::descriptor, queries::key, reveal, scalar, word};

const EXPIRY: u64 = 1_900_000_000;

struct Sample {
    nonce: u64,
    min_gas: u64,
    value: U256,
    expiry: u64,
    body: Vec<u8>,
    on_behalf_of: B256,
}

fn samples() -> [Sample; 3] {
    [
        (0, 100_000, U256::ZERO, EXPIRY, b"\x12\x34\x56\x78".to_vec(), B256::ZERO),
        (1, 0, U256::ZERO, 0, Vec::new(), B256::ZERO),
        (
            u64::MAX - 1,
            16_777_216,
            U256::MAX >> 128,
            EXPIRY + 1,
            vec![0x5a; 1_000],
            address("author").into_word(),
        ),
    ]
    .map(|(nonce, min_gas, value, expiry, body, on_behalf_of)| Sample {
        nonce,
        min_gas,
        value,
        expiry,
        body,
        on_behalf_of,
    })
}

fn domain() -> B256 {
    domain_separator(descriptor().chain_id, descriptor().enigma)
}

fn place() -> Place {
    Place { domain: domain(), network: descriptor().network(), contract: address("contract") }
}

fn binding(kind: Kind, on_behalf_of: B256) -> Binding {
    let sender = if kind == Kind::Query { Address::ZERO } else { address("relayer") };
    let Place { network, contract, .. } = place();
    Binding { kind, network, contract, epoch: 2, sender, on_behalf_of }
}

fn plaintext(sample: &Sample, name: &str) -> Plaintext {
    let mut plaintext = Plaintext {
        reply_key: Secret::from_bytes(word(name).0),
        expiry: sample.expiry,
        claim: Claim::None,
        body: Secret::new(sample.body.clone()),
    };
    plaintext.claim = Claim::Relayed(sign(&place(), sample, &plaintext));
    plaintext
}

fn sign(place: &Place, sample: &Sample, plaintext: &Plaintext) -> Authorisation {
    let account = key("account");
    let Sample { nonce, min_gas, value, .. } = *sample;
    let mut authorisation =
        Authorisation { account: account.address(), nonce, min_gas, value, signature: [0; 65] };
    authorisation.signature = account.sign_digest(relayed::digest(place, &authorisation, plaintext));
    authorisation
}

/// The envelope, with every step on the way there; opened as the enclave does.
fn sealed(name: &str, plaintext: &Plaintext, binding: &Binding) -> Value {
    let (s, r) = (scalar("network secret"), scalar(&format!("{name} r")));
    let identity = key_message(binding.network, ERA, binding.contract, binding.epoch);
    let session = Session::for_input(&r, &s.public_key(), &identity);
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&word(&format!("{name} nonce"))[..24]);
    let sealed = envelope::seal(&session, nonce, plaintext, binding).unwrap();
    let private = Secret::new(bls::evaluate(&s, CURVE_INPUT, &identity));
    let parsed = Envelope::parse(&sealed).unwrap();
    let opened = parsed.open(&ibe::decapsulate(&private, &parsed.u, &identity).unwrap(), binding);
    assert!(opened.is_ok_and(|o| o.body == plaintext.body));
    let padded = aead::open_envelope(&session.key, &nonce, &aad(binding), &sealed[HEADER..]).unwrap();
    json!({
        "kind": binding.kind as u8,
        "contract": hex(binding.contract),
        "epoch": binding.epoch,
        "sender": hex(binding.sender),
        "on_behalf_of": hex(binding.on_behalf_of),
        "r": reveal(&r.to_bytes()),
        "nonce": hex(nonce),
        "reply_key": reveal(&plaintext.reply_key),
        "expiry": plaintext.expiry,
        "body": plaintext.body.expose(|body| hex(body)),
        "plaintext": padded.expose(|bytes| hex(bytes)),
        "envelope": hex(&sealed),
    })
}

/// What `docs/bytes.md` says of it, written a second time.
fn aad(binding: &Binding) -> Vec<u8> {
    [
        &b"enigma/v1/envelope"[..],
        &[binding.kind as u8],
        binding.network.as_slice(),
        binding.contract.as_slice(),
        &binding.epoch.to_be_bytes(),
        binding.sender.as_slice(),
        binding.on_behalf_of.as_slice(),
    ]
    .concat()
}

fn task((i, sample): (usize, &Sample)) -> Value {
    let name = format!("relayed {i}");
    let plaintext = plaintext(sample, &format!("{name} reply key"));
    let Claim::Relayed(authorisation) = &plaintext.claim else { panic!("relayed") };
    let digest = relayed::digest(&place(), authorisation, &plaintext);
    assert_eq!(recover(digest, &authorisation.signature), Ok(authorisation.account));
    json!({
        "account": hex(authorisation.account),
        "nonce": authorisation.nonce.to_string(),
        "min_gas": authorisation.min_gas,
        "value": format!("{:#x}", authorisation.value),
        "digest": hex(digest),
        "signature": hex(authorisation.signature),
        "sealed": sealed(&name, &plaintext, &binding(Kind::Task, sample.on_behalf_of)),
    })
}

/// The question for the account's next nonce.
fn account() -> Value {
    let (account, session) = (key("account"), key("session key"));
    let Place { domain, network, contract } = place();
    let binding = binding(Kind::Query, B256::ZERO);
    let mut plaintext = Plaintext {
        reply_key: Secret::from_bytes(word("account reply key").0),
        expiry: EXPIRY,
        claim: Claim::None,
        body: Secret::new(Vec::new()),
    };
    let until = EXPIRY + 86_400;
    let authorisation_digest =
        query::authorisation_digest(domain, network, contract, account.address(), session.address(), until);
    let session_digest =
        query::session_digest(network, contract, account.address(), binding.epoch, &plaintext);
    plaintext.claim = Claim::Account(ReaderProof {
        account: account.address(),
        authorisation_expiry: until,
        session_key: session.address(),
        authorisation: account.sign_digest(authorisation_digest),
        session_signature: session.sign_digest(session_digest),
    });
    json!({
        "account": hex(account.address()),
        "session_key": hex(session.address()),
        "authorisation_expiry": until,
        "authorisation": hex(account.sign_digest(authorisation_digest)),
        "session_signature": hex(session.sign_digest(session_digest)),
        "sealed": sealed("account", &plaintext, &binding),
    })
}

fn reasons() -> [Unauthorised; 5] {
    let nonce = |expected| Unauthorised::Nonce { expected };
    [Unauthorised::Signature, Unauthorised::Value, Unauthorised::Gas, nonce(0), nonce(0x1234)]
}

pub(crate) fn vectors() -> Value {
    let name = |reason: &Unauthorised| match reason {
        Unauthorised::Signature => json!({ "reason": "signature" }),
        Unauthorised::Value => json!({ "reason": "value" }),
        Unauthorised::Gas => json!({ "reason": "gas" }),
        Unauthorised::Nonce { expected } => json!({ "reason": "nonce", "expected": expected }),
    };
    let reason = |reason: Unauthorised| {
        assert_eq!(Unauthorised::from_data(&reason.data()), Some(reason));
        json!({ "data": hex(reason.data()), "says": name(&reason) })
    };
    json!({
        "note": "The network is the first of identities.json, the keys those of queries.json.",
        "network": hex(descriptor().network()),
        "network_public_key": hex(descriptor().public_key),
        "domain": hex(domain()),
        "account_private_key": reveal(&key("account").to_bytes()),
        "session_private_key": reveal(&key("session key").to_bytes()),
        "tasks": samples().iter().enumerate().map(task).collect::<Value>(),
        "account": account(),
        "reasons": reasons().map(reason),
    })
}

/// A task that is authorised but for what `change` does.
fn judged(
    change: impl FnOnce(&mut Plaintext, &mut Place, &mut Given),
    nonce: u64,
) -> Result<(), Unauthorised> {
    let sample = &samples()[0];
    let mut plaintext = plaintext(sample, "reply key");
    let mut place = place();
    let mut given = Given { value: sample.value, gas_limit: sample.min_gas };
    change(&mut plaintext, &mut place, &mut given);
    let Claim::Relayed(authorisation) = &plaintext.claim else { panic!("relayed") };
    relayed::judge(&place, authorisation, &plaintext, given, |account| {
        assert_eq!(account, key("account").address());
        nonce
    })
}

fn authorisation(plaintext: &mut Plaintext) -> &mut Authorisation {
    let Claim::Relayed(authorisation) = &mut plaintext.claim else { panic!("relayed") };
    authorisation
}

#[test]
fn an_authorisation_is_for_one_task_of_one_account_contract_and_network() {
    assert_eq!(judged(|_, _, _| (), 0), Ok(()));
    let changes: [fn(&mut Plaintext, &mut Place, &mut Given); 10] = [
        |_, place, _| place.domain = word("another domain"),
        |_, place, _| place.network = word("another network"),
        |_, place, _| place.contract = address("another contract"),
        |task, _, _| task.expiry += 1,
        |task, _, _| task.reply_key = Secret::from_bytes([2; 32]),
        |task, _, _| task.body = Secret::new(vec![1]),
        |task, _, _| authorisation(task).account = address("somebody else"),
        |task, _, _| authorisation(task).nonce += 1,
        |task, _, _| authorisation(task).min_gas -= 1,
        |task, _, given| {
            authorisation(task).value = U256::from(1);
            given.value = U256::from(1);
        },
    ];
    for (i, change) in changes.into_iter().enumerate() {
        assert_eq!(judged(change, 0), Err(Unauthorised::Signature), "change {i}");
    }
    for byte in 0..65 {
        let flipped = judged(|task, _, _| authorisation(task).signature[byte] ^= 1, 0);
        assert_eq!(flipped, Err(Unauthorised::Signature), "byte {byte}");
    }
}

#[test]
fn value_gas_and_nonce_are_judged_in_this_order_and_after_the_signature() {
    let value = |given: &mut Given| given.value = U256::from(1);
    let gas = |given: &mut Given| given.gas_limit -= 1;
    assert_eq!(judged(|_, _, given| given.gas_limit += 1, 0), Ok(()), "more gas is welcome");
    assert_eq!(judged(|_, _, given| gas(given), 0), Err(Unauthorised::Gas));
    assert_eq!(judged(|_, _, _| (), 7), Err(Unauthorised::Nonce { expected: 7 }));
    assert_eq!(judged(|_, _, given| gas(given), 7), Err(Unauthorised::Gas));
    let both = |given: &mut Given| {
        gas(given);
        value(given);
    };
    assert_eq!(judged(|_, _, given| both(given), 7), Err(Unauthorised::Value));
    let all = |task: &mut Plaintext, _: &mut Place, given: &mut Given| {
        both(given);
        authorisation(task).signature[0] ^= 1;
    };
    assert_eq!(judged(all, 7), Err(Unauthorised::Signature), "a stranger never learns the nonce");
}

#[test]
fn the_last_nonce_is_never_spent() {
    let mut sample = samples().into_iter().next().unwrap();
    sample.nonce = u64::MAX;
    let plaintext = plaintext(&sample, "reply key");
    let Claim::Relayed(authorisation) = &plaintext.claim else { panic!("relayed") };
    let given = Given { value: sample.value, gas_limit: sample.min_gas };
    let judged = relayed::judge(&place(), authorisation, &plaintext, given, |_| u64::MAX);
    assert_eq!(judged, Err(Unauthorised::Nonce { expected: u64::MAX }));
}

#[test]
fn an_envelope_carries_only_the_claims_of_its_kind() {
    let sample = &samples()[0];
    let proof = || ReaderProof {
        account: address("account"),
        authorisation_expiry: 0,
        session_key: address("session"),
        authorisation: [0; 65],
        session_signature: [0; 65],
    };
    let opens = |kind: Kind, claim: Claim, body: &[u8]| {
        let binding = binding(kind, B256::ZERO);
        let plaintext = Plaintext { claim, body: Secret::new(body.to_vec()), ..plaintext(sample, "key") };
        let identity = key_message(binding.network, ERA, binding.contract, binding.epoch);
        let session = Session::for_input(&scalar("r"), &scalar("network secret").public_key(), &identity);
        let sealed = envelope::seal(&session, [0; 24], &plaintext, &binding).unwrap();
        Envelope::parse(&sealed).unwrap().open(&session.key, &binding).map(drop)
    };
    let relayed = || plaintext(sample, "key").claim;
    assert_eq!(opens(Kind::Task, relayed(), b"body"), Ok(()));
    assert_eq!(opens(Kind::Deploy, relayed(), b"body"), Err(Unopened));
    assert_eq!(opens(Kind::Query, relayed(), b"body"), Err(Unopened));
    assert_eq!(opens(Kind::Query, Claim::Reader(proof()), b"body"), Ok(()));
    assert_eq!(opens(Kind::Query, Claim::Account(proof()), b""), Ok(()));
    assert_eq!(opens(Kind::Query, Claim::Account(proof()), b"body"), Err(Unopened));
    for kind in [Kind::Task, Kind::Deploy] {
        assert_eq!(opens(kind, Claim::Reader(proof()), b""), Err(Unopened));
        assert_eq!(opens(kind, Claim::Account(proof()), b""), Err(Unopened));
        assert_eq!(opens(kind, Claim::None, b""), Ok(()));
    }
}
