//! What the chain says of a network: whose turn it is, what became of each input, who signed, who was slashed.

use std::{collections::BTreeMap, future::Future, time::Duration};

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{Chain, CommitEvent, Event};
use enigma_crypto::sign::recover;
use enigma_protocol::{clock::Order, receipt::domain_separator};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Network, wait_for};

/// A worker in a contract's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its rank in the epoch's sequence.
    pub rank: usize,
    /// Its id in the lottery.
    pub id: u64,
    /// The node's name.
    pub name: String,
    /// Its enclave's signing key.
    pub signer: Address,
}

/// How an input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A receipt names it.
    Committed,
    /// It was skipped.
    Skipped,
}

/// A view of one network's chain.
#[derive(Debug)]
pub struct Watch {
    runtime: Runtime,
    chain: Chain,
    chain_id: u64,
    network: B256,
    names: BTreeMap<Address, String>,
}

impl Watch {
    /// Looks at a network that runs.
    ///
    /// # Panics
    /// It does not.
    pub fn of(network: &Network) -> Self {
        let told = network.told();
        let node = network.read("worker-1/node.json");
        let peers = node["peers"].as_array().expect("peers");
        let named =
            |peer: &Value| Some((peer["signer"].as_str()?.parse().ok()?, peer["name"].as_str()?.to_owned()));
        Self {
            runtime: Runtime::new().expect("a runtime"),
            chain: network.chain(),
            chain_id: told["chainId"].as_u64().expect("a number"),
            network: told["network"].as_str().expect("text").parse().expect("a hash"),
            names: peers.iter().filter_map(named).collect(),
        }
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Waits for an answer of the chain.
    ///
    /// # Panics
    /// It fails.
    pub fn ask<T>(&self, question: impl Future<Output = enigma_chain::Result<T>>) -> T {
        self.runtime.block_on(question).expect("the chain answers")
    }

    /// The newest block.
    pub fn height(&self) -> u64 {
        self.ask(self.chain.height())
    }

    /// The workers of a contract by the order of their turns, now.
    ///
    /// # Panics
    /// The epoch has no lottery.
    pub fn order(&self, contract: Address) -> Vec<Seat> {
        let turns = self.ask(self.chain.turns(contract)).expect("an epoch with a lottery");
        let order = Order { silent: turns.silent, count: turns.ids.len() };
        let seat = |rank: usize| {
            let id = turns.ids[rank];
            let signer = self.ask(self.chain.worker(id)).signer;
            Seat { rank, id, name: self.names[&signer].clone(), signer }
        };
        order.ranks().into_iter().map(seat).collect()
    }

    /// All that happened from block `from` on.
    pub fn since(&self, from: u64) -> Vec<Event> {
        self.ask(self.chain.events(from, self.height())).events
    }

    /// The one commit of input `index` of a contract.
    ///
    /// # Panics
    /// There is none, or there are two.
    pub fn commit_of(&self, contract: Address, index: u64) -> CommitEvent {
        let mut found = Vec::new();
        for event in self.since(1) {
            if let Event::Commit(commit) = event
                && commit.contract == contract
                && (commit.first_index..=commit.last_index).contains(&index)
            {
                found.push(*commit);
            }
        }
        assert_eq!(found.len(), 1, "commits of input {index}: {found:?}");
        found.remove(0)
    }

    /// The block of input `index` of a contract.
    ///
    /// # Panics
    /// There is no such input.
    pub fn block_of(&self, contract: Address, index: u64) -> u64 {
        self.ask(self.chain.input(contract, index, 1)).expect("the input").input.block_number
    }

    /// Who signed the receipt of a commit, by the keys that its signatures recover to.
    ///
    /// # Panics
    /// Its transaction is none that brought one receipt, or a signature is none.
    pub fn signers(&self, commit: &CommitEvent) -> Vec<String> {
        let receipts = self.ask(self.chain.receipts_in(commit.transaction, self.network));
        let [signed] = receipts.as_slice() else { panic!("{} receipts", receipts.len()) };
        let digest = signed.receipt.digest(domain_separator(self.chain_id, self.chain.enigma()));
        let name = |signature| self.names[&recover(digest, signature).expect("a signature")].clone();
        signed.signatures.iter().map(name).collect()
    }

    /// The ids of those that were slashed for a contract from block `from` on, with how much each lost.
    pub fn slashed(&self, contract: Address, from: u64) -> Vec<(u64, U256)> {
        let slash = |event| match event {
            Event::Slashed(slash) if slash.contract == contract => Some((slash.worker, slash.amount)),
            _ => None,
        };
        self.since(from).into_iter().filter_map(slash).collect()
    }

    /// How each input of a contract ended.
    ///
    /// # Panics
    /// One ended twice or not at all, or the contract's cursor says otherwise.
    pub fn ends(&self, contract: Address) -> Vec<End> {
        let mut ends: BTreeMap<u64, Vec<End>> = BTreeMap::new();
        for event in self.since(1) {
            match event {
                Event::Input(input) if input.contract == contract => {
                    let told = ends.insert(input.index, Vec::new());
                    assert_eq!(told, None, "input {} came twice", input.index);
                }
                Event::Commit(commit) if commit.contract == contract => {
                    for index in commit.first_index..=commit.last_index {
                        ends.get_mut(&index).expect("an input before its commit").push(End::Committed);
                    }
                }
                Event::Skipped(skip) if skip.contract == contract => {
                    ends.get_mut(&skip.index).expect("an input before its skip").push(End::Skipped);
                }
                _ => {}
            }
        }
        let record = self.ask(self.chain.secret_contract(contract));
        assert_eq!((record.inputCount, record.cursor), (ends.len() as u64, ends.len() as u64), "{ends:?}");
        ends.into_iter()
            .zip(0..)
            .map(|((index, ends), expected)| {
                assert_eq!(index, expected, "an input is missing");
                let [end] = ends.as_slice() else { panic!("input {index} ended {} times", ends.len()) };
                *end
            })
            .collect()
    }

    /// How input `index` of a contract ended.
    ///
    /// # Panics
    /// As [`Watch::ends`].
    pub fn end_of(&self, contract: Address, index: u64) -> End {
        self.ends(contract)[usize::try_from(index).expect("few inputs")]
    }

    /// How many inputs a contract has.
    pub fn inputs(&self, contract: Address) -> u64 {
        self.ask(self.chain.secret_contract(contract)).inputCount
    }

    /// Sees to it that the epoch has at least `blocks` more blocks: goes on to the next one if need be.
    ///
    /// # Panics
    /// The key nodes do not open it.
    pub fn make_room(&self, network: &Network, blocks: u64) {
        wait_for("an epoch with room", Duration::from_secs(30), || {
            let now = self.height();
            let word = self.ask(self.chain.epoch_word(now));
            // Without the next epoch's beacon nobody knows when this one ends: that is soon told.
            let (_, next) = word.bounds(now + 1);
            let left = next?.saturating_sub(now + 1);
            if left >= blocks {
                return Some(());
            }
            network.rpc("anvil_mine", json!([format!("{:#x}", left + 1)]));
            None
        });
    }
}
