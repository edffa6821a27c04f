//! The data directory of a local network: where everything is kept, who is running, how to stop it.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use alloy_primitives::Address;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::{Instant, sleep};

use super::network::Network;

/// How long a network may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(20);
/// How long a process without a supervisor may take to end before it is killed.
const LEFTOVER_GRACE: Duration = Duration::from_secs(8);

/// A local network's directory. Paths in it are absolute.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

/// Held by the process that runs the network; the system lets go of it however that process ends.
pub struct Running {
    _lock: File,
    directory: Directory,
}

impl Directory {
    /// Names a directory; nothing is made yet.
    pub fn new(path: &Path) -> Result<Self> {
        Ok(Self(std::path::absolute(path).with_context(|| format!("{}", path.display()))?))
    }

    /// The path of something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The network that was created here.
    pub fn network(&self) -> Result<Network> {
        self.find_network()?.with_context(|| {
            format!(
                "no network in {}; start one with `enigma up`, or name another --data-dir",
                self.0.display()
            )
        })
    }

    /// The network that was created here, if one was.
    pub fn find_network(&self) -> Result<Option<Network>> {
        let path = self.path("network.json");
        match std::fs::read(&path) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).with_context(|| format!("{}", path.display()))?))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e).with_context(|| format!("{}", path.display())),
        }
    }

    /// Writes network.json: from then on the network exists.
    pub fn save_network(&self, network: &Network) -> Result<()> {
        let path = self.path("network.json");
        let text = serde_json::to_string_pretty(network)?;
        std::fs::write(&path, text + "\n").with_context(|| format!("{}", path.display()))
    }

    /// Where the ABI of a deployed contract is kept, for naming its errors.
    pub fn abi_file(&self, contract: Address) -> PathBuf {
        self.0.join(format!("abis/{contract}.json"))
    }

    /// Keeps the ABI of a deployed contract.
    pub fn save_abi(&self, contract: Address, abi: &serde_json::Value) -> Result<()> {
        std::fs::create_dir_all(self.path("abis"))?;
        Ok(std::fs::write(self.abi_file(contract), abi.to_string())?)
    }

    /// Takes the directory for this process, and ends what a killed one left behind.
    pub async fn take(&self) -> Result<Running> {
        std::fs::create_dir_all(&self.0).with_context(|| format!("{}", self.0.display()))?;
        let lock = File::create(self.path("up.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "a network runs in {} already; see `enigma status`, stop it with `enigma down`",
                    self.0.display()
                )
            }
            Err(TryLockError::Error(e)) => return Err(e).context("up.lock"),
        }
        let _ = std::fs::remove_file(self.path("ready.json"));
        self.end_leftovers(&self.pids()).await;
        let running = Running { _lock: lock, directory: self.clone() };
        running.note_process(std::process::id())?;
        Ok(running)
    }

    /// Whether a process runs the network.
    pub fn is_running(&self) -> bool {
        File::open(self.path("up.lock"))
            .is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Whether the process of one node is alive: its command line names its directory.
    pub fn is_node_running(&self, name: &str) -> bool {
        let node = Self(self.path(name));
        self.pids().into_iter().any(|pid| node.is_named_by(pid))
    }

    /// Stops the network and whatever of it is left. Whether there was anything to stop.
    pub async fn stop(&self) -> Result<bool> {
        let mut pids = self.pids();
        let Some(supervisor) = pids.first().copied().filter(|_| self.is_running()) else {
            return Ok(self.end_leftovers(&pids).await);
        };
        kill_process(supervisor, Signal::TERM).context("the network's process")?;
        let deadline = Instant::now() + GRACE;
        while self.is_running() && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }
        pids.extend(self.pids());
        self.end_leftovers(&pids).await;
        Ok(true)
    }

    /// Ends processes that name this directory and whose supervisor is gone. Politely first: a chain that is killed
    /// loses its last blocks.
    async fn end_leftovers(&self, pids: &[Pid]) -> bool {
        let ours = |pid: &Pid| test_kill_process(*pid).is_ok() && self.is_named_by(*pid);
        let left = || pids.iter().copied().filter(ours).collect::<Vec<_>>();
        let found = !left().is_empty();
        for signal in [Signal::TERM, Signal::KILL] {
            for pid in left() {
                let _ = kill_process(pid, signal);
            }
            let deadline = Instant::now() + LEFTOVER_GRACE;
            while !left().is_empty() && Instant::now() < deadline {
                sleep(Duration::from_millis(20)).await;
            }
        }
        let _ = std::fs::remove_file(self.path("pids"));
        found
    }

    /// A process number may have been given to a stranger since: only one whose command line names us is ours.
    fn is_named_by(&self, pid: Pid) -> bool {
        let command = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        let own = self.0.as_os_str().as_encoded_bytes();
        // Whole arguments, or a path below: "worker-1" is not "worker-10".
        command.split(|byte| *byte == 0).any(|argument| {
            argument.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    }

    fn pids(&self) -> Vec<Pid> {
        let text = std::fs::read_to_string(self.path("pids")).unwrap_or_default();
        text.lines().filter_map(|line| Pid::from_raw(line.trim().parse().ok()?)).collect()
    }
}

impl Running {
    /// Notes a process that belongs to the network.
    pub fn note_process(&self, pid: u32) -> Result<()> {
        use std::io::Write;
        let mut file =
            std::fs::OpenOptions::new().create(true).append(true).open(self.directory.path("pids"))?;
        Ok(writeln!(file, "{pid}")?)
    }

    /// Tells others that the network is ready.
    pub fn announce(&self, summary: &serde_json::Value) -> Result<()> {
        let part = self.directory.path("ready.part");
        std::fs::write(&part, summary.to_string())?;
        Ok(std::fs::rename(part, self.directory.path("ready.json"))?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for name in ["pids", "ready.json", "ready.part"] {
            let _ = std::fs::remove_file(self.directory.path(name));
        }
    }
}
