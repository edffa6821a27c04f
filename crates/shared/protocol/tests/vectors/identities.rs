//! The network's identity, what the threshold key evaluates, seeds, portals.

use alloy_primitives::{B256, U256};
use enigma_crypto::bls;
use enigma_primitives::tags::{CURVE_BEACON, CURVE_INPUT, CURVE_STATE};
use enigma_protocol::{
    genesis::{GenesisSetup, Member},
    network::{
        Descriptor, ERA, RULESET, VERIFIER_DEV, beacon_message, key_message, portal_salt, seed,
        simulated_root,
    },
};
use serde_json::{Value, json};

use crate::{address, hex, reveal, scalar, word};

/// The network of the other vectors too.
pub(crate) fn descriptor() -> Descriptor {
    Descriptor {
        chain_id: 31_337,
        enigma: address("enigma"),
        checkpoint_number: 5,
        checkpoint_hash: word("checkpoint"),
        verifier: VERIFIER_DEV,
        attestation_root: simulated_root(),
        ruleset: RULESET,
        public_key: scalar("network secret").public_key().to_bytes(),
    }
}

fn descriptors() -> Value {
    let far = Descriptor {
        chain_id: u64::MAX,
        enigma: address("another"),
        checkpoint_number: (1 << 40) + 7,
        checkpoint_hash: B256::from(U256::MAX),
        verifier: 2,
        attestation_root: word("a root"),
        ruleset: 9,
        public_key: scalar("another secret").public_key().to_bytes(),
    };
    [descriptor(), far]
        .iter()
        .map(|d| {
            json!({
                "chain_id": d.chain_id.to_string(),
                "enigma": hex(d.enigma),
                "checkpoint_number": d.checkpoint_number,
                "checkpoint_hash": hex(d.checkpoint_hash),
                "verifier": d.verifier,
                "attestation_root": hex(d.attestation_root),
                "ruleset": d.ruleset,
                "public_key": hex(d.public_key),
                "network": hex(d.network()),
            })
        })
        .collect()
}

fn beacons() -> Value {
    let s = scalar("network secret");
    let network = descriptor().network();
    [2u64, 3, (1 << 40) - 1]
        .map(|epoch| {
            let message = beacon_message(network, ERA, epoch);
            let beacon = bls::evaluate(&s, CURVE_BEACON, &message);
            json!({
                "network": hex(network),
                "era": ERA,
                "epoch": epoch,
                "tag": CURVE_BEACON.name(),
                "message": hex(&message),
                "public_key": hex(s.public_key().to_eip2537()),
                "public_key_compressed": hex(s.public_key().to_bytes()),
                "signature": hex(beacon.to_eip2537()),
                "signature_compressed": hex(beacon.to_bytes()),
                "seed": hex(seed(network, ERA, epoch, &beacon.to_eip2537())),
            })
        })
        .into_iter()
        .collect()
}

fn keys() -> Value {
    let s = scalar("network secret");
    let network = descriptor().network();
    let case = |purpose: &str, tag, contract, epoch| {
        let message = key_message(network, ERA, contract, epoch);
        let point = bls::evaluate(&s, tag, &message);
        json!({
            "purpose": purpose,
            "tag": tag.name(),
            "network": hex(network),
            "era": ERA,
            "contract": hex(contract),
            "epoch": epoch,
            "message": hex(&message),
            "evaluation": hex(point.to_bytes()),
        })
    };
    json!([
        case("input", CURVE_INPUT, address("contract"), 2),
        case("state", CURVE_STATE, address("contract"), 2),
        case("input", CURVE_INPUT, address("contract"), 300),
        case("state", CURVE_STATE, address("another contract"), u64::MAX),
    ])
}

fn portals() -> Value {
    [(address("owner"), B256::ZERO), (address("owner"), word("salt")), (address("another"), word("salt"))]
        .map(|(owner, salt)| {
            json!({ "owner": hex(owner), "salt": hex(salt), "portal_salt": hex(portal_salt(owner, salt)) })
        })
        .into_iter()
        .collect()
}

fn setup() -> Value {
    let member =
        |i: u8| Member { address: address(&format!("member {i}")), box_key: word(&format!("box key {i}")).0 };
    let mut unborn = descriptor();
    unborn.public_key = [0; 96];
    let setup = GenesisSetup {
        descriptor: unborn,
        members: (1..=4).map(member).collect::<Vec<_>>().into(),
        threshold: 3,
    };
    json!({
        "members": setup.members.0.iter().map(|m| json!({ "address": hex(m.address), "box_key": hex(m.box_key) })).collect::<Vec<_>>(),
        "threshold": setup.threshold,
        "hash": hex(setup.hash()),
    })
}

pub(crate) fn vectors() -> Value {
    json!({
        "note": "The first descriptor is the network of the other cases; its secret is for tests. Points are compressed, or in EIP-2537 form.",
        "network_secret": reveal(&scalar("network secret").to_bytes()),
        "descriptors": descriptors(),
        "beacons": beacons(),
        "keys": keys(),
        "portals": portals(),
        "genesis_setup": setup(),
    })
}

#[test]
fn every_field_of_the_descriptor_changes_the_network() {
    let base = descriptor();
    let mut others = vec![base.clone(); 8];
    others[0].chain_id += 1;
    others[1].enigma = address("other");
    others[2].checkpoint_number += 1;
    others[3].checkpoint_hash = word("other");
    others[4].verifier = 2;
    others[5].attestation_root = word("other");
    others[6].ruleset += 1;
    others[7].public_key[95] ^= 1;
    let mut seen: Vec<B256> = others.iter().map(Descriptor::network).collect();
    seen.push(base.network());
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 9);
}
