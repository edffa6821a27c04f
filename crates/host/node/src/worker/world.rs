//! The worker's world as it is: a chain behind an endpoint, an enclave in a process, peers on the network.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    pin::pin,
    sync::{Mutex, PoisonError},
};

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    Chain, Outcome, Sender,
    bindings::{self, Enigma},
    deployment::Parameters,
    packed::pack,
};
use enigma_crypto::sign::recover;
use enigma_failpoints::failpoint;
use enigma_network::PeerId;
use enigma_protocol::{
    clock::{SEQUENCE, Terms},
    door::{Executed, UntrustedExecute, UntrustedWorkerRequest as Request, WorkerReply as Reply},
    input::Input,
    layout,
    lottery::Group,
    peer::{ChunkRequest, CosignRequest, PeerReply, PeerRequest, SnapshotRequest},
    snapshot::Manifest,
};
use enigma_worker::{Error, Result, Signed, Span, Standing, States, Work, World};
use futures::future::join_all;

use super::bench::{Bench, usual_slots};
use crate::{Role, peers::Peers, tip::Tip};

/// Sequences remembered: a contract's stays the same for an epoch.
const SEQUENCES: usize = 1_024;
/// Wei that a declaration of loss is worth at least.
const BOND: u128 = 100_000_000_000_000_000;

/// Chain, enclave and peers of one worker.
pub(crate) struct NodeWorld {
    pub(crate) chain: Chain,
    pub(crate) sender: Sender,
    pub(crate) tip: Tip,
    pub(crate) bench: Bench,
    pub(crate) peers: Peers,
    pub(crate) parameters: Parameters,
    /// EIP-712 domain of receipts.
    pub(crate) domain: B256,
    pub(crate) sequences: Mutex<BTreeMap<(Address, u64), Vec<u64>>>,
    /// Signing keys of workers by id; an id never changes its key.
    pub(crate) signers: Mutex<BTreeMap<u64, Address>>,
}

impl NodeWorld {
    async fn sequence(&self, contract: Address, epoch: u64) -> Result<Vec<u64>> {
        let key = (contract, epoch);
        if let Some(ids) = self.sequences.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(ids.clone());
        }
        let ids = self.chain.sequence(contract, epoch, SEQUENCE as u64).await.map_err(told)?;
        let mut known = self.sequences.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, old), _| *old + 1 >= epoch);
        if known.len() >= SEQUENCES {
            known.clear();
        }
        known.insert(key, ids.clone());
        Ok(ids)
    }

    async fn signer(&self, worker: u64) -> Result<Address> {
        if let Some(signer) = self.signers.lock().unwrap_or_else(PoisonError::into_inner).get(&worker) {
            return Ok(*signer);
        }
        let signer = self.chain.worker(worker).await.map_err(told)?.signer;
        self.signers.lock().unwrap_or_else(PoisonError::into_inner).insert(worker, signer);
        Ok(signer)
    }
}

impl World for NodeWorld {
    type Peer = PeerId;

    fn heard(&self) -> u64 {
        self.tip.latest().height
    }

    async fn moved(&self, known: u64) {
        self.tip.clone().left(known).await;
    }

    async fn height(&self) -> Result<u64> {
        self.chain.height().await.map_err(told)
    }

    async fn block_hash(&self, number: u64) -> Result<B256> {
        Ok(self.chain.block(number).await.map_err(told)?.hash)
    }

    async fn history(&self, from: u64, to: u64) -> Result<Span> {
        let span = self.chain.events(from, to).await.map_err(told)?;
        Ok(Span { events: span.events, hash: span.last.hash })
    }

    async fn standing(&self, contract: Address) -> Result<Standing> {
        let number = self.chain.height().await.map_err(told)?;
        let (block, word, record) = tokio::try_join!(
            self.chain.block(number),
            self.chain.epoch_word(number),
            self.chain.secret_contract_at(contract, number),
        )
        .map_err(told)?;
        let next = number.saturating_add(1);
        let epoch = word.epoch_of(next);
        let (epoch_start, _) = word.bounds(next);
        let group = Group::unpack(record.group);
        Ok(Standing {
            block: number,
            epoch,
            epoch_start,
            state_head: record.stateHead,
            cursor: record.cursor,
            last_commit: record.lastCommitBlock.to(),
            clock_from: record.clockFrom.to(),
            paused_at: record.pausedAt.into(),
            depth: record.depth,
            terms: Terms {
                signers: record.signers,
                group_size: self.parameters.group_size,
                takeover: self.parameters.takeover.into(),
            },
            skip_after: u64::from(self.parameters.skip_epochs) * self.parameters.epoch_length,
            epoch_length: self.parameters.epoch_length,
            silent: if group.epoch == epoch { group.silent } else { 0 },
            ids: self.sequence(contract, epoch).await?,
            base_fee: block.next_base_fee.into(),
        })
    }

    fn distrust(&self) {
        self.chain.distrust();
    }

    async fn feed(&self, height: u64) -> Result<()> {
        self.bench.feed(height).await.map_err(Error::from)
    }

    async fn execute(&self, work: &Work, states: &impl States) -> Result<Executed> {
        let contract = work.contract;
        let oldest = work.inputs.first().map(|first| &first.input);
        let question = |facts| {
            let inputs = work.inputs.clone().into();
            Request::Execute(UntrustedExecute { contract, facts, inputs, anchor: work.anchor })
        };
        match self.bench.ask(contract, first_slots(work), oldest, states, question).await? {
            Reply::Executed(executed) => Ok(executed),
            _ => Err(Error::Unavailable("the enclave's answer does not fit the question".into())),
        }
    }

    fn digest(&self, executed: &Executed) -> B256 {
        executed.receipt.digest(self.domain)
    }

    async fn commit(&self, signed: &Signed, overtaken: impl Future<Output = ()> + Send) -> Result<u64> {
        let mut commitment = bindings::commitment(&signed.executed, &signed.inputs);
        commitment.signatures = signed.signatures.iter().map(|s| s.to_vec().into()).collect();
        let call = Enigma::commitCall {
            commitments: vec![
                pack(&commitment).ok_or(Error::Unavailable("the receipt fits no commitment".into()))?,
            ],
        };
        // It is looked at once before the transaction is sent, and then while it is waited for.
        let (mut overtaken, mut looks) = (pin!(overtaken), 0);
        let overtaken = poll_fn(|context| {
            looks += 1;
            if looks == 2 {
                failpoint!("worker.commit.after-send");
            }
            overtaken.as_mut().poll(context)
        });
        let outcome = self.sender.call_enigma_until(&call, U256::ZERO, overtaken).await.map_err(told)?;
        match outcome {
            Outcome::Landed(receipt) => {
                let block = receipt.block_number.unwrap_or_default();
                tracing::debug!(block, gas = receipt.gas_used, "a commit was mined");
                Ok(block)
            }
            Outcome::Refused(refusal) => Err(Error::Overtaken(refusal.name)),
            Outcome::Dropped(_) => Err(Error::NotNow("another worker's commit came first")),
        }
    }

    async fn skip(&self, contract: Address, oldest: &Input) -> Result<()> {
        let call = Enigma::skipCall { account: contract, input: oldest.into() };
        self.sender.call_enigma(&call, U256::ZERO).await.map(drop).map_err(told)
    }

    async fn hold(&self, contract: Address, oldest: &Input) -> Result<()> {
        let call = Enigma::holdClockCall { account: contract, input: oldest.into() };
        self.sender.call_enigma(&call, U256::ZERO).await.map(drop).map_err(told)
    }

    async fn resume(&self, contract: Address, oldest: &Input) -> Result<()> {
        let call = Enigma::resumeClockCall { account: contract, input: oldest.into() };
        self.sender.call_enigma(&call, U256::ZERO).await.map(drop).map_err(told)
    }

    async fn lost_since(&self, contract: Address) -> Result<u64> {
        Ok(self.chain.lost(contract).await.map_err(told)?.map_or(0, |lost| lost.since))
    }

    async fn declare_lost(&self, contract: Address) -> Result<()> {
        let call = Enigma::declareLostCall { account: contract };
        self.sender.call_enigma(&call, U256::from(BOND)).await.map(drop).map_err(told)
    }

    async fn post_chunk(
        &self,
        contract: Address,
        manifest: &Manifest,
        index: u32,
        chunk: &[u8],
    ) -> Result<()> {
        let call = Enigma::postChunkCall {
            account: contract,
            length: manifest.length,
            hashes: manifest.hashes.0.clone(),
            index: U256::from(index),
            chunk: chunk.to_vec().into(),
        };
        self.sender.call_enigma(&call, U256::ZERO).await.map(drop).map_err(told)
    }

    async fn cosign(&self, worker: u64, request: &CosignRequest, digest: B256) -> Result<[u8; 65]> {
        let signer = self.signer(worker).await?;
        let peer = self.peers.worker(signer).await;
        let peer = peer.ok_or_else(|| Error::Unavailable(format!("no peer is worker {worker}")))?;
        match self.peers.ask(peer, &PeerRequest::Cosign(request.clone())).await? {
            PeerReply::Cosigned(cosigned)
                if cosigned.digest == digest && recover(digest, &cosigned.signature) == Ok(signer) =>
            {
                Ok(cosigned.signature)
            }
            PeerReply::Cosigned(_) => {
                Err(Error::Unavailable(format!("worker {worker} signed something else")))
            }
            _ => Err(Error::Unavailable(format!("worker {worker} does not sign"))),
        }
    }

    async fn workers(&self, ids: &[u64]) -> Vec<PeerId> {
        let found =
            join_all(ids.iter().map(async |id| self.peers.worker(self.signer(*id).await.ok()?).await)).await;
        let listed = self.peers.of(Role::Worker).map(|(peer, _)| peer);
        let mut seen = BTreeSet::from([self.peers.own_id()]);
        found.into_iter().flatten().chain(listed).filter(|peer| seen.insert(*peer)).collect()
    }

    async fn holders(&self, snapshot: B256) -> Vec<PeerId> {
        self.peers.seek(snapshot).await
    }

    async fn manifest(&self, peer: &PeerId, request: &SnapshotRequest) -> Result<Manifest> {
        match self.peers.ask(*peer, &PeerRequest::Manifest(request.clone())).await? {
            PeerReply::Manifest(manifest) => Ok(manifest),
            _ => Err(Error::Unavailable("the peer does not have it".into())),
        }
    }

    async fn chunk(&self, peer: &PeerId, request: &ChunkRequest) -> Result<Vec<u8>> {
        match self.peers.ask(*peer, &PeerRequest::Chunk(request.clone())).await? {
            PeerReply::Chunk(chunk) => Ok(chunk.0),
            _ => Err(Error::Unavailable("the peer does not have it".into())),
        }
    }

    async fn announce(&self, snapshot: B256) {
        self.peers.provide(snapshot).await;
    }
}

/// The slots that an execution always reads.
fn first_slots(work: &Work) -> BTreeSet<B256> {
    let last = work.first_index.saturating_add(work.inputs.len() as u64).wrapping_sub(1);
    let mut slots = usual_slots(work.contract);
    slots.extend([
        layout::head(work.contract, work.first_index.wrapping_sub(1)),
        layout::head(work.contract, last),
    ]);
    slots
}

/// What the chain says, as the worker's logic takes it.
fn told(error: enigma_chain::Error) -> Error {
    match error {
        enigma_chain::Error::Reverted { name, .. } => Error::Overtaken(name),
        error => Error::Unavailable(error.to_string()),
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Refused(refusal) => Self::Refused(refusal),
            crate::Error::Chain(error) => told(error),
            crate::Error::Worker(error) => error,
            error => Self::Unavailable(error.to_string()),
        }
    }
}
