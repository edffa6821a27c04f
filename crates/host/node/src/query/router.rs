//! Finds the worker that holds the keys. A query that came from a peer is never passed on: this is for one's own API.

use alloy_primitives::Address;
use enigma_protocol::{
    peer::{PeerReply, PeerRequest},
    query::{QueryReply, QueryRequest},
};

use super::{Desk, Origin, UNASKED, is_final};
use crate::{index::Index, peers::Peers};

/// Where queries go from one node.
#[derive(Clone)]
pub(crate) struct Router {
    pub(crate) index: Index,
    pub(crate) peers: Peers,
    /// This node's own enclave, if it is a worker's.
    pub(crate) own: Option<(Address, Desk)>,
}

impl Router {
    /// Asks the workers of the contract's group, by rank, until one answers or refuses for good.
    ///
    /// # Errors
    /// The code of the last refusal, or 0.
    pub(crate) async fn ask(&self, request: QueryRequest) -> Result<QueryReply, u16> {
        let group = self.index.group(request.contract, None).await;
        let (_, group) = group.map_err(|error| {
            tracing::warn!(%error, "who holds a contract's keys could not be told");
            UNASKED
        })?;
        let mut refused = UNASKED;
        for worker in group {
            match self.ask_worker(worker.signer, &request).await {
                Ok(reply) => return Ok(reply),
                Err(code) if is_final(code) => return Err(code),
                // A refusal says more than silence.
                Err(UNASKED) => {}
                Err(code) => refused = code,
            }
        }
        Err(refused)
    }

    async fn ask_worker(&self, signer: Address, request: &QueryRequest) -> Result<QueryReply, u16> {
        if let Some((own, desk)) = &self.own
            && *own == signer
        {
            return desk.ask(Origin::Own, request.clone()).await;
        }
        let peer = self.peers.worker(signer).await.ok_or(UNASKED)?;
        match self.peers.ask(peer, &PeerRequest::Query(request.clone())).await {
            Ok(PeerReply::Query(reply)) => Ok(reply),
            Ok(PeerReply::Declined(declined)) => Err(declined.code),
            Ok(_) => Err(UNASKED),
            Err(error) => {
                tracing::debug!(%error, %signer, "a worker could not be asked");
                Err(UNASKED)
            }
        }
    }
}
