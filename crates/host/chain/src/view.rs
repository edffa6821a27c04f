//! What one endpoint answers, checked as far as that is cheap: headers must hash, logs must fit their blocks and the
//! question, and blocks that follow each other must be each other's parents.
//!
//! An endpoint may still show an invented chain, or leave out logs of a long span: enclaves verify what matters.

use std::collections::BTreeMap;

use alloy::{
    eips::{BlockNumberOrTag, eip1559::BaseFeeParams},
    network::Ethereum,
    primitives::{Bloom, BloomInput},
    providers::{DynProvider, Provider},
    rpc::types::{Filter, Log, TransactionReceipt},
    transports::TransportError,
};
use alloy_primitives::{Address, B256, keccak256};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    ChainBlock, Error, Event, Result,
    bindings::Enigma,
    decode::decode,
    endpoints::{is_too_large, is_too_late},
};

/// Headers asked for at once.
const AT_ONCE: usize = 8;
/// A span of so few blocks is read with all its headers, so that logs that are left out show.
const SHORT: u64 = 16;
/// A span of fewer blocks is not asked for in parts when the answer comes too late.
const PART: u64 = 64;
/// How often a span is read anew because the chain changed meanwhile.
const TRIES: usize = 3;

/// One endpoint. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct View {
    provider: DynProvider<Ethereum>,
    witness: Option<DynProvider<Ethereum>>,
}

/// A block, and what its header says about its logs.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) block: ChainBlock,
    bloom: Bloom,
}

impl Header {
    /// Whether a log of this emitter and kind may be in the block.
    fn may_hold(&self, emitter: Address, topic: B256) -> bool {
        self.bloom.contains_input(BloomInput::Raw(emitter.as_slice()))
            && self.bloom.contains_input(BloomInput::Raw(topic.as_slice()))
    }
}

/// What logs are asked for: kinds of events of one contract, and words that they must have.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) filter: Filter,
    pub(crate) emitter: Address,
    pub(crate) kinds: Vec<B256>,
    /// Whether all events of these kinds are asked for, whatever their words.
    pub(crate) whole: bool,
}

impl View {
    /// `witness` is another endpoint, if there is one: it is asked what this one may have left out.
    pub(crate) const fn new(provider: DynProvider<Ethereum>, witness: Option<DynProvider<Ethereum>>) -> Self {
        Self { provider, witness }
    }

    pub(crate) const fn provider(&self) -> &DynProvider<Ethereum> {
        &self.provider
    }

    pub(crate) fn contract(&self, enigma: Address) -> Enigma::EnigmaInstance<DynProvider<Ethereum>> {
        Enigma::new(enigma, self.provider.clone())
    }

    pub(crate) async fn height(&self) -> Result<u64> {
        Ok(self.provider.get_block_number().await?)
    }

    pub(crate) async fn block(&self, number: u64) -> Result<ChainBlock> {
        Ok(self.header(number).await?.block)
    }

    async fn header(&self, number: u64) -> Result<Header> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Number(number)).await?;
        let header = block.ok_or(Error::NoBlock(number))?.header;
        let rlp = alloy_rlp::encode(&header.inner);
        if keccak256(&rlp) != header.hash {
            return Err(Error::Inconsistent("a header that does not hash to its block's hash"));
        }
        if header.inner.number != number {
            return Err(Error::Inconsistent("another block than the one asked for"));
        }
        Ok(Header {
            bloom: header.inner.logs_bloom,
            block: ChainBlock {
                number,
                hash: header.hash,
                parent: header.inner.parent_hash,
                timestamp: header.inner.timestamp,
                base_fee: header.inner.base_fee_per_gas.unwrap_or_default(),
                next_base_fee: header
                    .inner
                    .next_block_base_fee(BaseFeeParams::ethereum())
                    .unwrap_or_default(),
                rlp,
            },
        })
    }

    /// Blocks by number, linked where they follow each other.
    async fn headers(&self, numbers: impl IntoIterator<Item = u64>) -> Result<BTreeMap<u64, Header>> {
        let headers: Vec<_> = stream::iter(numbers)
            .map(|number| self.header(number))
            .buffered(AT_ONCE)
            .map_ok(|header| (header.block.number, header))
            .try_collect()
            .await?;
        Ok(headers.into_iter().collect())
    }

    /// The blocks `from` to `to`, each the parent of the next.
    pub(crate) async fn blocks(&self, from: u64, to: u64) -> Result<Vec<ChainBlock>> {
        for _ in 0..TRIES {
            let last = self.header(to).await?.block.hash;
            let blocks = self.headers(from..=to).await?;
            let again = self.header(to).await?.block.hash;
            let newest = blocks.get(&to).map(|header| header.block.hash);
            if again == last && newest == Some(last) {
                linked(&blocks)?;
                return Ok(blocks.into_values().map(|header| header.block).collect());
            }
        }
        Err(Error::Reorganised(to))
    }

    /// The events of the blocks `from` to `to`, in the chain's order, and block `to`, which was the same before and
    /// after they were read.
    pub(crate) async fn span(
        &self,
        question: &Question,
        from: u64,
        to: u64,
    ) -> Result<(ChainBlock, Vec<Event>)> {
        for _ in 0..TRIES {
            let before = self.header(to).await?;
            let found = self.read(question, from, to).await;
            let after = self.header(to).await?;
            if before.block.hash != after.block.hash {
                // Whatever was found, or contradicted itself, may be of either fork.
                continue;
            }
            let events = found?;
            return Ok((after.block, events));
        }
        Err(Error::Reorganised(to))
    }

    async fn read(&self, question: &Question, from: u64, to: u64) -> Result<Vec<Event>> {
        let logs = self.logs(question, from, to).await?;
        let mut numbers: Vec<u64> = logs.iter().filter_map(|log| log.block_number).collect();
        if question.whole && to - from < SHORT {
            numbers = (from..=to).collect();
        }
        numbers.dedup();
        let headers = self.headers(numbers).await?;
        linked(&headers)?;
        if question.whole {
            self.require_none_left_out(question, &logs, &headers).await?;
        }
        events(&logs, &headers)
    }

    /// Asks anew about single blocks whose headers say that there may be logs where none came.
    async fn require_none_left_out(
        &self,
        question: &Question,
        logs: &[Log],
        headers: &BTreeMap<u64, Header>,
    ) -> Result<()> {
        for (number, header) in headers {
            let has_some = logs.iter().any(|log| log.block_number == Some(*number));
            let may = question.kinds.iter().any(|kind| header.may_hold(question.emitter, *kind));
            if has_some || !may {
                continue;
            }
            let filter = Filter::new()
                .address(question.emitter)
                .event_signature(question.kinds.clone())
                .at_block_hash(header.block.hash);
            let witness = self.witness.as_ref().unwrap_or(&self.provider);
            // A witness that does not know the block proves nothing.
            let found = witness.get_logs(&filter).await.unwrap_or_default();
            let fits = |log: &Log| question.filter.matches(&log.inner);
            if found.iter().any(|log| fits(log) && log.block_hash == Some(header.block.hash)) {
                return Err(Error::Inconsistent("fewer logs than there are"));
            }
        }
        Ok(())
    }

    /// Logs of the blocks `from` to `to`, asked for in parts where the endpoint will not give them at once.
    async fn logs(&self, question: &Question, from: u64, to: u64) -> Result<Vec<Log>> {
        let (mut logs, mut parts) = (Vec::new(), vec![(from, to)]);
        while let Some((from, to)) = parts.pop() {
            let filter = question.filter.clone().from_block(from).to_block(to);
            match self.provider.get_logs(&filter).await {
                Ok(found) => {
                    check(&found, question, from, to)?;
                    logs.extend(found);
                }
                Err(error) if to > from && is_too_much(&error, to - from) => {
                    let middle = from + (to - from) / 2;
                    parts.push((middle + 1, to));
                    parts.push((from, middle));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(logs)
    }

    /// What the logs of a transaction's receipt say, of those that fit the question.
    pub(crate) async fn events_of(
        &self,
        receipt: &TransactionReceipt,
        question: &Question,
    ) -> Result<Vec<Event>> {
        // Anybody may emit a log that looks like one of ours: its emitter tells.
        let ours = |log: &&Log| question.filter.matches(&log.inner);
        let logs: Vec<Log> = receipt.inner.logs().iter().filter(ours).cloned().collect();
        let Some(number) = receipt.block_number.filter(|_| !logs.is_empty()) else { return Ok(Vec::new()) };
        check(&logs, question, number, number)?;
        events(&logs, &self.headers([number]).await?)
    }

    /// The receipt of a transaction that is mined, in a block that the chain has.
    pub(crate) async fn receipt(&self, transaction: B256) -> Result<Option<TransactionReceipt>> {
        let Some(receipt) = self.provider.get_transaction_receipt(transaction).await? else {
            return Ok(None);
        };
        if receipt.transaction_hash != transaction {
            return Err(Error::Inconsistent("the receipt of another transaction"));
        }
        let (Some(number), Some(hash)) = (receipt.block_number, receipt.block_hash) else { return Ok(None) };
        match self.block(number).await {
            Ok(block) if block.hash == hash => Ok(Some(receipt)),
            // The block was just dropped.
            Ok(_) | Err(Error::NoBlock(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_too_much(error: &TransportError, blocks: u64) -> bool {
    error.is_error_resp() || is_too_large(error) || (blocks >= PART && is_too_late(error))
}

/// Blocks that follow each other are each other's parents.
fn linked(headers: &BTreeMap<u64, Header>) -> Result<()> {
    let mut before: Option<&ChainBlock> = None;
    for Header { block, .. } in headers.values() {
        if before.is_some_and(|b| b.number + 1 == block.number && b.hash != block.parent) {
            return Err(Error::Inconsistent("a block that is not its successor's parent"));
        }
        before = Some(block);
    }
    Ok(())
}

/// Logs must be what was asked for, of mined blocks of the span, in the chain's order.
fn check(logs: &[Log], question: &Question, from: u64, to: u64) -> Result<()> {
    let mut last = None;
    for log in logs {
        if !question.filter.matches(&log.inner) {
            return Err(Error::Inconsistent("a log that was not asked for"));
        }
        let place = log.block_number.zip(log.log_index);
        let (Some((number, _)), false) = (place, log.removed) else {
            return Err(Error::Inconsistent("a log of no block"));
        };
        if number < from || number > to {
            return Err(Error::Inconsistent("a log of a block that was not asked for"));
        }
        if last >= place {
            return Err(Error::Inconsistent("logs out of order"));
        }
        last = place;
    }
    Ok(())
}

/// What logs say; each must be of the block that it names.
fn events(logs: &[Log], headers: &BTreeMap<u64, Header>) -> Result<Vec<Event>> {
    let mut events = Vec::with_capacity(logs.len());
    for log in logs {
        let header = log.block_number.and_then(|number| headers.get(&number));
        let (Some(header), Some(transaction)) = (header, log.transaction_hash) else {
            return Err(Error::Inconsistent("a log of no transaction"));
        };
        if log.block_hash != Some(header.block.hash) {
            return Err(Error::Inconsistent("a log of another block than it says"));
        }
        if !log.topic0().is_some_and(|kind| header.may_hold(log.address(), *kind)) {
            return Err(Error::Inconsistent("a log that its block does not hold"));
        }
        // Whoever follows sees the gap that a log leaves which the contract cannot have written.
        match decode(log, &header.block, transaction) {
            Some(event) => events.push(event),
            None => tracing::warn!(block = header.block.number, %transaction, "a log could not be read"),
        }
    }
    Ok(events)
}
