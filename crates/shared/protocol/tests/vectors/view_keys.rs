//! Reply keys that an account derives again from its wallet, and that of one envelope.

use enigma_crypto::{kdf, sign::recover};
use enigma_primitives::{
    Secret,
    codec::Writer,
    tags::{REPLY_KEY, VIEW_KEY},
};
use enigma_protocol::{
    receipt::domain_separator,
    view_key::{self, ViewKey},
};
use serde_json::{Value, json};

use crate::{address, hex, identities::descriptor, queries::key, reveal, word};

fn nonce(name: &str) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce.copy_from_slice(&word(name)[..24]);
    nonce
}

fn case(account: &str, contract: &str) -> Value {
    let (signer, contract) = (key(account), address(contract));
    let (account, network) = (signer.address(), descriptor().network());
    let domain = domain_separator(descriptor().chain_id, descriptor().enigma);
    let digest = view_key::digest(domain, network, contract, account);
    let signature = signer.sign_digest(digest);
    assert_eq!(recover(digest, &signature), Ok(account));
    let view = ViewKey::new(&Secret::from_bytes(signature), network, contract, account);

    // The derivation of `docs/bytes.md`, written a second time.
    let mut context = Writer::new();
    context.put(&network).put(&contract).put(&account);
    let scalars = Secret::new(signature[..64].to_vec());
    let view_secret = kdf::derive(VIEW_KEY, &scalars, &context.finish());
    let reply_keys: Vec<Value> = ["first nonce", "second nonce"]
        .map(nonce)
        .into_iter()
        .map(|nonce| {
            let reply_key = view.reply_key(&nonce);
            assert_eq!(reply_key, kdf::derive(REPLY_KEY, &view_secret, &nonce));
            json!({ "nonce": hex(nonce), "reply_key": reveal(&reply_key) })
        })
        .collect();
    json!({
        "account_private_key": reveal(&signer.to_bytes()),
        "account": hex(account),
        "contract": hex(contract),
        "digest": hex(digest),
        "signature": hex(signature),
        "view_secret": reveal(&view_secret),
        "reply_keys": reply_keys,
    })
}

pub(crate) fn vectors() -> Value {
    json!({
        "note": "The network is the first of identities.json. Signatures are deterministic (RFC 6979); keys are for tests.",
        "network": hex(descriptor().network()),
        "domain": hex(domain_separator(descriptor().chain_id, descriptor().enigma)),
        "notice": view_key::NOTICE,
        "view_keys": [
            case("account", "contract"),
            case("account", "another contract"),
            case("another account", "contract"),
        ],
    })
}

#[test]
fn every_form_of_v_makes_one_view_key_and_every_other_byte_another() {
    let signature = key("account").sign_digest(word("digest"));
    let (network, contract, account) = (word("network"), address("contract"), address("account"));
    let view = |signature: [u8; 65], network, contract, account| {
        ViewKey::new(&Secret::from_bytes(signature), network, contract, account).reply_key(&nonce("nonce"))
    };
    let right = view(signature, network, contract, account);
    for v in [0, 1, 27, 28] {
        let mut other = signature;
        other[64] = v;
        assert_eq!(view(other, network, contract, account), right, "v {v}");
    }
    for byte in 0..64 {
        let mut other = signature;
        other[byte] ^= 1;
        assert_ne!(view(other, network, contract, account), right, "byte {byte}");
    }
    assert_ne!(view(signature, word("another"), contract, account), right);
    assert_ne!(view(signature, network, address("another"), account), right);
    assert_ne!(view(signature, network, contract, address("another")), right);
}
