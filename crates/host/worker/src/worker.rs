//! The loop: follow the chain, start what is due.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy_primitives::{Address, B256};
use enigma_failpoints::failpoint;
use enigma_protocol::{
    input::Input,
    network::Descriptor,
    peer::{PeerReply, PeerRequest},
};
use enigma_store::Store;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    Error, Result, World,
    height::Height,
    ledger::{Ledger, News},
    world::in_pieces,
};

/// Contracts that are worked on at once.
const JOBS: usize = 8;
/// Co-signatures, and snapshots being fetched or posted, at once.
const COSIGNING: usize = 4;
const SIDE_JOBS: usize = 8;
/// Pause after something failed: at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// The longest that nothing is looked at, if the chain stands still.
const IDLE: Duration = Duration::from_millis(500);
/// Blocks after which it is tried again to post what is declared lost: a snapshot may have come here since, or this
/// worker may have died before it posted.
const POST_AGAIN: u64 = 8;

/// Bytes that the database may take.
const DISK: u64 = 8 << 30;

/// A worker's host. Cheap to clone; clones are the same worker.
pub struct Worker<W: World>(pub(crate) Arc<Inner<W>>);

impl<W: World> Clone for Worker<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

pub(crate) struct Inner<W> {
    pub(crate) id: u64,
    pub(crate) world: W,
    pub(crate) network: B256,
    pub(crate) checkpoint: u64,
    ledger: Mutex<Ledger>,
    /// The block that ledger and enclave are at.
    pub(crate) at: Height,
    /// Whether this worker has just written to the chain: then what was heard of it is over.
    pub(crate) stale: AtomicBool,
    /// Whether what was read contradicts what the chain records.
    pub(crate) doubt: AtomicBool,
    pub(crate) cosigning: Semaphore,
    /// Contracts whose snapshot was looked for in vain, and since which block.
    pub(crate) missing: Mutex<BTreeMap<Address, u64>>,
    /// Contracts whose lost snapshot is being posted.
    pub(crate) posting: Mutex<BTreeSet<Address>>,
    /// Bytes that the database may take.
    pub(crate) disk: AtomicU64,
}

/// What a job did.
pub(crate) enum Did {
    /// Something: its contract is as good as any.
    Something,
    /// Nothing was due in this block.
    Nothing,
    /// Something will be due after this time, by the clock and not by a block.
    Later(Duration),
}

impl<W: World> Worker<W> {
    /// The worker with this id, with what `store` holds of its past.
    ///
    /// # Errors
    /// The database fails.
    pub fn open(id: u64, world: W, store: Store, descriptor: &Descriptor) -> Result<Self> {
        let ledger = Ledger::load(store, descriptor)?;
        let at = Height::new(ledger.cursor().0);
        Ok(Self(Arc::new(Inner {
            id,
            world,
            network: descriptor.network(),
            checkpoint: descriptor.checkpoint_number,
            ledger: Mutex::new(ledger),
            at,
            stale: AtomicBool::new(true),
            doubt: AtomicBool::new(false),
            cosigning: Semaphore::new(COSIGNING),
            missing: Mutex::default(),
            posting: Mutex::default(),
            disk: AtomicU64::new(DISK),
        })))
    }

    /// Keeps the database below so many bytes (8 GiB without this), as far as what is needed fits.
    pub fn limit_disk(&self, bytes: u64) {
        self.0.disk.store(bytes, Ordering::Relaxed);
    }

    /// The world it works in.
    pub fn world(&self) -> &W {
        &self.0.world
    }

    /// Works for ever.
    pub async fn run(&self) {
        let mut desk = Desk::default();
        let mut posted = 0;
        loop {
            match self.0.follow().await {
                Ok(news) => desk.side(&self.0, news),
                Err(error) => {
                    tracing::warn!(%error, "the chain could not be followed");
                    tokio::time::sleep(REST.0).await;
                }
            }
            desk.start(&self.0);
            let seen = self.0.at.get();
            if seen >= posted + POST_AGAIN || seen < posted {
                posted = seen;
                let lost = self.0.ledger().lost();
                desk.side(&self.0, lost);
            }
            let wake = desk.wakes().unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                biased;
                Some(done) = desk.jobs.join_next() => {
                    let Ok((contract, done)) = done else { continue };
                    desk.done(contract, done);
                }
                () = self.0.world.moved(seen) => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Answers a peer: manifests, chunks, co-signatures. `None` to anything else, and to what is not here.
    pub async fn answer(&self, request: &PeerRequest) -> Option<PeerReply> {
        match request {
            PeerRequest::Manifest(asked) => self.0.give_manifest(asked).map(PeerReply::Manifest),
            PeerRequest::Chunk(asked) => self.0.give_chunk(asked).map(|c| PeerReply::Chunk(c.into())),
            PeerRequest::Cosign(asked) => match self.0.cosign(asked).await {
                Ok(cosigned) => Some(PeerReply::Cosigned(cosigned)),
                Err(error) => {
                    tracing::debug!(%error, contract = %asked.contract, "did not sign with another worker");
                    None
                }
            },
            _ => None,
        }
    }

    /// Brings ledger and enclave to the chain's newest block, now.
    ///
    /// # Errors
    /// The chain fails.
    pub async fn catch_up(&self) -> Result<()> {
        self.0.stale.store(true, Ordering::Relaxed);
        self.0.at_height(self.0.world.height().await?).await
    }

    /// Whether any event told of this contract.
    pub fn knows(&self, contract: Address) -> bool {
        self.0.ledger().track(contract).is_some()
    }

    /// The oldest pending input of a contract.
    pub fn oldest(&self, contract: Address) -> Option<Input> {
        self.0.ledger().track(contract)?.pending.first().map(|p| p.untrusted.input.clone())
    }

    /// Brings sealed states when an enclave asks for one.
    pub fn states(&self) -> &impl crate::States {
        &*self.0
    }
}

impl<W: World> Inner<W> {
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until ledger and enclave are at `height` or above.
    pub(crate) async fn at_height(&self, height: u64) -> Result<()> {
        let reached = self.at.until(|at| at >= height);
        let late = |_| Error::NotNow("this worker has not seen that block yet");
        tokio::time::timeout(Duration::from_secs(5), reached).await.map_err(late)
    }

    /// Brings ledger and enclave to the tip. Returns what somebody has to act on.
    async fn follow(&self) -> Result<Vec<News>> {
        let was_stale = self.stale.swap(false, Ordering::Relaxed);
        let height = if was_stale { self.world.height().await? } else { self.world.heard() };
        let news = self.read(height).await.inspect_err(|error| {
            self.stale.store(true, Ordering::Relaxed);
            if matches!(error, Error::Nonsense { .. }) {
                self.disbelieve();
            }
        })?;
        self.world.feed(height).await?;
        self.at.set(height);
        if self.world.heard() < height {
            self.stale.store(true, Ordering::Relaxed);
        }
        failpoint!("worker.follow.after");
        Ok(news)
    }

    /// Reads events up to block `height`.
    async fn read(&self, height: u64) -> Result<Vec<News>> {
        let (mut at, mut hash) = self.ledger().cursor();
        // After a reorganisation it is no wonder that the two differ.
        if self.doubt.swap(false, Ordering::Relaxed) && self.world.block_hash(at).await? == hash {
            self.disbelieve();
            (at, hash) = self.ledger().cursor();
        }
        // A fork of the same height shows with the next block: every local and every real chain goes on.
        if height == at {
            return Ok(Vec::new());
        }
        if height < at || self.world.block_hash(at).await? != hash {
            at = self.go_back(height).await?;
        }
        let mut news = Vec::new();
        for (from, to) in in_pieces(at, height) {
            let span = self.world.history(from, to).await?;
            news.extend(self.ledger().note(span, to)?);
        }
        Ok(news)
    }

    /// What was read is read again from the beginning; from another endpoint, if there is one.
    fn disbelieve(&self) {
        self.world.distrust();
        self.ledger().go_back(0);
    }

    /// After a reorganisation: back to the newest mark that the chain still has.
    async fn go_back(&self, height: u64) -> Result<u64> {
        let marks = self.ledger().marks();
        let mut found = self.checkpoint;
        for (number, hash) in marks {
            if number <= height && self.world.block_hash(number).await? == hash {
                found = number;
                break;
            }
        }
        tracing::warn!(from = found, "the chain was reorganised: reading its events anew");
        self.ledger().go_back(found);
        Ok(found)
    }
}

/// Jobs under way, and what rests.
#[derive(Default)]
struct Desk {
    jobs: JoinSet<(Option<Address>, Result<Did>)>,
    busy: BTreeSet<Address>,
    side_jobs: usize,
    /// Contracts that are left alone: until when, and the pause that a failure led to; none if nothing failed.
    resting: BTreeMap<Address, (Instant, Duration)>,
    /// The block at which a contract was looked at last.
    looked: BTreeMap<Address, u64>,
    /// The input that was the oldest pending one when a contract was looked at last, and since when it was.
    since: BTreeMap<Address, (u64, Instant)>,
    /// The contract after which the next round begins, so that none comes before another for ever.
    last: Address,
}

impl Desk {
    /// Starts work on contracts that have inputs pending.
    fn start<W: World>(&mut self, inner: &Arc<Inner<W>>) {
        let (at, now) = (inner.at.get(), Instant::now());
        let pending = inner.ledger().pending();
        self.looked.retain(|contract, _| pending.binary_search(contract).is_ok());
        self.resting.retain(|contract, _| pending.binary_search(contract).is_ok());
        self.since.retain(|contract, _| pending.binary_search(contract).is_ok());
        let split = pending.partition_point(|contract| *contract <= self.last);
        for contract in pending[split..].iter().chain(&pending[..split]).copied() {
            if self.busy.len() >= JOBS {
                break;
            }
            let rests = self.resting.get(&contract);
            let due = match rests {
                Some((until, _)) => *until <= now,
                None => self.looked.get(&contract) != Some(&at),
            };
            if !due || !self.busy.insert(contract) {
                continue;
            }
            self.looked.insert(contract, at);
            self.last = contract;
            let oldest = inner.ledger().track(contract).map_or(0, |track| track.cursor);
            let since = self.since.entry(contract).or_insert((oldest, now));
            if since.0 != oldest {
                *since = (oldest, now);
            }
            let (inner, waited, failed) =
                (inner.clone(), now - since.1, rests.is_some_and(|(_, last)| !last.is_zero()));
            self.jobs.spawn(async move { (Some(contract), inner.attend(contract, waited, failed).await) });
        }
    }

    /// Starts what news call for.
    fn side<W: World>(&mut self, inner: &Arc<Inner<W>>, news: Vec<News>) {
        for one in news {
            if self.side_jobs >= SIDE_JOBS {
                // It is fetched when it is needed.
                continue;
            }
            self.side_jobs += 1;
            let inner = inner.clone();
            self.jobs.spawn(async move { (None, inner.heed(one).await.map(|()| Did::Nothing)) });
        }
    }

    /// When the first contract has rested.
    fn wakes(&self) -> Option<Instant> {
        let waiting = self.resting.iter().filter(|(contract, _)| !self.busy.contains(*contract));
        waiting.map(|(_, (until, _))| *until).min()
    }

    fn done(&mut self, contract: Option<Address>, done: Result<Did>) {
        let Some(contract) = contract else {
            self.side_jobs = self.side_jobs.saturating_sub(1);
            if let Err(error) = done {
                tracing::debug!(%error, "a snapshot was not copied");
            }
            return;
        };
        self.busy.remove(&contract);
        match done {
            Ok(Did::Something) => {
                self.resting.remove(&contract);
                self.looked.remove(&contract);
            }
            Ok(Did::Later(pause)) => {
                let failed = self.resting.get(&contract).map_or(Duration::ZERO, |(_, last)| *last);
                self.resting.insert(contract, (Instant::now() + pause, failed));
            }
            Ok(Did::Nothing) => match self.resting.get_mut(&contract) {
                // A contract that failed before stays marked so, until something works.
                Some((until, pause)) if !pause.is_zero() => *until = Instant::now() + *pause,
                _ => drop(self.resting.remove(&contract)),
            },
            Err(error) => {
                let last = self.resting.get(&contract).map(|(_, last)| *last);
                let pause = last.map_or(REST.0, |last| (last * 2).clamp(REST.0, REST.1));
                match error {
                    Error::NotNow(_) | Error::Overtaken(_) => {
                        tracing::debug!(%contract, %error, "another worker was faster");
                    }
                    error => tracing::warn!(%contract, %error, ?pause, "execution did not come to a commit"),
                }
                self.resting.insert(contract, (Instant::now() + pause, pause));
            }
        }
    }
}
