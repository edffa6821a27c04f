//! Fetching a snapshot: its manifest from any peer, its chunks from several at once. Manifest and chunks prove
//! themselves, so a peer that lies only wastes its turn; what is here stays here over a restart.

use alloy_primitives::{Address, B256};
use enigma_failpoints::failpoint;
use enigma_protocol::{
    peer::{ChunkRequest, SnapshotRequest},
    snapshot::Manifest,
};
use futures::{StreamExt, stream};

use crate::{Error, Result, World, worker::Inner};

/// Peers that are asked at all.
const PEERS: usize = 16;
/// Chunks under way at once.
const AT_ONCE: usize = 4;

impl<W: World> Inner<W> {
    /// Brings a snapshot into the database.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if no peer has all that is missing.
    pub(crate) async fn fetch(&self, contract: Address, hash: B256) -> Result<()> {
        let standing = self.world.standing(contract).await?;
        let ids: Vec<u64> = standing.ids.iter().copied().filter(|id| *id != self.id).collect();
        let mut peers = self.world.holders(hash, &ids).await;
        peers.truncate(PEERS);
        let Some(manifest) = self.manifest(contract, hash, &peers).await? else {
            return Err(Error::Snapshot(hash));
        };
        let places: Vec<u32> = self.begin(contract, hash, &manifest)?;
        let mut fetched = stream::iter(places)
            .map(|index| self.chunk(contract, hash, index, &manifest, &peers))
            .buffer_unordered(AT_ONCE);
        while let Some(chunk) = fetched.next().await {
            let (index, chunk) = chunk.ok_or(Error::Snapshot(hash))?;
            self.ledger().store.write(|batch| batch.put_chunk(&contract.0.0, &hash.0, index, &chunk))?;
            failpoint!("worker.sync.chunk");
        }
        drop(fetched);
        let missing = self.ledger().store.write(|batch| batch.assemble(&contract.0.0, &hash.0))?;
        if !missing.is_empty() {
            return Err(Error::Snapshot(hash));
        }
        tracing::info!(%contract, %hash, bytes = manifest.length, "fetched a snapshot");
        Ok(())
    }

    /// The manifest that an earlier try left, or the first right one of a peer.
    async fn manifest(&self, contract: Address, hash: B256, peers: &[W::Peer]) -> Result<Option<Manifest>> {
        let request = SnapshotRequest { contract, hash };
        let here = self.give_manifest(&request).filter(|m| m.hash() == hash);
        if here.is_some() {
            return Ok(here);
        }
        let asked = peers.iter().cloned().map(|peer| {
            let request = request.clone();
            async move { self.world.manifest(&peer, &request).await }
        });
        let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
        while let Some(answer) = answers.next().await {
            if let Ok(manifest) = answer
                && manifest.is_whole()
                && manifest.hash() == hash
            {
                return Ok(Some(manifest));
            }
        }
        Ok(None)
    }

    /// The places that are missing.
    pub(crate) fn begin(&self, contract: Address, hash: B256, manifest: &Manifest) -> Result<Vec<u32>> {
        let ledger = self.ledger();
        let hashes = manifest.hashes.0.iter().map(|h| h.0).collect();
        let kept = enigma_store::Manifest { length: manifest.length, hashes };
        ledger.store.write(|batch| batch.begin_partial(&contract.0.0, &hash.0, &kept).map(drop))?;
        let present = ledger.store.chunks_present(&contract.0.0, &hash.0)?;
        Ok((0..manifest.hashes.0.len() as u32).filter(|index| !present.contains(index)).collect())
    }

    /// One chunk from the first peer that has it; each place begins with another peer.
    async fn chunk(
        &self,
        contract: Address,
        hash: B256,
        index: u32,
        manifest: &Manifest,
        peers: &[W::Peer],
    ) -> Option<(u32, Vec<u8>)> {
        let request = ChunkRequest { contract, hash, index };
        let first = index as usize % peers.len().max(1);
        for peer in peers[first..].iter().chain(&peers[..first]) {
            match self.world.chunk(peer, &request).await {
                Ok(chunk) if manifest.has(index as usize, &chunk) => return Some((index, chunk)),
                Ok(_) => tracing::debug!(?peer, index, "a peer gave a wrong chunk"),
                Err(error) => tracing::debug!(?peer, index, %error, "a peer gave no chunk"),
            }
        }
        None
    }
}
