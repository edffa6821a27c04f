//! The enclave, its view of the chain, and who brings it what it asks for. Several jobs share it: each round of a question
//! finds the view where its proofs are, and between two rounds it may move.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use enigma_chain::Chain;
use enigma_protocol::{
    door::{
        Code, Need, Refusal, UntrustedFacts, UntrustedKeys, UntrustedPiece, UntrustedReplay,
        UntrustedWorkerRequest as Request, WorkerReply as Reply,
    },
    input::Input,
    keys::{KeyReply, KeyRequest},
    layout,
    peer::{KeyAsk, PeerReply, PeerRequest},
    state::genesis_state_head,
};
use enigma_worker::States;
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::sync::{Mutex, RwLock};

use super::WorkerEnclave;
use crate::{
    Error, Result,
    feeder::Feeder,
    peers::Peers,
    prover::{MixedUp, prove},
};

/// Rounds before a question is given up.
const ROUNDS: usize = 16;
/// Bytes of deltas in one piece of a state: with a snapshot and its proofs it fits a frame.
const PIECE: usize = 12 << 20;

/// What a round came to.
#[allow(clippy::large_enum_variant)] // one at a time, taken apart at once
enum Round {
    /// The question is to be asked again.
    Again,
    /// The same, once the contract's state was replayed.
    State,
    Answered(Reply),
}

/// A worker's enclave at work.
pub(crate) struct Bench {
    pub(crate) chain: Chain,
    pub(crate) enclave: WorkerEnclave,
    pub(crate) peers: Peers,
    pub(crate) feeder: RwLock<Feeder>,
    /// Answers of key nodes that make a key.
    pub(crate) threshold: usize,
    pub(crate) network: B256,
    /// One state is replayed at a time: pieces of the same one must not mix.
    pub(crate) replaying: Mutex<()>,
}

impl Bench {
    /// Brings the enclave to block `height`.
    pub(crate) async fn feed(&self, height: u64) -> Result<()> {
        self.feeder.write().await.feed(&self.chain, &self.enclave, height).await.map(drop)
    }

    /// Asks the enclave, bringing every proof, key and state that it turns out to need. `pending`: the contract's oldest
    /// pending input, by which key nodes see whose turn it is.
    pub(crate) async fn ask(
        &self,
        contract: Address,
        mut slots: BTreeSet<B256>,
        pending: Option<&Input>,
        states: &impl States,
        question: impl Fn(UntrustedFacts) -> Request,
    ) -> Result<Reply> {
        let mut mixed_up = MixedUp::default();
        for _ in 0..ROUNDS {
            match self.attempt(&mut slots, pending, &mut mixed_up, &question).await? {
                Round::Again => {}
                Round::State => self.bring_state(contract, pending, states).await?,
                Round::Answered(reply) => return Ok(reply),
            }
        }
        Err(Error::Answer)
    }

    /// One round, and the slots and keys that the enclave turned out to lack.
    async fn attempt(
        &self,
        slots: &mut BTreeSet<B256>,
        pending: Option<&Input>,
        mixed_up: &mut MixedUp,
        question: impl FnOnce(UntrustedFacts) -> Request,
    ) -> Result<Round> {
        match self.round(slots, question).await? {
            Reply::Need(Need { slots: more, keys, state }) => {
                slots.extend(more.0);
                self.bring_keys(keys.0, pending).await?;
                Ok(if state { Round::State } else { Round::Again })
            }
            Reply::Refused(refusal) => {
                mixed_up.settle(refusal).await?;
                Ok(Round::Again)
            }
            reply => Ok(Round::Answered(reply)),
        }
    }

    /// Has the enclave replay a contract's state, piece by piece.
    async fn bring_state(
        &self,
        contract: Address,
        pending: Option<&Input>,
        states: &impl States,
    ) -> Result<()> {
        let state = states.state(contract).await?;
        let genesis = genesis_state_head(self.network, contract);
        let pieces = state.pieces(genesis, PIECE).ok_or(Error::Answer)?;
        let _alone = self.replaying.lock().await;
        tracing::info!(%contract, pieces = pieces.len(), "bringing a state to the enclave");
        for piece in pieces {
            self.replay(contract, pending, piece).await?;
        }
        Ok(())
    }

    async fn replay(&self, contract: Address, pending: Option<&Input>, piece: UntrustedPiece) -> Result<()> {
        let mut slots = usual_slots(contract);
        let mut mixed_up = MixedUp::default();
        let question = |facts| Request::Replay(UntrustedReplay { contract, facts, piece: piece.clone() });
        for _ in 0..ROUNDS {
            match self.attempt(&mut slots, pending, &mut mixed_up, question).await? {
                Round::Again | Round::State => {}
                Round::Answered(Reply::Done(_)) => return Ok(()),
                Round::Answered(_) => break,
            }
        }
        Err(Error::Answer)
    }

    /// One question with its proofs, while the view stays where it is.
    async fn round(
        &self,
        slots: &BTreeSet<B256>,
        question: impl FnOnce(UntrustedFacts) -> Request,
    ) -> Result<Reply> {
        let feeder = self.feeder.read().await;
        let facts = prove(&self.chain, slots, feeder.view().number).await?;
        self.enclave.ask(question(facts)).await
    }

    /// Brings every key that the enclave asks for.
    async fn bring_keys(&self, requests: Vec<KeyRequest>, pending: Option<&Input>) -> Result<()> {
        let gathered = join_all(requests.iter().map(|request| self.gather(request, pending))).await;
        for (request, replies) in requests.into_iter().zip(gathered) {
            self.deliver(request, replies?).await?;
        }
        Ok(())
    }

    /// Asks all key nodes at once; the first t answers are enough.
    async fn gather(&self, request: &KeyRequest, pending: Option<&Input>) -> Result<Vec<KeyReply>> {
        let question = PeerRequest::Key(KeyAsk { request: request.clone(), pending: pending.cloned() });
        let mut asked: FuturesUnordered<_> = self
            .peers
            .key_nodes()
            .await
            .into_iter()
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

    async fn deliver(&self, request: KeyRequest, replies: Vec<KeyReply>) -> Result<()> {
        // Key enclaves may be a block ahead of this one's enclave.
        let newest = replies.iter().map(|r| r.block_number).max().unwrap_or_default();
        if newest > self.feeder.read().await.view().number {
            self.feed(newest).await?;
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

/// The slots that are always read.
pub(crate) fn usual_slots(contract: Address) -> BTreeSet<B256> {
    BTreeSet::from([
        layout::EPOCH,
        layout::PARAMETERS,
        layout::secret_contract(contract, 0),
        layout::secret_contract(contract, 1),
    ])
}
