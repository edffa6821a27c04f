//! The golden values that Rust, Solidity and TypeScript read alike:
//! `vectors/{identities,inputs,receipts,outputs,queries,relayed,view-keys}.json` and, for reading only,
//! `vectors/{lottery,clock}.json`.
//!
//! After a wanted change, write the files anew with
//! `cargo test -p enigma-protocol --test vectors regenerate -- --ignored`, and read the difference.

mod clock;
mod identities;
mod inputs;
mod lottery;
mod outputs;
mod queries;
mod receipts;
mod relayed;
#[path = "../stake_tree/mod.rs"]
mod stake_tree;
mod view_keys;

use std::{fs, path::PathBuf};

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::scalar::Scalar;
use enigma_primitives::Secret;
use serde_json::Value;

/// A file's name, and what makes it.
type File = (&'static str, fn() -> Value);

const FILES: [File; 7] = [
    ("identities", identities::vectors),
    ("inputs", inputs::vectors),
    ("receipts", receipts::vectors),
    ("outputs", outputs::vectors),
    ("queries", queries::vectors),
    ("relayed", relayed::vectors),
    ("view-keys", view_keys::vectors),
];

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../../vectors/{name}.json"))
}

fn stored(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(file(name)).unwrap()).unwrap()
}

#[test]
fn golden_vectors_hold() {
    for (name, vectors) in FILES {
        let (stored, now) = (stored(name), vectors());
        let sections = now.as_object().unwrap();
        assert_eq!(stored.as_object().unwrap().len(), sections.len(), "{name}");
        for (section, value) in sections {
            assert_eq!(&stored[section], value, "{name}.{section}");
        }
    }
}

#[test]
#[ignore = "writes the files anew"]
fn regenerate() {
    for (name, vectors) in FILES {
        fs::write(file(name), serde_json::to_string_pretty(&vectors()).unwrap() + "\n").unwrap();
    }
}

/// 32 bytes that depend on `word`.
fn word(word: &str) -> B256 {
    keccak256(word)
}

/// An address that depends on `name`.
fn address(name: &str) -> Address {
    Address::from_word(keccak256(name))
}

/// A scalar that depends on `name`: the top byte is small, so it is below the group order.
fn scalar(name: &str) -> Scalar {
    let mut bytes = word(name).0;
    bytes[0] = 1;
    Scalar::from_bytes(&Secret::from_bytes(bytes)).unwrap()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn reveal<const N: usize>(secret: &Secret<[u8; N]>) -> String {
    secret.expose(|bytes| hex(bytes))
}
