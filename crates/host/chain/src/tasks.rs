//! The past of one task, one contract or one account: logs by their indexed words, never all of them.

use alloy::{
    consensus::Transaction,
    providers::Provider,
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, B256, U256};
use enigma_protocol::receipt::{MAX_TASKS, Receipt};

use crate::{Chain, CommitEvent, InputEvent, Result, bindings::Enigma, events::Event};

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
    /// The endpoint failed, here and below, or its logs make no sense.
    pub async fn input(&self, contract: Address, index: u64, since: u64) -> Result<Option<InputEvent>> {
        let filter = self.about::<Enigma::InputCreated>(contract).topic2(U256::from(index));
        let (inputs, _) = self.find(filter, since, self.height().await?).await?;
        Ok(inputs.into_iter().find(|i| i.contract == contract && i.index == index))
    }

    /// The inputs that a transaction created; none if it is unknown or not mined.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn inputs_in(&self, transaction: B256) -> Result<Vec<InputEvent>> {
        let Some(receipt) = self.provider().get_transaction_receipt(transaction).await? else {
            return Ok(Vec::new());
        };
        // Anybody may emit a log that looks like one of ours: its emitter tells.
        let ours = |log: &&Log| {
            log.address() == self.enigma() && log.topic0() == Some(&Enigma::InputCreated::SIGNATURE_HASH)
        };
        let logs: Vec<Log> = receipt.inner.logs().iter().filter(ours).cloned().collect();
        let events = self.decode_logs(&logs).await?;
        Ok(events.into_iter().filter_map(|e| if let Event::Input(i) = e { Some(*i) } else { None }).collect())
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
        let filter = self.about::<Enigma::InputCreated>(contract).topic3(sender.into_word());
        let (mut inputs, _) = self.find(filter, from, to).await?;
        inputs.retain(|i| i.contract == contract && i.input.sender == sender);
        Ok(inputs)
    }

    /// The commit of task `index` of a contract, if there is one in the blocks from `since` on.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn commit_of(&self, contract: Address, index: u64, since: u64) -> Result<Option<CommitEvent>> {
        // A receipt names its first task; it covers this one if it begins at most so far before it.
        let first = index.saturating_sub(MAX_TASKS as u64 - 1);
        let firsts: Vec<B256> = (first..=index).map(|i| U256::from(i).into()).collect();
        let filter = self.about::<Enigma::Committed>(contract).topic2(firsts);
        let (_, commits) = self.find(filter, since, self.height().await?).await?;
        let covers =
            |c: &CommitEvent| c.contract == contract && (c.first_index..=c.last_index).contains(&index);
        Ok(commits.into_iter().find(covers))
    }

    /// The commits of one contract in the blocks `from` to `to`.
    ///
    /// # Errors
    /// As [`Chain::input`].
    pub async fn commits_of(&self, contract: Address, from: u64, to: u64) -> Result<Vec<CommitEvent>> {
        let (_, mut commits) = self.find(self.about::<Enigma::Committed>(contract), from, to).await?;
        commits.retain(|c| c.contract == contract);
        Ok(commits)
    }

    /// The receipts that a transaction brought to the Enigma contract; none if it called another contract, which may
    /// have passed them on.
    ///
    /// # Errors
    /// The endpoint failed.
    pub async fn receipts_in(&self, transaction: B256) -> Result<Vec<SignedReceipt>> {
        let Some(found) = self.provider().get_transaction_by_hash(transaction).await? else {
            return Ok(Vec::new());
        };
        if found.to() != Some(self.enigma()) {
            return Ok(Vec::new());
        }
        let Ok(call) = Enigma::commitCall::abi_decode(found.input()) else { return Ok(Vec::new()) };
        let signed = |commitment: &Enigma::Commitment| SignedReceipt {
            receipt: (&commitment.receipt).into(),
            signatures: commitment.signatures.iter().filter_map(|s| s.as_ref().try_into().ok()).collect(),
        };
        Ok(call.commitments.iter().map(signed).collect())
    }

    /// Logs of one kind about one contract, which both kinds name first.
    fn about<E: SolEvent>(&self, contract: Address) -> Filter {
        Filter::new().address(self.enigma()).event_signature(E::SIGNATURE_HASH).topic1(contract.into_word())
    }

    async fn find(&self, filter: Filter, from: u64, to: u64) -> Result<(Vec<InputEvent>, Vec<CommitEvent>)> {
        let (mut inputs, mut commits) = (Vec::new(), Vec::new());
        let mut next = from;
        while next <= to {
            let last = to.min(next.saturating_add(BLOCKS - 1));
            for event in self.read_events(&filter.clone().from_block(next).to_block(last)).await? {
                match event {
                    Event::Input(input) => inputs.push(*input),
                    Event::Commit(commit) => commits.push(*commit),
                    Event::Created(_) => {}
                }
            }
            next = last.saturating_add(1);
        }
        Ok((inputs, commits))
    }
}
