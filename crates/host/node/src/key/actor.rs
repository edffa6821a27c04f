//! The key node's loop: one question at a time to one enclave.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::B256;
use enigma_chain::{Chain, Sender};
use enigma_failpoints::failpoint;
use enigma_protocol::{
    door::{
        KeyEnclaveReply as Reply, Refusal, Resumed, UntrustedFacts, UntrustedKeyRequest as Request,
        UntrustedRelease,
    },
    keys::KeyReply,
    layout,
    peer::{KeyAsk, PeerReply, PeerRequest},
};
use tokio::{sync::mpsc, task::JoinHandle, time::MissedTickBehavior};

use super::{KeyEnclave, heads::CatchingUp};
use crate::{
    Error, Result,
    feeder::Feeder,
    peers::Peers,
    prover::{MixedUp, Prover, prove},
    reception::{Asked, declined},
    tip::Tip,
};

/// How often the chain is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// Rounds of "bring me this proof" before a question is given up.
const ROUNDS: usize = 40;

/// A key node at work.
pub(crate) struct KeyNode {
    pub(crate) chain: Chain,
    pub(crate) sender: Sender,
    pub(crate) enclave: KeyEnclave,
    pub(crate) tip: Tip,
    pub(crate) peers: Peers,
    pub(crate) seat: Resumed,
    pub(crate) feeder: Feeder,
    pub(crate) prover: Prover,
    /// Gathering and posting of a beacon, while it goes on.
    pub(crate) posting: Option<JoinHandle<()>>,
    /// The epoch in which this node last looked after the money of beacons and the committee.
    pub(crate) kept: u64,
    /// Asking the other members where they are, until the enclave knows that it is there too.
    pub(crate) catching_up: CatchingUp,
}

impl KeyNode {
    /// Serves peers and opens epochs, for ever.
    pub(crate) async fn serve(&mut self, mut asked: mpsc::Receiver<Asked>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut tip = self.tip.clone();
        loop {
            let done = tokio::select! {
                Some(request) = asked.recv() => self.answer(request).await,
                () = tip.moved() => self.look().await,
                _ = tick.tick() => self.look().await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "key node could not do what it was asked");
            }
        }
    }

    async fn look(&mut self) -> Result<()> {
        let before = self.feeder.view();
        self.feeder.feed(&self.chain, &self.enclave, self.tip.latest().height).await?;
        if !self.has_caught_up().await? || self.feeder.view() == before {
            return Ok(());
        }
        self.open_next_epoch().await
    }

    pub(super) async fn follow(&mut self) -> Result<()> {
        let height = self.chain.height().await?;
        self.feeder.feed(&self.chain, &self.enclave, height).await.map(drop)
    }

    async fn answer(&mut self, asked: Asked) -> Result<()> {
        let from = asked.from;
        let reply = match &asked.request {
            PeerRequest::Key(ask) => self.release(ask.clone()).await.map(PeerReply::Key),
            PeerRequest::Beacon(request) => self.partial(request.epoch).await.map(PeerReply::Beacon),
            PeerRequest::Head(request) => self.state(request.challenge).await.map(PeerReply::Head),
            _ => Ok(declined(0)),
        };
        let reply = reply.or_else(|error| match error {
            Error::Refused(Refusal { code, .. }) => Ok(declined(code as u16)),
            other => {
                tracing::warn!(error = %other, %from, "could not answer");
                Ok::<_, Error>(declined(0))
            }
        })?;
        asked.reply(&reply)
    }

    async fn release(&mut self, ask: KeyAsk) -> Result<KeyReply> {
        failpoint!("key.release.before");
        self.follow().await?;
        let KeyAsk { request, pending } = ask;
        let contract = request.contract;
        let guess = [
            layout::NETWORK,
            layout::EPOCH,
            layout::PARAMETERS,
            layout::TREE_ROOT,
            layout::seed(request.group_epoch),
            layout::secret_contract(contract, 0),
            layout::secret_contract(contract, 1),
            layout::secret_contract(contract, 2),
        ];
        let (epoch, purpose) = (request.key_epoch, request.purpose);
        let question = |facts| {
            let (request, pending) = (request.clone(), pending.clone());
            Request::Release(UntrustedRelease { request, pending, facts })
        };
        match self.ask_with_facts(guess, question).await? {
            Reply::Released(reply) => {
                failpoint!("key.release.after");
                tracing::info!(%contract, epoch, ?purpose, "released a part of a key");
                Ok(reply)
            }
            _ => Err(Error::Answer),
        }
    }

    /// Asks the enclave, bringing every proof that it turns out to need.
    pub(crate) async fn ask_with_facts(
        &mut self,
        guess: impl IntoIterator<Item = B256>,
        question: impl Fn(UntrustedFacts) -> Request,
    ) -> Result<Reply> {
        let mut slots: BTreeSet<B256> = self.prover.begin(guess);
        let mut mixed_up = MixedUp::default();
        for _ in 0..ROUNDS {
            let facts = prove(&self.chain, &slots, self.feeder.view().number).await?;
            match self.enclave.ask(question(facts)).await? {
                Reply::Need(need) => {
                    self.prover.note(&need.slots.0);
                    slots.extend(need.slots.0);
                }
                Reply::Refused(refusal) => mixed_up.settle(refusal).await?,
                reply => return Ok(reply),
            }
        }
        Err(Error::Answer)
    }
}
