//! Fetching a snapshot: its manifest from any peer, its chunks from several at once. Manifest and chunks prove
//! themselves, so a peer that lies only wastes its turn, and one that is silent not even that; what is here stays here over
//! a restart.

use std::{future::ready, pin::pin, time::Duration};

use alloy_primitives::{Address, B256};
use enigma_failpoints::failpoint;
use enigma_protocol::{
    peer::{ChunkRequest, SnapshotRequest},
    snapshot::Manifest,
};
use futures::{
    StreamExt,
    future::join,
    stream::{self, FuturesUnordered},
};
use tokio::time::{sleep, timeout};

use crate::{Error, Result, World, worker::Inner};

/// Peers that are asked at all.
const PEERS: usize = 16;
/// Chunks under way at once.
const AT_ONCE: usize = 4;
/// How long a peer may be silent before the next one is asked as well.
const SILENCE: Duration = Duration::from_millis(500);

/// The first right answer. Each of `asked` begins when the one before it had none, or was silent for long.
async fn first_right<T>(asked: Vec<impl Future<Output = Option<T>>>) -> Option<T> {
    let (mut asked, mut under_way) = (asked.into_iter(), FuturesUnordered::new());
    loop {
        under_way.extend(asked.next());
        if under_way.is_empty() {
            return None;
        }
        if let Ok(Some(Some(right))) = timeout(SILENCE, under_way.next()).await {
            return Some(right);
        }
    }
}

impl<W: World> Inner<W> {
    /// Brings a snapshot into the database.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if no peer has all that is missing.
    pub(crate) async fn fetch(&self, contract: Address, hash: B256) -> Result<()> {
        let Some((manifest, peers)) = self.holders(contract, hash).await? else {
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

    /// A snapshot's manifest, and peers to get the chunks from: the contract's workers; if they do not have it, whoever
    /// says to. After a try that did not bring everything, all of them.
    async fn holders(&self, contract: Address, hash: B256) -> Result<Option<(Manifest, Vec<W::Peer>)>> {
        let standing = self.world.standing(contract).await?;
        let ids: Vec<u64> = standing.ids.iter().copied().filter(|id| *id != self.id).collect();
        let (near, far) = (self.world.workers(&ids), self.world.holders(hash));
        if let Some(here) =
            self.give_manifest(&SnapshotRequest { contract, hash }).filter(|m| m.hash() == hash)
        {
            let (near, far) = join(near, far).await;
            return Ok(Some((
                here,
                near.into_iter().take(PEERS).chain(far.into_iter().take(PEERS)).collect(),
            )));
        }
        let near = async { self.manifest(contract, hash, near.await).await };
        let far = async {
            sleep(SILENCE).await;
            self.manifest(contract, hash, far.await).await
        };
        let mut found = pin!(stream::select(stream::once(near), stream::once(far)).filter_map(ready));
        Ok(found.next().await)
    }

    /// The first right manifest of these peers, and the peers.
    async fn manifest(
        &self,
        contract: Address,
        hash: B256,
        mut peers: Vec<W::Peer>,
    ) -> Option<(Manifest, Vec<W::Peer>)> {
        peers.truncate(PEERS);
        let is_right = move |manifest: &Manifest| manifest.is_whole() && manifest.hash() == hash;
        let ask = |peer: W::Peer| async move {
            let request = SnapshotRequest { contract, hash };
            self.world.manifest(&peer, &request).await.ok().filter(is_right)
        };
        let manifest = first_right(peers.iter().cloned().map(ask).collect()).await?;
        Some((manifest, peers))
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
        let first = index as usize % peers.len().max(1);
        let ask = |peer: W::Peer| async move {
            let request = ChunkRequest { contract, hash, index };
            match self.world.chunk(&peer, &request).await {
                Ok(chunk) if manifest.has(index as usize, &chunk) => return Some((index, chunk)),
                Ok(_) => tracing::debug!(?peer, index, "a peer gave a wrong chunk"),
                Err(error) => tracing::debug!(?peer, index, %error, "a peer gave no chunk"),
            }
            None
        };
        first_right(peers[first..].iter().chain(&peers[..first]).cloned().map(ask).collect()).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures::future::BoxFuture;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_delays_the_next_one_by_a_moment_and_one_that_has_nothing_not_at_all() {
        let silent = || -> BoxFuture<'static, Option<u8>> { Box::pin(pending()) };
        let says = |what: Option<u8>| -> BoxFuture<'static, Option<u8>> { Box::pin(ready(what)) };
        let begun = Instant::now();
        assert_eq!(first_right(vec![says(None), says(None)]).await, None);
        assert_eq!(first_right(vec![says(None), says(Some(1)), silent()]).await, Some(1));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(first_right(vec![silent(), says(None), silent(), says(Some(2))]).await, Some(2));
        assert_eq!(begun.elapsed(), 2 * SILENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_was_overtaken_may_still_answer() {
        let slow: BoxFuture<'static, Option<u8>> = Box::pin(async {
            sleep(3 * SILENCE).await;
            Some(1)
        });
        assert_eq!(first_right(vec![slow, Box::pin(pending())]).await, Some(1));
    }
}
