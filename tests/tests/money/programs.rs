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

/// All outside whose ether is compared, beside the users.
pub const OUTSIDE: [Address; 5] = [PLAIN, COUNTER, REFUSER, BURNER, FAILING];

pub const CALL: u64 = 0;
const CLONE: u64 = 4;
pub const BALANCE: u64 = 6;
const DIE: u64 = 7;
pub const FAIL: u64 = 8;
const BIRTH: u64 = 9;

/// Creation code of a purse whose constructor takes these steps.
pub fn purse(steps: Vec<Step>) -> Vec<u8> {
    let code = include_str!("../../../crates/trusted/evm/fixtures/purse.hex");
    [hex::decode(code.trim()).expect("hex"), steps.abi_encode()].concat()
}

/// A purse that a program may have made.
pub struct Hope {
    pub at: Address,
    /// By its own constructor, not as a copy of its maker.
    pub is_constructed: bool,
}

/// Who exists, as the programs know it.
pub struct Author {
    root: Address,
    /// The users, who may get ether as well.
    users: Vec<Address>,
    /// Code of the root, which its clones have too; none as long as it is not there.
    pub code: Bytes,
    /// Purses that were there before the program, beside the root.
    pub clones: Vec<Address>,
    pub hopes: Vec<Hope>,
    salt: u64,
    /// Steps that cost commit gas which the program may still have.
    outbound: u32,
    births: u32,
}

impl Author {
    pub fn new(root: Address, users: Vec<Address>) -> Self {
        let (code, clones, hopes) = (Bytes::new(), Vec::new(), Vec::new());
        Self { root, users, code, clones, hopes, salt: 1, outbound: 0, births: 0 }
    }

    /// Creation code of the root: its constructor does as much as any program, may fail, and may leave nothing.
    pub fn creation(&mut self, rng: &mut StdRng) -> Vec<u8> {
        (self.outbound, self.births) = (9, 1);
        let mut steps = self.steps(rng, Some(self.root), 0);
        match rng.random_range(0..8) {
            0 | 1 => steps.push(step(FAIL, Address::ZERO, U256::ZERO, vec![7; 40])),
            2 => steps.push(step(DIE, self.outside(rng), U256::ZERO, vec![])),
            _ => {}
        }
        purse(steps)
    }

    /// Calldata of a task.
    pub fn calldata(&mut self, rng: &mut StdRng) -> Vec<u8> {
        (self.outbound, self.births) = (9, if self.clones.len() < 4 { 1 } else { 0 });
        if rng.random_ratio(1, 8) {
            let target = [PLAIN, REFUSER, BURNER, self.user(rng), self.inside(rng)][rng.random_range(0..5)];
            return payCall { target, value: amount(rng) }.abi_encode();
        }
        let mut steps = self.steps(rng, Some(self.root), 0);
        let last = steps.last().is_some_and(|step| step.kind == U256::from(FAIL));
        if !last {
            let all = std::iter::once(self.root).chain(self.clones.iter().copied());
            steps.extend(all.map(|who| step(BALANCE, who, U256::ZERO, vec![])));
        }
        runCall { steps }.abi_encode()
    }

    /// Steps of whoever is `here`: nobody yet, if they are a constructor's on which its address hangs.
    fn steps(&mut self, rng: &mut StdRng, here: Option<Address>, depth: u32) -> Vec<Step> {
        let count = rng.random_range(1..=5 - depth);
        let mut steps: Vec<Step> = (0..count).map(|_| self.one(rng, here, depth)).collect();
        match rng.random_range(0..8) {
            0 => steps.push(step(FAIL, Address::ZERO, U256::ZERO, vec![])),
            1 | 2 if here != Some(self.root) && self.may_send() => {
                let heir = if rng.random_ratio(1, 5) { self.root } else { self.outside(rng) };
                steps.push(step(DIE, heir, U256::ZERO, vec![]));
            }
            _ => {}
        }
        steps
    }

    fn one(&mut self, rng: &mut StdRng, here: Option<Address>, depth: u32) -> Step {
        match (rng.random_range(0..10), here) {
            (0..=2, _) if self.may_send() => step(CALL, self.outside(rng), amount(rng), vec![]),
            (3 | 4, _) if self.may_send() => {
                let target = [PLAIN, COUNTER, FAILING, self.user(rng)][rng.random_range(0..4)];
                let value = if rng.random_ratio(1, 4) { U256::ZERO } else { amount(rng) };
                let data = Bytes::from(vec![7; rng.random_range(0..40)]);
                step(CALL, OUTBOUND, value, (target, 50_000u64, data).abi_encode_params())
            }
            (5, Some(here)) if self.births > 0 => self.birth(rng, here, depth),
            (6, _) => step(CALL, self.inside(rng), amount(rng), vec![]),
            _ if depth < 3 => {
                let target = self.inside(rng);
                let value = if rng.random() { U256::ZERO } else { amount(rng) };
                let steps = self.steps(rng, Some(target), depth + 1);
                step(CALL, target, value, runCall { steps }.abi_encode())
            }
            _ => step(BALANCE, self.inside(rng), U256::ZERO, vec![]),
        }
    }

    /// A contract made with ether by whoever is `here`: a copy of it, or another whose constructor has steps too. What is
    /// not there yet has no code to copy.
    fn birth(&mut self, rng: &mut StdRng, here: Address, depth: u32) -> Step {
        self.births -= 1;
        self.salt += 1;
        let is_constructed = self.code.is_empty() || rng.random();
        let (kind, made, data) = if is_constructed {
            let creation = purse(self.steps(rng, None, depth + 1));
            (BIRTH, keccak256(&creation), creation)
        } else {
            let prefix = hex!("600b5981380380925939f3");
            (CLONE, keccak256([&prefix[..], &self.code].concat()), vec![])
        };
        let salt = Address::left_padding_from(&self.salt.to_be_bytes());
        let at = here.create2(B256::left_padding_from(salt.as_slice()), made);
        self.hopes.push(Hope { at, is_constructed });
        step(kind, salt, amount(rng), data)
    }

    const fn may_send(&mut self) -> bool {
        let may = self.outbound > 0;
        self.outbound = self.outbound.saturating_sub(1);
        may
    }

    fn user(&self, rng: &mut StdRng) -> Address {
        self.users[rng.random_range(0..self.users.len())]
    }

    fn outside(&self, rng: &mut StdRng) -> Address {
        [PLAIN, COUNTER, REFUSER, BURNER, self.user(rng)][rng.random_range(0..5)]
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
