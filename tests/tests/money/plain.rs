//! The same contract on a chain of its own, where it is in the open: at the same address, with an account in place of
//! the outbound precompile that makes its calls at once.

use alloy_primitives::{Address, U256, hex};
use enigma_evm::outbound::OUTBOUND;
use enigma_tests::anvil::{self, Anvil};
use serde_json::json;

use crate::programs::{COUNTER, FAILING};

/// Calls the target with the value, the gas and the data, and returns how many calls there were before. The value of a
/// call that fails stays.
const CALLER: &str = "6060358060805f375f5f825f345f35602035f1505f54805f526001015f5560205ff3";
/// Counts up in slot 0.
pub const COUNTING: &str = "5f546001015f5500";
/// Reverts.
pub const REVERTING: &str = "5f5ffd";

pub struct Plain {
    chain: Anvil,
    root: Address,
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub ok: bool,
    pub data: Vec<u8>,
}

impl Plain {
    /// A chain with the contract's code at `root`. Returns that code too.
    pub fn start(root: Address, creation: &[u8]) -> (Self, Vec<u8>) {
        let chain = Anvil::start(&["--no-mining"]);
        let from = chain.call("eth_accounts", json!([]))[0].clone();
        let call = json!({ "from": from, "data": hex::encode_prefixed(creation), "gas": "0xf00000" });
        let code = anvil::bytes(&chain.call("eth_call", json!([call, "latest"])));
        assert!(!code.is_empty(), "the contract's code");
        let plain = Self { chain, root };
        put(&plain.chain, root, &hex::encode(&code));
        put(&plain.chain, OUTBOUND, CALLER);
        recipients(&plain.chain);
        (plain, code)
    }

    /// Mines a call of the root.
    pub fn call(&self, from: Address, value: u64, data: &[u8]) -> Answer {
        // The sender's ether is compared by nobody here.
        set_balance(&self.chain, from, U256::from(1) << 80);
        self.chain.call("anvil_impersonateAccount", json!([from]));
        let transaction = json!({
            "from": from, "to": self.root, "value": format!("{value:#x}"), "data": hex::encode_prefixed(data), "gas": "0xf00000",
        });
        let hash = self.chain.call("eth_sendTransaction", json!([transaction]));
        self.chain.call("evm_mine", json!([]));
        let receipt = self.chain.call("eth_getTransactionReceipt", json!([hash]));
        let trace = self.chain.call("debug_traceTransaction", json!([hash, {"tracer": "callTracer"}]));
        Answer { ok: anvil::number(&receipt["status"]) == 1, data: anvil::bytes(&trace["output"]) }
    }

    /// Ether without a call.
    pub fn force(&self, value: u64) {
        set_balance(&self.chain, self.root, self.balance(self.root) + U256::from(value));
    }

    /// Brings back the value of calls that failed, as an inflow does. Whether there was any.
    pub fn bring_back(&self) -> bool {
        let value = self.balance(OUTBOUND);
        set_balance(&self.chain, OUTBOUND, U256::ZERO);
        set_balance(&self.chain, self.root, self.balance(self.root) + value);
        !value.is_zero()
    }

    pub fn balance(&self, of: Address) -> U256 {
        balance(&self.chain, of)
    }

    pub fn exists(&self, at: Address) -> bool {
        !anvil::bytes(&self.chain.call("eth_getCode", json!([at, "latest"]))).is_empty()
    }
}

/// Those outside that have code on both chains.
pub fn recipients(chain: &Anvil) {
    put(chain, COUNTER, COUNTING);
    put(chain, FAILING, REVERTING);
    // A slot in use is cheap to change.
    let one = format!("0x{:064x}", 1);
    chain.call("anvil_setStorageAt", json!([COUNTER, "0x0", one]));
}

pub fn put(chain: &Anvil, at: Address, code: &str) {
    chain.call("anvil_setCode", json!([at, format!("0x{code}")]));
}

pub fn set_balance(chain: &Anvil, of: Address, balance: U256) {
    chain.call("anvil_setBalance", json!([of, format!("{balance:#x}")]));
}

pub fn balance(chain: &Anvil, of: Address) -> U256 {
    anvil::word(&chain.call("eth_getBalance", json!([of, "latest"]))).into()
}
