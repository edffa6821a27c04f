//! A simulated worker's chain endpoint, enclave and peers. Each call is a step at which its process may die or stand still.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use enigma_chain::Event;
use enigma_protocol::{
    door::Executed,
    input::Input,
    peer::{ChunkRequest, CosignRequest, PeerReply, PeerRequest, SnapshotRequest},
    snapshot::Manifest,
    state::UntrustedState,
};
use enigma_worker::{Error, Result, Signed, Span, Standing, States, Work, World};
use tokio::time::{Duration, sleep};

use crate::{
    Bug,
    chain::Fate,
    contract::{Call, digest, operator, signer},
    enclave::{KeyId, Stop, releases},
    network::ask,
    sim::{Hostile, Inner, Pulse, Sim, short},
    trace::text,
};

/// Rounds before an enclave's questions are given up.
const ROUNDS: usize = 16;
/// Key nodes, and how many of them make a key.
const KEY_NODES: usize = 4;
const THRESHOLD: usize = 3;
/// The longest that a transaction is waited for.
const MINED: Duration = Duration::from_secs(120);

/// One life of a worker's process.
#[derive(Clone)]
pub struct SimWorld {
    sim: Sim,
    id: u64,
    life: u64,
}

impl SimWorld {
    /// For the worker `id` that was started for the `life`-th time.
    pub const fn new(sim: Sim, id: u64, life: u64) -> Self {
        Self { sim, id, life }
    }

    /// Goes on if the process is alive and runs.
    async fn step(&self) {
        let pulse = || {
            let pulse = self.with(|inner| inner.nodes[self.id as usize].pulse(self.life));
            (pulse != Pulse::Stands).then_some(pulse)
        };
        if self.sim.bell().until(pulse).await == Pulse::Over {
            std::future::pending::<()>().await;
        }
    }

    /// Asks the chain's endpoint; gives the height that it shows.
    async fn rpc(&self) -> Result<u64> {
        self.step().await;
        let (delay, is_down) = {
            let mut inner = self.sim.lock();
            let delay = inner.dice.between(1, 25);
            let node = &mut inner.nodes[self.id as usize];
            let endpoint = node.endpoints[node.endpoint];
            if endpoint.is_down {
                node.endpoint = 1 - node.endpoint;
            }
            (delay + endpoint.slow, endpoint.is_down)
        };
        sleep(Duration::from_millis(delay)).await;
        self.step().await;
        if is_down {
            return Err(Error::Unavailable(text("the endpoint is down")));
        }
        Ok(self.sim.lock().shown(self.id))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.sim.lock())
    }

    /// Sends a transaction and waits for its block.
    async fn send(&self, what: &str, contract: Address, call: Call) -> Result<u64> {
        let shown = self.rpc().await?;
        let me = operator(self.id);
        let sent = self.with(|inner| {
            inner.chain.would(shown, me, &call).map_err(|name| {
                inner.note(name, self.id, short(contract.as_slice()), 0);
                Error::Overtaken(text(name))
            })?;
            let sent = inner.chain.send(me, call);
            inner.note(what, self.id, short(contract.as_slice()), sent);
            Ok::<_, Error>(sent)
        })?;
        let fate = async {
            let fate = self.sim.bell().until(|| self.with(|inner| inner.chain.fate(sent))).await;
            self.step().await;
            fate
        };
        match tokio::time::timeout(MINED, fate).await {
            Ok(Fate::Mined(block)) => Ok(block),
            Ok(Fate::Reverted(name)) => Err(Error::Overtaken(text(name))),
            Err(_) => Err(Error::Unavailable(text("the transaction is not mined"))),
        }
    }

    async fn keys(&self, contract: Address, keys: Vec<KeyId>, epoch: u64) -> Result<()> {
        self.step().await;
        let delay = self.with(|inner| {
            let delay = inner.links.delay;
            inner.dice.between(2, 2 * delay)
        });
        sleep(Duration::from_millis(delay)).await;
        self.step().await;
        self.with(|inner| {
            let height = inner.chain.height();
            let released = |id: u64, key: &KeyId| releases(&inner.chain, height, id, *key, epoch);
            let here = KEY_NODES - inner.keys_away;
            if here < THRESHOLD || !keys.iter().all(|key| released(self.id, key)) {
                inner.note("no-keys", self.id, short(contract.as_slice()), here as u64);
                return Err(Error::Unavailable(text("too few key nodes gave their part")));
            }
            inner.nodes[self.id as usize].enclave.take(&keys, epoch);
            Ok(())
        })
    }

    async fn ask(&self, to: u64, request: PeerRequest) -> Result<PeerReply> {
        self.step().await;
        let reply = ask(&self.sim, self.id, to, request).await;
        self.step().await;
        reply
    }

    /// What a broken or hostile host makes of the state for its enclave.
    fn spoil(&self, state: &mut UntrustedState) {
        let (bug, tainted, hostile) = self.with(|inner| {
            let node = &inner.nodes[self.id as usize];
            (inner.bug, node.tainted, node.hostile)
        });
        if hostile == Some(Hostile::RewindsState) {
            state.steps.pop();
        }
        if bug == Some(Bug::SyncBelieves)
            && tainted
            && let Some(base) = &mut state.base
        {
            base.snapshot.0[0] ^= 1;
        }
    }
}

impl World for SimWorld {
    type Peer = u64;

    fn heard(&self) -> u64 {
        self.with(|inner| inner.nodes[self.id as usize].heard)
    }

    async fn moved(&self, known: u64) {
        self.sim.bell().until(|| (self.heard() != known).then_some(())).await;
        self.step().await;
    }

    async fn height(&self) -> Result<u64> {
        self.rpc().await
    }

    async fn block_hash(&self, number: u64) -> Result<B256> {
        let shown = self.rpc().await?;
        let hash = self.with(|inner| inner.chain.block(number).filter(|b| b.number <= shown).map(|b| b.hash));
        hash.ok_or_else(|| Error::Unavailable(text("no such block")))
    }

    async fn history(&self, from: u64, to: u64) -> Result<Span> {
        let shown = self.rpc().await?;
        self.with(|inner| {
            let Some(last) = inner.chain.block(to).filter(|_| to <= shown) else {
                return Err(Error::Unavailable(text("no such block")));
            };
            let hash = last.hash;
            let blocks = inner.chain.blocks().get(from as usize..=to as usize).unwrap_or_default();
            let mut events: Vec<Event> = blocks.iter().flat_map(|b| b.events.iter().cloned()).collect();
            let node = &inner.nodes[self.id as usize];
            if inner.dice.chance(node.endpoints[node.endpoint].lies) && !events.is_empty() {
                let at = inner.dice.below(events.len() as u64) as usize;
                if inner.dice.chance(500) {
                    events.remove(at);
                } else {
                    events.insert(at, events[at].clone());
                }
                inner.note("lie", self.id, from, to);
            }
            Ok(Span { events, hash })
        })
    }

    async fn standing(&self, contract: Address) -> Result<Standing> {
        let shown = self.rpc().await?;
        let standing = self.with(|inner| {
            let mut standing = inner.chain.standing(contract, shown)?;
            if inner.bug == Some(Bug::ForgetsClock) {
                standing.terms.takeover = 0;
            }
            Some(standing)
        });
        standing.ok_or_else(|| Error::Unavailable(text("no such contract")))
    }

    fn distrust(&self) {
        self.with(|inner| {
            let node = &mut inner.nodes[self.id as usize];
            node.endpoint = 1 - node.endpoint;
            inner.note("distrust", self.id, 0, 0);
        });
    }

    async fn feed(&self, height: u64) -> Result<()> {
        let shown = self.rpc().await?;
        self.with(|inner| {
            let Some(hash) = inner.chain.block(height).filter(|_| height <= shown).map(|b| b.hash) else {
                return Err(Error::Unavailable(text("no such block")));
            };
            inner.nodes[self.id as usize].enclave.follow(height, hash);
            Ok(())
        })
    }

    async fn execute(&self, work: &Work, states: &impl States) -> Result<Executed> {
        let (who, contract) = (self.id, short(work.contract.as_slice()));
        let mut state = None;
        for _ in 0..ROUNDS {
            self.step().await;
            let delay = self.with(|inner| inner.dice.between(1, 40));
            sleep(Duration::from_millis(delay)).await;
            self.step().await;
            let done = self.with(|inner| {
                let done = inner.nodes[who as usize].enclave.execute(&inner.chain, work, state.as_ref());
                match &done {
                    Ok(done) => {
                        let head = short(done.receipt.state_head_after.as_slice());
                        inner.note("executed", who, contract, head);
                    }
                    Err(Stop::Refused(no)) => inner.note("refused", who, contract, no.code as u64),
                    Err(Stop::Need { keys, state, .. }) => {
                        inner.note("need", who, keys.len() as u64, u64::from(*state));
                    }
                }
                done
            });
            match done {
                Ok(executed) => return Ok(executed),
                Err(Stop::Refused(refusal)) => return Err(Error::Refused(refusal)),
                Err(Stop::Need { epoch, keys, state: wants_state }) => {
                    if !keys.is_empty() {
                        self.keys(work.contract, keys, epoch).await?;
                    }
                    if wants_state {
                        let mut brought = states.state(work.contract).await?;
                        self.spoil(&mut brought);
                        state = Some(brought);
                    }
                }
            }
        }
        Err(Error::Unavailable(text("the enclave asks for ever")))
    }

    fn digest(&self, executed: &Executed) -> B256 {
        digest(&executed.receipt)
    }

    async fn commit(&self, signed: &Signed, overtaken: impl Future<Output = ()> + Send) -> Result<u64> {
        let contract = signed.executed.receipt.secret_contract;
        let sent = self.send("commit", contract, Call::Commit(Arc::new(signed.clone())));
        tokio::select! {
            biased;
            sent = sent => sent,
            () = overtaken => Err(Error::NotNow("another worker's commit came first")),
        }
    }

    async fn skip(&self, contract: Address, oldest: &Input) -> Result<()> {
        let call = Call::Skip(contract, Arc::new(oldest.clone()));
        self.send("skip", contract, call).await.map(drop)
    }

    async fn hold(&self, contract: Address, oldest: &Input) -> Result<()> {
        let call = Call::Hold(contract, Arc::new(oldest.clone()));
        self.send("hold", contract, call).await.map(drop)
    }

    async fn resume(&self, contract: Address, oldest: &Input) -> Result<()> {
        let call = Call::Resume(contract, Arc::new(oldest.clone()));
        self.send("resume", contract, call).await.map(drop)
    }

    async fn lost_since(&self, contract: Address) -> Result<u64> {
        let shown = self.rpc().await?;
        Ok(self.with(|inner| {
            let block = inner.chain.block(shown);
            block.and_then(|b| b.state.lost.get(&contract)).map_or(0, |lost| lost.since)
        }))
    }

    async fn declare_lost(&self, contract: Address) -> Result<()> {
        self.send("declare-lost", contract, Call::DeclareLost(contract)).await.map(drop)
    }

    async fn post_chunk(
        &self,
        contract: Address,
        manifest: &Manifest,
        index: u32,
        chunk: &[u8],
    ) -> Result<()> {
        let call = Call::PostChunk(contract, Arc::new(manifest.clone()), index, Arc::new(chunk.to_vec()));
        self.send("post-chunk", contract, call).await.map(drop)
    }

    async fn cosign(&self, worker: u64, request: &CosignRequest, digest: B256) -> Result<[u8; 65]> {
        match self.ask(worker, PeerRequest::Cosign(request.clone())).await? {
            PeerReply::Cosigned(cosigned)
                if cosigned.digest == digest && signer(digest, &cosigned.signature) == Some(worker) =>
            {
                Ok(cosigned.signature)
            }
            _ => Err(Error::Unavailable(text("signed something else"))),
        }
    }

    async fn workers(&self, ids: &[u64]) -> Vec<u64> {
        self.step().await;
        ids.to_vec()
    }

    async fn holders(&self, snapshot: B256) -> Vec<u64> {
        self.step().await;
        self.with(|inner| {
            let says = inner.nodes.iter().enumerate().filter(|(_, n)| n.provides.contains(&snapshot));
            says.map(|(id, _)| id as u64).filter(|id| *id != self.id).collect()
        })
    }

    async fn manifest(&self, peer: &u64, request: &SnapshotRequest) -> Result<Manifest> {
        match self.ask(*peer, PeerRequest::Manifest(request.clone())).await? {
            PeerReply::Manifest(manifest) => Ok(manifest),
            _ => Err(Error::Unavailable(text("answered something else"))),
        }
    }

    async fn chunk(&self, peer: &u64, request: &ChunkRequest) -> Result<Vec<u8>> {
        match self.ask(*peer, PeerRequest::Chunk(request.clone())).await? {
            PeerReply::Chunk(chunk) => {
                self.with(|inner| {
                    // Where syncs believe everything, peers that lie are common.
                    let is_wrong = inner.bug == Some(Bug::SyncBelieves)
                        || inner.nodes[*peer as usize].hostile == Some(Hostile::WrongChunks);
                    inner.nodes[self.id as usize].tainted |= is_wrong;
                });
                Ok(chunk.0)
            }
            _ => Err(Error::Unavailable(text("answered something else"))),
        }
    }

    async fn announce(&self, snapshot: B256) {
        self.step().await;
        self.with(|inner| inner.nodes[self.id as usize].provides.insert(snapshot));
    }
}
