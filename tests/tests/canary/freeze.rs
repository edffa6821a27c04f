//! Holds an enclave still in the middle of a task, so that a search has all the time that it needs.

use std::{
    cell::Cell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use enigma_node::record;
use enigma_tests::{
    network::{processes::Process, rpc, wait_for},
    scan::{Channel, Scanner},
};
use rustix::process::Signal;
use serde_json::json;

use super::scene::{SECRETS, Scene};

/// A question that an enclave ponders for longer than this is the task, not a header or a proof.
const PONDERS: Duration = Duration::from_millis(60);

/// An enclave that was stopped while it owes its host an answer. Goes on when dropped.
pub struct Frozen {
    enclave: Process,
    frames: PathBuf,
    length: usize,
    /// Port of the chain. It makes no block meanwhile: a stand-by whose turn comes would be entitled to the secret too.
    chain: u16,
    is_released: Cell<bool>,
}

impl Frozen {
    /// Waits until a worker's enclave works on a task and has the held secret in its memory, and stops it there.
    pub fn at_work(scene: &Scene, scanner: &Scanner) -> Self {
        let workers = worker_enclaves(scene);
        let mut since: BTreeMap<u32, (usize, Instant)> = BTreeMap::new();
        wait_for("an enclave at work on the task", Duration::from_secs(60), || {
            for (enclave, frames) in &workers {
                let Some(length) = unanswered(frames) else { continue };
                let (asked, at) = since.entry(enclave.pid).or_insert((length, Instant::now()));
                if *asked != length {
                    (*asked, *at) = (length, Instant::now());
                }
                if at.elapsed() < PONDERS {
                    continue;
                }
                let chain = scene.network.port_base();
                let frozen = Self {
                    enclave: enclave.clone(),
                    frames: frames.clone(),
                    length,
                    chain,
                    is_released: Cell::new(false),
                };
                enclave.signal(Signal::STOP);
                rpc::call(chain, "evm_setIntervalMining", json!([0]));
                wait_for("standstill", Duration::from_secs(5), || enclave.is_stopped().then_some(()));
                let memory = Channel::new("enclave").memory(scanner, [enclave]);
                if frozen.is_unanswered() && memory.has(SECRETS[1]) {
                    return Some(frozen);
                }
            }
            None
        })
    }

    fn is_unanswered(&self) -> bool {
        unanswered(&self.frames) == Some(self.length)
    }

    /// The enclave.
    pub const fn enclave(&self) -> &Process {
        &self.enclave
    }

    /// Lets it go on; until now it had not answered.
    pub fn release(&self) {
        assert!(self.is_unanswered(), "the task was over before the search was");
        self.go_on();
    }

    fn go_on(&self) {
        self.is_released.set(true);
        rpc::call(self.chain, "evm_setIntervalMining", json!([1]));
        self.enclave.signal(Signal::CONT);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if !self.is_released.get() {
            self.go_on();
        }
    }
}

/// Each worker's enclave, and the record of its door.
fn worker_enclaves(scene: &Scene) -> Vec<(Process, PathBuf)> {
    let processes = scene.network.processes();
    let nodes = processes.iter().filter(|p| p.command.contains(" node worker "));
    let enclave = |node: &Process| {
        let name = Path::new(&node.command).file_name().unwrap().to_owned();
        let enclave = node.children().into_iter().find(Process::is_enclave).expect("a worker's enclave");
        (enclave, scene.node_records().join(name).join(record::FRAMES))
    };
    nodes.map(enclave).collect()
}

/// The record's length if its last frame is a question.
fn unanswered(frames: &Path) -> Option<usize> {
    let bytes = std::fs::read(frames).ok()?;
    let (direction, _) = record::read(&bytes).last()?;
    (direction == record::IN).then_some(bytes.len())
}
