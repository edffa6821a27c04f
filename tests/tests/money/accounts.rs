//! Accounts of either chain.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use enigma_tests::anvil::{self, Anvil};
use serde_json::json;

/// What everybody has paid for gas, wei, as the receipts of all blocks say.
#[derive(Default)]
pub struct Gas {
    /// The first block that was not read.
    next: u64,
    paid: BTreeMap<Address, U256>,
}

impl Gas {
    /// What this account has paid by now.
    pub fn paid(&mut self, chain: &Anvil, by: Address) -> U256 {
        let height = anvil::number(&chain.call("eth_blockNumber", json!([])));
        for block in self.next..=height {
            let receipts = chain.call("eth_getBlockReceipts", json!([format!("{block:#x}")]));
            for receipt in receipts.as_array().expect("receipts") {
                let used = U256::from(anvil::number(&receipt["gasUsed"]));
                let price = U256::from(anvil::number(&receipt["effectiveGasPrice"]));
                *self.paid.entry(anvil::address(&receipt["from"])).or_default() += used * price;
            }
        }
        self.next = height + 1;
        self.paid.get(&by).copied().unwrap_or_default()
    }
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
