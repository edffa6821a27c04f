//! A root that does what a list of steps says: `fixtures/Purse.sol`.

use alloy_primitives::keccak256;

use super::*;
use crate::outbound::OUTBOUND;

sol! {
    #[derive(Debug)]
    struct Step {
        uint256 kind;
        address target;
        uint256 value;
        bytes data;
    }
    #[derive(Debug)]
    struct Done {
        bool ok;
        bytes back;
    }
    function run(Step[] steps) returns (Done[]);
    function pay(address target, uint256 value);
}

/// Creation code of the purse's constructor with its steps.
pub fn purse(steps: Vec<Step>) -> Bytes {
    let mut code = hex::decode(include_str!("../../fixtures/purse.hex").trim()).unwrap();
    code.extend(steps.abi_encode());
    code.into()
}

/// A world whose root is a purse that holds `balance`.
pub fn purse_with(balance: u64) -> Life {
    let mut life = Life::unborn(balance);
    assert_eq!(life.deploy(purse(vec![]), 0).status, Status::Success);
    life
}

/// A step of any kind.
pub fn step(kind: u64, target: Address, value: u64, data: Vec<u8>) -> Step {
    Step { kind: U256::from(kind), target, value: U256::from(value), data: data.into() }
}

/// Ether and nothing else.
pub fn give(target: Address, value: u64) -> Step {
    step(0, target, value, vec![])
}

/// A call with steps for another purse, or the same one again.
pub fn frame(target: Address, value: u64, steps: Vec<Step>) -> Step {
    step(0, target, value, runCall { steps }.abi_encode())
}

/// A call of the outbound precompile.
pub fn ask_out(target: Address, value: u64, gas: u64, data: &[u8]) -> Step {
    step(0, OUTBOUND, value, arguments(target, gas, data))
}

pub fn arguments(target: Address, gas: u64, data: &[u8]) -> Vec<u8> {
    (target, gas, Bytes::copy_from_slice(data)).abi_encode_params()
}

pub fn clone(salt: Address, value: u64) -> Step {
    step(4, salt, value, vec![])
}

pub fn note() -> Step {
    step(5, Address::ZERO, 1, vec![])
}

pub fn die(heir: Address) -> Step {
    step(7, heir, 0, vec![])
}

pub fn fail() -> Step {
    step(8, Address::ZERO, 0, vec![])
}

/// Where `creator` makes the clone of this salt.
pub fn clone_of(life: &Life, creator: Address, salt: Address) -> Address {
    let prefix = hex::decode("600b5981380380925939f3").unwrap();
    let code = [&prefix[..], &life.world.code(ROOT)].concat();
    creator.create2(B256::from(U256::from_be_slice(salt.as_slice())), keccak256(code))
}

/// What leaves as a plain transfer.
pub fn transfer(target: Address, value: u64) -> OutboundCall {
    let (kind, value) = (OutboundKind::Transfer, U256::from(value));
    OutboundCall { kind, target, value, gas: 0, data: Bytes::new() }
}

/// What leaves by the precompile.
pub fn call(target: Address, value: u64, gas: u64, data: &[u8]) -> OutboundCall {
    let (kind, value) = (OutboundKind::Call, U256::from(value));
    OutboundCall { kind, target, value, gas, data: Bytes::copy_from_slice(data) }
}

impl Life {
    /// Runs steps at the root with all the gas there is.
    pub fn steps(&mut self, steps: Vec<Step>, value: u64) -> Outcome {
        let calldata = runCall { steps }.abi_encode().into();
        let kind = Kind::Call { calldata: &calldata };
        self.run(Task { gas_limit: TASK_GAS_CAP, ..task(kind, self.inflow, value) })
    }

    /// As [`Life::steps`], which must succeed: what each step gave, and what left.
    pub fn play(&mut self, steps: Vec<Step>) -> (Vec<Done>, Vec<OutboundCall>) {
        let outcome = self.steps(steps, 0);
        assert_eq!(outcome.status, Status::Success, "{outcome:?}");
        (runCall::abi_decode_returns(&outcome.output).unwrap(), outcome.outbound)
    }
}
