//! The sealed state for an enclave that does not have it: a snapshot from here, from peers or from the chain, and what was
//! recorded since.

use std::sync::atomic::Ordering;

use alloy_primitives::{Address, B256};
use enigma_protocol::{
    peer::{ChunkRequest, SnapshotRequest},
    snapshot::{CHUNK, Manifest},
    state::{UntrustedState, genesis_state_head},
};

use crate::{
    Error, Result, States, World,
    ledger::{KEPT_SNAPSHOTS, News, Replay},
    track::Base,
    worker::Inner,
    world::in_pieces,
};

impl<W: World> States for Inner<W> {
    async fn state(&self, contract: Address) -> Result<UntrustedState> {
        let base = self.ledger().track(contract).and_then(|t| t.base);
        // Before the first commit inputs can have been skipped.
        let Some(base) = base else { return self.on(contract, None).await };
        if base.head_before == genesis_state_head(self.network, contract) {
            // It is a snapshot of nothing: what was committed since is enough, under keys that are released anyway.
            return match self.kept_snapshot(contract, base.hash)? {
                Some(snapshot) => self.on(contract, Some((base, snapshot))).await,
                None => self.replay(contract, None).await,
            };
        }
        match self.snapshot(contract, base.hash).await {
            Ok(snapshot) => {
                self.found(contract);
                self.on(contract, Some((base, snapshot))).await
            }
            Err(Error::Snapshot(_)) => self.without(contract, base.hash).await,
            Err(error) => Err(error),
        }
    }
}

impl<W: World> Inner<W> {
    /// The state on the newest snapshot, or on nothing.
    async fn on(&self, contract: Address, newest: Option<(Base, Vec<u8>)>) -> Result<UntrustedState> {
        let steps = self.ledger().steps(contract, newest.as_ref().map(|(base, _)| *base))?;
        let Some(steps) = steps else {
            tracing::warn!(%contract, "kept changes are damaged: reading them from the chain again");
            return self.replay(contract, newest.map(|(base, snapshot)| (base.hash, snapshot))).await;
        };
        let base = newest.map(|(base, snapshot)| base.with(snapshot));
        Ok(UntrustedState { base, steps })
    }

    /// A snapshot from here or from peers.
    async fn snapshot(&self, contract: Address, hash: B256) -> Result<Vec<u8>> {
        if let Some(sealed) = self.kept_snapshot(contract, hash)? {
            return Ok(sealed);
        }
        if !self.fetch_posted(contract, hash).await? {
            self.fetch(contract, hash).await?;
        }
        self.kept_snapshot(contract, hash)?.ok_or(Error::Snapshot(hash))
    }

    /// A snapshot from here, if it is what its hash says.
    pub(crate) fn kept_snapshot(&self, contract: Address, hash: B256) -> Result<Option<Vec<u8>>> {
        self.ledger().snapshot(contract, hash)
    }

    /// Keeps a sealed snapshot.
    pub(crate) fn keep_snapshot(&self, contract: Address, hash: B256, sealed: &[u8]) -> Result<()> {
        self.ledger().keep_snapshot(contract, hash, sealed)
    }

    /// The state on a snapshot, or on nothing, with all that the chain recorded since, read from the chain alone.
    pub(crate) async fn replay(
        &self,
        contract: Address,
        from: Option<(B256, Vec<u8>)>,
    ) -> Result<UntrustedState> {
        let (hash, snapshot) = from.unzip();
        let mut replay = Replay::new(self.network, contract, hash);
        let (end, head) = {
            let ledger = self.ledger();
            (ledger.cursor().0, ledger.track(contract).map(|t| t.state_head))
        };
        for (from, to) in in_pieces(self.checkpoint, end) {
            replay.note(contract, self.world.history(from, to).await?.events)?;
        }
        if Some(replay.state_head()) != head {
            return Err(Error::NotNow("the chain has moved on"));
        }
        Ok(replay.state(snapshot))
    }

    /// A manifest, for a peer.
    pub(crate) fn give_manifest(&self, asked: &SnapshotRequest) -> Option<Manifest> {
        let manifest = self.ledger().store.manifest(&asked.contract.0.0, &asked.hash.0).ok()??;
        let hashes: Vec<B256> = manifest.hashes.into_iter().map(B256::new).collect();
        Some(Manifest { length: manifest.length, hashes: hashes.into() })
    }

    /// A chunk, for a peer.
    pub(crate) fn give_chunk(&self, asked: &ChunkRequest) -> Option<Vec<u8>> {
        let chunk = self.ledger().store.chunk(&asked.contract.0.0, &asked.hash.0, asked.index).ok()??;
        (chunk.len() <= CHUNK).then_some(chunk)
    }

    /// Acts on news.
    pub(crate) async fn heed(&self, news: News) -> Result<()> {
        match news {
            News::Snapshot { contract, hash } => self.copy(contract, hash).await,
            News::Lost { contract, hash } => self.post(contract, hash).await,
        }
    }

    /// Copies a snapshot that another worker folded in, so that it does not hang on one machine: whoever may serve the
    /// contract in this epoch has it.
    async fn copy(&self, contract: Address, hash: B256) -> Result<()> {
        let standing = self.world.standing(contract).await?;
        if standing.position(self.id).is_none() {
            return Ok(());
        }
        if self.kept_snapshot(contract, hash)?.is_none() {
            self.fetch(contract, hash).await?;
        }
        self.ledger().store.write(|batch| {
            batch.set_latest_snapshot(&contract.0.0, &hash.0)?;
            batch.touch(&contract.0.0, standing.epoch)?;
            batch.retain_snapshots(&contract.0.0, KEPT_SNAPSHOTS).map(drop)
        })?;
        self.ledger().make_room(self.disk.load(Ordering::Relaxed), standing.epoch)?;
        self.world.announce(hash).await;
        Ok(())
    }
}
