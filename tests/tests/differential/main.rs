//! The sealed world against a real chain: the same random calls to `contracts/test/fixtures/Rich.sol` on anvil
//! and in `enigma-evm`, with the block fields of the mined block. Status, gas, output and logs must be equal
//! after every call, and at the end every account with its nonce, balance, code and slots.
//!
//! `ENIGMA_SEED` replays a run, `ENIGMA_CALLS` sets its length. Needs `npm ci` for anvil and the compiler.

mod calls;
mod compare;

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolValue;
use enigma_evm::{BlockContext, Kind, Limits, Outcome, Status, Task, World, execute};
use enigma_primitives::{Decode, Encode, Secret};
use enigma_tests::anvil::{self, Anvil};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

/// Calls of a run, unless `ENIGMA_CALLS` says otherwise.
const CALLS: usize = 300;

/// Root of the repository.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_sealed_world_does_what_ethereum_does() {
    let number = |name: &str| std::env::var(name).ok().map(|v| v.parse::<u64>().expect("a number"));
    let seed = number("ENIGMA_SEED").unwrap_or_else(rand::random);
    let calls = number("ENIGMA_CALLS").map_or(CALLS, |n| usize::try_from(n).expect("a count"));
    // Shown when the test fails.
    println!("replay with ENIGMA_SEED={seed} ENIGMA_CALLS={calls}");
    let mut run = Run::new(StdRng::seed_from_u64(seed));
    for i in 0..calls {
        if run.rng.random_ratio(1, 20) {
            run.force_deposit();
        }
        let root = run.root();
        let call = calls::random(&mut run.rng, root);
        run.step(&format!("call {i}: {}", call.name), &call);
    }
    run.compare_state();
    let [success, revert, halt] = run.seen;
    println!(
        "{success} successes, {revert} reverts, {halt} halts, {} accounts",
        run.world.addresses().count()
    );
    assert!(calls < CALLS || (success > 100 && revert > 30 && halt > 3), "the calls have become one-sided");
}

/// A chain and a world side by side.
struct Run {
    rng: StdRng,
    chain: Anvil,
    senders: Vec<Address>,
    world: World,
    inflow: U256,
    block_hashes: BTreeMap<u64, B256>,
    randomness: Secret<[u8; 32]>,
    /// Successes, reverts, halts.
    seen: [usize; 3],
    /// Contracts that the chain had before.
    foreign: Vec<Address>,
}

impl Run {
    /// Deploys Rich on both sides.
    fn new(rng: StdRng) -> Self {
        let chain = Anvil::start(&["--no-mining"]);
        let senders: Vec<Address> =
            serde_json::from_value::<Vec<String>>(chain.call("eth_accounts", json!([])))
                .expect("accounts")
                .iter()
                .take(4)
                .map(|a| a.parse().expect("an address"))
                .collect();
        let foreign = chain.contracts().into_keys().collect();
        let genesis = chain.call("eth_getBlockByNumber", json!(["0x0", false]));
        let block_hashes = BTreeMap::from([(0, anvil::word(&genesis["hash"]))]);
        let mut run = Self {
            rng,
            chain,
            senders,
            world: World::empty(Address::ZERO),
            inflow: U256::ZERO,
            block_hashes,
            randomness: Secret::from_bytes([0; 32]),
            seen: [0; 3],
            foreign,
        };
        let mut init_code = compile();
        init_code.extend((U256::from(123_456), "once upon a time".to_owned()).abi_encode_params());
        let sent = run.send(run.senders[0], None, &init_code.clone().into(), 77, 8_000_000);
        // The world's root takes the address that the chain gave.
        run.world = World::empty(anvil::address(&sent.receipt["contractAddress"]));
        run.both("deployment", &sent, Kind::Deploy { init_code: &init_code.into() }, 77);
        run
    }

    fn root(&self) -> Address {
        self.world.root()
    }

    fn step(&mut self, what: &str, call: &calls::Call) {
        let sender = self.senders[self.rng.random_range(0..self.senders.len())];
        let sent = self.send(sender, Some(self.root()), &call.data, call.value, call.gas);
        self.both(what, &sent, Kind::Call { calldata: &call.data }, call.value);
    }

    /// Ether that arrives without a call.
    fn force_deposit(&mut self) {
        let deposit = U256::from(self.rng.random_range(1..1_000_000u64));
        let root = self.root().to_string();
        let balance = anvil::word(&self.chain.call("eth_getBalance", json!([root, "latest"])));
        let balance = U256::from_be_bytes(balance.0) + deposit;
        self.chain.call("anvil_setBalance", json!([root, balance.to_string()]));
        self.inflow += deposit;
    }

    /// Mines one transaction.
    fn send(&self, from: Address, to: Option<Address>, data: &Bytes, value: u64, gas: u64) -> Sent {
        let mut tx = json!({
            "from": from.to_string(), "data": data.to_string(), "value": format!("{value:#x}"), "gas": format!("{gas:#x}"),
            "gasPrice": "0x174876e800",
        });
        if let Some(to) = to {
            tx["to"] = json!(to.to_string());
        }
        let hash = self.chain.call("eth_sendTransaction", json!([tx]));
        self.chain.call("evm_mine", json!([]));
        let receipt = self.chain.call("eth_getTransactionReceipt", json!([hash]));
        let block = self.chain.call("eth_getBlockByNumber", json!([receipt["blockNumber"], false]));
        let trace = self.chain.call("debug_traceTransaction", json!([hash, {"tracer": "callTracer"}]));
        Sent { from, gas, receipt, block, trace }
    }

    /// Runs in the world what was just mined, and compares.
    fn both(&mut self, what: &str, sent: &Sent, kind: Kind<'_>, value: u64) {
        let block = &sent.block;
        let number = anvil::number(&block["number"]);
        let task = Task {
            kind,
            sender: sent.from,
            caller: sent.from,
            on_behalf_of: B256::ZERO,
            relayed: None,
            value: U256::from(value),
            inflow: self.inflow,
            gas_limit: sent.gas,
            block: BlockContext {
                number,
                timestamp: anvil::number(&block["timestamp"]),
                base_fee: anvil::number(&block["baseFeePerGas"]),
                chain_id: 31_337,
                prevrandao: anvil::word(&block["mixHash"]),
            },
            block_hashes: &self.block_hashes,
            randomness: &self.randomness,
            limits: Limits::default(),
        };
        let outcome = execute(&self.world, &task);
        compare::outcomes(what, sent, &outcome);
        self.seen[match outcome.status {
            Status::Success => 0,
            Status::Revert => 1,
            Status::Halt(_) => 2,
        }] += 1;
        self.keep(&outcome);
        self.block_hashes.insert(number, anvil::word(&block["hash"]));
    }

    /// Applies the delta the way a successor does: from its bytes, now and then to a world from a snapshot.
    fn keep(&mut self, outcome: &Outcome) {
        let delta = Decode::from_bytes(&outcome.delta.to_bytes()).expect("a delta");
        if self.rng.random_ratio(1, 10) {
            self.world = World::from_bytes(&self.world.to_bytes()).expect("a world");
        }
        self.world.apply(&delta);
    }

    fn compare_state(&self) {
        let mut chain = self.chain.contracts();
        chain.retain(|address, _| !self.foreign.contains(address));
        compare::states(&self.world, &chain);
    }
}

/// A mined transaction.
struct Sent {
    from: Address,
    gas: u64,
    receipt: Value,
    block: Value,
    trace: Value,
}

/// Creation code of Rich.
fn compile() -> Vec<u8> {
    let output = Command::new("node")
        .args(["tools/compile.mjs", "contracts/test/fixtures/Rich.sol:Rich"])
        .current_dir(repository())
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).expect("the compiler's JSON");
    anvil::bytes(&json["bytecode"])
}
