//! What everybody is owed, and what the schedule says.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};
use enigma_chain::{CommitEvent, InputEvent};
use enigma_protocol::{fees, input::Input, receipt::Status};
use serde_json::json;

use super::Rig;
use crate::anvil;

/// The books of the Enigma contract at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// What every account is owed, wei: users, carrier, operators.
    pub credits: BTreeMap<Address, U256>,
    /// The share for beacons and the committee that is parked with each of them, wei.
    pub upkeep: BTreeMap<Address, U256>,
    /// What of it was collected and is not claimed yet, wei.
    pub pool: U256,
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
        assert_eq!(
            self.balance,
            owed + self.upkeep.values().sum::<U256>() + self.pool + self.escrow,
            "balance against credits {owed} + upkeep {:?} + pool {} + escrow {}",
            self.upkeep,
            self.pool,
            self.escrow
        );
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
        let (mut credits, mut upkeep) = (BTreeMap::new(), BTreeMap::new());
        for account in operators.chain(users).chain([self.carrier.address(), self.deployer.address()]) {
            let account_of = self.chain.account(account).await.expect("an account");
            credits.insert(account, account_of.credit);
            upkeep.insert(account, account_of.upkeep);
        }
        let collected = self.chain.pool().await.expect("a pool");
        let mut pool = collected.amount;
        for index in 0..self.chain.seat_count().await.expect("a committee") {
            let seat = self.chain.seat(index).await.expect("the chain").expect("a seat");
            pool += collected.per_seat - seat.claimed;
        }
        let pending = self.ledger.tracks.values().flat_map(|t| &t.inputs[t.cursor..]);
        Books {
            credits,
            upkeep,
            pool,
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

    /// Sends ether to a portal, past everybody's books, and waits until it is there: what is sent next finds it.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn deposit(&self, portal: Address, value: u64) {
        self.deployer.send(Some(portal), Bytes::new(), U256::from(value)).await.expect("a transfer");
    }

    /// Reads the books anew, and holds them against what these commits must have moved since `before`, to the wei:
    /// every account's credit, the escrow, the contract's balance, every portal.
    ///
    /// # Panics
    /// Anything else has moved, or a commit announced another pay.
    pub async fn audit(&mut self, before: &Books, commits: &[CommitEvent]) -> Books {
        let after = self.books().await;
        let mut expected = before.clone();
        for commit in commits {
            self.expect(&mut expected, commit).await;
        }
        assert_eq!(after, expected, "the books after {} commits", commits.len());
        after.assert_balanced();
        after
    }

    async fn expect(&self, books: &mut Books, commit: &CommitEvent) {
        let signers = self.chain.secret_contract(commit.contract).await.expect("a contract").signers;
        let ranks =
            self.chain.sequence(commit.contract, commit.epoch, signers.into()).await.expect("a group");
        let base_fee = self.base_fee_of(commit).await;
        let inputs = &self.ledger.tracks[&commit.contract].inputs[commit.first_index as usize..];
        let (mut for_commit, mut for_execution) = (U256::ZERO, U256::ZERO);
        for (place, (outcome, event)) in commit.outcomes.iter().zip(inputs).enumerate() {
            let input = &event.input;
            let pay = expected_pay(input, commit, place, base_fee);
            assert_eq!(outcome.pay, pay, "announced pay of task {}", event.index);
            let executed = U256::from(outcome.gas_charged / fees::EXECUTION_DIVISOR) * price(input, base_fee);
            for_execution += executed;
            for_commit += pay - executed;
            let delivered = if outcome.status == Status::Completed { input.value } else { U256::ZERO };
            books.escrow -= escrow(event);
            books.balance -= delivered;
            *books.portals.entry(commit.contract).or_default() += delivered;
            *books.credits.entry(input.sender).or_default() += escrow(event) - pay - delivered;
        }
        let share = for_execution / U256::from(signers);
        for (rank, id) in ranks.iter().enumerate() {
            let worker = self.workers.iter().find(|w| w.id == *id).expect("a worker");
            let rest = for_commit + for_execution - share * U256::from(signers - 1);
            let earned = if rank == 0 { rest } else { share };
            let operator = worker.operator.address();
            *books.credits.entry(operator).or_default() += earned - fees::upkeep(earned);
            *books.upkeep.entry(operator).or_default() += fees::upkeep(earned);
        }
    }

    /// Mines a block with this base fee, wei; the next one's is close to it.
    pub fn mine_at_base_fee(&self, base_fee: u64) {
        self.anvil.call("anvil_setNextBlockBaseFeePerGas", json!([format!("{base_fee:#x}")]));
        self.mine(1);
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
    event.input.value + event.input.max_fee()
}

/// What the schedule takes for task `place` of a commit in a block with this base fee, wei.
pub fn expected_pay(input: &Input, commit: &CommitEvent, place: usize, base_fee: u128) -> U256 {
    let outcome = &commit.outcomes[place];
    let bytes = (outcome.output.len() + outcome.delta.len()) as u64;
    let price = price(input, base_fee).to();
    let schedule = fees::schedule(commit.outcomes.len() as u64, bytes, 0);
    fees::pay(input.commit_gas, schedule, outcome.gas_charged, price)
}

/// Wei for a unit of gas.
fn price(input: &Input, base_fee: u128) -> U256 {
    U256::from((base_fee + input.tip).min(input.price_cap))
}
