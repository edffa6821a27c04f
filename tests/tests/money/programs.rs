//! Random programs for the contract of these tests, `crates/trusted/evm/fixtures/Purse.sol`, which does what a list of
//! steps says.

use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use enigma_evm::outbound::OUTBOUND;
use rand::{Rng, rngs::StdRng};

sol! {
    #[derive(Debug)]
    struct Step {
        uint256 kind;
        address target;
        uint256 value;
        bytes data;
    }
    function run(Step[] steps);
    function pay(address target, uint256 value);
}

/// Takes ether.
pub const PLAIN: Address = address!("0000000000000000000000000000000000a11ce0");
/// Has code that counts what comes.
pub const COUNTER: Address = address!("0000000000000000000000000000000000c04470");
/// Takes no ether from a portal; on the plain chain it does.
pub const REFUSER: Address = address!("00000000000000000000000000000000004ef050");
/// Burns all gas of a portal's transfer; on the plain chain it takes ether.
pub const BURNER: Address = address!("0000000000000000000000000000000000b04e40");
/// Reverts whatever it is called with, on both chains.
pub const FAILING: Address = address!("0000000000000000000000000000000000fa1100");

/// All whose ether is compared.
pub const OUTSIDE: [Address; 5] = [PLAIN, COUNTER, REFUSER, BURNER, FAILING];

pub const CALL: u64 = 0;
const CLONE: u64 = 4;
pub const BALANCE: u64 = 6;
const DIE: u64 = 7;
pub const FAIL: u64 = 8;

/// Creation code of the purse, without its constructor's steps.
pub fn purse() -> Vec<u8> {
    let code = include_str!("../../../crates/trusted/evm/fixtures/purse.hex");
    hex::decode(code.trim()).expect("hex")
}

/// Who exists, as the programs know it.
pub struct Author {
    root: Address,
    /// Code of the root, which its clones have too.
    code: Vec<u8>,
    /// Clones that were there before the program.
    pub clones: Vec<Address>,
    /// Clones that a program may have made.
    pub hopes: Vec<Address>,
    salt: u64,
    /// Steps that cost commit gas which the program may still have.
    outbound: u32,
    births: u32,
}

impl Author {
    pub const fn new(root: Address, code: Vec<u8>) -> Self {
        Self { root, code, clones: Vec::new(), hopes: Vec::new(), salt: 1, outbound: 0, births: 0 }
    }

    /// Calldata of a task.
    pub fn calldata(&mut self, rng: &mut StdRng) -> Vec<u8> {
        (self.outbound, self.births) = (9, if self.clones.len() < 4 { 1 } else { 0 });
        if rng.random_ratio(1, 8) {
            let target = [PLAIN, REFUSER, BURNER, self.inside(rng)][rng.random_range(0..4)];
            return payCall { target, value: amount(rng) }.abi_encode();
        }
        let mut steps = self.steps(rng, self.root, 0);
        let last = steps.last().is_some_and(|step| step.kind == U256::from(FAIL));
        if !last {
            let all = std::iter::once(self.root).chain(self.clones.iter().copied());
            steps.extend(all.map(|who| step(BALANCE, who, U256::ZERO, vec![])));
        }
        runCall { steps }.abi_encode()
    }

    fn steps(&mut self, rng: &mut StdRng, here: Address, depth: u32) -> Vec<Step> {
        let count = rng.random_range(1..=5 - depth);
        let mut steps: Vec<Step> = (0..count).map(|_| self.one(rng, here, depth)).collect();
        match rng.random_range(0..8) {
            0 => steps.push(step(FAIL, Address::ZERO, U256::ZERO, vec![])),
            1 | 2 if here != self.root && self.may_send() => {
                let heir = [PLAIN, COUNTER, REFUSER, BURNER, self.root][rng.random_range(0..5)];
                steps.push(step(DIE, heir, U256::ZERO, vec![]));
            }
            _ => {}
        }
        steps
    }

    fn one(&mut self, rng: &mut StdRng, here: Address, depth: u32) -> Step {
        match rng.random_range(0..10) {
            0..=2 if self.may_send() => {
                let target = [PLAIN, COUNTER, REFUSER, BURNER][rng.random_range(0..4)];
                step(CALL, target, amount(rng), vec![])
            }
            3 | 4 if self.may_send() => {
                let target = [PLAIN, COUNTER, FAILING][rng.random_range(0..3)];
                let value = if rng.random_ratio(1, 4) { U256::ZERO } else { amount(rng) };
                let data = Bytes::from(vec![7; rng.random_range(0..40)]);
                step(CALL, OUTBOUND, value, (target, 50_000u64, data).abi_encode_params())
            }
            5 if self.births > 0 => self.birth(rng, here),
            6 => step(CALL, self.inside(rng), amount(rng), vec![]),
            _ if depth < 3 => {
                let target = self.inside(rng);
                let value = if rng.random() { U256::ZERO } else { amount(rng) };
                let steps = self.steps(rng, target, depth + 1);
                step(CALL, target, value, runCall { steps }.abi_encode())
            }
            _ => step(BALANCE, self.inside(rng), U256::ZERO, vec![]),
        }
    }

    /// A contract made with ether, by whoever runs.
    fn birth(&mut self, rng: &mut StdRng, here: Address) -> Step {
        self.births -= 1;
        self.salt += 1;
        let salt = Address::left_padding_from(&self.salt.to_be_bytes());
        let prefix = hex!("600b5981380380925939f3");
        let hash = keccak256([&prefix[..], &self.code].concat());
        self.hopes.push(here.create2(B256::left_padding_from(salt.as_slice()), hash));
        step(CLONE, salt, amount(rng), vec![])
    }

    const fn may_send(&mut self) -> bool {
        let may = self.outbound > 0;
        self.outbound = self.outbound.saturating_sub(1);
        may
    }

    fn inside(&self, rng: &mut StdRng) -> Address {
        let place = rng.random_range(0..=self.clones.len());
        self.clones.get(place).copied().unwrap_or(self.root)
    }
}

/// Mostly what there is, sometimes more than there can be.
fn amount(rng: &mut StdRng) -> U256 {
    U256::from(if rng.random_ratio(1, 12) { 1u64 << 60 } else { rng.random_range(1..900) })
}

pub fn step(kind: u64, target: Address, value: U256, data: Vec<u8>) -> Step {
    Step { kind: U256::from(kind), target, value, data: data.into() }
}
