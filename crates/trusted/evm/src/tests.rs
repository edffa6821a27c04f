//! Whole executions of the contracts in `fixtures`.

mod border;
mod codec;
mod contracts;
mod environment;
mod limits;
mod money;
mod outbound;
mod programs;
mod purse;
mod relayed;
mod speed;

use std::{collections::BTreeMap, sync::LazyLock};

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::{SolCall, SolValue, sol};
use enigma_primitives::{Decode, Encode, Secret};

use crate::*;

sol! {
    error Refused(uint256 code, string why);
    error OutsideCall(address target);
    event Moved(address indexed from, address indexed to, uint256 amount);
    function start() returns (uint256);
    function number() returns (uint256);
    function balanceOf(address who) returns (uint256);
    function slots(uint256 slot) returns (uint256);
    function deposit() returns (uint256);
    function transfer(address to, uint256 amount) returns (bool);
    function put(uint256 slot, uint256 value);
    function fill(uint256 from, uint256 count);
    function putAndFail(uint256 slot, uint256 value);
    function spawn(uint256 number) returns (address);
    function spawn2(uint256 number, bytes32 salt) returns (address);
    function tryspawn(uint256 number) returns (bytes);
    function pingOf(address child) returns (uint256);
    function bubble(address child, uint256 code);
    function caught(address child, uint256 code) returns (bytes);
    function tryPing(address target) returns (bytes);
    function raw(uint256 kind, address target, uint256 value, bytes data) returns (bool ok, bytes back);
    function giveBack(uint256 amount);
    function dieOf(address child, address heir);
    function bornToDie(address heir) returns (address);
    function look(address at) returns (uint256 balance, uint256 size, bytes32 hash);
    function env() returns (uint256[9]);
    function who() returns (address sender, address origin);
    function hashOf(uint256 number) returns (bytes32);
    function log(uint256 size);
    function long(uint256 size) returns (bytes);
    function longRevert(uint256 size);
    function hog(uint256 depth, uint256 size) returns (uint256);
    function spin();
    function survive(address child) returns (bool);
    function invalid();
    function random(uint256 size, bytes pers) returns (bytes);
    function retry(uint256 size) returns (bytes first, bytes second);
}

const ROOT: Address = address!("00000000000000000000000000000000000c0de1");
const ALICE: Address = address!("00000000000000000000000000000000000a11ce");
const BOB: Address = address!("0000000000000000000000000000000000000b0b");
const GAS: u64 = 5_000_000;
const BLOCK: BlockContext = BlockContext {
    number: 1_000,
    timestamp: 1_800_000_000,
    base_fee: 7,
    chain_id: 31_337,
    prevrandao: B256::repeat_byte(0x5e),
};

static NO_HASHES: BTreeMap<u64, B256> = BTreeMap::new();
static SEED: LazyLock<Secret<[u8; 32]>> = LazyLock::new(|| Secret::from_bytes([9; 32]));

/// Creation code of the root with its constructor's argument.
fn init_code(start: u64) -> Bytes {
    let mut code = hex::decode(include_str!("../fixtures/root.hex").trim()).unwrap();
    code.extend(U256::from(start).abi_encode());
    code.into()
}

fn task<'a>(kind: Kind<'a>, inflow: u64, value: u64) -> Task<'a> {
    Task {
        kind,
        sender: ALICE,
        caller: ALICE,
        on_behalf_of: B256::ZERO,
        relayed: None,
        value: U256::from(value),
        inflow: U256::from(inflow),
        gas_limit: GAS,
        block: BLOCK,
        block_hashes: &NO_HASHES,
        randomness: &SEED,
        limits: Limits::default(),
    }
}

/// A world in the middle of its life: every step checks what must hold after any task.
struct Life {
    world: World,
    inflow: u64,
    /// Values of successful tasks.
    paid: u64,
    /// Values of outbound calls.
    sent: u64,
    /// How many of them the precompile made.
    calls: u64,
}

impl Life {
    /// A world without a root, and what its portal received.
    fn unborn(inflow: u64) -> Self {
        Self { world: World::empty(ROOT), inflow, paid: 0, sent: 0, calls: 0 }
    }

    /// A world with the root deployed.
    fn begun() -> Self {
        let mut life = Self::unborn(0);
        assert_eq!(life.deploy(init_code(5), 0).status, Status::Success);
        life
    }

    fn deploy(&mut self, init_code: Bytes, value: u64) -> Outcome {
        self.run(task(Kind::Deploy { init_code: &init_code }, self.inflow, value))
    }

    /// Calls the root and keeps what it changed.
    fn send<C: SolCall>(&mut self, call: C, value: u64) -> Outcome {
        let calldata = call.abi_encode().into();
        self.run(task(Kind::Call { calldata: &calldata }, self.inflow, value))
    }

    /// Calls the root, which must succeed, and decodes what it returned.
    fn ask<C: SolCall>(&mut self, call: C) -> C::Return {
        self.pay(call, 0)
    }

    /// As [`Life::ask`], with a value.
    fn pay<C: SolCall>(&mut self, call: C, value: u64) -> C::Return {
        let outcome = self.send(call, value);
        assert_eq!(outcome.status, Status::Success, "{outcome:?}");
        C::abi_decode_returns(&outcome.output).unwrap()
    }

    fn run(&mut self, task: Task<'_>) -> Outcome {
        let outcome = execute(&self.world, &task);
        assert_eq!(execute(&self.world, &task), outcome, "an execution can be repeated");
        if outcome.status == Status::Success {
            self.paid += u64::try_from(task.value).unwrap();
        } else {
            assert!(outcome.logs.is_empty() && outcome.outbound.is_empty());
            assert!(outcome.delta.accounts.iter().all(|a| a.address == ROOT));
            assert!(outcome.delta.accounts.iter().all(|a| a.balance.is_some() && a.storage.is_empty()));
        }
        let bytes = outcome.delta.to_bytes();
        assert_eq!(WorldDelta::from_bytes(&bytes).as_ref(), Ok(&outcome.delta));
        for call in &outcome.outbound {
            self.sent += u64::try_from(call.value).unwrap();
            self.calls += u64::from(call.kind == OutboundKind::Call);
        }
        let (before, undo) = (self.world.clone(), self.world.undo(&outcome.delta));
        self.world.apply(&outcome.delta);
        let mut back = self.world.clone();
        back.apply(&undo);
        assert_eq!(back, before, "a delta can be taken back");
        assert_eq!(World::from_bytes(&self.world.to_bytes()).as_ref(), Ok(&self.world));
        assert_eq!(self.world.inflow_seen(), U256::from(self.inflow));
        let held = U256::from(self.inflow + self.paid - self.sent);
        assert_eq!(self.world.total_balance(), held, "money is conserved");
        assert_eq!(self.world.outbound_calls(), self.calls);
        assert!(self.world.addresses().all(|at| at != crate::outbound::OUTBOUND && at != ALICE && at != BOB));
        outcome
    }
}
