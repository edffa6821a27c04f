//! One node of a local network at a time: killed, and started again with a test's own arguments and environment.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{Network, Process, binary, wait_for};

/// How long a killed node may take to be gone, with its enclave.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// How long a node may take from its start to being well.
const WELL_WITHIN: Duration = Duration::from_secs(20);
/// How long a node may take to say whether it is well.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// A node that a test started; dropped, it is stopped.
#[derive(Debug)]
pub struct Node {
    child: Child,
}

impl Node {
    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// It lives on.
    pub fn await_end(&mut self) {
        wait_for("the node's end", GONE_WITHIN, || self.child.try_wait().expect("its status"));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Network {
    /// Ends a node with SIGKILL; it and its enclave are gone afterwards.
    ///
    /// # Panics
    /// One of them is not.
    pub fn kill_node(&self, name: &str) {
        let node = self.node(name);
        let enclaves: Vec<Process> = node.iter().flat_map(Process::children).collect();
        node.iter().for_each(Process::kill);
        let all: Vec<Process> = node.into_iter().chain(enclaves).collect();
        wait_for("the end of a killed node and its enclave", GONE_WITHIN, || {
            all.iter().all(|process| !process.is_alive()).then_some(())
        });
    }

    /// Starts a node that was killed, with more arguments and environment.
    ///
    /// # Panics
    /// It runs, or does not start.
    pub fn start_node(&self, name: &str, arguments: &[&str], env: &[(&str, &str)]) -> Node {
        assert!(self.node(name).is_none(), "{name} runs already");
        let (role, _) = name.split_once('-').expect("a role and a number");
        let log = self.data_dir().join(format!("{name}.log"));
        let log = std::fs::OpenOptions::new().append(true).create(true).open(log).expect("its log");
        let mut command: Command = self.command(&["node", role, "--data-dir"]);
        command.arg(self.data_dir().join(name)).args(arguments).envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a handle")).stderr(log);
        Node {
            child: command.spawn().unwrap_or_else(|error| panic!("{}: {error}", binary::enigma().display())),
        }
    }

    /// The process of a node.
    pub fn node(&self, name: &str) -> Option<Process> {
        let directory = self.data_dir().join(name);
        let directory = directory.to_str().expect("a path in UTF-8");
        let is_it =
            |p: &Process| !p.is_enclave() && p.command.split(' ').any(|argument| argument == directory);
        self.processes().into_iter().find(is_it)
    }

    /// Waits until a node says that it is well.
    ///
    /// # Panics
    /// It does not.
    pub fn await_well(&self, name: &str) {
        wait_for(&format!("{name} to be well"), WELL_WITHIN, || self.is_well(name).then_some(()));
    }

    /// Whether a node says that it is well: its enclave lives, and it follows the chain.
    pub fn is_well(&self, name: &str) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.api_port(name))) else {
            return false;
        };
        let mut answer = String::new();
        stream.set_read_timeout(Some(ANSWER_WITHIN)).is_ok()
            && write!(stream, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    /// The port of a node's API.
    ///
    /// # Panics
    /// No node of a local network has this name.
    pub fn api_port(&self, name: &str) -> u16 {
        let (role, number) = name.split_once('-').expect("a role and a number");
        let first = if role == "key" { 41 } else { 61 };
        self.port_base() + first + number.parse::<u16>().expect("a number") - 1
    }
}
