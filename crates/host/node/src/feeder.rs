//! Keeps an enclave's view at the chain's tip: fetches headers, follows by parent hash, steps back on a fork.

use std::collections::VecDeque;

use alloy_primitives::B256;
use enigma_chain::Chain;
use enigma_protocol::{
    door::{Code, Refusal, UntrustedHeaders, View},
    network::Descriptor,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Error, Result};

/// Headers in one message.
const BATCH: u64 = 512;
/// Requests for headers under way at once.
const AT_ONCE: usize = 16;
/// Hashes remembered, to find where a fork began.
const REMEMBERED: usize = 4_096;

/// What headers are given to.
pub(crate) trait Follower {
    /// Extends the view.
    async fn headers(&self, headers: UntrustedHeaders) -> Result<View>;
}

/// Feeds one enclave.
pub(crate) struct Feeder {
    fed: VecDeque<(u64, B256)>,
}

impl Feeder {
    /// Starts at the descriptor's checkpoint, where enclaves start.
    pub(crate) fn new(descriptor: &Descriptor) -> Self {
        Self { fed: VecDeque::from([(descriptor.checkpoint_number, descriptor.checkpoint_hash)]) }
    }

    /// The block that the enclave is at.
    pub(crate) fn view(&self) -> View {
        let (number, hash) = self.fed.back().copied().unwrap_or_default();
        View { number, hash }
    }

    /// Brings the enclave to block `height` of the chain.
    ///
    /// # Errors
    /// The chain fails; or it has left what the enclave remembers, and the enclave must start anew.
    pub(crate) async fn feed(&mut self, chain: &Chain, enclave: &impl Follower, height: u64) -> Result<View> {
        // A fork that is not higher cannot be followed yet, and one of the same height shows with its next block.
        if height <= self.view().number {
            return Ok(self.view());
        }
        let mut from = self.common_ancestor(chain, height).await?;
        while from < height {
            let to = height.min(from.saturating_add(BATCH));
            let blocks: Vec<_> = stream::iter(from + 1..=to)
                .map(|number| chain.block(number))
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
            let headers = blocks.iter().map(|b| b.rlp.clone().into()).collect::<Vec<_>>();
            // A fork that is not higher yet is refused: the view stays, and the next round tries again.
            match enclave.headers(UntrustedHeaders { headers: headers.into() }).await {
                Err(Error::Refused(Refusal { code: Code::BrokenChain, .. })) => break,
                other => other?,
            };
            while self.fed.back().is_some_and(|&(number, _)| number > from) {
                self.fed.pop_back();
            }
            self.fed.extend(blocks.iter().map(|b| (b.number, b.hash)));
            while self.fed.len() > REMEMBERED {
                self.fed.pop_front();
            }
            from = to;
        }
        Ok(self.view())
    }

    /// The newest fed block that the chain still has.
    async fn common_ancestor(&self, chain: &Chain, height: u64) -> Result<u64> {
        for &(number, hash) in self.fed.iter().rev() {
            if number <= height && (number == 0 || chain.block(number).await?.hash == hash) {
                return Ok(number);
            }
        }
        Err(Error::Refused(Refusal { code: Code::BrokenChain, detail: height }))
    }
}
