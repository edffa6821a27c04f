//! The same contract on a chain of its own, where it is in the open: at the same address, with an account in place of
//! the outbound precompile that makes its calls at once.

use alloy_primitives::{Address, Bytes, U256, address, hex};
use enigma_evm::outbound::OUTBOUND;
use enigma_tests::anvil::{self, Anvil};
use serde_json::json;

use crate::{
    accounts::{Gas, balance, put, set_balance},
    programs::{COUNTER, FAILING},
};

/// Calls the target with the value, the gas and the data, and returns how many calls there were before. The value of a
/// call that fails stays.
const CALLER: &str = "6060358060805f375f5f825f345f35602035f1505f54805f526001015f5560205ff3";
/// Counts up in slot 0.
pub const COUNTING: &str = "5f546001015f5500";
/// Reverts.
pub const REVERTING: &str = "5f5ffd";

/// Where a creation code lies while it runs as that of another address.
const CREATION: Address = address!("00000000000000000000000000000000000c0de0");
/// Runs that creation code as a constructor of whoever has this code, and returns what it returns: the code that is to
/// be there. Meanwhile whoever calls meets no code, as while a contract is made: a flag in transient storage tells.
const CONSTRUCTING: [&str; 2] = ["5f5c60325760015f5d5f5f5f5f73", "5af43d5f5f3e602e573d5ffd5b3d5ff35b00"];

pub struct Plain {
    chain: Anvil,
    root: Address,
    gas: Gas,
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub ok: bool,
    pub data: Bytes,
}

impl Plain {
    /// A chain with all those outside on it.
    pub fn start() -> Self {
        let chain = Anvil::start(&["--no-mining"]);
        put(&chain, OUTBOUND, CALLER);
        recipients(&chain);
        Self { chain, root: Address::ZERO, gas: Gas::default() }
    }

    /// Makes the root at an address that no creation on this chain can have. The answer is its code, none if it has
    /// destroyed itself.
    pub fn deploy(&mut self, root: Address, from: Address, value: u64, creation: &[u8]) -> Answer {
        self.root = root;
        // Each world counts its own calls.
        self.chain.call("anvil_setStorageAt", json!([OUTBOUND, "0x0", format!("0x{:064x}", 0)]));
        put(&self.chain, CREATION, &hex::encode(creation));
        put(&self.chain, root, &CONSTRUCTING.join(&hex::encode(CREATION)));
        let answer = self.call(from, value, &[]);
        let code: &[u8] = if answer.ok { &answer.data } else { &[] };
        put(&self.chain, root, &hex::encode(code));
        if !code.is_empty() {
            self.chain.call("anvil_setNonce", json!([root, "0x1"]));
        }
        answer
    }

    /// Mines a call of the root.
    pub fn call(&self, from: Address, value: u64, data: &[u8]) -> Answer {
        self.chain.call("anvil_impersonateAccount", json!([from]));
        let transaction = json!({
            "from": from, "to": self.root, "value": format!("{value:#x}"), "data": hex::encode_prefixed(data), "gas": "0xf00000",
        });
        let hash = self.chain.call("eth_sendTransaction", json!([transaction]));
        self.chain.call("evm_mine", json!([]));
        let receipt = self.chain.call("eth_getTransactionReceipt", json!([hash]));
        let trace = self.chain.call("debug_traceTransaction", json!([hash, {"tracer": "callTracer"}]));
        Answer { ok: anvil::number(&receipt["status"]) == 1, data: anvil::bytes(&trace["output"]).into() }
    }

    /// Ether without a call.
    pub fn force(&self, at: Address, value: u64) {
        set_balance(&self.chain, at, self.balance(at) + U256::from(value));
    }

    /// Brings back the value of calls that failed, as an inflow does. Whether there was any.
    pub fn bring_back(&self) -> bool {
        let value = self.balance(OUTBOUND);
        set_balance(&self.chain, OUTBOUND, U256::ZERO);
        set_balance(&self.chain, self.root, self.balance(self.root) + value);
        !value.is_zero()
    }

    /// Gives a user this much to begin with.
    pub fn endow(&self, user: Address, wealth: U256) {
        set_balance(&self.chain, user, wealth);
    }

    pub fn balance(&self, of: Address) -> U256 {
        balance(&self.chain, of)
    }

    /// What a user has, and has paid for gas.
    pub fn wealth(&mut self, user: Address) -> U256 {
        self.balance(user) + self.gas.paid(&self.chain, user)
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
