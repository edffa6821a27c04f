//! All that the workers of one run share: chain, network, disks, the trace. One thread, one lock, never held over a wait.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{Address, B256, keccak256};
use enigma_protocol::network::{Descriptor, RULESET, VERIFIER_DEV, simulated_root};
use enigma_store::{SimulatedDisk, Store};
use enigma_worker::Worker;
use tokio::{
    sync::Notify,
    task::AbortHandle,
    time::{Duration, Instant},
};

use crate::{Bug, Chain, Dice, Trace, enclave::Enclave, network::Links, world::SimWorld};

/// Memory of a worker's database for pages, bytes: what a schedule writes fits.
const CACHE: usize = 4 << 20;

/// Seconds between blocks.
pub const BLOCK_TIME: Duration = Duration::from_secs(6);

/// What a worker's host does that it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hostile {
    /// Nothing at all.
    Mute,
    /// Signs nothing that others lead.
    SignsNothing,
    /// Signs other bytes.
    SignsNonsense,
    /// Gives wrong chunks and manifests.
    WrongChunks,
    /// Declares everything lost, and is mute otherwise.
    CriesLost,
    /// Gives its own enclave a state without its newest step.
    RewindsState,
}

/// A chain endpoint as a worker has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Endpoint {
    /// Answers nothing.
    pub is_down: bool,
    /// Milliseconds more.
    pub slow: u64,
    /// Blocks behind.
    pub lag: u64,
    /// Of a thousand histories, those in which something is missing or doubled.
    pub lies: u64,
}

/// One worker's machine.
pub struct Node {
    /// Its enclave; a process of its own that dies with the host.
    pub enclave: Enclave,
    /// The host, while it runs.
    pub worker: Option<Worker<SimWorld>>,
    /// Its database, while it runs.
    pub store: Option<Store>,
    /// Its disk.
    pub disk: SimulatedDisk,
    /// What runs.
    pub tasks: Vec<AbortHandle>,
    /// Counts starts: what is left of an earlier life does nothing any more.
    pub life: u64,
    /// Calls until it dies.
    pub dies_in: Option<u64>,
    /// It stands still, about to be buried.
    pub is_dying: bool,
    /// Nothing of it runs.
    pub is_paused: bool,
    /// Its two endpoints, and which one it uses.
    pub endpoints: [Endpoint; 2],
    /// Of the two.
    pub endpoint: usize,
    /// Height that its endpoint announced.
    pub heard: u64,
    /// What it does that it should not.
    pub hostile: Option<Hostile>,
    /// Snapshots that it says it has.
    pub provides: BTreeSet<B256>,
    /// The last block in which something was wrong with it, or with what it depends on.
    pub dirty: u64,
    /// A peer gave it a wrong chunk, which a broken sync takes.
    pub tainted: bool,
}

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// It goes on.
    Runs,
    /// It stands still.
    Stands,
    /// It will never go on.
    Over,
}

impl Node {
    /// Takes one more step of the life `life`, which may be its last.
    pub const fn pulse(&mut self, life: u64) -> Pulse {
        if let Some(left) = &mut self.dies_in {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.is_dying = true;
            }
        }
        if self.is_dying || self.life != life {
            Pulse::Over
        } else if self.is_paused {
            Pulse::Stands
        } else {
            Pulse::Runs
        }
    }
}

/// All there is.
pub struct Inner {
    /// The chain.
    pub chain: Chain,
    /// Workers by id.
    pub nodes: Vec<Node>,
    /// Who reaches whom.
    pub links: Links,
    /// Key nodes that do not answer.
    pub keys_away: usize,
    /// What happened.
    pub trace: Trace,
    /// For delays and losses.
    pub dice: Dice,
    /// What is wrong with the code, on purpose.
    pub bug: Option<Bug>,
    /// When it began.
    pub began: Instant,
}

/// Rings when something changed. Who waits longest wakes first, so that nothing hangs on chance.
#[derive(Debug, Default)]
pub struct Bell(Notify);

impl Bell {
    /// Waits until `look` finds something; it looks now and whenever it rings.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(found) = look() {
                return found;
            }
            // One thread: nothing rings between the look and this.
            self.0.notified().await;
        }
    }
}

/// A handle to all there is.
#[derive(Clone)]
pub struct Sim {
    inner: Arc<Mutex<Inner>>,
    bell: Arc<Bell>,
    descriptor: Arc<Descriptor>,
}

impl Sim {
    /// A world in which nothing runs yet.
    pub fn new(inner: Inner) -> Self {
        let descriptor = descriptor(&inner.chain);
        Self { inner: Arc::new(Mutex::new(inner)), bell: Arc::default(), descriptor: descriptor.into() }
    }

    /// All there is.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for something to change.
    pub fn ring(&self) {
        self.bell.0.notify_waiters();
    }

    /// What rings when something did.
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Starts a worker on what its disk holds.
    pub fn start(&self, id: u64) {
        let mut inner = self.lock();
        let bug = inner.bug;
        let node = &mut inner.nodes[id as usize];
        node.life += 1;
        let life = node.life;
        node.is_dying = false;
        node.dies_in = None;
        node.enclave = Enclave::new(id, bug);
        node.disk.cache(CACHE);
        let opened = Store::in_memory(&node.disk);
        let Ok((store, opened)) = opened else {
            inner.note("disk-not-opened", id, life, 0);
            return;
        };
        let is_runner = !matches!(node.hostile, Some(Hostile::Mute | Hostile::CriesLost));
        let renewed = matches!(opened, enigma_store::Opened::Renewed { .. });
        node.store = Some(store.clone());
        let world = SimWorld::new(self.clone(), id, life);
        match Worker::open(id, world, store, &self.descriptor) {
            Ok(worker) => {
                if is_runner {
                    let running = worker.clone();
                    node.tasks.push(tokio::spawn(async move { running.run().await }).abort_handle());
                }
                node.worker = Some(worker);
                inner.note("start", id, life, renewed.into());
            }
            Err(_) => inner.note("start-failed", id, life, 0),
        }
    }

    /// Ends a worker's process, wherever it is.
    pub fn kill(&self, id: u64) {
        let mut inner = self.lock();
        let node = &mut inner.nodes[id as usize];
        node.life += 1;
        node.tasks.drain(..).for_each(|task| task.abort());
        node.is_dying = false;
        node.dies_in = None;
        node.disk.kill();
        let (worker, store) = (node.worker.take(), node.store.take());
        node.provides.clear();
        inner.note("kill", id, 0, 0);
        drop(inner);
        drop((worker, store));
        self.ring();
    }
}

impl Inner {
    /// Notes something, now.
    pub fn note(&mut self, what: &str, who: u64, a: u64, b: u64) {
        let millis = (Instant::now() - self.began).as_millis() as u64;
        self.trace.note(millis, what, who, a, b);
    }

    /// The height that a worker's endpoint shows.
    pub fn shown(&self, id: u64) -> u64 {
        let node = &self.nodes[id as usize];
        self.chain.height().saturating_sub(node.endpoints[node.endpoint].lag).max(1)
    }

    /// All endpoints announce what they show.
    pub fn announce(&mut self) {
        for id in 0..self.nodes.len() as u64 {
            let shown = self.shown(id);
            let node = &mut self.nodes[id as usize];
            if !node.endpoints[node.endpoint].is_down {
                node.heard = shown;
            }
        }
    }
}

/// A few bytes of an address or a hash, for a trace.
pub fn short(bytes: &[u8]) -> u64 {
    bytes.iter().rev().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The address of the n-th contract.
pub fn contract(n: u64) -> Address {
    Address::from_word(keccak256([b"contract".as_slice(), &n.to_be_bytes()].concat()))
}

fn descriptor(chain: &Chain) -> Descriptor {
    let first = chain.blocks().get(1);
    Descriptor { checkpoint_hash: first.map(|b| b.hash).unwrap_or_default(), ..unanchored() }
}

/// The network's descriptor but for its first block.
fn unanchored() -> Descriptor {
    Descriptor {
        chain_id: 31_337,
        enigma: Address::repeat_byte(0xe1),
        checkpoint_number: 1,
        checkpoint_hash: B256::ZERO,
        verifier: VERIFIER_DEV,
        attestation_root: simulated_root(),
        ruleset: RULESET,
        public_key: [7; 96],
    }
}

/// The identity of the network, whose first block is always the same.
pub fn network() -> B256 {
    Descriptor { checkpoint_hash: crate::chain::genesis_hash(1), ..unanchored() }.network()
}
