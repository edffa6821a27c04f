//! Real ether out of a sealed world, and calls of other contracts, on a real network.

use std::time::Duration;

use alloy_primitives::{Address, U256, address, hex, keccak256};
use enigma_tests::network::{
    Answer, Network,
    rpc::{self, quantity},
    wait_for,
};
use serde_json::{Value, json};

const PAYER: &str = "tests/fixtures/Payer.sol:Payer";
const NOBODY: Address = address!("00000000000000000000000000000000000abcde");
/// Loops for ever.
const BURNER: Address = address!("00000000000000000000000000000000000b04e5");
/// Longest that a node may take to read a block.
const SOON: Duration = Duration::from_secs(30);
const ETHER: u64 = 1_000_000_000_000_000_000;

fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(ETHER)
}

/// Calldata of a function whose arguments are static words.
fn calldata(function: &str, words: &[U256]) -> String {
    let words: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
    hex::encode_prefixed([&keccak256(function)[..4], &words].concat())
}

struct Scene {
    network: Network,
    enigma: String,
    payer: String,
}

impl Scene {
    fn start() -> Self {
        let network = Network::started();
        let enigma = network.status()["network"]["enigma"].as_str().unwrap().to_owned();
        let payer = network.deploy(PAYER);
        Self { network, enigma, payer }
    }

    fn balance(&self, of: impl std::fmt::Display) -> U256 {
        quantity(&self.network.rpc("eth_getBalance", json!([of.to_string(), "latest"])))
    }

    fn ask_enigma(&self, function: &str, words: &[U256]) -> U256 {
        let call = json!({ "to": self.enigma, "data": calldata(function, words) });
        quantity(&self.network.rpc("eth_call", json!([call, "latest"])))
    }

    /// What the contract sees as its own.
    fn inside(&self) -> U256 {
        self.network.call(&self.payer, "balance()(uint256)", &[]).succeeded().json()["result"][0]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Has the contract call Enigma; returns the call's number.
    fn ask(&self, value: U256, data: &str) -> U256 {
        let (value, method) = (value.to_string(), "ask(address,uint256,uint64,bytes)(uint64)");
        let answer =
            self.network.call(&self.payer, method, &[&self.enigma, &value, "100000", data]).succeeded();
        answer.json()["result"][0].as_str().unwrap().parse().unwrap()
    }

    /// What `enigma task` says of a task that was called.
    fn life(&self, called: &Value) -> String {
        self.network.run(&["task", &self.payer, &called["index"].to_string()]).succeeded().stdout
    }

    /// What a node says that was done for it, as soon as it has read the commit.
    fn told(&self, called: &Value) -> Value {
        wait_for("a node to tell what was done outside", SOON, || {
            let place = json!([self.payer, called["index"]]);
            let task = rpc::call(self.network.port_base() + 61, "enigma_task", place);
            (!task["outbound"].is_null()).then(|| task["outbound"].clone())
        })
    }

    fn outcome(&self, number: U256) -> U256 {
        let payer: Address = self.payer.parse().unwrap();
        self.ask_enigma("outcomes(address,uint256)", &[payer.into_word().into(), number])
    }
}

/// Each lands alone, and two of them fit one block, but not what waits by then: workers that bundled all of it would stand
/// still until somebody gives up the oldest, and be slashed for it.
#[test]
fn tasks_that_burn_all_their_outbound_gas_stall_nothing() {
    let Scene { network, payer, .. } = &Scene::start();
    network.rpc("anvil_setCode", json!([BURNER, "0x5b5f56"]));
    let burner = BURNER.to_string();
    let ask = |from: usize| {
        let from = from.to_string();
        let method = "ask(address,uint256,uint64,bytes)(uint64)";
        let terms = ["--bytes", "2000", "--outbound", "4790000", "--from", &from];
        network.call(payer, method, &[&[&burner, "0", "4700000", "0x"], &terms[..]].concat())
    };
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..10).map(|from| scope.spawn(move || ask(from))).collect();
        let number =
            |answer: Answer| answer.succeeded().json()["result"][0].as_str().unwrap().parse().unwrap();
        tasks.into_iter().map(|task| number(task.join().unwrap())).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>(), "every call was made once");
}

#[test]
fn a_secret_contract_pays_real_ether_and_calls_other_contracts() {
    let scene = Scene::start();
    let (network, payer) = (&scene.network, &scene.payer);

    network.call(payer, "deposit()()", &["--value", "5"]).succeeded();
    assert_eq!((scene.balance(payer), scene.inside()), (ether(5), ether(5)));

    let two = ether(2).to_string();
    let paid = network.call(payer, "pay(address,uint256)()", &[&NOBODY.to_string(), &two]).succeeded().json();
    let made = json!([{ "number": null, "target": NOBODY, "valueWei": two, "success": true }]);
    assert_eq!(paid["outbound"], made, "who sends it learns what was done outside");
    let transfer = |target: Address, wei: U256, success: bool| {
        json!([{
            "kind": "transfer", "number": null, "target": target, "value": wei.to_string(), "success": success,
        }])
    };
    assert_eq!(scene.told(&paid), transfer(NOBODY, ether(2), true), "so does everybody");
    assert!(scene.life(&paid).contains(&format!("outside   2 ETH went to {NOBODY}")));
    assert_eq!((scene.balance(NOBODY), scene.balance(payer), scene.inside()), (ether(2), ether(3), ether(3)));

    network
        .call(payer, "payAndRevert(address,uint256)()", &[&NOBODY.to_string(), &two])
        .failed(2, &["NotNow"]);
    assert_eq!((scene.balance(NOBODY), scene.inside()), (ether(2), ether(3)), "what is undone pays nobody");

    // The Enigma contract credits whom it is told to with what comes along.
    let nobody: U256 = NOBODY.into_word().into();
    let number = scene.ask(ether(1), &calldata("deposit(address)", &[nobody]));
    assert_eq!(number, U256::ZERO, "the first call");
    assert_eq!(scene.ask_enigma("credits(address)", &[nobody]), ether(1));
    assert!(scene.outcome(number).bit(0), "it succeeded");
    assert_eq!((scene.balance(payer), scene.inside()), (ether(2), ether(2)));

    // It has no such function.
    let number = scene.ask(ether(1), "0x01020304");
    assert_eq!(number, U256::ONE);
    let outcome = scene.outcome(number);
    assert!(!outcome.bit(0) && !outcome.is_zero(), "it failed");
    assert_eq!((scene.balance(payer), scene.inside()), (ether(2), ether(2)), "its value came back");

    let enigma: Address = scene.enigma.parse().unwrap();
    let method = "ask(address,uint256,uint64,bytes)(uint64)";
    let failed =
        network.call(payer, method, &[&scene.enigma, "0", "100000", "0x01020304"]).succeeded().json();
    let made = json!([{ "number": "2", "target": enigma, "valueWei": "0", "success": false }]);
    assert_eq!((&failed["result"], &failed["outbound"]), (&json!(["2"]), &made));
    let made = json!([{
        "kind": "call", "number": 2, "target": enigma, "value": "0", "success": false,
    }]);
    assert_eq!(scene.told(&failed), made);
    assert!(scene.life(&failed).contains(&format!("outside   call 2, of {enigma}, FAILED")));

    // A target that does not take ether is owed it.
    let one = ether(1).to_string();
    let refused = network.call(payer, "pay(address,uint256)()", &[&scene.enigma, &one]).succeeded().json();
    assert_eq!(scene.told(&refused), transfer(enigma, ether(1), false));
    assert_eq!(scene.ask_enigma("credits(address)", &[enigma.into_word().into()]), ether(1));
    assert_eq!((scene.balance(payer), scene.inside()), (ether(1), ether(1)));

    // A payout of nothing is no call, and undoes nothing.
    network.call(payer, "pay(address,uint256)()", &[&NOBODY.to_string(), "0"]).succeeded();

    // What the network owes a secret contract comes to it when anybody asks: from inside the lock is in its way.
    let deposit = calldata("deposit(address)", &[payer.parse::<Address>().unwrap().into_word().into()]);
    scene.ask(ether(1), &deposit);
    assert_eq!(scene.inside(), U256::ZERO);
    let number = scene.ask(U256::ZERO, &calldata("withdraw()", &[]));
    assert!(!scene.outcome(number).bit(0), "not while a commit runs");
    network.run(&["withdraw", "--of", payer]).succeeded();
    network.run(&["withdraw", "--of", payer]).failed(1, &["owes", "nothing"]);
    assert_eq!((scene.balance(payer), scene.inside()), (ether(1), ether(1)));

    // A task buys the gas of its outbound calls: what leaves no room for a transfer makes none.
    let pay = |more: &[&str]| {
        network.call(payer, "pay(address,uint256)()", &[&[&NOBODY.to_string(), "1"], more].concat())
    };
    pay(&["--bytes", "1000", "--outbound", "0"]).failed(2, &["larger than the task paid for"]);
    pay(&["--bytes", "1000", "--outbound", "75000"]).succeeded();
}
