//! A worker joins a running network by one command, works, leaves, and has its stake back.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use alloy_primitives::{Address, B256, U256, hex};
use enigma_chain::{Sender, accounts, bindings::Enigma};
use enigma_tests::{
    anvil::Anvil,
    network::{Network, rpc, wait_for},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const COUNTER: &str = "tests/fixtures/Counter.sol:Counter";
const ADD: &str = "add(uint256)(uint256)";

/// The first worker's API, and ports that no node of the network uses, behind the chain's.
const WORKER_API: u16 = 61;
const JOINER: (u16, u16) = (90, 91);
/// Whole ENG; the others have a third of it each, so the joiner is drawn first for every second contract.
const STAKE: u64 = 30_000;
/// Epochs in which it should have been drawn first for one of four contracts: all but once in 10^7.
const EPOCHS: u64 = 6;

/// Base fees, wei: 200 gwei and one.
const DEAR: &str = "0x2e90edd000";
const CHEAP: &str = "0x3b9aca00";

/// A worker that joins; ends with the test.
struct Joiner {
    child: Child,
    told: Value,
}

impl Joiner {
    /// Runs the one command and waits for what it says.
    fn start(network: &Network) -> Self {
        let mut command = network.command(&["node", "worker", "--json", "--join"]);
        let port = |behind: u16| format!("127.0.0.1:{}", network.port_base() + behind);
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(network.data_dir().join("joiner.log"));
        command.arg(format!("http://{}", port(WORKER_API))).arg("--data-dir").arg(data(network)).args([
            "--stake",
            &STAKE.to_string(),
            "--listen",
            &port(JOINER.0),
            "--api",
            &port(JOINER.1),
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(log.unwrap()).spawn().expect("enigma starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("a line").expect("text");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(told["ok"], true, "{told}");
        wait_for("the joiner's API", Duration::from_secs(30), || {
            std::net::TcpStream::connect(port(JOINER.1)).ok().map(drop)
        });
        Self { child, told }
    }

    fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "it ends cleanly");
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn data(network: &Network) -> PathBuf {
    network.home().join("joiner")
}

/// `enigma worker` about the joiner.
fn worker(network: &Network, action: &str, more: &[&str]) -> enigma_tests::network::Answer {
    let dir = data(network);
    network.run(&[&["worker", action, "--json", "--data-dir", dir.to_str().unwrap()], more].concat())
}

fn wei(value: &Value) -> U256 {
    value.as_str().unwrap_or_else(|| panic!("no amount: {value}")).parse().unwrap()
}

fn eng(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

#[test]
fn a_worker_joins_by_one_command_works_leaves_and_gets_its_stake_back() {
    let network = Network::started();
    let contracts: Vec<String> = (0..4).map(|_| network.deploy(COUNTER)).collect();
    for contract in &contracts {
        network.call(contract, ADD, &["40"]).succeeded();
    }

    let joiner = Joiner::start(&network);
    let told = joiner.told.clone();
    assert_eq!((&told["id"], wei(&told["stakeWei"])), (&json!(3), eng(STAKE)));
    let from = told["fromEpoch"].as_u64().unwrap();
    assert_eq!(from, told["epoch"].as_u64().unwrap() + 2, "{told}");

    // Started again it does nothing twice.
    joiner.stop();
    let joiner = Joiner::start(&network);
    for field in ["id", "signer", "operator", "stakeWei", "listen"] {
        assert_eq!(joiner.told[field], told[field], "{field}");
    }
    let status = worker(&network, "status", &[]).succeeded().json();
    assert_eq!(
        (wei(&status["tokensWei"]), wei(&status["worker"]["stakeWei"])),
        (U256::ZERO, eng(STAKE)),
        "{status}"
    );
    worker(&network, "withdraw", &[]).failed(1, &["logged in", "worker leave"]);

    network.advance_to_epoch(from);
    let status = worker(&network, "status", &[]).succeeded().json();
    assert_eq!(status["drawnNow"], true, "{status}");
    assert_eq!(network.status()["workersInLottery"], 4);

    let contract = first_for_some(&network, &contracts, &told["signer"]);
    assert_eq!(network.call(&contract, ADD, &["2"]).result(), "42", "it has the state that others made");
    let task = network.run(&["task", &contract, "2", "--json"]).succeeded().json();
    assert_eq!(task["worker"]["signer"], told["signer"], "{task}");

    let left = worker(&network, "leave", &[]).succeeded().json();
    let unlock = left["unlockEpoch"].as_u64().unwrap();
    assert_eq!(unlock, left["epoch"].as_u64().unwrap() + 3, "{left}");
    assert_eq!(left["fromEpoch"].as_u64(), Some(unlock - 1));
    let earned = worker(&network, "withdraw", &[]).succeeded().json();
    assert!(wei(&earned["creditWei"]) > U256::ZERO, "it has committed: {earned}");
    assert_eq!((wei(&earned["stakeWei"]), wei(&earned["boundWei"])), (U256::ZERO, eng(STAKE)), "{earned}");
    worker(&network, "withdraw", &[]).failed(1, &[&format!("bound until epoch {unlock}")]);
    network.advance_to_epoch(unlock - 1);
    assert_eq!(network.status()["workersInLottery"], 3, "it is drawn no more");
    network.advance_to_epoch(unlock);
    let paid = worker(&network, "withdraw", &["--wait"]).succeeded().json();
    assert_eq!(wei(&paid["stakeWei"]), eng(STAKE), "nothing was slashed: {paid}");
    let status = worker(&network, "status", &[]).succeeded().json();
    assert_eq!(wei(&status["tokensWei"]), eng(STAKE), "{status}");
    assert_eq!((wei(&status["worker"]["stakeWei"]), wei(&status["creditWei"])), (U256::ZERO, U256::ZERO));
    worker(&network, "withdraw", &[]).failed(1, &["no stake"]);
    joiner.stop();
    // The network goes on without it.
    assert_eq!(network.call(&contract, ADD, &["1"]).result(), "43");
}

/// One of the contracts for which the worker is drawn first, now or in one of the next epochs.
fn first_for_some(network: &Network, contracts: &[String], signer: &Value) -> String {
    let port = network.port_base() + WORKER_API;
    for _ in 0..EPOCHS {
        let epoch = network.status()["epoch"].as_u64().unwrap();
        // The node that is asked may be a block behind.
        let groups = wait_for("the node's epoch", Duration::from_secs(20), || {
            let groups: Vec<_> =
                contracts.iter().map(|c| rpc::call(port, "enigma_group", json!([c]))).collect();
            groups.iter().all(|group| group["epoch"].as_u64() == Some(epoch)).then_some(groups)
        });
        let first = groups.iter().position(|group| group["workers"][0]["signer"] == *signer);
        if let Some(place) = first {
            return contracts[place].clone();
        }
        network.advance_to_epoch(epoch + 1);
    }
    panic!("the worker was never drawn first");
}

#[test]
fn mistakes_of_a_joiner_and_of_the_deployer_are_told() {
    let network = Network::started();
    let api = format!("http://127.0.0.1:{}", network.port_base() + WORKER_API);
    let dir = data(&network);
    let dir = dir.to_str().unwrap();
    let join =
        |more: &[&str]| network.run(&[&["node", "worker", "--data-dir", dir, "--join"], more].concat());
    let other = format!("0x{}", "11".repeat(32));
    join(&[&api, "--network", &other]).failed(1, &["--network wants", &other]);
    join(&["http://127.0.0.1:1"]).failed(1, &["is it running?"]);
    join(&["nothing.json"]).failed(1, &["a node's URL or a network.json"]);
    // Another contract of the same chain is no network.
    join(&[&api, "--rpc", "http://127.0.0.1:1"]).failed(1, &["RPC"]);
    network.run(&["worker", "leave", "--data-dir", dir]).failed(1, &["holds no worker"]);

    let account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    let admit = |measurement: &str| {
        let who = ["admit", "--json", "--signer", account, "--operator", account];
        network.run(&[&who[..], &["--measurement", measurement, "--platform", &other]].concat())
    };
    admit("0x12").failed(1, &["--measurement", "64 hex digits"]);
    admit(&other).failed(1, &["not on the network's list"]);
    let health = rpc::call(network.port_base() + WORKER_API, "enigma_health", json!([]));
    let measurement = health["enclave"]["measurement"].as_str().unwrap();
    assert_eq!(admit(measurement).succeeded().json()["id"], 3);
}

#[test]
fn an_input_that_nobody_executes_is_skipped_by_anybody_after_its_deadline() {
    let network = Network::planned();
    network.up_with(&["--workers", "1"]).succeeded();
    let contract = network.deploy(COUNTER);
    network.run(&["skip", &contract]).failed(1, &["nothing is pending"]);
    let silent: Vec<_> =
        network.processes().into_iter().filter(|p| p.command.contains("node worker")).collect();
    silent.iter().for_each(|process| process.signal(Signal::STOP));
    network.call(&contract, ADD, &["1", "--timeout", "1"]).failed(1, &["not committed"]);
    // An epoch that begins meanwhile begins the clock anew, which puts the skip off by a little.
    let mut refusals = 0;
    let told = loop {
        let answer = network.run(&["skip", &contract, "--from", "3", "--json"]);
        if answer.code == 0 {
            break answer.json();
        }
        refusals += 1;
        assert!(refusals < 8, "{answer:?}");
        let early = answer.failed(1, &["may be skipped from block"]);
        let from: u64 =
            early.stdout.split("from block ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        while network.status()["block"].as_u64().unwrap() + 1 < from {
            network.rpc("anvil_mine", json!(["0x10"]));
        }
    };
    assert!(refusals > 0, "not before its deadline");
    assert_eq!((&told["index"], wei(&told["refundWei"]) > U256::ZERO), (&json!(1), true), "{told}");
    silent.iter().for_each(|process| process.signal(Signal::CONT));
    assert_eq!(
        network.call(&contract, ADD, &["5"]).result(),
        "5",
        "the skipped one did nothing, the next one works"
    );
}

#[tokio::test]
async fn who_is_not_welcome_is_told_so_before_it_pays() {
    let network = Network::started();
    let api = format!("http://127.0.0.1:{}", network.port_base() + WORKER_API);
    let dir = data(&network);
    let join = |stake: &str| {
        let dir = dir.to_str().unwrap();
        network.run(&["node", "worker", "--data-dir", dir, "--join", &api, "--stake", stake])
    };
    join("50").failed(1, &["smallest stake is 100 ENG"]);
    let status = worker(&network, "status", &[]).succeeded().json();
    assert_eq!(status["worker"], Value::Null, "it is not admitted for nothing: {status}");

    let joiner = Joiner::start(&network);
    joiner.stop();
    worker(&network, "leave", &[]).succeeded();
    let status = worker(&network, "status", &[]).succeeded().json();
    let platform: B256 = status["worker"]["platform"].as_str().unwrap().parse().unwrap();
    let deployer = Sender::new(network.chain(), accounts::local(accounts::DEPLOYER).unwrap());
    deployer.call_enigma(&Enigma::barPlatformCall { platform }, U256::ZERO).await.unwrap();
    join(&(2 * STAKE).to_string()).failed(1, &["this machine is barred", &platform.to_string(), "withdraw"]);
    let status = worker(&network, "status", &[]).succeeded().json();
    assert_eq!(
        (wei(&status["worker"]["stakeWei"]), wei(&status["tokensWei"])),
        (eng(STAKE), U256::ZERO),
        "nothing was staked, nor given to stake: {status}"
    );
}

#[tokio::test]
async fn a_clock_that_a_high_base_fee_held_is_told_and_anybody_lets_it_go_on() {
    let network = Network::planned();
    network.up_with(&["--workers", "1"]).succeeded();
    let contract = network.deploy(COUNTER);
    let silent: Vec<_> =
        network.processes().into_iter().filter(|p| p.command.contains("node worker")).collect();
    silent.iter().for_each(|process| process.signal(Signal::STOP));
    let address: Address = contract.parse().unwrap();
    let late = ["1", "--price-cap", "20", "--timeout", "1"];
    network.call(&contract, ADD, &late).failed(1, &["not committed", &format!("enigma task {address} 1")]);
    let task = || network.run(&["task", &contract, "1", "--json"]).succeeded().json();
    let told = task();
    assert_eq!(
        (&told["priceCapWei"], &told["clockHeldSince"]),
        (&json!("20000000000"), &Value::Null),
        "{told}"
    );
    network.run(&["skip", &contract, "--resume"]).failed(1, &["clock of", "runs"]);

    // Gas becomes dear, and whoever notes that holds the clock. Fees fall by an eighth a block: it stays dear for a while.
    let base_fee = |wei: &str| {
        network.rpc("anvil_setNextBlockBaseFeePerGas", json!([wei]));
        network.rpc("anvil_mine", json!(["0x1"]));
    };
    base_fee(DEAR);
    hold(&network, address, 1).await;
    assert!(task()["clockHeldSince"].as_u64().is_some(), "{}", task());
    let text = network.run(&["task", &contract, "1"]).succeeded().stdout;
    for words in ["is above its cap, 20 gwei", "the clock of the contract stands still since block"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    network.run(&["skip", &contract]).failed(1, &["its clock is held since block", "20 gwei", "--resume"]);
    base_fee(DEAR);
    network
        .run(&["skip", &contract, "--resume"])
        .failed(1, &["still above the price cap of input 1, 20 gwei"]);

    base_fee(CHEAP);
    let resumed = network.run(&["skip", &contract, "--resume", "--json"]).succeeded().json();
    assert_eq!((&resumed["index"], &resumed["resumed"]), (&json!(1), &json!(true)), "{resumed}");
    assert_eq!(task()["clockHeldSince"], Value::Null);
    silent.iter().for_each(|process| process.signal(Signal::CONT));
    assert_eq!(network.call(&contract, ADD, &["5"]).result(), "6", "both are executed");
}

/// Holds the clock of a contract whose oldest pending input is this one.
async fn hold(network: &Network, contract: Address, index: u64) {
    let chain = network.chain();
    let pending = chain.input(contract, index, 0).await.unwrap().expect("the input");
    let call = Enigma::holdClockCall { account: contract, input: (&pending.input).into() };
    let anybody = Sender::new(chain, accounts::local(7).unwrap());
    anybody.call_enigma(&call, U256::ZERO).await.expect("gas is dear");
}

/// A child that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn on_a_chain_of_others_a_joiner_waits_for_the_deployer_and_for_its_money() {
    let anvil = Anvil::start(&["--chain-id", "31338", "--accounts", &accounts::FUNDED.to_string()]);
    let network = Network::planned();
    let nodes = network.home().join("nodes");
    let at = |behind: u16| format!("127.0.0.1:{}", network.port_base() + behind);
    let (chain, api) = (anvil.url(), format!("http://{}", at(WORKER_API)));
    let setup =
        ["setup", "--chain", &chain, "--public-chain", &chain, "--public-api", &api, "--key-nodes", "2"];
    network.run(&[&setup[..], &["--data-dir", nodes.to_str().unwrap()]].concat()).succeeded();
    let told = std::fs::read(nodes.join("network.json")).unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    // One node that answers is enough, on a port of this test.
    let replace = network.home().join("replace.json");
    std::fs::write(&replace, json!({ "listen": at(1) }).to_string()).unwrap();
    let spawn = |arguments: &[&str], log: &str| {
        let log = std::fs::File::create(network.home().join(log)).unwrap();
        let mut command = network.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command
    };
    let rpc_dir = nodes.join("rpc");
    let node =
        ["node", "worker", "--data-dir", rpc_dir.to_str().unwrap(), "--api", &at(WORKER_API), "--replace"];
    let node =
        spawn(&[&node[..], &[replace.to_str().unwrap()]].concat(), "rpc.log").stdout(Stdio::null()).spawn();
    let _node = Ends(node.unwrap());
    wait_for("the node's API", Duration::from_secs(30), || {
        std::net::TcpStream::connect(at(WORKER_API)).ok().map(drop)
    });

    let dir = data(&network);
    let join =
        ["node", "worker", "--json", "--data-dir", dir.to_str().unwrap(), "--listen", &at(2), "--join", &api];
    network.run(&join).failed(1, &["which chain?", "31338", "--rpc"]);
    let joiner = spawn(&[&join[..], &["--rpc", &chain]].concat(), "joiner.log").spawn().unwrap();
    let mut joiner = Ends(joiner);
    let said = |words: &str| {
        wait_for(words, Duration::from_secs(30), || {
            let log = std::fs::read_to_string(network.home().join("joiner.log")).unwrap();
            log.lines().find(|line| line.contains(words)).map(|line| line.trim().to_owned())
        })
    };
    let command = said("enigma admit");
    let key = network.home().join("deployer.key");
    std::fs::write(&key, accounts::to_hex(&accounts::local(accounts::DEPLOYER).unwrap())).unwrap();
    let command = command.replace("FILE", key.to_str().unwrap());
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    network.run(&arguments).succeeded();

    let needs = said("needs 1000 ENG");
    let operator: Address = needs.split(' ').nth(2).unwrap().parse().unwrap();
    anvil.call("anvil_setBalance", json!([operator, "0xde0b6b3a7640000"]));
    let transfer =
        [&hex!("a9059cbb")[..], operator.into_word().as_slice(), &eng(1_000).to_be_bytes::<32>()].concat();
    let deployer = accounts::local_address(accounts::DEPLOYER).unwrap();
    let gift = json!({ "from": deployer, "to": told["token"], "data": hex::encode_prefixed(transfer) });
    anvil.call("eth_sendTransaction", json!([gift]));
    let mut line = String::new();
    BufReader::new(joiner.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let joined: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&joined["operator"], wei(&joined["stakeWei"])), (&json!(operator), eng(1_000)), "{joined}");
    assert_eq!(worker(&network, "status", &[]).succeeded().json()["worker"]["loggedIn"], true);
}
