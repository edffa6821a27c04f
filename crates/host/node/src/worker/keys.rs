//! Bringing keys: the enclave's requests to all key nodes, their sealed answers back.

use enigma_protocol::{
    door::{Code, Refusal, UntrustedKeys, UntrustedWorkerRequest as Request, WorkerReply as Reply},
    keys::{KeyReply, KeyRequest},
    peer::{PeerReply, PeerRequest},
};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};

use super::actor::WorkerNode;
use crate::{Error, Result, Role};

impl WorkerNode {
    /// Brings every key that the enclave asks for.
    pub(crate) async fn bring_keys(&mut self, requests: Vec<KeyRequest>) -> Result<()> {
        let gathered = join_all(requests.iter().map(|request| self.gather(request))).await;
        for (request, replies) in requests.into_iter().zip(gathered) {
            self.deliver(request, replies?).await?;
        }
        Ok(())
    }

    /// Asks all key nodes at once; the first t answers are enough, the rest is kept for the case that one is wrong.
    async fn gather(&self, request: &KeyRequest) -> Result<Vec<KeyReply>> {
        let question = PeerRequest::Key(request.clone());
        let mut asked: FuturesUnordered<_> = self
            .peers
            .of(Role::Key)
            .map(|(peer, name)| {
                let question = &question;
                async move { (name, self.peers.ask(peer, question).await) }
            })
            .collect();
        let (mut replies, mut reason) = (Vec::new(), String::from("no key node is known"));
        while let Some((name, reply)) = asked.next().await {
            match reply {
                Ok(PeerReply::Key(reply)) => replies.push(reply),
                Ok(PeerReply::Declined(declined)) => {
                    reason = format!("{name} declined with code {}", declined.code)
                }
                Ok(_) => reason = format!("{name} answered something else"),
                Err(error) => reason = format!("{name}: {error}"),
            }
            if replies.len() == self.threshold {
                return Ok(replies);
            }
        }
        Err(Error::Keys { got: replies.len(), needed: self.threshold, reason })
    }

    async fn deliver(&mut self, request: KeyRequest, replies: Vec<KeyReply>) -> Result<()> {
        // Key enclaves may be a block ahead of this one's enclave.
        let newest = replies.iter().map(|r| r.block_number).max().unwrap_or_default();
        if newest > self.feeder.view().number {
            self.feeder.feed(&self.chain, &self.enclave, newest).await?;
        }
        let keys = UntrustedKeys { request, replies: replies.into() };
        match self.enclave.ask(Request::Keys(keys)).await? {
            Reply::Done(_) => Ok(()),
            Reply::Refused(refusal) => {
                if let Refusal { code: Code::WrongPartial, detail } = refusal {
                    tracing::error!(member = detail, "a key node's part of a key is wrong");
                }
                Err(Error::Refused(refusal))
            }
            _ => Err(Error::Answer),
        }
    }
}
