//! Snapshots that nobody gives: declared lost on the chain, posted there by whoever has them, and, if nobody does, done
//! without: the state is built again from an older snapshot, or from nothing, under older keys.

use std::{collections::BTreeMap, sync::PoisonError};

use alloy_primitives::{Address, B256};
use enigma_chain::Event;
use enigma_protocol::{
    snapshot::{CHUNK, Manifest, snapshot_hash},
    state::UntrustedState,
};

use crate::{Error, Result, World, worker::Inner, world::in_pieces};

/// Blocks for which a snapshot is looked for before it is declared lost.
const SEARCH: u64 = 8;
/// Blocks that each holder waits longer than the one before it, so that they do not all post.
const STAGGER: u64 = 2;

impl<W: World> Inner<W> {
    /// The snapshot is there again.
    pub(crate) fn found(&self, contract: Address) {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).remove(&contract);
    }

    /// The state without its newest snapshot, once the chain shows that nobody has it.
    pub(crate) async fn without(&self, contract: Address, hash: B256) -> Result<UntrustedState> {
        let standing = self.world.standing(contract).await?;
        let lost_since = self.world.lost_since(contract).await?;
        if lost_since == 0 {
            let since = {
                let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
                *missing.entry(contract).or_insert(standing.block)
            };
            if standing.block >= since.saturating_add(SEARCH) {
                tracing::warn!(%contract, %hash, "declaring a snapshot lost");
                self.world.declare_lost(contract).await?;
            }
            return Err(Error::Snapshot(hash));
        }
        if standing.next_block() <= lost_since.saturating_add(standing.epoch_length) {
            return Err(Error::Snapshot(hash));
        }
        tracing::warn!(%contract, "rebuilding a state from the chain");
        let older = self.older_snapshot(contract, hash)?;
        self.replay(contract, older).await
    }

    /// The newest snapshot of a contract that is here, other than `hash`.
    fn older_snapshot(&self, contract: Address, hash: B256) -> Result<Option<(B256, Vec<u8>)>> {
        let hashes = self.ledger().store.snapshots(&contract.0.0)?;
        for older in hashes.into_iter().map(B256::new).filter(|older| *older != hash).rev() {
            if let Some(sealed) = self.kept_snapshot(contract, older)? {
                return Ok(Some((older, sealed)));
            }
        }
        Ok(None)
    }

    /// Posts a snapshot that was declared lost, if it is here and nobody was faster.
    pub(crate) async fn post(&self, contract: Address, hash: B256) -> Result<()> {
        let posting = || self.posting.lock().unwrap_or_else(PoisonError::into_inner);
        if !posting().insert(contract) {
            return Ok(());
        }
        let done = self.post_all(contract, hash).await;
        posting().remove(&contract);
        done
    }

    async fn post_all(&self, contract: Address, hash: B256) -> Result<()> {
        let Some(sealed) = self.kept_snapshot(contract, hash)? else { return Ok(()) };
        let standing = self.world.standing(contract).await?;
        let place = standing.position(self.id).map_or(self.id % 8, |p| p as u64);
        let turn = standing.block.saturating_add(STAGGER.saturating_mul(place));
        self.at.until(|at| at >= turn).await;
        if self.world.lost_since(contract).await? == 0 {
            return Ok(());
        }
        let manifest = Manifest::of(&sealed);
        for (index, chunk) in (0u32..).zip(sealed.chunks(CHUNK)) {
            match self.world.post_chunk(contract, &manifest, index, chunk).await {
                // Another holder posted it.
                Ok(()) | Err(Error::Overtaken(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Brings a snapshot from the chain, if all of it was posted there.
    pub(crate) async fn fetch_posted(&self, contract: Address, hash: B256) -> Result<bool> {
        let (from, end) = {
            let ledger = self.ledger();
            (ledger.posted(hash)?, ledger.cursor().0)
        };
        let Some(from) = from else { return Ok(false) };
        let mut chunks = BTreeMap::new();
        for (from, to) in in_pieces(from.saturating_sub(1), end.max(from)) {
            for event in self.world.history(from, to).await?.events {
                if let Event::ChunkPosted(event) = event
                    && event.contract == contract
                    && event.snapshot_hash == hash
                {
                    chunks.insert(event.index, event.chunk);
                }
            }
        }
        let sealed: Vec<u8> = chunks.into_values().flatten().collect();
        if snapshot_hash(&sealed) != hash {
            return Ok(false);
        }
        self.keep_snapshot(contract, hash, &sealed)?;
        Ok(true)
    }
}
