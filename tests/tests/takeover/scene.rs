//! A network with one secret contract, whose executor loses a commit.

use std::{collections::BTreeMap, thread::JoinHandle, time::Duration};

use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolCall;
use enigma_chain::{Event, bindings::Enigma};
use enigma_tests::{
    network::{
        Network,
        nodes::Node,
        wait_for,
        watch::{Seat, Watch},
    },
    proxy::holding::Holding,
};
use rustix::process::Signal;
use serde_json::{Value, json};

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";
const SOON: Duration = Duration::from_secs(30);
/// Blocks between two turns on a local network.
pub const TAKEOVER: u64 = 3;
/// Base fees, wei: above the cap of any task here, and below it.
pub const DEAR: u64 = 100_000_000_000;
pub const CHEAP: u64 = 1_000_000_000;
/// A slash takes one part of so many.
const SLASH_DIVISOR: u64 = 100;

/// What becomes of a commit that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody ever sees it.
    Dropped,
    /// It is sent once the taker's commit has landed.
    Late,
}

/// A network, a contract, and what it has added up.
pub struct Scene {
    /// Those that were started again; stopped before the network.
    nodes: BTreeMap<String, Node>,
    pub watch: Watch,
    pub network: Network,
    pub contract: Address,
    total: u64,
}

impl Scene {
    /// A contract whose receipts need so many signatures, with one task behind it.
    pub fn start(signers: u8) -> Self {
        let network = Network::started();
        let told = network.run(&["deploy", COUNTER, "--signers", &signers.to_string(), "--json"]);
        let contract = told.succeeded().json()["address"].as_str().unwrap().parse().unwrap();
        let watch = Watch::of(&network);
        let mut scene = Self { nodes: BTreeMap::new(), watch, network, contract, total: 0 };
        assert_eq!(scene.add().len(), usize::from(signers));
        scene
    }

    /// Runs a task, whose result must be right; tells who signed its receipt.
    pub fn add(&mut self) -> Vec<String> {
        self.total += 1;
        let told = add_one(&self.network, self.contract);
        self.signers_of(&told)
    }

    /// Who signed the receipt of the newest task, whose result must be right.
    pub fn signers_of(&self, told: &Value) -> Vec<String> {
        assert_eq!(told["result"][0], self.total.to_string(), "{told}");
        self.watch.signers(&self.watch.commit_of(self.contract, told["index"].as_u64().unwrap()))
    }

    /// Ends a node and its enclave with SIGKILL.
    pub fn stop(&mut self, seat: &Seat) {
        self.network.kill_node(&seat.name);
        self.nodes.remove(&seat.name);
    }

    /// Starts a node that is not running.
    pub fn restart(&mut self, seat: &Seat) {
        self.start_with(seat, &[]);
    }

    fn start_with(&mut self, seat: &Seat, arguments: &[&str]) {
        self.nodes.insert(seat.name.clone(), self.network.start_node(&seat.name, arguments, &[]));
        self.network.await_well(&seat.name);
    }

    fn stake(&self, seat: &Seat) -> U256 {
        self.watch.ask(self.watch.chain().worker(seat.id)).stake
    }

    /// The first worker executes a task, and is killed while its commit is on the way. Everybody else finishes the task
    /// without it. Returns the order as it was before; the worker stays dead.
    pub fn lose_a_commit(&mut self, fate: Fate) -> Vec<Seat> {
        let contract = self.contract;
        self.watch.make_room(&self.network, 40);
        let order = self.watch.order(contract);
        let needed = usize::from(self.watch.ask(self.watch.chain().secret_contract(contract)).signers);
        let (first, takers) = (&order[0], &order[1..=needed]);
        let proxy = Holding::start(self.network.port_base(), move |data| commits(data, contract));
        self.stop(first);
        self.start_with(first, &["--rpc", &proxy.url()]);
        assert_eq!(self.add()[0], first.name, "what the proxy passes on lands");
        let (from, stake) = (self.watch.height() + 1, self.stake(first));

        proxy.begin();
        self.total += 1;
        let told = std::thread::scope(|scope| {
            let task = scope.spawn(|| add_one(&self.network, contract));
            wait_for("the first worker's commit", SOON, || proxy.held());
            self.network.kill_node(&first.name);
            task.join().unwrap()
        });
        self.nodes.remove(&first.name);
        let raw = proxy.held().unwrap();
        let signers = self.signers_of(&told);
        assert_eq!(signers, takers.iter().map(|seat| seat.name.clone()).collect::<Vec<_>>());

        let index = told["index"].as_u64().unwrap();
        let (created, landed) =
            (self.watch.block_of(contract, index), self.watch.commit_of(contract, index).block_number);
        let waited = landed - created;
        println!("{needed} signers, {fate:?}: committed {waited} blocks after the task");
        assert!((TAKEOVER..=TAKEOVER + 2).contains(&waited), "{waited} blocks");
        assert_eq!(self.watch.slashed(contract, from), [(first.id, stake / U256::from(SLASH_DIVISOR))]);
        assert_eq!(self.stake(first), stake - stake / U256::from(SLASH_DIVISOR));
        let events = self.watch.since(from);
        let passed: Vec<u8> = events.iter().filter_map(|event| taken_over(event, contract)).collect();
        assert_eq!(passed, [1 << first.rank]);
        if fate == Fate::Late {
            self.send_late(&raw);
        }
        order
    }

    /// Sends a task while a worker stands still and the chain too, but for the block of the task. The task ends in the
    /// thread that is returned.
    pub fn ask_while_stopped(&mut self, worker: &Seat) -> JoinHandle<Value> {
        let (contract, inputs) = (self.contract, self.watch.inputs(self.contract));
        self.network.node(&worker.name).expect("its process").signal(Signal::STOP);
        self.network.rpc("evm_setIntervalMining", json!([0]));
        self.total += 1;
        let mut command =
            self.network.command(&["call", &contract.to_string(), ADD, "1", "--timeout", "120", "--json"]);
        let task = std::thread::spawn(move || {
            let told = command.output().expect("a command");
            let text = String::from_utf8_lossy(&told.stderr).into_owned();
            serde_json::from_slice(&told.stdout).unwrap_or_else(|error| panic!("{error}: {text}"))
        });
        self.mine_when_sent();
        assert_eq!(self.watch.inputs(contract), inputs + 1);
        task
    }

    /// The base fee rises above the cap, and the worker that stood still holds the clock. Tells the block of the task, and
    /// of the hold.
    pub fn hold_by(&self, worker: &Seat) -> (u64, u64) {
        let created = self.watch.height();
        self.mine_at(DEAR, 1);
        self.network.node(&worker.name).expect("its process").signal(Signal::CONT);
        self.network.rpc("anvil_setNextBlockBaseFeePerGas", json!([DEAR]));
        self.mine_when_sent();
        let (paused_at, _) = self.clock();
        assert_eq!(paused_at, self.watch.height(), "the hold was mined");
        (created, paused_at)
    }

    /// Mines a block once a transaction waits for one.
    fn mine_when_sent(&self) {
        wait_for("a transaction", SOON, || {
            (self.network.rpc("txpool_status", json!([]))["pending"] != "0x0").then_some(())
        });
        self.network.rpc("anvil_mine", json!(["0x1"]));
    }

    /// Mines blocks with this base fee.
    pub fn mine_at(&self, base_fee: u64, blocks: u64) {
        for _ in 0..blocks {
            self.network.rpc("anvil_setNextBlockBaseFeePerGas", json!([base_fee]));
            self.network.rpc("anvil_mine", json!(["0x1"]));
        }
    }

    /// The chain makes blocks by itself again.
    pub fn go_on(&self) {
        self.network.rpc("evm_setIntervalMining", json!([1]));
    }

    /// Since when the contract's clock is held, and from where it counts.
    pub fn clock(&self) -> (u64, u64) {
        let record = self.watch.ask(self.watch.chain().secret_contract(self.contract));
        (record.pausedAt.into(), record.clockFrom.to())
    }

    /// What comes too late is refused and changes nothing.
    fn send_late(&self, raw: &[u8]) {
        let before = self.watch.ask(self.watch.chain().secret_contract(self.contract));
        let stakes =
            || self.watch.order(self.contract).iter().map(|seat| self.stake(seat)).collect::<Vec<_>>();
        let (from, had) = (self.watch.height() + 1, stakes());
        let hash = self.network.rpc("eth_sendRawTransaction", json!([hex::encode_prefixed(raw)]));
        let receipt = wait_for("its receipt", SOON, || {
            let receipt = self.network.rpc("eth_getTransactionReceipt", json!([hash]));
            receipt.is_object().then_some(receipt)
        });
        assert_eq!((&receipt["status"], &receipt["logs"]), (&json!("0x0"), &json!([])), "{receipt}");
        let after = self.watch.ask(self.watch.chain().secret_contract(self.contract));
        assert_eq!(
            (after.cursor, after.stateHead, after.group),
            (before.cursor, before.stateHead, before.group)
        );
        assert_eq!(stakes(), had);
        assert!(self.watch.since(from).is_empty());
    }
}

fn add_one(network: &Network, contract: Address) -> Value {
    let told = network.call(&contract.to_string(), ADD, &["1", "--timeout", "60"]);
    told.succeeded().json()
}

/// Whether calldata commits a receipt of this contract.
fn commits(data: &[u8], contract: Address) -> bool {
    Enigma::commitCall::abi_decode(data)
        .is_ok_and(|call| call.commitments.iter().any(|packed| packed.starts_with(contract.as_slice())))
}

/// The ranks that were passed over, one bit each, as an event of this contract tells them.
fn taken_over(event: &Event, contract: Address) -> Option<u8> {
    match event {
        Event::TakenOver(event) if event.contract == contract => Some(event.silent),
        _ => None,
    }
}
