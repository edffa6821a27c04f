//! The slots that enclaves read are those that the compiler gave the contract: `contracts/storage-layout.json`.

use std::{fs, path::PathBuf};

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_protocol::layout;
use serde_json::Value;

fn golden() -> Value {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../contracts/storage-layout.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// The slot of a variable, which begins it.
fn slot(name: &str) -> U256 {
    let golden = golden();
    let found: Vec<&Value> =
        golden["storage"].as_array().unwrap().iter().filter(|v| v["label"] == name).collect();
    assert_eq!((found.len(), &found[0]["offset"]), (1, &Value::from(0)), "{name}");
    U256::from(found[0]["slot"].as_u64().unwrap())
}

/// The slot of a mapping's entry, as Solidity defines it.
fn entry(key: impl Into<U256>, mapping: &str) -> U256 {
    let words = [key.into().to_be_bytes::<32>(), slot(mapping).to_be_bytes()].concat();
    U256::from_be_bytes(keccak256(words).0)
}

fn same(layout: B256, expected: U256) {
    assert_eq!(U256::from_be_bytes(layout.0), expected);
}

#[test]
fn words_and_mappings_are_where_the_compiler_put_them() {
    same(layout::PARAMETERS, slot("parametersWord"));
    same(layout::NETWORK, slot("network"));
    same(layout::EPOCH, slot("epochWord"));
    same(layout::COMMITMENTS_HASH, slot("commitmentsHash"));
    same(layout::TREE_ROOT, slot("treeRoot"));
    let account = Address::repeat_byte(0xa7);
    let word = U256::from_be_bytes(account.into_word().0);
    same(layout::seed(7), entry(U256::from(3), "seeds"));
    same(layout::seed(8), entry(U256::ZERO, "seeds"));
    same(layout::worker_id(account), entry(word, "workerIds"));
    same(layout::measurement(B256::repeat_byte(3)), entry(U256::from_be_bytes([3; 32]), "measurements"));
    let platform = U256::from_be_bytes([4; 32]);
    same(layout::barred_platform(B256::repeat_byte(4)), entry(platform, "barredPlatforms"));
    for offset in 0..3 {
        same(layout::lost(account, offset), entry(word, "lost") + U256::from(offset));
    }
    for offset in 0..6 {
        let ahead = U256::from(offset);
        same(layout::worker(9, offset), entry(U256::from(9), "workers") + ahead);
        same(layout::secret_contract(account, offset), entry(word, "secretContracts") + ahead);
    }
    let key = (U256::from(3) << 32) | U256::from(4_095 << 2 | 2);
    same(layout::tree_word(3, 4_095, 2), entry(key, "tree"));
    for (index, place) in [(0, 0), (255, 255), (256, 0), (1_000, 232), (u64::MAX, 255)] {
        same(layout::head(account, index), entry(word, "heads") + U256::from(place));
    }
}

#[test]
fn fields_of_packed_words_are_where_enclaves_read_them() {
    // (struct, field, word, first bit): docs/bytes.md, and `lightclient/src/view.rs`.
    let fields = [
        ("Parameters", "epochLength", 0, 0),
        ("Parameters", "groupSize", 0, 40),
        ("Parameters", "takeover", 0, 48),
        ("Parameters", "window", 0, 72),
        ("EpochWord", "epoch", 0, 0),
        ("EpochWord", "start", 0, 40),
        ("EpochWord", "nextStart", 0, 80),
        ("EpochWord", "era", 0, 120),
        ("EpochWord", "revocations", 0, 152),
        ("Worker", "signer", 0, 0),
        ("Worker", "expiry", 0, 160),
        ("Worker", "checked", 0, 240),
        ("Worker", "measurement", 2, 0),
        ("Worker", "platform", 4, 0),
        ("SecretContract", "stateHead", 0, 0),
        ("SecretContract", "inputCount", 1, 0),
        ("SecretContract", "cursor", 1, 64),
        ("SecretContract", "sealedEpoch", 1, 128),
        ("SecretContract", "lastCommitBlock", 1, 168),
        ("SecretContract", "signers", 1, 208),
        ("SecretContract", "depth", 1, 216),
        ("SecretContract", "pausedAt", 1, 224),
        ("SecretContract", "clockFrom", 4, 160),
        ("SecretContract", "group", 2, 0),
        ("SecretContract", "snapshotHash", 5, 0),
        ("Lost", "since", 0, 160),
    ];
    let golden = golden();
    for (structure, name, word, bit) in fields {
        let members = members(&golden, structure);
        let member = members.iter().find(|m| m["label"] == name).unwrap();
        let place = (member["slot"].as_u64().unwrap(), 8 * member["offset"].as_u64().unwrap());
        assert_eq!(place, (word, bit), "{structure}.{name}");
    }
}

fn members<'a>(golden: &'a Value, structure: &str) -> &'a [Value] {
    golden["structs"][structure].as_array().unwrap_or_else(|| panic!("no struct {structure}"))
}
