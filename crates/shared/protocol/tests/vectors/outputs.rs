//! What is encrypted for the sender and what is sealed for successors, with the bytes inside.

use alloy_primitives::B256;
use enigma_crypto::{bls, kdf};
use enigma_primitives::{
    Secret,
    tags::{self, CURVE_STATE, KdfLabel},
};
use enigma_protocol::{
    network::{ERA, key_message},
    output::{InnerStatus, Output, PrivateLog},
    state::{StateKey, sealed_len},
};
use serde_json::{Value, json};

use crate::{address, hex, identities::descriptor, reveal, scalar, word};

const LABEL: &[u8] = b"simulated";

fn log(topics: usize, size: usize) -> PrivateLog {
    PrivateLog {
        address: address("contract"),
        topics: (0..topics).map(|t| word(&format!("topic {t}"))).collect(),
        data: vec![0x5a; size],
    }
}

fn output(status: InnerStatus, data: Vec<u8>, logs: Vec<PrivateLog>) -> Output {
    Output { status, gas_used: 54_321, data, logs }
}

fn samples() -> Vec<Output> {
    vec![
        output(InnerStatus::Success, Vec::new(), Vec::new()),
        output(InnerStatus::Success, vec![0xa5; 32], vec![log(0, 0), log(4, 33)]),
        output(InnerStatus::Reverted, b"revert data".to_vec(), Vec::new()),
        output(InnerStatus::Halted, vec![1], Vec::new()),
        output(InnerStatus::Expired, Vec::new(), Vec::new()),
        output(InnerStatus::TooLarge, Vec::new(), Vec::new()),
        output(InnerStatus::NotDeployed, Vec::new(), Vec::new()),
        // 128 bytes of plaintext exactly, and one more.
        output(InnerStatus::Success, vec![7; 113], Vec::new()),
        output(InnerStatus::Success, vec![7; 114], Vec::new()),
    ]
}

fn outputs() -> Value {
    let reply_key = Secret::from_bytes(word("reply key").0);
    let case = |(i, output): (usize, &Output)| {
        let ctx = word(&format!("context {i}"));
        let encrypted = output.encrypt(&reply_key, ctx).unwrap().0;
        assert_eq!(encrypted.len(), output.encrypted_len());
        assert_eq!(Output::decrypt(&reply_key, ctx, &encrypted).as_ref(), Ok(output));
        let once = kdf::derive_single_use(tags::OUTPUT, &reply_key, ctx.as_slice());
        let plaintext = once.open(ctx.as_slice(), &encrypted).unwrap();
        let logs: Vec<Value> = output
            .logs
            .iter()
            .map(|l| {
                let topics: Vec<String> = l.topics.iter().map(hex).collect();
                json!({ "address": hex(l.address), "topics": topics, "data": hex(&l.data) })
            })
            .collect();
        json!({
            "reply_key": reveal(&reply_key),
            "ctx": hex(ctx),
            "status": output.status as u8,
            "gas_used": output.gas_used,
            "data": hex(&output.data),
            "logs": logs,
            "plaintext": plaintext.expose(|bytes| hex(bytes)),
            "encrypted": hex(encrypted),
        })
    };
    samples().iter().enumerate().map(case).collect()
}

fn sealed() -> Value {
    let contract = address("contract");
    let message = key_message(descriptor().network(), ERA, contract, 2);
    let point = bls::evaluate(&scalar("network secret"), CURVE_STATE, &message);
    let key = StateKey::new(&point, &message);
    let raw = kdf::derive(tags::STATE_KEY, &point.to_secret(), &message);
    let plaintext = |label: KdfLabel, context: B256, sealed: &[u8]| {
        let once = kdf::derive_single_use(label, &raw, &[LABEL, context.as_slice()].concat());
        once.open(context.as_slice(), sealed).unwrap().expose(|bytes| hex(bytes))
    };
    let contents: [&[u8]; 4] = [&[1, 0, 0], &[0x11; 124], &[0x22; 125], &[0x33; 1_000]];
    let deltas: Vec<Value> = (0..)
        .zip(contents)
        .map(|(i, delta)| {
            let ctx = word(&format!("context {i}"));
            let sealed = key.seal_delta(LABEL, ctx, delta).unwrap().0;
            assert_eq!(sealed.len(), sealed_len(delta.len()));
            json!({
                "ctx": hex(ctx), "delta": hex(delta),
                "plaintext": plaintext(tags::DELTA, ctx, &sealed), "sealed": hex(sealed),
            })
        })
        .collect();
    let snapshots: Vec<Value> = (0..)
        .zip(contents)
        .map(|(i, state)| {
            let head = word(&format!("head {i}"));
            let sealed = key.seal_snapshot(LABEL, head, state).unwrap().0;
            json!({
                "state_head": hex(head), "state": hex(state),
                "plaintext": plaintext(tags::SNAPSHOT, head, &sealed), "sealed": hex(sealed),
            })
        })
        .collect();
    json!({
        "message": hex(&message),
        "point": hex(point.to_bytes()),
        "state_key": reveal(&raw),
        "platform_label": hex(LABEL),
        "deltas": deltas,
        "snapshots": snapshots,
    })
}

fn classes() -> Value {
    [0, 1, 124, 125, 252, 253, 508, 509, 65_532, 65_533, 1 << 20]
        .map(|len| json!({ "length": len, "sealed": sealed_len(len) }))
        .into_iter()
        .collect()
}

pub(crate) fn vectors() -> Value {
    json!({
        "note": "AES-256-GCM-SIV with a zero nonce; the plaintext shown is padded. Keys are for tests.",
        "outputs": outputs(),
        "state": sealed(),
        "classes": classes(),
    })
}

#[test]
fn an_output_opens_for_its_key_and_context_alone() {
    let (key, ctx) = (Secret::from_bytes([1; 32]), word("ctx"));
    let encrypted = samples()[1].encrypt(&key, ctx).unwrap().0;
    assert!(Output::decrypt(&key, ctx, &encrypted).is_ok());
    assert!(Output::decrypt(&Secret::from_bytes([2; 32]), ctx, &encrypted).is_err());
    assert!(Output::decrypt(&key, word("other"), &encrypted).is_err());
    for byte in 0..encrypted.len() {
        let mut changed = encrypted.clone();
        changed[byte] ^= 1;
        assert!(Output::decrypt(&key, ctx, &changed).is_err(), "byte {byte}");
        assert!(Output::decrypt(&key, ctx, &encrypted[..byte]).is_err(), "length {byte}");
    }
}

#[test]
fn sealed_state_opens_for_its_key_label_purpose_and_context_alone() {
    let message = b"message";
    let point = bls::evaluate(&scalar("a"), CURVE_STATE, message);
    let key = StateKey::new(&point, message);
    let ctx = word("ctx");
    let sealed = key.seal_delta(LABEL, ctx, b"delta").unwrap().0;
    let opened = key.open_delta(LABEL, ctx, &sealed).unwrap();
    opened.expose(|bytes| assert_eq!(bytes, b"delta"));
    assert_eq!(key.seal_delta(LABEL, ctx, b"delta").unwrap().0, sealed, "the same for every executor");
    assert!(key.open_delta(b"sgx", ctx, &sealed).is_err());
    assert!(key.open_delta(LABEL, word("other"), &sealed).is_err());
    assert!(key.open_snapshot(LABEL, ctx, &sealed).is_err());
    assert!(StateKey::new(&point, b"massage").open_delta(LABEL, ctx, &sealed).is_err());
    for byte in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[byte] ^= 1;
        assert!(key.open_delta(LABEL, ctx, &changed).is_err(), "byte {byte}");
        assert!(key.open_delta(LABEL, ctx, &sealed[..byte]).is_err(), "length {byte}");
    }
}
