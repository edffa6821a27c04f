//! A real local network, started and driven through the `enigma` binary as a user would, in a folder of its own.
//!
//! ```text
//! binary     which `enigma` is tested
//! ports      a free block of ports that no other test takes
//! answer     what a command said, with a bound on its time
//! processes  who belongs to a network, and whether they are gone
//! nodes      one node at a time: killed, and started again
//! watch      what the chain says of a network: turns, outcomes, signers
//! rpc        the chain or a node, asked over JSON-RPC by hand
//! socket     a node's WebSocket, by hand
//! ```
//!
//! Dropping a network stops it by `enigma down` and fails the test if a process of it is left. Nothing waits by
//! sleeping: every wait looks for an event and has an end.

pub mod answer;
pub mod binary;
pub mod nodes;
pub mod ports;
pub mod processes;
pub mod rpc;
pub mod socket;
pub mod watch;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use enigma_chain::Chain;
use serde_json::Value;

pub use answer::Answer;
use ports::Ports;
use processes::Process;

/// How long processes may take to be gone after `enigma down`.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Waits until `done` says so.
///
/// # Panics
/// It does not within `patience`.
pub fn wait_for<T>(what: &str, patience: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(result) = done() {
            return result;
        }
        assert!(Instant::now() < deadline, "{what} did not happen within {patience:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A local network, running or not.
#[derive(Debug)]
pub struct Network {
    binary: PathBuf,
    home: tempfile::TempDir,
    ports: Ports,
    env: Vec<(String, String)>,
}

impl Network {
    /// A network with the defaults, up and taking tasks.
    ///
    /// # Panics
    /// It does not come up.
    pub fn started() -> Self {
        let network = Self::planned();
        network.up().succeeded();
        network
    }

    /// A folder and ports; nothing runs.
    ///
    /// # Panics
    /// There is no binary to test, or the temporary folder cannot be written.
    pub fn planned() -> Self {
        let binary = binary::enigma();
        let home = tempfile::Builder::new().prefix("enigma-test-").tempdir().expect("a temporary folder");
        Self { binary, home, ports: Ports::take(), env: Vec::new() }
    }

    /// Gives every command, and so every host process, an environment variable.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The test's folder: the data directory, and whatever else the test needs beside it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The network's data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.home().join("data")
    }

    /// What its `network.json` tells.
    ///
    /// # Panics
    /// It never ran.
    pub fn told(&self) -> Value {
        self.read("network.json")
    }

    fn read(&self, path: &str) -> Value {
        let file = std::fs::read(self.data_dir().join(path)).expect("a file of the network");
        serde_json::from_slice(&file).expect("JSON")
    }

    /// Its chain, for the runtime of the caller.
    ///
    /// # Panics
    /// It never ran.
    pub fn chain(&self) -> Chain {
        let told = self.told();
        let text = |name: &str| told[name].as_str().expect("text").to_owned();
        Chain::connect(&text("rpc"), text("enigma").parse().expect("an address")).expect("an endpoint")
    }

    /// The first port: the chain's.
    pub const fn port_base(&self) -> u16 {
        self.ports.first()
    }

    /// `enigma` with these arguments and this network's data directory, from the project's folder.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(binary::root()).envs(self.env.iter().map(|(n, v)| (n, v)));
        command.env("ENIGMA_ROOT", binary::root()).env("ENIGMA_DATA_DIR", self.data_dir());
        command
    }

    /// Runs `enigma` with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer::run(self.command(arguments), "")
    }

    /// `enigma up --detach`, with the ports only where the network is new.
    pub fn up(&self) -> Answer {
        self.up_with(&[])
    }

    /// `enigma up --detach` with more arguments.
    pub fn up_with(&self, arguments: &[&str]) -> Answer {
        let port = self.port_base().to_string();
        let mut all = vec!["up", "--detach", "--json"];
        if !self.data_dir().join("network.json").exists() {
            all.extend(["--port-base", &port]);
        }
        all.extend(arguments);
        self.run(&all)
    }

    /// `enigma down`; afterwards nothing of the network runs.
    ///
    /// # Panics
    /// Something does.
    pub fn down(&self) {
        let before = self.processes();
        self.run(&["down"]).succeeded();
        self.await_end(&before);
    }

    /// `enigma status --json`.
    pub fn status(&self) -> Value {
        self.run(&["status", "--json"]).json()
    }

    /// Deploys and returns the address.
    ///
    /// # Panics
    /// The deployment fails.
    pub fn deploy(&self, contract: &str) -> String {
        let told = self.run(&["deploy", contract, "--json"]).succeeded().json();
        told["address"].as_str().expect("an address").to_owned()
    }

    /// Calls a secret contract.
    pub fn call(&self, address: &str, method: &str, more: &[&str]) -> Answer {
        self.run(&[&["call", address, method, "--json"], more].concat())
    }

    /// Calls a secret contract with arguments from standard input, one a line.
    pub fn call_by_stdin(&self, address: &str, method: &str, input: &str, more: &[&str]) -> Answer {
        answer::run(self.command(&[&["call", address, method, "--json"], more].concat()), input)
    }

    /// One JSON-RPC call to the chain that must succeed.
    ///
    /// # Panics
    /// It does not.
    pub fn rpc(&self, method: &str, params: Value) -> Value {
        rpc::call(self.port_base(), method, params)
    }

    /// Every process of the network: those that name the data directory, and their children.
    pub fn processes(&self) -> Vec<Process> {
        processes::of(&self.data_dir())
    }

    /// Waits until no process names the data directory and none of `before` lives.
    ///
    /// # Panics
    /// One does; it is killed first, so that nothing outlives the test.
    pub fn await_end(&self, before: &[Process]) {
        let deadline = Instant::now() + GONE_WITHIN;
        loop {
            let mut left: Vec<_> = before.iter().filter(|p| p.is_alive()).cloned().collect();
            left.extend(self.processes());
            if left.is_empty() {
                return;
            }
            if Instant::now() > deadline {
                left.iter().for_each(Process::kill);
                panic!("left behind: {left:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Mines blocks until the epoch is `epoch`, a few at a time, waiting for the nodes to open each next epoch.
    ///
    /// # Panics
    /// The nodes do not open it.
    pub fn advance_to_epoch(&self, epoch: u64) {
        wait_for("the epoch", Duration::from_secs(60), || {
            let status = self.status();
            if status["epoch"].as_u64()? >= epoch {
                return Some(());
            }
            if status["nextEpochSeeded"] == true {
                self.rpc("anvil_mine", serde_json::json!(["0x8"]));
            }
            None
        });
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let before = self.processes();
        let told = self.run(&["down"]);
        if std::thread::panicking() {
            eprintln!("enigma down: {told:?}");
            self.tell_logs();
            before.iter().chain(&self.processes()).for_each(Process::kill);
            return;
        }
        told.succeeded();
        self.await_end(&before);
    }
}

impl Network {
    /// The ends of the logs, for whoever reads why a test failed.
    fn tell_logs(&self) {
        let Ok(files) = std::fs::read_dir(self.data_dir()) else { return };
        for path in files.flatten().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "log")) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<_> = text.lines().collect();
            eprintln!("-- {}\n{}", path.display(), lines[lines.len().saturating_sub(12)..].join("\n"));
        }
    }
}
