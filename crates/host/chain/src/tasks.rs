//! The past of one task, one contract or one account: logs by their indexed words, never all of them.

use alloy::{consensus::Transaction, providers::Provider, sol_types::SolCall};
use alloy_primitives::{Address, B256, Bytes, U256};
use enigma_protocol::receipt::{MAX_TASKS, Receipt};

use crate::{
    Chain, CommitEvent, Event, InputEvent, OutboundEvent, Result, SkipEvent,
    bindings::Enigma,
    decode::outbound,
    events::split,
    packed::unpack,
    view::{Question, View},
};

/// Blocks in one question for logs: what public endpoints allow.
const BLOCKS: u64 = 10_000;

/// A receipt as a transaction carried it to the chain.
#[derive(Clone, Debug)]
pub struct SignedReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// Signatures of its digest, in the order of ranks.
    pub signatures: Vec<[u8; 65]>,
}

impl Chain {
    /// Input `index` of a contract, if there is one in the blocks from `since` on.
    ///
    /// # Errors
    /// The endpoints failed, here and below, or their logs make no sense.
    pub async fn input(&self, contract: Address, index: u64, since: u64) -> Result<Option<InputEvent>> {
        let question = self.events_about::<Enigma::InputCreated>(contract, vec![U256::from(index)]);
        let (inputs, _) = self.search(question, since, self.height().await?).await?;
        Ok(inputs.into_iter().next())
    }

    /// The inputs that a transaction created; none if it is unknown or not mined.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn inputs_in(&self, transaction: B256) -> Result<Vec<InputEvent>> {
        let question = &self.some_events::<Enigma::InputCreated>();
        let read = |view: View| async move {
            match view.receipt(transaction).await? {
                Some(receipt) => view.events_of(&receipt, question).await,
                None => Ok(Vec::new()),
            }
        };
        Ok(split(self.endpoints().ask(read).await?).0)
    }

    /// The inputs of one account to one contract in the blocks `from` to `to`.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn inputs_of(
        &self,
        contract: Address,
        sender: Address,
        from: u64,
        to: u64,
    ) -> Result<Vec<InputEvent>> {
        let mut question = self.events_about::<Enigma::InputCreated>(contract, Vec::new());
        question.filter = question.filter.topic3(sender.into_word());
        Ok(self.search(question, from, to).await?.0)
    }

    /// The commit of task `index` of a contract, if there is one in the blocks from `since` on.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn commit_of(&self, contract: Address, index: u64, since: u64) -> Result<Option<CommitEvent>> {
        // A receipt names its first task; it covers this one if it begins at most so far before it.
        let first = index.saturating_sub(MAX_TASKS as u64 - 1);
        let firsts = (first..=index).map(U256::from).collect();
        let question = self.events_about::<Enigma::Committed>(contract, firsts);
        let (_, commits) = self.search(question, since, self.height().await?).await?;
        Ok(commits.into_iter().find(|c| (c.first_index..=c.last_index).contains(&index)))
    }

    /// What the portal of a contract did for task `index`, which this transaction committed, in order.
    ///
    /// # Errors
    /// The endpoints failed.
    pub async fn outbound_of(
        &self,
        commit: B256,
        contract: Address,
        index: u64,
    ) -> Result<Vec<OutboundEvent>> {
        let read = |view: View| async move { view.receipt(commit).await };
        let Some(receipt) = self.endpoints().ask(read).await? else { return Ok(Vec::new()) };
        let logs = receipt.inner.logs().iter().filter(|log| log.address() == self.enigma());
        Ok(logs.filter_map(outbound).filter(|e| e.contract == contract && e.index == index).collect())
    }

    /// How task `index` of a contract was skipped, if it was in the blocks from `since` on.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn skip_of(&self, contract: Address, index: u64, since: u64) -> Result<Option<SkipEvent>> {
        let question = self.events_about::<Enigma::Skipped>(contract, vec![U256::from(index)]);
        let events = self.search_all(question, since, self.height().await?).await?;
        Ok(events.into_iter().find_map(|event| match event {
            Event::Skipped(skip) => Some(skip),
            _ => None,
        }))
    }

    /// The commits of one contract in the blocks `from` to `to`.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn commits_of(&self, contract: Address, from: u64, to: u64) -> Result<Vec<CommitEvent>> {
        let question = self.events_about::<Enigma::Committed>(contract, Vec::new());
        Ok(self.search(question, from, to).await?.1)
    }

    /// The receipts that a transaction brought to the Enigma contract of `network`; none if it called another contract,
    /// which may have passed them on.
    ///
    /// # Errors
    /// The endpoints failed.
    pub async fn receipts_in(&self, transaction: B256, network: B256) -> Result<Vec<SignedReceipt>> {
        let find =
            |view: View| async move { Ok(view.provider().get_transaction_by_hash(transaction).await?) };
        let Some(found) = self.endpoints().ask(find).await? else { return Ok(Vec::new()) };
        if found.to() != Some(self.enigma()) {
            return Ok(Vec::new());
        }
        let Ok(call) = Enigma::commitCall::abi_decode(found.input()) else { return Ok(Vec::new()) };
        let signed = |packed: &Bytes| {
            let commitment = unpack(network, packed)?;
            let signatures =
                commitment.signatures.iter().filter_map(|s| s.as_ref().try_into().ok()).collect();
            Some(SignedReceipt { receipt: (&commitment.receipt).into(), signatures })
        };
        Ok(call.commitments.iter().filter_map(signed).collect())
    }

    async fn search(
        &self,
        question: Question,
        from: u64,
        to: u64,
    ) -> Result<(Vec<InputEvent>, Vec<CommitEvent>)> {
        Ok(split(self.search_all(question, from, to).await?))
    }

    async fn search_all(&self, question: Question, from: u64, to: u64) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut next = from;
        while next <= to {
            let last = to.min(next.saturating_add(BLOCKS - 1));
            events.extend(self.find(&question, next, last).await?);
            next = last.saturating_add(1);
        }
        Ok(events)
    }
}
