//! A network whose nodes die on order, with two secret contracts that add up.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use alloy_primitives::Address;
use enigma_tests::network::{
    Answer, Network,
    nodes::Node,
    wait_for,
    watch::{End, Watch},
};
use serde_json::json;

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
/// How long anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Blocks that a scenario may take.
const ROOM: u64 = 24;

/// A network and what its contracts have added up.
pub struct Scene {
    /// Those that were started again; stopped before the network.
    nodes: BTreeMap<String, Node>,
    pub watch: Watch,
    pub network: Network,
    /// A contract with one signer, and one with two.
    pub plain: Address,
    pub double: Address,
    totals: BTreeMap<Address, u64>,
}

impl Scene {
    pub fn start() -> Self {
        let network = Network::started();
        let watch = Watch::of(&network);
        let none = Address::ZERO;
        let (nodes, totals) = (BTreeMap::new(), BTreeMap::new());
        let mut scene = Self { nodes, watch, network, plain: none, double: none, totals };
        (scene.plain, scene.double) = (scene.deploy(1), scene.deploy(2));
        scene.goes_on();
        scene
    }

    /// A new contract whose receipts need so many signatures.
    pub fn deploy(&mut self, signers: u8) -> Address {
        let told = self.network.run(&["deploy", COUNTER, "--signers", &signers.to_string(), "--json"]);
        let contract = told.succeeded().json()["address"].as_str().unwrap().parse().unwrap();
        self.totals.insert(contract, 0);
        contract
    }

    /// Every node is well, and each contract's next task gives what it must, by those whose turn it is: nobody who was
    /// dead is missing.
    pub fn goes_on(&mut self) {
        for node in (1..=4).map(|i| format!("key-{i}")).chain((1..=3).map(|i| format!("worker-{i}"))) {
            self.network.await_well(&node);
        }
        self.make_room();
        for (contract, signers) in [(self.plain, 1), (self.double, 2)] {
            let order = self.order(contract);
            let index = self.task_around(contract, |_| {});
            assert_eq!(self.watch.signers(&self.watch.commit_of(contract, index)), order[..signers]);
        }
    }

    /// Every input of every contract ended once, and all were committed but those that were skipped on purpose.
    pub fn every_input_ended_once(&self) {
        for (contract, total) in &self.totals {
            let ends = self.watch.ends(*contract);
            let committed = ends.iter().filter(|end| **end == End::Committed).count() as u64;
            assert_eq!(committed, total + 1, "the deployment, and each task that counted: {ends:?}");
        }
    }

    /// Adds one while `meanwhile` goes on, once the task is on the chain; the result must be right, and final once.
    /// Returns its index.
    pub fn task_around(&mut self, contract: Address, meanwhile: impl FnOnce(&mut Self)) -> u64 {
        let (told, index) = self.send(contract, meanwhile);
        let told = told.succeeded().json();
        let total = self.totals.get_mut(&contract).unwrap();
        *total += 1;
        assert_eq!(
            (&told["result"][0], &told["index"]),
            (&json!(total.to_string()), &json!(index)),
            "{told}"
        );
        assert_eq!(self.watch.end_of(contract, index), End::Committed);
        index
    }

    /// Adds one as [`Scene::task_around`] does, but in vain: nobody executes it. Returns its index.
    pub fn send_in_vain(&mut self, contract: Address, meanwhile: impl FnOnce(&mut Self)) -> u64 {
        let (told, index) = self.send(contract, meanwhile);
        told.failed(1, &["skipped"]);
        index
    }

    fn send(&mut self, contract: Address, meanwhile: impl FnOnce(&mut Self)) -> (Answer, u64) {
        let index = self.watch.inputs(contract);
        let address = contract.to_string();
        let command = self.network.command(&["call", &address, ADD, "--json", "1", "--timeout", "90"]);
        let task = std::thread::spawn(move || enigma_tests::network::answer::run(command, ""));
        wait_for("the task on the chain", PATIENCE, || (self.watch.inputs(contract) > index).then_some(()));
        meanwhile(self);
        (task.join().expect("no panic"), index)
    }

    /// The workers of a contract in the order of their turns.
    pub fn order(&self, contract: Address) -> Vec<String> {
        self.watch.order(contract).into_iter().map(|seat| seat.name).collect()
    }

    /// Starts a node anew that kills itself at `point`.
    pub fn arm(&mut self, node: &str, point: &str) {
        self.stop(node);
        let folder = self.folder();
        std::fs::create_dir_all(&folder).expect("a folder");
        let _ = std::fs::remove_file(folder.join(format!("{point}.reached")));
        let (order, folder) = (format!("{point}=kill"), folder.to_str().expect("UTF-8"));
        let env = [("ENIGMA_FAILPOINTS", order.as_str()), ("ENIGMA_FAILPOINTS_DIR", folder)];
        let started = self.network.start_node(node, &[], &env);
        self.nodes.insert(node.into(), started);
    }

    /// Arms a node that reaches `point` by itself, and starts it again once it has.
    pub fn dies_while_it_starts(&mut self, node: &str, point: &str) {
        self.arm(node, point);
        self.died(node, point);
        self.start_again(node);
    }

    /// Waits until an armed node is dead, and at its point.
    pub fn died(&mut self, node: &str, point: &str) {
        wait_for(&format!("{node} to reach {point}"), PATIENCE, || self.reached(point).then_some(()));
        self.nodes.get_mut(node).expect("an armed node").await_end();
    }

    pub fn reached(&self, point: &str) -> bool {
        self.folder().join(format!("{point}.reached")).exists()
    }

    fn folder(&self) -> PathBuf {
        self.network.home().join("points")
    }

    /// Starts a node that is dead.
    pub fn start_again(&mut self, node: &str) {
        self.stop(node);
        self.nodes.insert(node.into(), self.network.start_node(node, &[], &[]));
        self.network.await_well(node);
    }

    /// Ends a node and its enclave with SIGKILL, if it runs.
    pub fn stop(&mut self, node: &str) {
        self.network.kill_node(node);
        self.nodes.remove(node);
    }

    /// Sees to it that the epoch does not end meanwhile.
    pub fn make_room(&self) {
        self.watch.make_room(&self.network, ROOM);
    }

    pub fn epoch(&self) -> u64 {
        self.network.status()["epoch"].as_u64().expect("an epoch")
    }

    pub fn wait_until_seeded(&self) {
        wait_for("the next epoch's beacon", PATIENCE, || {
            (self.network.status()["nextEpochSeeded"] == true).then_some(())
        });
    }

    /// Goes on to the next epoch.
    pub fn next_epoch(&self) {
        self.wait_until_seeded();
        self.mine_to_the_end_of_the_epoch();
        self.wait_until_seeded();
    }

    /// Mines the blocks that are left of an epoch whose end is known.
    pub fn mine_to_the_end_of_the_epoch(&self) {
        let now = self.watch.height();
        let (_, next) = self.watch.ask(self.watch.chain().epoch_word(now)).bounds(now + 1);
        let left = next.expect("the next epoch's first block") - now;
        self.network.rpc("anvil_mine", json!([format!("{left:#x}")]));
    }
}
