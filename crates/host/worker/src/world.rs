//! All that a worker's host touches, as one trait. The node's world is a chain endpoint, an enclave's process and peers;
//! the simulation's is a model of the three with a seed. The host's logic cannot tell them apart.

use std::fmt::Debug;

use alloy_primitives::{Address, B256};
use enigma_chain::Event;
use enigma_protocol::{
    clock::{Marks, Order, Terms},
    door::{Executed, UntrustedInput},
    input::Input,
    peer::{ChunkRequest, CosignRequest, SnapshotRequest},
    snapshot::Manifest,
    state::UntrustedState,
};

use crate::Result;

/// Blocks whose events are asked for at once.
const AT_ONCE: u64 = 2_000;

/// The blocks after `after` up to `to`, in pieces whose events can be asked for at once: the first and the last of each.
pub(crate) fn in_pieces(after: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
    let next =
        move |last: u64| (last < to).then(|| (last.saturating_add(1), to.min(last.saturating_add(AT_ONCE))));
    std::iter::successors(next(after), move |&(_, last)| next(last))
}

/// The events of some blocks, from one view of the chain.
#[derive(Clone, Debug)]
pub struct Span {
    /// In the chain's order.
    pub events: Vec<Event>,
    /// Hash of the last of the blocks.
    pub hash: B256,
}

/// Where a secret contract stands, as a transaction in the block after `block` would find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The newest block that was looked at.
    pub block: u64,
    /// The current epoch.
    pub epoch: u64,
    /// Its first block.
    pub epoch_start: u64,
    /// State head after the last commit or skip.
    pub state_head: B256,
    /// Index of the oldest pending input.
    pub cursor: u64,
    /// Block of the last commit.
    pub last_commit: u64,
    /// Block that the last resume or skip made the clock count from.
    pub clock_from: u64,
    /// Block in which the clock was held, and since when it stands still; 0 while it runs.
    pub paused_at: u64,
    /// Blocks that must lie above an input's block before it is executed.
    pub depth: u8,
    /// Group size, signers, blocks between turns.
    pub terms: Terms,
    /// Blocks after which anybody may skip an input.
    pub skip_after: u64,
    /// Blocks of an epoch.
    pub epoch_length: u64,
    /// Ranks that were passed over in this epoch.
    pub silent: u8,
    /// The sequence of workers by rank.
    pub ids: Vec<u64>,
    /// Base fee of the next block, wei.
    pub base_fee: u128,
}

impl Standing {
    /// The order of turns.
    pub fn order(&self) -> Order {
        Order { silent: self.silent, count: self.ids.len() }
    }

    /// The place of `worker` in it.
    pub fn position(&self, worker: u64) -> Option<usize> {
        let rank = self.ids.iter().position(|&id| id == worker)?;
        self.order().position(rank)
    }

    /// What the clock of the oldest pending input starts from.
    pub const fn marks(&self, oldest: &Input) -> Marks {
        Marks {
            oldest_input: oldest.block_number.saturating_add(self.depth as u64),
            epoch_start: self.epoch_start,
            last_commit: self.last_commit,
            clock_from: self.clock_from,
            paused_at: self.paused_at,
        }
    }

    /// The block that a transaction sent now falls into at the earliest.
    pub const fn next_block(&self) -> u64 {
        self.block.saturating_add(1)
    }
}

/// Inputs to be executed.
#[derive(Clone, Debug)]
pub struct Work {
    /// The secret contract.
    pub contract: Address,
    /// Index of the first input.
    pub first_index: u64,
    /// The next inputs, oldest first.
    pub inputs: Vec<UntrustedInput>,
    /// The block to name as anchor; the tip without it.
    pub anchor: Option<u64>,
}

/// A receipt with all signatures that it needs.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What the enclave returned.
    pub executed: Executed,
    /// The inputs, oldest first.
    pub inputs: Vec<Input>,
    /// By increasing position.
    pub signatures: Vec<[u8; 65]>,
}

/// Brings sealed states when an enclave asks for one.
pub trait States: Send + Sync {
    /// The newest sealed state of a contract.
    fn state(&self, contract: Address) -> impl Future<Output = Result<UntrustedState>> + Send;
}

/// Chain, enclave and peers of one worker.
pub trait World: Send + Sync + 'static {
    /// Names a peer.
    type Peer: Clone + Debug + Send + Sync + 'static;

    /// The chain's height, as it was last heard.
    fn heard(&self) -> u64;
    /// Waits until another height than `known` is heard.
    fn moved(&self, known: u64) -> impl Future<Output = ()> + Send;
    /// Asks the chain for its height.
    fn height(&self) -> impl Future<Output = Result<u64>> + Send;
    /// Hash of a block of the chain.
    fn block_hash(&self, number: u64) -> impl Future<Output = Result<B256>> + Send;
    /// The events of the blocks `from` to `to`.
    fn history(&self, from: u64, to: u64) -> impl Future<Output = Result<Span>> + Send;
    /// What the chain's contract says of a secret contract.
    fn standing(&self, contract: Address) -> impl Future<Output = Result<Standing>> + Send;
    /// The endpoint that served last told nonsense: rather ask another.
    fn distrust(&self);

    /// Brings the enclave's view to block `height`.
    fn feed(&self, height: u64) -> impl Future<Output = Result<()>> + Send;
    /// Has the enclave execute inputs, bringing all that it needs.
    fn execute(&self, work: &Work, states: &impl States) -> impl Future<Output = Result<Executed>> + Send;
    /// What signers sign of a receipt.
    fn digest(&self, executed: &Executed) -> B256;

    /// Sends a receipt to the chain and waits until it is in a block, which is returned; gives up when `overtaken`
    /// resolves.
    fn commit(
        &self,
        signed: &Signed,
        overtaken: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = Result<u64>> + Send;
    /// Skips the oldest pending input of a contract.
    fn skip(&self, contract: Address, oldest: &Input) -> impl Future<Output = Result<()>> + Send;
    /// Shows the chain that the base fee is above the oldest input's price cap.
    fn hold(&self, contract: Address, oldest: &Input) -> impl Future<Output = Result<()>> + Send;
    /// Shows the chain that it is not any more.
    fn resume(&self, contract: Address, oldest: &Input) -> impl Future<Output = Result<()>> + Send;
    /// Block since which a contract's state is declared lost, or zero.
    fn lost_since(&self, contract: Address) -> impl Future<Output = Result<u64>> + Send;
    /// Declares a contract's snapshot lost, with a bond.
    fn declare_lost(&self, contract: Address) -> impl Future<Output = Result<()>> + Send;
    /// Posts a part of a snapshot that was declared lost.
    fn post_chunk(
        &self,
        contract: Address,
        manifest: &Manifest,
        index: u32,
        chunk: &[u8],
    ) -> impl Future<Output = Result<()>> + Send;

    /// Asks another worker to execute and sign the same; the signature is that worker's, of `digest`.
    fn cosign(
        &self,
        worker: u64,
        request: &CosignRequest,
        digest: B256,
    ) -> impl Future<Output = Result<[u8; 65]>> + Send;
    /// The peers that are the workers `ids`, and others that are known as workers.
    fn workers(&self, ids: &[u64]) -> impl Future<Output = Vec<Self::Peer>> + Send;
    /// Peers that say that they have a snapshot.
    fn holders(&self, snapshot: B256) -> impl Future<Output = Vec<Self::Peer>> + Send;
    /// Asks a peer for a manifest. It may be any.
    fn manifest(
        &self,
        peer: &Self::Peer,
        request: &SnapshotRequest,
    ) -> impl Future<Output = Result<Manifest>> + Send;
    /// Asks a peer for a chunk. It may be any bytes.
    fn chunk(
        &self,
        peer: &Self::Peer,
        request: &ChunkRequest,
    ) -> impl Future<Output = Result<Vec<u8>>> + Send;
    /// Tells the peers that this worker has a snapshot.
    fn announce(&self, snapshot: B256) -> impl Future<Output = ()> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_every_block_once_and_none_is_too_long() {
        let pieces = |after, to| in_pieces(after, to).collect::<Vec<_>>();
        assert_eq!(pieces(5, 5), []);
        assert_eq!(pieces(6, 5), []);
        assert_eq!(pieces(5, 6), [(6, 6)]);
        assert_eq!(pieces(0, AT_ONCE), [(1, AT_ONCE)]);
        assert_eq!(pieces(0, AT_ONCE + 1), [(1, AT_ONCE), (AT_ONCE + 1, AT_ONCE + 1)]);
        assert_eq!(pieces(10, 10 + 3 * AT_ONCE).len(), 3);
        assert_eq!(pieces(u64::MAX - 1, u64::MAX), [(u64::MAX, u64::MAX)]);
    }
}
