//! Blocks, the pool, forks.

use std::{collections::BTreeMap, sync::Arc};

use alloy_primitives::{Address, B256, keccak256};
use enigma_chain::Event;
use enigma_worker::Standing;

use crate::{
    Dice,
    contract::{Call, Now, Refused, Rules, State},
};

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its base fee, wei.
    pub base_fee: u128,
    /// What it tells.
    pub events: Arc<Vec<Event>>,
    /// What the contract stores after it.
    pub state: Arc<State>,
    /// Whose doing each event is: places in `transactions`.
    pub authors: Vec<usize>,
    /// What was called in it, with or without success.
    pub transactions: Vec<Transaction>,
    /// Places of those that went through.
    pub made: Vec<usize>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Its name.
    pub id: u64,
    /// Whose it is.
    pub from: Address,
    /// What it asks.
    pub call: Call,
    /// The first block that takes it.
    pub not_before: u64,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In this block.
    Mined(u64),
    /// In a block, refused.
    Reverted(Refused),
}

/// The chain as it is now. Nobody sees more of it than what an endpoint shows.
#[derive(Debug)]
pub struct Chain {
    /// The contract's rules.
    pub rules: Rules,
    /// Base fee of the next block, wei.
    pub base_fee: u128,
    /// Blocks that a transaction may have to wait.
    pub congestion: u64,
    blocks: Vec<Block>,
    pool: Vec<Transaction>,
    fates: BTreeMap<u64, Fate>,
    dice: Dice,
    forks: u64,
    sent: u64,
}

impl Chain {
    /// Two blocks, and the contract in them.
    pub fn new(rules: Rules, genesis: State, dice: Dice) -> Self {
        let state = Arc::new(genesis);
        let block = |number: u64| Block {
            number,
            hash: genesis_hash(number),
            base_fee: 10,
            events: Arc::default(),
            state: state.clone(),
            authors: Vec::new(),
            transactions: Vec::new(),
            made: Vec::new(),
        };
        Self {
            rules,
            base_fee: 10,
            congestion: 0,
            blocks: vec![block(0), block(1)],
            pool: Vec::new(),
            fates: BTreeMap::new(),
            dice,
            forks: 0,
            sent: 0,
        }
    }

    /// The newest block.
    pub fn tip(&self) -> &Block {
        &self.blocks[self.blocks.len() - 1]
    }

    /// Its number.
    pub fn height(&self) -> u64 {
        self.tip().number
    }

    /// A block.
    pub fn block(&self, number: u64) -> Option<&Block> {
        self.blocks.get(number as usize)
    }

    /// All blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Sends a transaction; it waits for a block.
    pub fn send(&mut self, from: Address, call: Call) -> u64 {
        self.sent += 1;
        let not_before = self.height() + 1 + self.dice.below(self.congestion + 1);
        self.pool.push(Transaction { id: self.sent, from, call, not_before });
        self.sent
    }

    /// What became of a transaction; `None` while it waits.
    pub fn fate(&self, id: u64) -> Option<Fate> {
        self.fates.get(&id).copied()
    }

    /// Whether a call would go through in the block after `height`.
    pub fn would(&self, height: u64, from: Address, call: &Call) -> Result<(), Refused> {
        let Some(at) = self.block(height) else { return Err("UnknownBlock") };
        let now = Now { number: height + 1, hash: B256::ZERO, base_fee: self.base_fee, transaction: 0 };
        let mut state = (*at.state).clone();
        state.call(&self.rules, now, from, call, |n| self.block(n).map(|b| b.hash)).map(drop)
    }

    /// Mines a block.
    pub fn mine(&mut self) -> &Block {
        let parent = self.tip();
        let number = parent.number + 1;
        let seed = [parent.hash.as_slice(), &number.to_be_bytes(), &self.forks.to_be_bytes()].concat();
        let hash = keccak256(seed);
        let mut state = (*parent.state).clone();
        let (ready, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pool).into_iter().partition(|t| t.not_before <= number);
        self.pool = waiting;
        let (mut events, mut authors, mut made) = (Vec::new(), Vec::new(), Vec::new());
        for (place, transaction) in ready.iter().enumerate() {
            let now = Now { number, hash, base_fee: self.base_fee, transaction: transaction.id };
            let mut next = state.clone();
            let done = next.call(&self.rules, now, transaction.from, &transaction.call, |n| {
                self.block(n).map(|b| b.hash)
            });
            let fate = match done {
                Ok(told) => {
                    authors.resize(authors.len() + told.len(), place);
                    events.extend(told);
                    made.push(place);
                    state = next;
                    Fate::Mined(number)
                }
                Err(refused) => Fate::Reverted(refused),
            };
            self.fates.insert(transaction.id, fate);
        }
        self.blocks.push(Block {
            number,
            hash,
            base_fee: self.base_fee,
            events: Arc::new(events),
            state: Arc::new(state),
            authors,
            transactions: ready,
            made,
        });
        self.tip()
    }

    /// Drops the newest blocks. Of a thousand of their transactions `lost` are gone, the others wait again.
    pub fn drop_blocks(&mut self, count: u64, lost: u64) {
        self.forks += 1;
        let keep = (self.blocks.len() as u64 - count.min(self.blocks.len() as u64 - 2)) as usize;
        let mut again = Vec::new();
        for block in self.blocks.split_off(keep) {
            for transaction in block.transactions {
                self.fates.remove(&transaction.id);
                if !self.dice.chance(lost) {
                    again.push(Transaction { not_before: 0, ..transaction });
                }
            }
        }
        again.append(&mut self.pool);
        self.pool = again;
    }

    /// Where a contract stands after block `height`.
    pub fn standing(&self, contract: Address, height: u64) -> Option<Standing> {
        let (block, rules) = (self.block(height)?, &self.rules);
        let record = block.state.contracts.get(&contract)?;
        let (epoch, epoch_start) = block.state.epoch_at(height + 1);
        let (order, ids) = block.state.order(contract, epoch);
        Some(Standing {
            block: height,
            epoch,
            epoch_start,
            state_head: record.state_head,
            cursor: record.cursor,
            last_commit: record.last_commit,
            clock_from: record.clock_from,
            paused_at: record.paused_at,
            depth: record.depth,
            terms: rules.terms(record.signers),
            skip_after: rules.skip_after(),
            epoch_length: rules.epoch_length,
            silent: order.silent,
            ids,
            base_fee: block.base_fee,
        })
    }
}

/// Hash of a block before anything happened.
pub fn genesis_hash(number: u64) -> B256 {
    keccak256([b"genesis".as_slice(), &number.to_be_bytes()].concat())
}
