//! A chain with a contract on it that emits whatever it is told to.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{SolEvent, SolValue};
use enigma_chain::{Chain, Options, bindings::Enigma};
use enigma_tests::anvil::{Anvil, number};
use serde_json::{Value, json};

use crate::proxy::Endpoint;

/// Where the contract is, and one that looks alike.
pub const ENIGMA: Address = Address::repeat_byte(0xe0);
pub const STRANGER: Address = Address::repeat_byte(0xe1);
/// A contract that refuses everything.
pub const REFUSER: Address = Address::repeat_byte(0xe2);
/// The secret contract that events are about.
pub const SECRET: Address = Address::repeat_byte(0x5c);

/// Emits calldata: four topics, then data.
const EMITTER: &str = "0x606035604035602035600035608036038060806000376000a400";
/// Reverts with `UnknownContract()`.
const REFUSES: &str = "0x63SELECTOR60e01b60005260046000fd";

pub const OPTIONS: Options = Options {
    patience: Duration::from_secs(2),
    lag: 2,
    rest: Duration::from_millis(200),
    compare_every: Duration::ZERO,
    chain_id: None,
};

/// Starts a chain with the contracts.
pub fn chain(arguments: &[&str]) -> Arc<Anvil> {
    let anvil = Anvil::start(arguments);
    anvil.call("anvil_setCode", json!([ENIGMA, EMITTER]));
    anvil.call("anvil_setCode", json!([STRANGER, EMITTER]));
    let selector = hex::encode(&alloy_primitives::keccak256("UnknownContract()")[..4]);
    anvil.call("anvil_setCode", json!([REFUSER, REFUSES.replace("SELECTOR", &selector)]));
    Arc::new(anvil)
}

/// A connection through these endpoints.
pub fn connect(endpoints: &[&Endpoint]) -> Chain {
    let urls: Vec<String> = endpoints.iter().map(|e| e.url()).collect();
    Chain::connect_all(&urls, ENIGMA, OPTIONS).expect("endpoints")
}

/// What makes the contract say that input `index` was skipped.
pub fn skipped(index: u64) -> Vec<u8> {
    let topics = [
        Enigma::Skipped::SIGNATURE_HASH,
        SECRET.into_word(),
        U256::from(index).into(),
        Address::repeat_byte(1).into_word(),
    ];
    [topics.concat(), (B256::repeat_byte(2), U256::from(3)).abi_encode()].concat()
}

/// Has a contract emit on a chain that mines at once, in a block of its own.
pub fn emit(anvil: &Anvil, contract: Address, calldata: &[u8]) {
    let from = anvil.call("eth_accounts", json!([]))[0].clone();
    let call =
        json!({ "from": from, "to": contract, "data": hex::encode_prefixed(calldata), "gas": "0x30000" });
    let hash = anvil.call("eth_sendTransaction", json!([call]));
    let bound = Instant::now() + Duration::from_secs(10);
    while anvil.call("eth_getTransactionReceipt", json!([hash])).is_null() {
        assert!(Instant::now() < bound, "mined in time");
        std::thread::yield_now();
    }
}

pub fn height(anvil: &Anvil) -> u64 {
    number(&anvil.call("eth_blockNumber", json!([])))
}

pub fn block(anvil: &Anvil, number: u64) -> Value {
    anvil.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))
}

/// Bounds what must not take for ever.
pub async fn within<T>(seconds: u64, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(seconds), work).await.expect("in time")
}
