//! Snapshots travel between workers by hash: who re-seals one has it first, the others copy it.

use alloy_primitives::{Address, B256, keccak256};
use enigma_protocol::peer::{PeerReply, PeerRequest, SnapshotRequest};
use futures::{StreamExt, stream::FuturesUnordered};

use super::actor::WorkerNode;
use crate::{Error, Result, Role, peers::Peers};

/// Asks every worker for a snapshot; the first whose hash is right wins.
pub(crate) async fn fetch(peers: &Peers, contract: Address, hash: B256) -> Result<Vec<u8>> {
    let request = PeerRequest::Snapshot(SnapshotRequest { contract, hash });
    let mut asked: FuturesUnordered<_> =
        peers.of(Role::Worker).map(|(peer, _)| peers.ask(peer, &request)).collect();
    while let Some(reply) = asked.next().await {
        if let Ok(PeerReply::Snapshot(blob)) = reply
            && keccak256(&blob.0) == hash
        {
            return Ok(blob.0);
        }
    }
    Err(Error::Snapshot(hash))
}

impl WorkerNode {
    /// A snapshot from here or from a peer.
    pub(crate) async fn snapshot(&self, contract: Address, hash: B256) -> Result<Vec<u8>> {
        if let Some(blob) = self.ledger.snapshot(contract, hash)?
            && keccak256(&blob) == hash
        {
            return Ok(blob);
        }
        let blob = fetch(&self.peers, contract, hash).await?;
        self.ledger.keep_snapshot(contract, hash, &blob)?;
        Ok(blob)
    }

    /// Copies a snapshot that another worker committed to, so that it does not hang on one machine.
    pub(crate) fn copy_snapshot(&mut self, contract: Address, hash: B256) -> Result<()> {
        if hash.is_zero() || self.ledger.snapshot(contract, hash)?.is_some() {
            return Ok(());
        }
        let peers = self.peers.clone();
        self.fetching.spawn(async move { (contract, hash, fetch(&peers, contract, hash).await.ok()) });
        Ok(())
    }
}
