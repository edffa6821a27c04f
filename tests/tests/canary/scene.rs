//! A network whose every wall is recorded, and what is planted in it.

use std::{io::Write, path::PathBuf, thread::JoinHandle, time::Duration};

use alloy_sol_types::SolCall;
use enigma_chain::bindings::Enigma;
use enigma_node::record;
use enigma_protocol::{Decode, peer::PeerReply};
use enigma_tests::{
    network::{Network, answer, answer::Answer, rpc, wait_for},
    proxy::Proxy,
    scan::Scanner,
};
use serde_json::{Value, json};

use super::history;

/// Bytes of an envelope before its ciphertext.
const ENVELOPE_HEADER: usize = 133;
/// Rounds of the task that holds the secret: as long as gas lets it.
const ROUNDS: &str = "4500";
const GAS: &str = "16777216";
const ACCOUNT_0: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// Needles that must be found nowhere but in an enclave.
pub const SECRETS: [&str; 2] = ["secret put", "secret held"];

/// The network, the recorders before its walls, the needles.
pub struct Scene {
    pub network: Network,
    pub vault: String,
    /// The block at which the recorders were in place.
    pub resumed_at: u64,
    proxy: Proxy,
    /// Before the API of a key node, which passes queries on.
    api: Proxy,
    put: [u8; 32],
    held: [u8; 32],
    controls: Vec<(&'static str, Vec<u8>)>,
}

impl Scene {
    /// Starts a network, and again with recorders: of every RPC byte of nodes and clients, of every frame through an
    /// enclave's door, of every libp2p message above its encryption.
    pub fn set() -> Self {
        let planted: [u8; 32] = rand::random();
        // Everything but enclaves inherits it.
        let network = Network::planned().with_env("ENIGMA_TEST_PLANTED", &hex::encode(planted));
        network.up().succeeded();
        network.down();
        let proxy = Proxy::start(network.port_base(), &network.home().join("rpc"));
        change(&network.data_dir().join("network.json"), |json| json["rpc"] = proxy.url().into());
        let known: Value = read(&network.data_dir().join("network.json"));
        let apis = known["api"].as_array().unwrap();
        let key_node = apis[known["workers"].as_array().unwrap().len()].as_str().unwrap();
        let port = key_node.rsplit(':').next().unwrap().parse().unwrap();
        let api = Proxy::start(port, &network.home().join("api"));
        change(&network.data_dir().join("network.json"), |json| json["api"] = json!([api.url()]));
        for name in known["keyNodes"].as_array().unwrap().iter().chain(known["workers"].as_array().unwrap()) {
            let name = name.as_str().unwrap();
            change(&network.data_dir().join(name).join("node.json"), |json| {
                json["rpc"] = proxy.url().into();
                json["record_dir"] = network.home().join("records").join(name).to_str().unwrap().into();
            });
        }
        network.up().succeeded();
        let resumed_at = history::height(&network);
        let vault = network.deploy("tests/fixtures/Vault.sol:Vault");
        let contract = hex::decode(vault.trim_start_matches("0x")).unwrap();
        let controls = vec![("environment", planted.to_vec()), ("contract", contract)];
        Self { network, vault, resumed_at, proxy, api, put: rand::random(), held: rand::random(), controls }
    }

    /// Into the state, out of it again, into a log, into revert data.
    pub fn send_the_secret_everywhere(&mut self) {
        let secret = format!("0x{}", hex::encode(self.put));
        let line = format!("{secret}\n");
        let put = self.call_by_stdin("put(bytes32)()", &line).succeeded().json();
        assert_eq!(put["logs"][0]["data"], *secret, "the sender reads the log");
        // The first commit of an epoch seals the whole state, which then travels to the other workers.
        let epoch = self.network.status()["epoch"].as_u64().unwrap();
        self.network.advance_to_epoch(epoch + 1);
        assert_eq!(self.network.call(&self.vault, "get()(bytes32)", &[]).result(), secret);
        let travelled = || self.has_snapshot_travelled().then_some(());
        wait_for("a snapshot's journey", Duration::from_secs(20), travelled);
        let refused = self.call_by_stdin("refuse(bytes32)()", &line).failed(2, &[]).json();
        assert_eq!(refused["reason"], format!("Refused({secret})"));
        self.read_the_secret(&secret);

        // What must be seen of it: its ciphertext.
        let sent = self.network.rpc("eth_getTransactionByHash", json!([put["transaction"]]));
        let input = hex::decode(sent["input"].as_str().unwrap().trim_start_matches("0x")).unwrap();
        let envelope = Enigma::createTaskCall::abi_decode(&input).unwrap().envelope;
        self.controls.push(("envelope", envelope[ENVELOPE_HEADER..ENVELOPE_HEADER + 32].to_vec()));
    }

    /// Out of the state and into calldata once more, by queries through a node that holds no key of the contract.
    fn read_the_secret(&mut self, secret: &str) {
        let read = |method: &str, arguments: &[&str], input: &str| {
            let arguments = [&["read", &self.vault, method], arguments, &["--json"]].concat();
            answer::run(self.network.command(&arguments), input)
        };
        assert_eq!(read("get()(bytes32)", &[], "").succeeded().result(), secret);
        let refused = read("refuse(bytes32)()", &["-"], &format!("{secret}\n")).failed(2, &[]).json();
        assert_eq!(refused["reason"], format!("Refused({secret})"));
        let asked = envelopes(&self.api_records());
        assert_eq!(asked.len(), 2, "two queries");
        self.controls.push(("query", asked[0][ENVELOPE_HEADER..ENVELOPE_HEADER + 32].to_vec()));
    }

    /// Whether a worker got a snapshot from another one since the secret is in the state.
    fn has_snapshot_travelled(&self) -> bool {
        let records = (1..=3).filter_map(|i| {
            let path = self.node_records().join(format!("worker-{i}")).join(record::MESSAGES);
            std::fs::read(path).ok()
        });
        records.into_iter().any(|record| {
            let came = record::read(&record).filter(|(direction, _)| *direction == record::IN);
            let snapshots = came.filter(|(_, m)| matches!(PeerReply::from_bytes(m), Ok(PeerReply::Chunk(_))));
            // The first was that of the deployment.
            snapshots.count() > 1
        })
    }

    fn call_by_stdin(&self, method: &str, input: &str) -> Answer {
        self.network.call_by_stdin(&self.vault, method, input, &["-"])
    }

    /// What a careless program could do with a secret: a public transaction, a file, a line in a log.
    pub fn plant_controls(&mut self) {
        let needles: [[u8; 32]; 3] = rand::random();
        let [calldata, file, log] = needles;
        let transaction =
            json!([{ "from": ACCOUNT_0, "to": ACCOUNT_0, "data": format!("0x{}", hex::encode(calldata)) }]);
        rpc::call(self.proxy.port(), "eth_sendTransaction", transaction);
        std::fs::write(self.network.data_dir().join("worker-1/planted"), file).unwrap();
        let mut open = std::fs::OpenOptions::new();
        let mut lines = open.append(true).open(self.network.data_dir().join("key-1.log")).unwrap();
        writeln!(lines, "planted {log:?}").unwrap();
        self.controls.extend([("calldata", calldata.into()), ("file", file.into()), ("log", log.into())]);
    }

    /// Searches for both secrets and every control.
    pub fn scanner(&self) -> Scanner {
        let secrets = SECRETS.into_iter().zip([&self.put[..], &self.held[..]]);
        Scanner::new(secrets.chain(self.controls.iter().map(|(name, needle)| (*name, &needle[..]))))
    }

    /// Sends the task that has the second secret in memory and burns time.
    pub fn start_holding(&self) -> Holding {
        let secret = format!("0x{}", hex::encode(self.held));
        let method = "hold(bytes32,uint256)(bytes32)";
        let arguments = ["call", &self.vault, method, "-", ROUNDS, "--gas", GAS, "--json"];
        let (command, input) = (self.network.command(&arguments), format!("{secret}\n"));
        Holding { client: std::thread::spawn(move || answer::run(command, &input)), secret }
    }

    pub fn rpc_records(&self) -> PathBuf {
        self.proxy.folder().to_owned()
    }

    /// What crossed the API of a node.
    pub fn api_records(&self) -> PathBuf {
        self.api.folder().to_owned()
    }

    /// What crossed the walls of the nodes.
    pub fn node_records(&self) -> PathBuf {
        self.network.home().join("records")
    }
}

/// A task under way.
pub struct Holding {
    client: JoinHandle<Answer>,
    secret: String,
}

impl Holding {
    pub fn finish(self) {
        assert_eq!(self.client.join().unwrap().result(), self.secret);
    }
}

/// The envelopes of queries that were sent to an API, as its records have them.
fn envelopes(records: &std::path::Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(records).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "sent"));
    files.sort();
    let sent = files.iter().map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
    sent.flat_map(|text| {
        let queries = text.split("\"method\":\"enigma_query\"").skip(1);
        let envelopes =
            queries.filter_map(|rest| rest.split("\"0x").find(|word| word.len() > 2 * ENVELOPE_HEADER));
        envelopes.map(|word| hex::decode(word.split('"').next().unwrap()).unwrap()).collect::<Vec<_>>()
    })
    .collect()
}

fn read(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn change(path: &std::path::Path, change: impl FnOnce(&mut Value)) {
    let mut json = read(path);
    change(&mut json);
    std::fs::write(path, json.to_string()).unwrap();
}
