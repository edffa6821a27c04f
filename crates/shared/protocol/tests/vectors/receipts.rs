//! The EIP-712 domain, the digests that enclaves sign, and their signatures.

use alloy_primitives::{B256, U256, keccak256};
use enigma_crypto::sign::{SigningKey, recover};
use enigma_primitives::Secret;
use enigma_protocol::{
    keys::{KeyReply, KeyRequest, Purpose, commitments_hash},
    network::{ERA, RULESET},
    outbound::{OutboundCall, OutboundKind, outbound_hash},
    receipt::{Receipt, Status, TaskResult, domain_separator, key_generation_digest},
};
use serde_json::{Value, json};

use crate::{address, hex, identities::descriptor, reveal, scalar, word};

fn signer() -> SigningKey {
    SigningKey::from_bytes(&Secret::from_bytes(word("signing key").0)).unwrap()
}

fn result(place: u64) -> TaskResult {
    TaskResult {
        status: [Status::Completed, Status::ValueReturned, Status::Unopened][place as usize % 3],
        gas_charged: 32_768 << place,
        output_hash: word(&format!("output {place}")),
        delta_hash: word(&format!("delta {place}")),
    }
}

fn receipts() -> Vec<Receipt> {
    let one = Receipt {
        network: descriptor().network(),
        ruleset: RULESET,
        secret_contract: address("contract"),
        epoch: 2,
        first_index: 0,
        last_index: 0,
        input_head: word("input head"),
        state_head_before: word("before"),
        state_head_after: word("after"),
        anchor_number: 13,
        anchor_hash: word("anchor"),
        results: vec![result(0)].into(),
        snapshot_hash: word("snapshot"),
        outbound_hash: outbound_hash(&[]),
    };
    let four = Receipt {
        epoch: (1 << 40) - 1,
        first_index: u64::MAX - 4,
        last_index: u64::MAX - 1,
        anchor_number: u64::MAX,
        results: (0..4).map(result).collect::<Vec<_>>().into(),
        snapshot_hash: B256::ZERO,
        outbound_hash: outbound_hash(&outbound()),
        ..one.clone()
    };
    vec![one, four]
}

/// What the second receipt's portal is to do.
fn outbound() -> Vec<OutboundCall> {
    let transfer = OutboundCall {
        index: u64::MAX - 4,
        kind: OutboundKind::Transfer,
        target: address("outside"),
        value: U256::from(10).pow(U256::from(18)),
        gas: 0,
        data: Vec::new().into(),
    };
    let call = OutboundCall {
        index: u64::MAX - 2,
        kind: OutboundKind::Call,
        target: address("another"),
        value: U256::from(u128::MAX),
        gas: 123_456,
        data: b"calldata".to_vec().into(),
    };
    vec![transfer.clone(), call, transfer]
}

fn outbound_case(call: &OutboundCall) -> Value {
    json!({
        "index": call.index.to_string(),
        "kind": call.kind as u8,
        "target": hex(call.target),
        "value": call.value.to_string(),
        "gas": call.gas.to_string(),
        "data": hex(&call.data.0),
        "schedule_gas": call.schedule_gas().to_string(),
    })
}

fn case(receipt: &Receipt, domain: B256) -> Value {
    let calls = if receipt.outbound_hash == outbound_hash(&[]) { Vec::new() } else { outbound() };
    let outbound: Vec<Value> = calls.iter().map(outbound_case).collect();
    let digest = receipt.digest(domain);
    let signature = signer().sign_digest(digest);
    assert_eq!(recover(digest, &signature), Ok(signer().address()));
    let results: Vec<Value> = receipt
        .results
        .0
        .iter()
        .map(|r| {
            json!({
                "status": r.status as u8,
                "gas_charged": r.gas_charged.to_string(),
                "output_hash": hex(r.output_hash),
                "delta_hash": hex(r.delta_hash),
            })
        })
        .collect();
    json!({
        "network": hex(receipt.network),
        "ruleset": receipt.ruleset,
        "secret_contract": hex(receipt.secret_contract),
        "epoch": receipt.epoch,
        "first_index": receipt.first_index.to_string(),
        "last_index": receipt.last_index.to_string(),
        "input_head": hex(receipt.input_head),
        "state_head_before": hex(receipt.state_head_before),
        "state_head_after": hex(receipt.state_head_after),
        "anchor_number": receipt.anchor_number.to_string(),
        "anchor_hash": hex(receipt.anchor_hash),
        "results": results,
        "snapshot_hash": hex(receipt.snapshot_hash),
        "outbound": outbound,
        "outbound_hash": hex(receipt.outbound_hash),
        "digest": hex(digest),
        "signature": hex(signature),
    })
}

fn key_generation(domain: B256) -> Value {
    let commitments = ["network secret", "first", "second"].map(|name| scalar(name).public_key().to_bytes());
    let (public_key_hash, commitments_hash) = (keccak256(commitments[0]), commitments_hash(&commitments));
    let digest = key_generation_digest(domain, ERA, public_key_hash, commitments_hash);
    json!({
        "era": ERA,
        "commitments": commitments.map(hex),
        "public_key_hash": hex(public_key_hash),
        "commitments_hash": hex(commitments_hash),
        "digest": hex(digest),
        "signature": hex(signer().sign_digest(digest)),
    })
}

fn key_request() -> Value {
    let request = KeyRequest {
        network: descriptor().network(),
        purpose: Purpose::State,
        contract: address("contract"),
        key_epoch: 2,
        group_epoch: 3,
        reply_to: word("x25519").0,
        signature: [0; 65],
    };
    let reply = KeyReply {
        member: 2,
        generation: 1,
        block_number: 13,
        block_hash: word("anchor"),
        sealed: Vec::new().into(),
    };
    json!({
        "network": hex(request.network),
        "era": ERA,
        "purpose": request.purpose as u8,
        "contract": hex(request.contract),
        "key_epoch": request.key_epoch,
        "group_epoch": request.group_epoch,
        "reply_to": hex(request.reply_to),
        "digest": hex(request.digest()),
        "signature": hex(signer().sign_digest(request.digest())),
        "reply": {
            "member": reply.member,
            "generation": reply.generation,
            "block_number": reply.block_number,
            "block_hash": hex(reply.block_hash),
            "associated_data": hex(reply.associated_data(request.digest())),
        },
    })
}

pub(crate) fn vectors() -> Value {
    let descriptor = descriptor();
    let domain = domain_separator(descriptor.chain_id, descriptor.enigma);
    json!({
        "chain_id": descriptor.chain_id,
        "enigma": hex(descriptor.enigma),
        "domain_separator": hex(domain),
        "private_key": reveal(&signer().to_bytes()),
        "signer": hex(signer().address()),
        "receipts": receipts().iter().map(|r| case(r, domain)).collect::<Vec<_>>(),
        "key_generation": key_generation(domain),
        "key_request": key_request(),
    })
}

#[test]
fn every_field_of_a_receipt_changes_its_digest() {
    let base = receipts().remove(1);
    let change = |f: fn(&mut Receipt)| {
        let mut changed = base.clone();
        f(&mut changed);
        changed.digest(word("domain"))
    };
    let mut digests = vec![
        base.digest(word("domain")),
        base.digest(word("another domain")),
        change(|r| r.network = word("x")),
        change(|r| r.ruleset += 1),
        change(|r| r.secret_contract = address("x")),
        change(|r| r.epoch += 1),
        change(|r| r.first_index += 1),
        change(|r| r.last_index -= 1),
        change(|r| r.input_head = word("x")),
        change(|r| r.state_head_before = word("x")),
        change(|r| r.state_head_after = word("x")),
        change(|r| r.anchor_number -= 1),
        change(|r| r.anchor_hash = word("x")),
        change(|r| r.snapshot_hash = word("x")),
        change(|r| r.outbound_hash = word("x")),
        change(|r| r.results.0[3].status = Status::Unopened),
        change(|r| r.results.0[3].gas_charged += 1),
        change(|r| r.results.0[3].output_hash = word("x")),
        change(|r| r.results.0[3].delta_hash = word("x")),
        change(|r| r.results.0.swap(0, 1)),
        change(|r| r.results.0.truncate(3)),
    ];
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn every_field_of_an_outbound_call_and_their_order_change_the_hash() {
    let change = |f: fn(&mut Vec<OutboundCall>)| {
        let mut changed = outbound();
        f(&mut changed);
        outbound_hash(&changed)
    };
    let mut hashes = vec![
        change(|_| {}),
        change(|c| c[1].index += 1),
        change(|c| c[0].kind = OutboundKind::Call),
        change(|c| c[1].target = address("x")),
        change(|c| c[1].value += U256::ONE),
        change(|c| c[1].gas += 1),
        change(|c| c[1].data = b"calldatb".to_vec().into()),
        change(|c| c.swap(0, 1)),
        change(|c| c.truncate(2)),
        change(|c| c.clear()),
    ];
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn every_field_of_a_key_request_and_its_reply_is_bound() {
    let request = |f: fn(&mut KeyRequest)| {
        let mut request = KeyRequest {
            network: word("network"),
            purpose: Purpose::State,
            contract: address("contract"),
            key_epoch: 2,
            group_epoch: 3,
            reply_to: word("x25519").0,
            signature: [0; 65],
        };
        f(&mut request);
        request.digest()
    };
    let reply = |digest: B256, f: fn(&mut KeyReply)| {
        let mut reply = KeyReply {
            member: 2,
            generation: 1,
            block_number: 13,
            block_hash: word("anchor"),
            sealed: Vec::new().into(),
        };
        f(&mut reply);
        reply.associated_data(digest)
    };
    let base = request(|_| {});
    let mut words = vec![
        base,
        request(|r| r.network = word("x")),
        request(|r| r.purpose = Purpose::Input),
        request(|r| r.contract = address("x")),
        request(|r| r.key_epoch += 1),
        request(|r| r.group_epoch += 1),
        request(|r| r.reply_to[31] ^= 1),
        reply(base, |_| {}),
        reply(word("another request"), |_| {}),
        reply(base, |r| r.member += 1),
        reply(base, |r| r.generation += 1),
        reply(base, |r| r.block_number += 1),
        reply(base, |r| r.block_hash = word("x")),
    ];
    let count = words.len();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), count);
}
