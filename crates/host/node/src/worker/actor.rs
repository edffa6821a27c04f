//! The worker's loop: one chain, one enclave, one thing at a time.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, Sender};
use enigma_protocol::peer::{MAX_SNAPSHOT, PeerReply, PeerRequest};
use enigma_rpc::Metrics;
use tokio::{sync::mpsc, task::JoinSet, time::MissedTickBehavior};

use super::{WorkerEnclave, ledger::Ledger};
use crate::{
    Result, Role,
    feeder::Feeder,
    peers::Peers,
    query::Questions,
    reception::{Asked, declined},
    tip::Tip,
};

/// How often the chain is looked at, and what is due is tried again.
pub(crate) const TICK: Duration = Duration::from_millis(20);
/// Pause after a contract's execution failed: at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// A worker at work.
pub(crate) struct WorkerNode {
    pub(crate) id: u64,
    pub(crate) threshold: usize,
    pub(crate) chain: Chain,
    pub(crate) sender: Sender,
    pub(crate) enclave: WorkerEnclave,
    pub(crate) tip: Tip,
    /// Whether this node has just written to the chain: then what the tip said is over.
    pub(crate) stale: bool,
    pub(crate) peers: Peers,
    pub(crate) metrics: Metrics,
    pub(crate) feeder: Feeder,
    pub(crate) ledger: Ledger,
    /// Snapshots on their way.
    pub(crate) fetching: JoinSet<(Address, B256, Option<Vec<u8>>)>,
    /// Contracts whose last execution failed, until when, and the pause that led there.
    pub(crate) resting: BTreeMap<Address, (Instant, Duration)>,
}

impl WorkerNode {
    /// Works and serves peers, for ever. Tasks go first: between two looks at them one query is answered at most.
    pub(crate) async fn serve(&mut self, mut asked: mpsc::Receiver<Asked>, mut questions: Questions) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut tip = self.tip.clone();
        loop {
            let done = tokio::select! {
                Some(request) = asked.recv() => self.answer(request),
                Some(Ok((contract, hash, blob))) = self.fetching.join_next() => match blob {
                    Some(blob) => self.ledger.keep_snapshot(contract, hash, &blob),
                    None => Ok(()),
                },
                Some(question) = questions.recv() => {
                    // Who asks may have seen a block that the tip has not told of yet.
                    self.stale = true;
                    let looked = self.look().await;
                    self.answer_query(question).await;
                    looked
                }
                () = tip.moved() => self.look().await,
                _ = tick.tick() => self.look().await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "worker could not do what was due");
            }
        }
    }

    /// Brings ledger and enclave to the tip.
    pub(crate) async fn follow(&mut self) -> Result<()> {
        let height = if self.stale { self.chain.height().await? } else { self.tip.latest().height };
        for commit in self.ledger.follow(&self.chain, height).await? {
            self.copy_snapshot(commit.contract, commit.snapshot_hash)?;
        }
        self.feeder.feed(&self.chain, &self.enclave, height).await?;
        self.stale = self.tip.latest().height < height;
        Ok(())
    }

    /// Brings ledger and enclave to the tip, then works on what the lottery assigns.
    async fn look(&mut self) -> Result<()> {
        self.follow().await?;
        let now = Instant::now();
        let mut due = self.ledger.pending();
        due.retain(|contract| self.resting.get(contract).is_none_or(|(until, _)| *until <= now));
        if due.is_empty() {
            return Ok(());
        }
        // A commit falls into the next block, which may be the first of an epoch: then it is already that epoch's group.
        let epoch = self.chain.epoch_after(self.feeder.view().number).await?;
        for contract in due {
            if self.chain.sequence(contract, epoch, 1).await?.first() == Some(&self.id) {
                self.attempt(contract).await;
            }
        }
        Ok(())
    }

    /// Works on one contract; a failure rests it for a while and holds up no other.
    async fn attempt(&mut self, contract: Address) {
        self.stale = true;
        match self.work_on(contract).await {
            Ok(()) => {
                self.resting.remove(&contract);
            }
            Err(error) => {
                let pause = self.resting.get(&contract).map_or(REST.0, |(_, last)| (*last * 2).min(REST.1));
                tracing::warn!(%contract, %error, ?pause, "execution did not come to a commit");
                self.resting.insert(contract, (Instant::now() + pause, pause));
            }
        }
    }

    fn answer(&self, asked: Asked) -> Result<()> {
        let from_worker = self.peers.role(&asked.from) == Some(Role::Worker);
        let blob = match &asked.request {
            PeerRequest::Snapshot(request) if from_worker => {
                self.ledger.snapshot(request.contract, request.hash)?
            }
            _ => None,
        };
        match blob.filter(|b| b.len() <= MAX_SNAPSHOT) {
            Some(blob) => asked.reply(&PeerReply::Snapshot(blob.into())),
            None => asked.reply(&declined(0)),
        }
    }
}
