//! From pending inputs to a receipt, with everything that the enclave turns out to need.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use enigma_chain::InputEvent;
use enigma_protocol::{
    door::{
        Executed, KeyEnclaveReply, Need, Refusal, UntrustedExecute, UntrustedFacts, UntrustedKeyRequest,
        UntrustedRelease, UntrustedReplay, UntrustedWorkerRequest as Request, WorkerReply,
    },
    keys::{KeyReply, KeyRequest},
};

use super::{Refused, Rig, THRESHOLD, ledger::untrusted};
use crate::sealed::{door::ROUNDS, network::whole};

impl Rig {
    /// Reads headers and events up to the newest block.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn catch_up(&mut self) {
        if self.headers.sync(&self.chain).await {
            self.ledger.forget();
        }
        self.ledger.follow(&self.chain, self.headers.tip()).await;
    }

    /// The inputs of a contract that wait for a receipt.
    ///
    /// # Panics
    /// There is no such contract.
    pub fn pending(&self, contract: Address) -> usize {
        let track = &self.ledger.tracks[&contract];
        track.inputs.len() - track.cursor
    }

    /// An input of a contract.
    ///
    /// # Panics
    /// There is no such input.
    pub fn input(&self, contract: Address, index: u64) -> InputEvent {
        self.ledger.tracks[&contract].inputs[index as usize].clone()
    }

    /// Has the contract's first rank execute its next `count` inputs.
    ///
    /// # Panics
    /// An enclave refuses.
    pub async fn execute(&mut self, contract: Address, count: usize) -> Executed {
        let worker = self.group(contract).await[0];
        self.execute_as(worker, contract, count).await.expect("a receipt")
    }

    /// Has a worker execute the next `count` inputs of a contract.
    ///
    /// # Errors
    /// Its enclave refuses, or so many key enclaves that the rest is below the threshold.
    ///
    /// # Panics
    /// The chain fails, or the enclave asks for the same without end.
    pub async fn execute_as(&mut self, worker: usize, contract: Address, count: usize) -> Refused<Executed> {
        self.catch_up().await;
        self.workers[worker].follow(&self.headers)?;
        let inputs: Vec<_> = self.ledger.tracks[&contract].next(count).iter().map(untrusted).collect();
        let question = |facts| {
            let inputs = inputs.clone().into();
            Request::Execute(UntrustedExecute { contract, facts, inputs, anchor: None })
        };
        match self.ask(worker, contract, question).await? {
            WorkerReply::Executed(executed) => {
                if let Some(snapshot) = &executed.snapshot {
                    self.snapshots.insert(executed.receipt.snapshot_hash, snapshot.0.clone());
                }
                Ok(executed)
            }
            other => panic!("expected a receipt, {other:?} came"),
        }
    }

    /// Has a worker replay a contract's state.
    async fn replay(&mut self, worker: usize, contract: Address) -> Refused<()> {
        let piece = whole(&self.ledger.tracks[&contract].state(&self.snapshots));
        let question = |facts| Request::Replay(UntrustedReplay { contract, facts, piece: piece.clone() });
        match self.ask(worker, contract, question).await? {
            WorkerReply::Done(_) => Ok(()),
            other => panic!("expected an end, {other:?} came"),
        }
    }

    /// Asks a worker, whatever it needs for it.
    async fn ask(
        &mut self,
        worker: usize,
        contract: Address,
        question: impl Fn(UntrustedFacts) -> Request,
    ) -> Refused<WorkerReply> {
        let mut slots = BTreeSet::new();
        for _ in 0..ROUNDS {
            let facts = self.facts.bring(&self.chain, self.headers.tip(), &slots).await;
            match self.workers[worker].door.ask(&question(facts)) {
                WorkerReply::Refused(refusal) => return Err(refusal),
                WorkerReply::Need(need) => {
                    if self.bring(worker, &mut slots, need).await? {
                        Box::pin(self.replay(worker, contract)).await?;
                    }
                }
                reply => return Ok(reply),
            }
        }
        panic!("no end of needs");
    }

    /// Brings slots and keys that a worker needs; whether it wants the state too.
    async fn bring(&mut self, worker: usize, slots: &mut BTreeSet<B256>, need: Need) -> Refused<bool> {
        self.facts.note(&need.slots.0);
        slots.extend(need.slots.0);
        for request in need.keys.0 {
            let replies = self.gather(&request).await?;
            self.workers[worker].door.keys(&request, &replies)?;
        }
        Ok(need.state)
    }

    /// What the first key enclaves up to the threshold answer to a request.
    async fn gather(&mut self, request: &KeyRequest) -> Result<Vec<KeyReply>, Refusal> {
        let pending = self.ledger.tracks[&request.contract].oldest().cloned();
        let mut replies = Vec::new();
        for key in self.keys.iter_mut().take(THRESHOLD) {
            let question = |facts| {
                let (request, pending) = (request.clone(), pending.clone());
                UntrustedKeyRequest::Release(UntrustedRelease { request, pending, facts })
            };
            match key.ask(&self.chain, &self.headers, &mut self.facts, question).await? {
                KeyEnclaveReply::Released(reply) => replies.push(reply),
                other => panic!("expected a part of a key, {other:?} came"),
            }
        }
        Ok(replies)
    }
}
