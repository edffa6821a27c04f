//! A network with one secret contract whose newest snapshot has several chunks, and workers that lose their databases.

use std::{collections::BTreeMap, time::Duration};

use alloy_primitives::{Address, U256, keccak256};
use enigma_chain::{
    Event, FoundEvent, LostEvent, LostRecord, Sender, accounts, bindings::Enigma::SecretContract,
};
use enigma_protocol::fees;
use enigma_sdk::{Client, Limits, Outcome, Sent};
use enigma_tests::network::{
    Network,
    nodes::Node,
    rpc, wait_for,
    watch::{End, Watch},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::known::{Known, keep_pace};

/// The workers of a local network, as they were admitted.
pub const WORKERS: [&str; 3] = ["worker-1", "worker-2", "worker-3"];
const HEAP: &str = "tests/tests/lost/Heap.sol:Heap";
/// Slots that one task writes, how many such tasks there are, and what each may use.
const SLOTS: u64 = 500;
const PILES: u64 = 5;
const LARGE: Limits = Limits { gas: 15_000_000, bytes: 90_000, outbound: 0 };
/// How long anything here may take, and a task.
const PATIENCE: Duration = Duration::from_secs(60);

/// Credits of the workers' operators.
pub type Purses = BTreeMap<Address, U256>;

/// A network, its contract, and what that has added up.
pub struct Scene {
    /// Those that were started again; stopped before the network.
    nodes: BTreeMap<String, Node>,
    runtime: Runtime,
    client: Client,
    known: Known,
    pub watch: Watch,
    pub network: Network,
    pub contract: Address,
    pub total: u64,
}

impl Scene {
    /// A contract that has grown for two epochs; in a third its state was folded into a snapshot of several chunks.
    pub fn with_a_large_snapshot() -> Self {
        let network = Network::started();
        let port = network.port_base();
        let known = Known::of(&network, &format!("http://127.0.0.1:{port}"));
        keep_pace(port);
        let watch = Watch::of(&network);
        let runtime = Runtime::new().unwrap();
        let sender = Sender::new(known.chain.clone(), accounts::local(0).unwrap());
        let client = runtime.block_on(Client::connect(sender, known.descriptor.clone())).unwrap();
        let (nodes, contract) = (BTreeMap::new(), Address::ZERO);
        let mut scene = Self { nodes, runtime, client, known, watch, network, contract, total: 0 };
        scene.contract = scene.deploy();
        let first = scene.epoch();
        for pile in 0..PILES {
            if pile == PILES / 2 {
                scene.begin_epoch();
            }
            scene.pile(1, SLOTS);
        }
        scene.begin_epoch();
        scene.add(1);
        let record = scene.record();
        assert!(u64::from(record.sealedEpoch) >= first + 2 && !record.snapshotHash.is_zero());
        scene
    }

    /// A new contract like the first; returns when it is there.
    pub fn deploy(&self) -> Address {
        let told = self.network.run(&["deploy", HEAP, "--json"]).succeeded().json();
        told["address"].as_str().unwrap().parse().unwrap()
    }

    /// What the chain records of the contract.
    pub fn record(&self) -> SecretContract {
        self.watch.ask(self.watch.chain().secret_contract(self.contract))
    }

    /// The declaration that the contract's snapshot is lost, if one is open.
    pub fn lost(&self) -> Option<LostRecord> {
        self.watch.ask(self.watch.chain().lost(self.contract))
    }

    fn epoch(&self) -> u64 {
        self.watch.ask(self.watch.chain().network_state()).epoch
    }

    fn send_to(&self, contract: Address, amount: u64, slots: u64, limits: Limits) -> Sent {
        let word = |number| U256::from(number).to_be_bytes::<32>();
        let body = [&keccak256("pile(uint256,uint256)")[..4], &word(amount), &word(slots)].concat();
        self.runtime.block_on(self.client.send(contract, body, U256::ZERO, limits)).expect("a task")
    }

    /// Sends a task that adds `amount`, and does not wait for it.
    pub fn send(&mut self, amount: u64) -> Sent {
        self.total += amount;
        self.send_to(self.contract, amount, 0, Limits::default())
    }

    /// What a task returned.
    pub fn total_after(&self, sent: &Sent) -> u64 {
        let report = self.runtime.block_on(self.client.wait(sent, PATIENCE)).expect("an outcome");
        let Outcome::Returned(word) = report.outcome else { panic!("{:?}", report.outcome) };
        u64::try_from(U256::from_be_slice(&word)).expect("a small total")
    }

    /// Adds to any contract like the first; returns its new total.
    pub fn add_to(&self, contract: Address, amount: u64) -> u64 {
        self.total_after(&self.send_to(contract, amount, 0, Limits::default()))
    }

    fn add(&mut self, amount: u64) {
        self.total += amount;
        assert_eq!(self.add_to(self.contract, amount), self.total);
    }

    fn pile(&mut self, amount: u64, slots: u64) {
        self.total += amount;
        let sent = self.send_to(self.contract, amount, slots, LARGE);
        assert_eq!(self.total_after(&sent), self.total);
    }

    /// Mines until the chain is at `height`, a few blocks at a time, and waits for the beacons of epochs on the way.
    pub fn mine_to(&self, height: u64) {
        self.mine_until("the block", |scene| scene.watch.height() >= height, || height - self.watch.height());
    }

    fn begin_epoch(&self) {
        let now = self.epoch();
        self.mine_until("the next epoch", |scene| scene.epoch() > now, || 4);
    }

    fn mine_until(&self, what: &str, done: impl Fn(&Self) -> bool, left: impl Fn() -> u64) {
        wait_for(what, PATIENCE, || {
            if done(self) {
                return Some(());
            }
            if self.watch.ask(self.watch.chain().network_state()).next_seeded() {
                self.network.rpc("anvil_mine", json!([format!("{:#x}", left().clamp(1, 4))]));
            }
            None
        });
    }

    fn await_event<T>(&self, what: &str, from: u64, of: impl Fn(Event) -> Option<T>) -> T {
        wait_for(what, PATIENCE, || self.watch.since(from).into_iter().find_map(&of))
    }

    /// The declaration that the snapshot is lost, once it is there.
    pub fn declaration(&self, from: u64) -> LostEvent {
        let contract = self.contract;
        self.await_event("a declaration", from, move |event| match event {
            Event::DeclaredLost(lost) if lost.contract == contract => Some(lost),
            _ => None,
        })
    }

    /// The end of the declaration, once it is there.
    pub fn found(&self, from: u64) -> FoundEvent {
        let contract = self.contract;
        self.await_event("the end of the declaration", from, move |event| match event {
            Event::Found(found) if found.contract == contract => Some(found),
            _ => None,
        })
    }

    /// The account behind a worker.
    pub fn operator(&self, name: &str) -> Address {
        let seats = self.watch.order(self.contract);
        let seat = seats.into_iter().find(|seat| seat.name == name).expect("three workers serve everything");
        self.watch.ask(self.watch.chain().worker(seat.id)).operator
    }

    /// Whether an account has a worker among those that serve the contract.
    pub fn serves(&self, operator: Address) -> bool {
        WORKERS.iter().any(|name| self.operator(name) == operator)
    }

    /// What the contract owes the operators.
    pub fn purses(&self) -> Purses {
        let operators = WORKERS.iter().map(|name| self.operator(name));
        operators.map(|operator| (operator, self.watch.ask(self.watch.chain().credits(operator)))).collect()
    }

    /// Every operator got the pay of its commits since `from`, and beyond that what `more` says, to the wei.
    pub fn all_paid(&self, before: &Purses, from: u64, more: impl Fn(Address) -> U256) {
        let mut owed: Purses = before.iter().map(|(who, had)| (*who, *had + more(*who))).collect();
        for event in self.watch.since(from) {
            if let Event::Commit(commit) = event {
                let [signer] = &self.watch.signers(&commit)[..] else { panic!("one signer") };
                let pay = commit.outcomes.iter().map(|outcome| outcome.pay).sum::<U256>();
                *owed.get_mut(&self.operator(signer)).unwrap() += pay - fees::upkeep(pay);
            }
        }
        assert_eq!(self.purses(), owed);
    }

    /// Who folded the newest snapshot in.
    pub fn holder(&self) -> String {
        let hash = self.record().snapshotHash;
        let contract = self.contract;
        let commit = self.await_event("its commit", 1, |event| match event {
            Event::Commit(commit) if commit.contract == contract && commit.snapshot_hash == hash => {
                Some(commit)
            }
            _ => None,
        });
        self.watch.signers(&commit).remove(0)
    }

    /// Ends a node.
    pub fn stop(&mut self, name: &str) {
        self.network.kill_node(name);
        self.nodes.remove(name);
    }

    /// Ends these workers, all before the first one is back, and takes their databases.
    pub fn lose_databases(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.stop(name));
        for name in names {
            let database = self.network.data_dir().join(name).join("worker.redb");
            std::fs::remove_file(database).expect("it had a database");
        }
        names.iter().for_each(|name| self.start(name));
        names.iter().for_each(|name| self.network.await_well(name));
    }

    fn start(&mut self, name: &str) {
        self.nodes.insert(name.to_owned(), self.network.start_node(name, &[], &[]));
    }

    /// Starts a worker without any peers, at a place where none looks for it.
    pub fn start_alone(&mut self, name: &str) {
        let folder = self.network.data_dir().join(name);
        let path = folder.join("node.json");
        std::fs::copy(&path, folder.join("node.json.before")).unwrap();
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        config["peers"] = json!([]);
        config["discovery"] = json!(false);
        config["listen"] = json!("127.0.0.1:0");
        config["external"] = Value::Null;
        std::fs::write(path, config.to_string()).unwrap();
        self.start(name);
    }

    /// Starts it as it was.
    pub fn start_as_before(&mut self, name: &str) {
        self.stop(name);
        let folder = self.network.data_dir().join(name);
        std::fs::rename(folder.join("node.json.before"), folder.join("node.json")).unwrap();
        self.start(name);
        self.network.await_well(name);
    }

    /// Tasks of this epoch and of the next one give what they must.
    pub fn goes_on(&mut self) {
        self.add(7);
        self.begin_epoch();
        self.add(9);
    }

    /// Nothing was skipped, every total is what was sent, and every worker tells it: executing everything once more says so.
    pub fn audited(&self, others: &[(Address, u64)]) {
        let history = self.runtime.block_on(self.known.history());
        let audited = self.known.audit(&history).unwrap_or_else(|difference| panic!("{difference:#?}"));
        let all: Vec<_> = others.iter().copied().chain([(self.contract, self.total)]).collect();
        assert_eq!(audited.len(), all.len());
        for (contract, total) in all {
            let one = &audited[&contract];
            assert_eq!((one.pending, one.skipped, one.unopened), (0, 0, 0), "{contract}");
            assert_eq!(one.world.storage(contract, U256::ZERO), U256::from(total), "{contract}");
            assert!(self.watch.ends(contract).iter().all(|end| *end == End::Committed));
            for name in WORKERS {
                wait_for(&format!("{name} to tell the head"), PATIENCE, || {
                    let port = self.network.api_port(name);
                    let told = rpc::ask(port, "enigma_contract", json!([contract]));
                    (told["result"]["stateHead"] == json!(one.head)).then_some(())
                });
            }
        }
    }
}
