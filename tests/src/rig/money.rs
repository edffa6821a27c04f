//! What everybody is owed, and what the schedule says.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use enigma_chain::{CommitEvent, InputEvent};
use enigma_protocol::{fees, input::Input};
use serde_json::json;

use super::Rig;
use crate::anvil;

/// The books of the Enigma contract at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// What every account is owed, wei: users, carrier, operators.
    pub credits: BTreeMap<Address, U256>,
    /// What the contract has, wei.
    pub balance: U256,
    /// What waits in escrow for pending inputs, wei.
    pub escrow: U256,
    /// What every portal has, wei.
    pub portals: BTreeMap<Address, U256>,
}

impl Books {
    /// Money in = money out + money owed.
    ///
    /// # Panics
    /// It is not.
    pub fn assert_balanced(&self) {
        let owed: U256 = self.credits.values().sum();
        assert_eq!(self.balance, owed + self.escrow, "balance against credits {owed} + escrow {}", self.escrow);
    }

    /// What an account is owed.
    pub fn credit(&self, account: Address) -> U256 {
        self.credits.get(&account).copied().unwrap_or_default()
    }
}

impl Rig {
    /// Reads the books at the newest block.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn books(&mut self) -> Books {
        self.catch_up().await;
        let operators = self.workers.iter().map(|w| w.operator.address());
        let users = self.users.iter().map(|u| u.address());
        let mut credits = BTreeMap::new();
        for account in operators.chain(users).chain([self.carrier.address(), self.deployer.address()]) {
            credits.insert(account, self.chain.credits(account).await.expect("credits"));
        }
        let pending = self.ledger.tracks.values().flat_map(|t| &t.inputs[t.cursor..]);
        Books {
            credits,
            balance: self.balance(self.chain.enigma()),
            escrow: pending.map(escrow).sum(),
            portals: self.ledger.tracks.keys().map(|c| (*c, self.balance(*c))).collect(),
        }
    }

    /// What an account has on the chain, wei.
    ///
    /// # Panics
    /// The chain fails.
    pub fn balance(&self, account: Address) -> U256 {
        anvil::word(&self.anvil.call("eth_getBalance", json!([account, "latest"]))).into()
    }

    /// Base fee of the block of a commit, wei.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn base_fee_of(&self, commit: &CommitEvent) -> u128 {
        self.chain.block(commit.block_number).await.expect("a block").base_fee.into()
    }
}

fn escrow(event: &InputEvent) -> U256 {
    let Input { value, commit_gas, gas_limit, price_cap, .. } = event.input;
    value + fees::max_fee(commit_gas, gas_limit, price_cap)
}

/// What the schedule takes for task `place` of a commit in a block with this base fee, wei.
pub fn expected_pay(input: &Input, commit: &CommitEvent, place: usize, base_fee: u128) -> U256 {
    let outcome = &commit.outcomes[place];
    let bytes = (outcome.output.len() + outcome.delta.len()) as u64;
    let price = (base_fee + input.tip).min(input.price_cap);
    fees::pay(input.commit_gas, bytes, outcome.gas_charged, commit.outcomes.len() as u64, price)
}
