//! What the chain tells everybody about a task: when, by whom, for how much. No node is asked, so none need be believed.

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    CommitEvent, InputEvent, OutboundEvent, SkipEvent, WorkerRecord, bindings::Enigma::SecretContract,
};
use enigma_crypto::sign::recover;
use enigma_protocol::{clock::Order, receipt::Status};

use crate::{Client, Error, Result};

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Tasks before it are pending, or its block is not deep enough for its contract.
    Waiting {
        /// How many tasks are before it.
        ahead: u64,
    },
    /// It is its contract's next.
    Executing,
    /// Its outcome is on the chain.
    Committed,
    /// Nobody executed it, and it was given up.
    Skipped,
}

/// A task's money, wei.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// For the contract.
    pub value: U256,
    /// What the sender paid ahead, the value included.
    pub escrow: U256,
    /// What the work cost; known once it has ended.
    pub paid: Option<U256>,
    /// What was credited back to the sender, a returned value included; known once it has ended.
    pub refunded: Option<U256>,
}

/// What the price of gas means for a task that is pending. Its own cap is in its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Of the next block, wei per gas.
    pub base_fee: u128,
    /// The block since which the clock of its contract stands still: then the base fee was above the cap of the oldest
    /// pending input. `None` while it runs.
    pub held_since: Option<u64>,
}

/// A task from its creation to its end.
#[derive(Clone, Debug)]
pub struct Life {
    /// As it was created.
    pub input: InputEvent,
    /// How far it has come.
    pub stage: Stage,
    /// Whether it may be executed at the price that it pays; `None` once it has ended.
    pub price: Option<Price>,
    /// The commit that it is in.
    pub commit: Option<CommitEvent>,
    /// How it was skipped, if it was.
    pub skip: Option<SkipEvent>,
    /// Who signed its receipt first; before that, whose turn is first. `None` if that cannot be told, or nobody did.
    pub worker: Option<WorkerRecord>,
    /// What it cost.
    pub money: Money,
    /// What the contract's portal did on Ethereum for it, in order.
    pub outbound: Vec<OutboundEvent>,
}

impl Client {
    /// The life of one task.
    ///
    /// # Errors
    /// [`Error::UnknownTask`], [`Error::UnknownContract`].
    pub async fn life(&self, contract: Address, index: u64) -> Result<Life> {
        let since = self.descriptor().checkpoint_number;
        match self.chain().input(contract, index, since).await? {
            Some(input) => self.life_of(input).await,
            None if self.chain().secret_contract(contract).await?.deployer.is_zero() => {
                Err(Error::UnknownContract(contract))
            }
            None => Err(Error::UnknownTask { contract, index }),
        }
    }

    /// The lives of the tasks that a transaction created.
    ///
    /// # Errors
    /// [`Error::NoInput`] if there are none.
    pub async fn lives(&self, transaction: B256) -> Result<Vec<Life>> {
        let mut lives = Vec::new();
        for input in self.chain().inputs_in(transaction).await? {
            lives.push(self.life_of(input).await?);
        }
        if lives.is_empty() { Err(Error::NoInput(transaction)) } else { Ok(lives) }
    }

    async fn life_of(&self, input: InputEvent) -> Result<Life> {
        let since = input.input.block_number;
        let commit = self.chain().commit_of(input.contract, input.index, since).await?;
        if let Some(commit) = commit {
            let worker = self.signer_of(&commit).await?;
            let money = money(&input, Some(&commit));
            let outbound = self.chain().outbound_of(commit.transaction, input.contract, input.index).await?;
            return Ok(Life {
                money,
                outbound,
                input,
                price: None,
                stage: Stage::Committed,
                commit: Some(commit),
                skip: None,
                worker,
            });
        }
        let (record, height) =
            tokio::try_join!(self.chain().secret_contract(input.contract), self.chain().height())?;
        // Only what the cursor has passed can have been skipped.
        let skip = match input.index < record.cursor {
            true => self.chain().skip_of(input.contract, input.index, since).await?,
            false => None,
        };
        let money = money(&input, None);
        if let Some(skip) = skip {
            let money = Money { paid: Some(U256::ZERO), refunded: Some(skip.refund), ..money };
            return Ok(Life {
                money,
                outbound: Vec::new(),
                input,
                price: None,
                stage: Stage::Skipped,
                commit: None,
                skip: Some(skip),
                worker: None,
            });
        }
        let (block, worker) = (self.chain().block(height).await?, self.drawn(input.contract).await?);
        let held_since = (record.pausedAt != 0).then(|| record.pausedAt.into());
        let price = Some(Price { base_fee: block.next_base_fee.into(), held_since });
        let stage = stage(&input, &record, height);
        Ok(Life { money, outbound: Vec::new(), input, stage, price, commit: None, skip: None, worker })
    }

    /// The worker whose enclave signed a commit first. The signature is in the transaction's calldata; a contract that
    /// carried it there hides it from us.
    async fn signer_of(&self, commit: &CommitEvent) -> Result<Option<WorkerRecord>> {
        let receipts = self.chain().receipts_in(commit.transaction, self.network()).await?;
        let ours = |r: &&enigma_chain::SignedReceipt| {
            r.receipt.secret_contract == commit.contract && r.receipt.first_index == commit.first_index
        };
        let Some(signed) = receipts.iter().find(ours) else { return Ok(None) };
        let digest = signed.receipt.digest(self.domain());
        let signer = signed.signatures.first().and_then(|signature| recover(digest, signature).ok());
        let Some(signer) = signer else { return Ok(None) };
        let id = self.chain().worker_id(signer).await?;
        Ok(Some(self.chain().worker(id).await?))
    }

    /// The worker whose turn is first in the current epoch.
    async fn drawn(&self, contract: Address) -> Result<Option<WorkerRecord>> {
        let Some(turns) = self.chain().turns(contract).await? else { return Ok(None) };
        let order = Order { silent: turns.silent, count: turns.ids.len() }.ranks();
        Ok(match order.first().and_then(|&rank| turns.ids.get(rank)) {
            Some(id) => Some(self.chain().worker(*id).await?),
            None => None,
        })
    }
}

fn stage(input: &InputEvent, record: &SecretContract, height: u64) -> Stage {
    let ahead = input.index.saturating_sub(record.cursor);
    let deep = input.input.block_number.saturating_add(record.depth.into()) <= height;
    if ahead == 0 && deep { Stage::Executing } else { Stage::Waiting { ahead } }
}

fn money(input: &InputEvent, commit: Option<&CommitEvent>) -> Money {
    let InputEvent { index, input, .. } = input;
    let ahead = input.max_fee();
    let outcome = commit.and_then(|c| {
        let place = usize::try_from(index.checked_sub(c.first_index)?).ok()?;
        c.outcomes.get(place)
    });
    let refunded = outcome.map(|o| {
        let value = if o.status == Status::Completed { U256::ZERO } else { input.value };
        ahead.saturating_sub(o.pay).saturating_add(value)
    });
    Money {
        value: input.value,
        escrow: ahead.saturating_add(input.value),
        paid: outcome.map(|o| o.pay),
        refunded,
    }
}
