//! What the chain tells, read once and then looked at.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, Event, Result};

/// Blocks in one question.
const BLOCKS: u64 = 200;

/// Where the chain has a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state head.
    pub head: B256,
    /// Inputs that were announced.
    pub inputs: u64,
    /// Inputs that are final.
    pub cursor: u64,
    /// Epoch of the newest snapshot.
    pub sealed_epoch: u64,
    /// Wei of its outbound calls.
    pub sent: u128,
    /// Outbound calls that are numbered.
    pub calls: u64,
}

/// Everything from the checkpoint to one block.
#[derive(Clone, Debug)]
pub struct History {
    /// Every event that nodes follow, in the chain's order.
    pub events: Vec<Event>,
    /// Hashes of all blocks from the checkpoint on.
    pub hashes: BTreeMap<u64, B256>,
    /// Where every contract stands after the last of these blocks.
    pub standings: BTreeMap<Address, Standing>,
    /// Epochs before the current one whose envelopes still open.
    pub window: u64,
}

impl History {
    /// Reads all blocks from `checkpoint` on, until there is no more to read.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn read(chain: &Chain, checkpoint: u64) -> Result<Self> {
        let window = chain.parameters().await?.window.into();
        let (events, hashes, standings) = Default::default();
        let mut history = Self { events, hashes, standings, window };
        let mut next = checkpoint;
        loop {
            let height = chain.height().await?;
            let known = history.events.len();
            while next <= height {
                let last = height.min(next + BLOCKS - 1);
                history.take(chain, next, last).await?;
                next = last + 1;
            }
            // The standings are the newest block's: they count if nothing happened since they were read.
            if known > 0 && history.events.len() == known {
                return Ok(history);
            }
            for contract in history.contracts() {
                let record = chain.secret_contract(contract).await?;
                let standing = Standing {
                    head: record.stateHead,
                    inputs: record.inputCount,
                    cursor: record.cursor,
                    sealed_epoch: record.sealedEpoch.into(),
                    sent: record.sent,
                    calls: record.outboundCalls.to(),
                };
                history.standings.insert(contract, standing);
            }
            if history.events.is_empty() {
                return Ok(history);
            }
        }
    }

    /// Every contract that was created.
    pub fn contracts(&self) -> Vec<Address> {
        let created = self.events.iter().filter_map(|event| match event {
            Event::Created(created) => Some(created.contract),
            _ => None,
        });
        created.collect()
    }

    async fn take(&mut self, chain: &Chain, from: u64, to: u64) -> Result<()> {
        self.events.extend(chain.events(from, to).await?.events);
        self.hashes.extend(chain.blocks(from, to).await?.iter().map(|block| (block.number, block.hash)));
        Ok(())
    }
}
