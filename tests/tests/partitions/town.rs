//! A network whose nodes live in namespaces of their own.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy_primitives::{Address, B256};
use enigma_tests::network::{Network, binary, rpc, wait_for};
use serde_json::{Value, json};

use super::{
    scene::{Known, keep_pace},
    wires::Wires,
};

/// Ports of every node in its namespace: for peers, and for its API.
const PORTS: (u16, u16) = (9_000, 8_600);
pub const WORKERS: [&str; 3] = ["worker-1", "worker-2", "worker-3"];
pub const KEY_NODES: [&str; 4] = ["key-1", "key-2", "key-3", "key-4"];

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The network. Its parts end in this order.
pub struct Town {
    _nodes: Vec<Running>,
    _chain: Running,
    pub wires: Wires,
    pub known: Known,
    network: Network,
}

/// Every node.
pub fn everybody() -> Vec<&'static str> {
    WORKERS.into_iter().chain(KEY_NODES).collect()
}

impl Town {
    /// Builds a network as a user would, stops it, and starts it again with its nodes in namespaces. `None`, and a word why,
    /// where this machine does not let a test have namespaces.
    pub fn built() -> Option<Self> {
        let network = Network::planned();
        let number = u8::try_from((network.port_base() - 20_000) / 100).expect("a block of ports");
        let wires = match Wires::lay(number, &everybody()) {
            Ok(wires) => wires,
            Err(why) => {
                println!("skipped: this machine has no network namespaces for tests ({why})");
                return None;
            }
        };
        network.up().succeeded();
        network.down();
        let port = network.port_base();
        let url = format!("http://{}:{port}", wires.host());
        everybody().iter().for_each(|name| settle(&network, &wires, name, &url));
        let listen = format!("0.0.0.0:{port}");
        let mut chain = network.command(&["chain", "--listen", &listen, "--data-dir"]);
        chain.arg(network.data_dir());
        let chain = start(&network, "chain", chain);
        wait_for("the chain", Duration::from_secs(20), || TcpStream::connect(("127.0.0.1", port)).ok());
        rpc::call(port, "evm_mine", json!([]));
        keep_pace(port);
        let nodes = everybody().into_iter().map(|name| {
            let mut node = wires.command(name, &binary::enigma());
            node.args(["node", name.split('-').next().unwrap(), "--data-dir"]);
            node.arg(network.data_dir().join(name)).current_dir(binary::root());
            node.env("ENIGMA_ROOT", binary::root());
            start(&network, name, node)
        });
        let nodes = nodes.collect();
        let known = Known::of(&network, &format!("http://127.0.0.1:{port}"));
        let town = Self { _nodes: nodes, _chain: chain, wires, known, network };
        everybody().iter().for_each(|name| town.await_well(name));
        Some(town)
    }

    /// Mines so many blocks at once.
    pub fn mine(&self, blocks: u64) {
        self.network.rpc("anvil_mine", json!([format!("{blocks:#x}")]));
    }

    /// Waits until a node says that it is well.
    pub fn await_well(&self, name: &str) {
        wait_for(&format!("{name} to be well"), Duration::from_secs(40), || {
            let told = self.ask(name, "GET /health HTTP/1.1", "")?;
            told.starts_with("HTTP/1.1 200").then_some(())
        });
    }

    /// Waits until every node tells this state head of a contract.
    pub fn await_same(&self, contract: Address, head: B256) {
        for name in everybody() {
            wait_for(&format!("{name} to tell the same head"), Duration::from_secs(60), || {
                (self.head(name, contract) == Some(head)).then_some(())
            });
        }
    }

    /// The state head of a contract, as a node tells it.
    pub fn head(&self, name: &str, contract: Address) -> Option<B256> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "enigma_contract", "params": [contract]});
        let told =
            self.ask(name, "POST / HTTP/1.1\r\nContent-Type: application/json", &request.to_string())?;
        let told: Value = serde_json::from_str(told.split_once("\r\n\r\n")?.1).ok()?;
        told["result"]["stateHead"].as_str()?.parse().ok()
    }

    fn ask(&self, name: &str, head: &str, body: &str) -> Option<String> {
        let (at, second) = (SocketAddr::from((self.wires.address(name), PORTS.1)), Duration::from_secs(1));
        let mut stream = TcpStream::connect_timeout(&at, second).ok()?;
        stream.set_read_timeout(Some(5 * second)).ok()?;
        let length = body.len();
        write!(stream, "{head}\r\nHost: {at}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

/// Writes a node's configuration anew, with the addresses of the namespaces.
fn settle(network: &Network, wires: &Wires, name: &str, chain: &str) {
    let path = network.data_dir().join(name).join("node.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let place = |name: &str| format!("/ip4/{}/tcp/{}", wires.address(name), PORTS.0);
    config["rpc"] = chain.into();
    config["listen"] = format!("{}:{}", wires.address(name), PORTS.0).into();
    config["external"] = place(name).into();
    config["api"] = format!("{}:{}", wires.address(name), PORTS.1).into();
    for peer in config["peers"].as_array_mut().unwrap() {
        let id = peer["address"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        peer["address"] = format!("{}/p2p/{id}", place(peer["name"].as_str().unwrap())).into();
    }
    std::fs::write(path, config.to_string()).unwrap();
}

fn start(network: &Network, name: &str, mut command: Command) -> Running {
    let path = network.data_dir().join(format!("{name}.log"));
    let log = OpenOptions::new().append(true).create(true).open(path).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    Running(command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}")))
}
