//! What everything that was sent must have come to: the totals inside, and every wei of the network.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use enigma_chain::{Event, accounts};
use enigma_protocol::receipt::Status;
use enigma_tests::{
    audit::{Audited, History},
    network::{Network, rpc::quantity},
};
use serde_json::json;

use super::{author::Letter, mill, scene::Known};

/// The first of the accounts that a mill pays, and how many there are. The last one refuses.
const PAID: u64 = 0xe17a_0000;
const PAID_COUNT: u64 = 4;
/// Code that reverts whatever comes.
const REFUSING: &str = "0x5f5ffd";

/// Of one contract.
#[derive(Default)]
pub struct Sum {
    pub total: u64,
    pub tasks: u64,
    /// What its portal has.
    wei: u64,
}

/// Of all.
#[derive(Default)]
pub struct Sums {
    pub contracts: BTreeMap<Address, Sum>,
    paid: BTreeMap<Address, u64>,
}

/// Gives one of the accounts that are paid code that takes no ether.
pub fn refuse_one(network: &Network) {
    network.rpc("anvil_setCode", json!([recipient(PAID_COUNT - 1), REFUSING]));
}

/// Whom a mill pays for this amount.
fn recipient(amount: u64) -> Address {
    Address::left_padding_from(&(PAID + amount % PAID_COUNT).to_be_bytes())
}

impl Sums {
    /// Of contracts that were sent nothing.
    pub fn of(contracts: &[Address]) -> Self {
        let contracts = contracts.iter().map(|contract| (*contract, Sum::default())).collect();
        Self { contracts, paid: BTreeMap::new() }
    }

    /// Counts a letter with this amount.
    pub fn letter(&mut self, letter: &Letter, amount: u64) {
        let sum = self.contracts.entry(letter.contract).or_default();
        sum.tasks += 1;
        let adds = if letter.spoilt { 0 } else { mill::adds(amount) };
        if adds == 0 {
            return;
        }
        let paid = letter.value / 2;
        sum.total += adds;
        sum.wei += letter.value - paid;
        *self.paid.entry(recipient(amount)).or_default() += paid;
    }

    /// Counts plain ether that was sent to a portal.
    pub fn deposit(&mut self, portal: Address, wei: u64) {
        self.contracts.entry(portal).or_default().wei += wei;
    }

    /// Adds others.
    pub fn add(&mut self, others: Self) {
        for (contract, other) in others.contracts {
            let sum = self.contracts.entry(contract).or_default();
            sum.total += other.total;
            sum.tasks += other.tasks;
            sum.wei += other.wei;
        }
        for (account, wei) in others.paid {
            *self.paid.entry(account).or_default() += wei;
        }
    }

    /// Holds the chain against them once nothing is pending. The chain stands still afterwards.
    ///
    /// # Panics
    /// A wei is not where it must be.
    pub async fn reckon(
        &self,
        network: &Network,
        known: &Known,
        history: &History,
        audited: &BTreeMap<Address, Audited>,
    ) {
        network.rpc("evm_setIntervalMining", json!([0]));
        let balance = |of: Address| quantity(&network.rpc("eth_getBalance", json!([of, "latest"])));
        let (refunds, inflows) = refunds(history);

        for (contract, sum) in &self.contracts {
            let (has, record) = (balance(*contract), known.chain.secret_contract(*contract).await.unwrap());
            assert_eq!(has, U256::from(sum.wei), "portal {contract}");
            // Ether that came after the last input is not known inside.
            let unseen = has + U256::from(record.sent) - U256::from(record.delivered) - inflows[contract];
            assert_eq!(audited[contract].world.total_balance() + unseen, has, "inside {contract}");
        }

        let mut owed = U256::ZERO;
        for account in (0..accounts::FUNDED).map(|index| accounts::local_address(index).unwrap()) {
            let of = known.chain.account(account).await.unwrap();
            owed += of.credit + of.upkeep;
            if let Some(refund) = refunds.get(&account) {
                assert_eq!(of.credit, *refund, "refunds of {account}");
            }
        }
        for (account, wei) in &self.paid {
            let credit = known.chain.account(*account).await.unwrap().credit;
            owed += credit;
            assert_eq!(balance(*account) + credit, U256::from(*wei), "payouts to {account}");
            assert_eq!(credit.is_zero(), *account != recipient(PAID_COUNT - 1), "only one refuses");
        }
        let pool = known.chain.pool().await.unwrap();
        for index in 0..known.chain.seat_count().await.unwrap() {
            owed += pool.per_seat - known.chain.seat(index).await.unwrap().unwrap().claimed;
        }
        assert_eq!(balance(known.chain.enigma()), owed + pool.amount, "what Enigma has is what it owes");
        println!("money: {owed} wei owed, {} in the pool, {} paid out", pool.amount, self.all_paid());
    }

    fn all_paid(&self) -> u64 {
        self.paid.values().sum()
    }
}

/// What came back to every sender, by what commits announced; and the ether from outside that every contract's last input
/// told of.
fn refunds(history: &History) -> (BTreeMap<Address, U256>, BTreeMap<Address, U256>) {
    let (mut inputs, mut inflows) = (BTreeMap::new(), BTreeMap::new());
    let mut refunds: BTreeMap<Address, U256> = BTreeMap::new();
    for event in &history.events {
        match event {
            Event::Input(event) => {
                inflows.insert(event.contract, event.input.inflow);
                inputs.insert((event.contract, event.index), &event.input);
            }
            Event::Commit(commit) => {
                for (index, outcome) in (commit.first_index..).zip(&commit.outcomes) {
                    let input = inputs[&(commit.contract, index)];
                    let back = if outcome.status == Status::Completed { U256::ZERO } else { input.value };
                    *refunds.entry(input.sender).or_default() += input.max_fee() - outcome.pay + back;
                }
            }
            _ => {}
        }
    }
    (refunds, inflows)
}
