//! The golden envelopes that Rust and TypeScript read alike: `vectors/envelopes.json`.
//!
//! After a wanted change, write the file anew with
//! `cargo test -p enigma-protocol --test envelopes regenerate_envelopes -- --ignored`, and read the difference.

use std::{fs, path::PathBuf};

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::{
    bls,
    ibe::{self, Session},
    scalar::Scalar,
};
use enigma_primitives::{Secret, tags::CURVE_INPUT};
use enigma_protocol::{
    envelope::{self, Binding, Claim, Envelope, Plaintext},
    input::Kind,
    network::{ERA, key_message},
};
use serde_json::{Value, json};

/// 32 bytes that depend on `word`.
fn bytes(word: &str) -> [u8; 32] {
    keccak256(word).0
}

/// A scalar that depends on `word`: the top byte is small, so it is below the group order.
fn scalar(word: &str) -> Scalar {
    let mut bytes = bytes(word);
    bytes[0] = 1;
    Scalar::from_bytes(&Secret::from_bytes(bytes)).unwrap()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn reveal(secret: &Secret<[u8; 32]>) -> String {
    secret.expose(|bytes| hex(bytes))
}

fn envelope(kind: Kind, body: &[u8], on_behalf_of: B256, expiry: u64) -> Value {
    let (s, r) = (scalar("network secret"), scalar("r"));
    let binding = Binding {
        kind,
        network: bytes("network").into(),
        contract: Address::repeat_byte(0x22),
        epoch: 7,
        sender: Address::repeat_byte(0x33),
        on_behalf_of,
    };
    let identity = key_message(binding.network, ERA, binding.contract, binding.epoch);
    let session = Session::for_input(&r, &s.public_key(), &identity);
    let plaintext = Plaintext {
        reply_key: Secret::from_bytes(bytes("reply key")),
        expiry,
        claim: Claim::None,
        body: Secret::new(body.to_vec()),
    };
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&bytes("nonce")[..24]);
    let sealed = envelope::seal(&session, nonce, &plaintext, &binding).unwrap();
    assert_opens(&s, &identity, &binding, &sealed, &plaintext);
    json!({
        "network_secret": reveal(&s.to_bytes()),
        "network_public_key": hex(s.public_key().to_bytes()),
        "version": envelope::VERSION,
        "era": ERA,
        "kind": kind as u8,
        "network": hex(binding.network),
        "contract": hex(binding.contract),
        "epoch": binding.epoch,
        "sender": hex(binding.sender),
        "on_behalf_of": hex(on_behalf_of),
        "identity": hex(&identity),
        "r": reveal(&r.to_bytes()),
        "key": reveal(&session.key),
        "nonce": hex(nonce),
        "reply_key": reveal(&plaintext.reply_key),
        "expiry": expiry,
        "body": hex(body),
        "envelope": hex(&sealed),
        "envelope_hash": hex(keccak256(&sealed)),
    })
}

/// The enclave's way in: from the identity's private key to the plaintext.
fn assert_opens(s: &Scalar, identity: &[u8], binding: &Binding, sealed: &[u8], expected: &Plaintext) {
    let parsed = Envelope::parse(sealed).unwrap();
    let private = Secret::new(bls::evaluate(s, CURVE_INPUT, identity));
    let key = ibe::decapsulate(&private, &parsed.u, identity).unwrap();
    let opened = parsed.open(&key, binding).unwrap();
    assert_eq!(opened.reply_key, expected.reply_key);
    assert_eq!(opened.expiry, expected.expiry);
    assert_eq!(opened.body, expected.body);
    let other = Binding { sender: Address::ZERO, ..*binding };
    assert!(parsed.open(&key, &other).is_err());
}

fn vectors() -> Value {
    json!([
        envelope(Kind::Task, b"", B256::ZERO, 0),
        envelope(Kind::Task, &[0xa5; 68], B256::ZERO, 1_900_000_000),
        envelope(Kind::Deploy, &[0x60; 1500], B256::ZERO, 0),
        envelope(Kind::Query, b"\x12\x34\x56\x78", B256::repeat_byte(0x44), 0),
    ])
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../vectors/envelopes.json")
}

#[test]
fn golden_envelopes_hold() {
    let stored: Value = serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
    assert_eq!(stored, vectors());
}

#[test]
#[ignore = "writes vectors/envelopes.json anew"]
fn regenerate_envelopes() {
    fs::write(file(), serde_json::to_string_pretty(&vectors()).unwrap() + "\n").unwrap();
}
