//! Private reads: who may read, what is asked, what comes back, with every step between.

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::{
    aead, bls,
    ibe::{self, Session},
    kdf,
    sign::{SigningKey, recover},
};
use enigma_primitives::{
    Secret,
    codec::Writer,
    tags::{self, CURVE_INPUT},
};
use enigma_protocol::{
    envelope::{self, Binding, Claim, Envelope, HEADER, Plaintext},
    input::Kind,
    network::{ERA, key_message},
    output::{InnerStatus, Output},
    query::{self, Place, QueryReply, ReaderProof, Unread},
    receipt::domain_separator,
};
use serde_json::{Value, json};

use crate::{address, hex, identities::descriptor, reveal, scalar, word};

/// Unix seconds of the queries' expiry.
const EXPIRY: u64 = 1_900_000_000;

/// What one case asks and gets.
struct Sample {
    contract: &'static str,
    epoch: u64,
    /// Seconds from the query's expiry to the authorisation's; without one, nobody in particular reads.
    authorised_for: Option<u64>,
    body: Vec<u8>,
    answer: (InnerStatus, Vec<u8>),
}

fn samples() -> [Sample; 4] {
    [
        ("contract", 2, Some(86_400), b"\x12\x34\x56\x78".to_vec(), (InnerStatus::Success, vec![0xa5; 32])),
        ("contract", 2, None, vec![0x5a; 36], (InnerStatus::Success, vec![7; 96])),
        (
            "another contract",
            (1 << 40) - 1,
            Some(0),
            vec![0x5a; 1_000],
            (InnerStatus::Reverted, b"no".to_vec()),
        ),
        ("contract", 7, Some(query::AUTHORISATION_LIFETIME - 60), Vec::new(), (InnerStatus::Halted, vec![1])),
    ]
    .map(|(contract, epoch, authorised_for, body, answer)| Sample {
        contract,
        epoch,
        authorised_for,
        body,
        answer,
    })
}

/// A secp256k1 key that depends on `name`.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Secret::from_bytes(word(name).0)).unwrap()
}

fn domain() -> B256 {
    domain_separator(descriptor().chain_id, descriptor().enigma)
}

fn binding(sample: &Sample) -> Binding {
    Binding {
        kind: Kind::Query,
        network: descriptor().network(),
        contract: address(sample.contract),
        epoch: sample.epoch,
        sender: Address::ZERO,
        on_behalf_of: B256::ZERO,
    }
}

fn place(sample: &Sample) -> Place {
    let Binding { network, contract, epoch, .. } = binding(sample);
    Place { domain: domain(), network, contract, epoch, now: EXPIRY - 60 }
}

/// The authorisation and the session's signature, with what each signs.
fn prove(sample: &Sample, plaintext: &mut Plaintext, authorisation_expiry: u64) -> Value {
    let (account, session_key) = (key("account"), key("session key"));
    let Place { domain, network, contract, epoch, .. } = place(sample);
    let authorisation_digest = query::authorisation_digest(
        domain,
        network,
        contract,
        account.address(),
        session_key.address(),
        authorisation_expiry,
    );
    let session_digest = query::session_digest(network, contract, account.address(), epoch, plaintext);
    let proof = ReaderProof {
        account: account.address(),
        authorisation_expiry,
        session_key: session_key.address(),
        authorisation: account.sign_digest(authorisation_digest),
        session_signature: session_key.sign_digest(session_digest),
    };
    let told = json!({
        "account": hex(proof.account),
        "authorisation_expiry": authorisation_expiry,
        "session_key": hex(proof.session_key),
        "authorisation_digest": hex(authorisation_digest),
        "authorisation": hex(proof.authorisation),
        "session_digest": hex(session_digest),
        "session_signature": hex(proof.session_signature),
    });
    plaintext.claim = Claim::Reader(proof);
    told
}

fn case((i, sample): (usize, &Sample)) -> Value {
    let binding = binding(sample);
    let mut plaintext = Plaintext {
        reply_key: Secret::from_bytes(word(&format!("query reply key {i}")).0),
        expiry: EXPIRY,
        claim: Claim::None,
        body: Secret::new(sample.body.clone()),
    };
    let reader = sample.authorised_for.map(|seconds| prove(sample, &mut plaintext, EXPIRY + seconds));

    let (s, r) = (scalar("network secret"), scalar(&format!("query r {i}")));
    let identity = key_message(binding.network, ERA, binding.contract, binding.epoch);
    let session = Session::for_input(&r, &s.public_key(), &identity);
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&word(&format!("query nonce {i}"))[..24]);
    let sealed = envelope::seal(&session, nonce, &plaintext, &binding).unwrap();
    assert_opens(sample, &sealed);
    let associated_data = associated_data(&binding);
    let padded = aead::open_envelope(&session.key, &nonce, &associated_data, &sealed[HEADER..]).unwrap();

    json!({
        "contract": hex(binding.contract),
        "epoch": binding.epoch,
        "reply_key": reveal(&plaintext.reply_key),
        "expiry": EXPIRY,
        "body": hex(&sample.body),
        "reader": reader,
        "identity": hex(&identity),
        "r": reveal(&r.to_bytes()),
        "key": reveal(&session.key),
        "nonce": hex(nonce),
        "associated_data": hex(&associated_data),
        "plaintext": padded.expose(|bytes| hex(bytes)),
        "envelope": hex(&sealed),
        "envelope_hash": hex(keccak256(&sealed)),
        "reply": reply(i, sample, &plaintext.reply_key, &sealed),
    })
}

/// What `docs/bytes.md` says of it, written a second time.
fn associated_data(binding: &Binding) -> Vec<u8> {
    let mut w = Writer::new();
    w.raw(tags::ENVELOPE.bytes()).u8(3).put(&binding.network).put(&binding.contract).u64(binding.epoch);
    w.put(&Address::ZERO).put(&B256::ZERO);
    w.finish()
}

/// The enclave's way: from the identity's private key to the account on whose behalf is read.
fn assert_opens(sample: &Sample, sealed: &[u8]) {
    let binding = binding(sample);
    let identity = key_message(binding.network, ERA, binding.contract, binding.epoch);
    let private = Secret::new(bls::evaluate(&scalar("network secret"), CURVE_INPUT, &identity));
    let parsed = Envelope::parse(sealed).unwrap();
    let opened = parsed.open(&ibe::decapsulate(&private, &parsed.u, &identity).unwrap(), &binding).unwrap();
    let reader = if sample.authorised_for.is_some() { key("account").address() } else { Address::ZERO };
    assert_eq!(query::reader(&place(sample), &opened), Ok(reader));
}

fn reply(i: usize, sample: &Sample, reply_key: &Secret<[u8; 32]>, sealed: &[u8]) -> Value {
    let Binding { network, contract, .. } = binding(sample);
    let (status, data) = sample.answer.clone();
    let output = Output { status, gas_used: 23_456, data, logs: Vec::new() };
    let mut reply = QueryReply {
        epoch: sample.epoch,
        state_head: word(&format!("state head {i}")),
        block_number: 1_000 + i as u64,
        block_hash: word(&format!("block {i}")),
        salt: word(&format!("salt {i}")),
        output: Vec::new().into(),
        signature: [0; 65],
    };
    let context = reply.context(network, contract, sealed);
    reply.output = query::encrypt(&output, reply_key, context).unwrap().0.into();
    let digest = reply.digest(context);
    let enclave = key("enclave");
    reply.signature = enclave.sign_digest(digest);
    assert_eq!(recover(digest, &reply.signature), Ok(enclave.address()));
    assert_eq!(reply.decrypt(reply_key, context), Ok(output.clone()));
    let once = kdf::derive_single_use(tags::QUERY_OUTPUT, reply_key, context.as_slice());
    let plaintext = once.open(context.as_slice(), &reply.output.0).unwrap();
    json!({
        "epoch": reply.epoch,
        "state_head": hex(reply.state_head),
        "block_number": reply.block_number,
        "block_hash": hex(reply.block_hash),
        "salt": hex(reply.salt),
        "context": hex(context),
        "status": output.status as u8,
        "gas_used": output.gas_used,
        "data": hex(&output.data),
        "plaintext": plaintext.expose(|bytes| hex(bytes)),
        "output": hex(&reply.output.0),
        "digest": hex(digest),
        "signer": hex(enclave.address()),
        "signature": hex(reply.signature),
    })
}

pub(crate) fn vectors() -> Value {
    json!({
        "note": "The network is the first of identities.json. Signatures are deterministic (RFC 6979); keys are for tests. `reader` is null where nobody in particular reads.",
        "network": hex(descriptor().network()),
        "network_public_key": hex(descriptor().public_key),
        "domain": hex(domain()),
        "account_private_key": reveal(&key("account").to_bytes()),
        "session_private_key": reveal(&key("session key").to_bytes()),
        "enclave_private_key": reveal(&key("enclave").to_bytes()),
        "queries": samples().iter().enumerate().map(case).collect::<Value>(),
    })
}

/// A query with a proof that is right but for what `change` does.
fn judged(change: impl FnOnce(&mut Plaintext, &mut Place)) -> Result<Address, Unread> {
    let sample = &samples()[0];
    let mut plaintext = Plaintext {
        reply_key: Secret::from_bytes([1; 32]),
        expiry: EXPIRY,
        claim: Claim::None,
        body: Secret::new(sample.body.clone()),
    };
    prove(sample, &mut plaintext, EXPIRY + 60);
    let mut place = place(sample);
    change(&mut plaintext, &mut place);
    query::reader(&place, &plaintext)
}

#[test]
fn a_proof_is_for_one_query_of_one_account_contract_network_and_time() {
    assert_eq!(judged(|_, _| ()), Ok(key("account").address()));
    let not_authorised: [fn(&mut Plaintext, &mut Place); 10] = [
        |_, place| place.domain = word("another domain"),
        |_, place| place.network = word("another network"),
        |_, place| place.contract = address("another contract"),
        |_, place| place.epoch += 1,
        |query, _| query.expiry += 1,
        |query, _| query.reply_key = Secret::from_bytes([2; 32]),
        |query, _| query.body = Secret::new(vec![1]),
        |query, _| query.claim.reader_mut().unwrap().account = address("somebody else"),
        |query, _| query.claim.reader_mut().unwrap().session_key = address("another key"),
        |query, _| query.claim.reader_mut().unwrap().authorisation_expiry += 1,
    ];
    for (i, change) in not_authorised.into_iter().enumerate() {
        assert_eq!(judged(change), Err(Unread::NotAuthorised), "change {i}");
    }
    for byte in 0..65 {
        let flipped = judged(|query, _| query.claim.reader_mut().unwrap().authorisation[byte] ^= 1);
        assert_eq!(flipped, Err(Unread::NotAuthorised), "authorisation, byte {byte}");
        let flipped = judged(|query, _| query.claim.reader_mut().unwrap().session_signature[byte] ^= 1);
        assert_eq!(flipped, Err(Unread::NotAuthorised), "session signature, byte {byte}");
    }
}

#[test]
fn a_query_lives_for_minutes_and_its_authorisation_for_days() {
    let at = |now: u64| judged(|_, place| place.now = now);
    assert!(at(EXPIRY).is_ok() && at(EXPIRY - query::LIFETIME).is_ok());
    assert_eq!(at(EXPIRY + 1), Err(Unread::Expired));
    assert_eq!(at(EXPIRY - query::LIFETIME - 1), Err(Unread::Expired));
    assert_eq!(judged(|query, _| query.expiry = 0), Err(Unread::Expired), "without an end");
    let authorised = |expiry: u64| {
        let sample = &samples()[0];
        judged(|query, place| {
            prove(sample, query, expiry);
            place.now = EXPIRY - 60;
        })
    };
    assert!(authorised(EXPIRY - 60).is_ok());
    assert_eq!(authorised(EXPIRY - 61), Err(Unread::Expired));
    let longest = EXPIRY - 60 + query::AUTHORISATION_LIFETIME;
    assert!(authorised(longest).is_ok());
    assert_eq!(authorised(longest + 1), Err(Unread::Expired));
}
