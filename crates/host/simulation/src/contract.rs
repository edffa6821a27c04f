//! The Enigma contract in plain Rust: order, clock, slashes, skips, holds, snapshots, lost state, money. The rules of
//! `contracts/src`, one function a call; every refusal has the name of the contract's error.
//!
//! ```text
//! inputs   deployments and tasks       commits  receipts, and who is paid for them
//! turns    epochs, the clock, skips    stakes   weights and slashes
//! lost     bonds for lost state
//! ```

mod commits;
mod inputs;
mod lost;
mod stakes;
mod turns;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_chain::Event;
use enigma_protocol::{
    clock::Terms,
    input::{Input, Kind},
    receipt::Receipt,
    snapshot::Manifest,
};
use enigma_worker::Signed;

use crate::Bug;

/// Why a call is refused: the name of the contract's error.
pub type Refused = &'static str;

/// One ENG.
pub const ENG: u128 = 1_000_000_000_000_000_000;
/// The part of a stake that a slash takes.
pub const SLASH_DIVISOR: u128 = 100;
/// Slashes of a worker in an epoch, at most.
pub const MAX_SLASHES: u8 = 10;
/// The smallest bond, wei.
pub const MIN_BOND: u128 = ENG / 10;
const MAX_PENDING: u64 = 256;

/// What never changes.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The network's identity.
    pub network: B256,
    /// Workers of a group.
    pub group_size: u8,
    /// Blocks between turns.
    pub takeover: u64,
    /// Epochs until an input may be skipped.
    pub skip_epochs: u64,
    /// Blocks of an epoch.
    pub epoch_length: u64,
    /// Epochs back that an envelope may be for.
    pub window: u64,
    /// What is wrong with this contract.
    pub bug: Option<Bug>,
}

/// A block, for the calls in it.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its base fee, wei.
    pub base_fee: u128,
    /// The transaction.
    pub transaction: u64,
}

/// What accounts ask of the contract.
#[derive(Clone, Debug)]
pub enum Call {
    /// A new secret contract.
    Deploy {
        /// Its address.
        contract: Address,
        /// Signatures of a receipt.
        signers: u8,
        /// Blocks above an input.
        depth: u8,
        /// Its first input.
        task: Task,
    },
    /// A task.
    Create {
        /// The secret contract.
        contract: Address,
        /// The task.
        task: Task,
    },
    /// A receipt.
    Commit(Arc<Signed>),
    /// Skip the oldest input.
    Skip(Address, Arc<Input>),
    /// Hold the clock.
    Hold(Address, Arc<Input>),
    /// Let it go on.
    Resume(Address, Arc<Input>),
    /// Declare a snapshot lost.
    DeclareLost(Address),
    /// Post a part of it.
    PostChunk(Address, Arc<Manifest>, u32, Arc<Vec<u8>>),
    /// The beacon of an epoch.
    Beacon(u64),
    /// A worker counts from the epoch after the next.
    Login(u64),
    /// A worker does not count any more from then.
    Logout(u64),
    /// Takes all that the account is owed.
    Withdraw,
}

/// What a sender asks for.
#[derive(Clone, Debug)]
pub struct Task {
    /// Epochs before the current one to which the envelope is encrypted.
    pub age: u64,
    /// Wei that go along.
    pub value: u128,
    /// Bound of the price, wei.
    pub price_cap: u128,
    /// The envelope.
    pub envelope: Vec<u8>,
}

/// A secret contract's record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Signatures of a receipt.
    pub signers: u8,
    /// Blocks above an input before it is executed.
    pub depth: u8,
    /// All inputs; the contract itself keeps their heads only.
    pub inputs: Vec<Arc<Input>>,
    /// Hash of each.
    pub hashes: Vec<B256>,
    /// Head after each.
    pub heads: Vec<B256>,
    /// Oldest pending input.
    pub cursor: u64,
    /// State head.
    pub state_head: B256,
    /// Epoch of the last commit.
    pub sealed_epoch: u64,
    /// Block of the last commit.
    pub last_commit: u64,
    /// Block that the clock does not count from before: of a resume or a skip.
    pub clock_from: u64,
    /// Block in which the clock was held; 0 while it runs.
    pub paused_at: u64,
    /// Hash of the last snapshot, or zero.
    pub snapshot_hash: B256,
    /// Epoch of the stored group, and who was passed over in it.
    pub group: (u64, u8),
}

/// A declaration of loss.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Who made it.
    pub declarer: Address,
    /// Its block.
    pub since: u64,
    /// Wei.
    pub bond: u128,
    /// Wei of it that were credited.
    pub paid: u128,
    /// Chunks that were posted.
    pub posted: BTreeSet<u32>,
}

/// A worker's record.
#[derive(Clone, Debug)]
pub struct Staker {
    /// Wei of ENG.
    pub stake: u128,
    /// Whether it wants to be drawn.
    pub logged_in: bool,
    /// Weights by the epoch from which they count.
    weights: BTreeMap<u64, u64>,
    slash_epoch: u64,
    slash_base: u128,
    slashes: u8,
}

/// Everything that the contract stores.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By address.
    pub contracts: BTreeMap<Address, Arc<Record>>,
    /// By id.
    pub workers: Vec<Staker>,
    /// By contract.
    pub lost: BTreeMap<Address, Lost>,
    /// What accounts are owed, wei.
    pub credits: BTreeMap<Address, u128>,
    /// The share of pay for beacons and the committee, with whom it is parked.
    pub upkeep: BTreeMap<Address, u128>,
    /// Wei that ever came in.
    pub paid_in: u128,
    /// Wei that went to portals.
    pub delivered: u128,
    /// Wei that accounts withdrew.
    pub withdrawn: BTreeMap<Address, u128>,
    /// Wei of ENG that ever were staked, and burned.
    pub staked: u128,
    /// Slashes.
    pub burned: u128,
    epoch: u64,
    start: u64,
    next_start: u64,
}

/// The account that operates a worker.
pub fn operator(id: u64) -> Address {
    Address::with_last_byte(1 + id as u8)
}

/// The signature of a worker's enclave.
pub fn sign(worker: u64, digest: B256) -> [u8; 65] {
    let mut signature = [0; 65];
    let tag = keccak256([b"sign".as_slice(), &worker.to_be_bytes(), digest.as_slice()].concat());
    signature[..32].copy_from_slice(tag.as_slice());
    signature[32..40].copy_from_slice(&worker.to_be_bytes());
    signature
}

/// Who signed.
pub fn signer(digest: B256, signature: &[u8; 65]) -> Option<u64> {
    let id = u64::from_be_bytes(signature[32..40].try_into().ok()?);
    (sign(id, digest) == *signature).then_some(id)
}

/// The digest of a receipt.
pub fn digest(receipt: &Receipt) -> B256 {
    receipt.digest(B256::repeat_byte(0xd0))
}

/// Wei as a number of the model, whose sums are far below its bound.
pub fn wei(value: U256) -> u128 {
    value.try_into().unwrap_or(u128::MAX)
}

/// What an input holds in escrow.
pub fn escrow(input: &Input) -> u128 {
    wei(input.max_fee() + input.value)
}

impl Rules {
    /// The terms of a contract's clock.
    pub const fn terms(&self, signers: u8) -> Terms {
        Terms { signers, group_size: self.group_size, takeover: self.takeover }
    }

    /// Blocks after which an input may be skipped.
    pub const fn skip_after(&self) -> u64 {
        self.skip_epochs * self.epoch_length
    }
}

impl State {
    /// Before the first block: epoch 2, `stakes` by worker in whole ENG; workers with 0 are not logged in.
    pub fn genesis(stakes: &[u64], start: u64) -> Self {
        let worker = |&stake: &u64| Staker {
            stake: u128::from(stake.max(1)) * ENG,
            logged_in: stake > 0,
            weights: BTreeMap::from([(0, stake)]),
            slash_epoch: 0,
            slash_base: 0,
            slashes: 0,
        };
        let workers: Vec<Staker> = stakes.iter().map(worker).collect();
        let staked = workers.iter().map(|w| w.stake).sum();
        Self { workers, staked, epoch: 2, start, ..Self::default() }
    }

    /// Makes a call, or leaves everything as it was.
    pub fn call(
        &mut self,
        rules: &Rules,
        now: Now,
        from: Address,
        call: &Call,
        hash_of: impl Fn(u64) -> Option<B256>,
    ) -> Result<Vec<Event>, Refused> {
        match call {
            Call::Deploy { contract, signers, depth, task } => {
                self.deploy(rules, now, from, *contract, (*signers, *depth), task)
            }
            Call::Create { contract, task } => self.create(rules, now, from, *contract, Kind::Task, task),
            Call::Commit(signed) => self.commit(rules, now, signed, hash_of),
            Call::Skip(contract, input) => self.skip(rules, now, *contract, input),
            Call::Hold(contract, input) => self.hold(rules, now, *contract, input),
            Call::Resume(contract, input) => self.resume(now, *contract, input),
            Call::DeclareLost(contract) => self.declare_lost(now, from, *contract),
            Call::PostChunk(contract, manifest, index, chunk) => {
                self.post_chunk(now, from, *contract, manifest, *index, chunk)
            }
            Call::Beacon(epoch) => self.beacon(rules, now, *epoch),
            Call::Login(id) => self.log(now, *id, true),
            Call::Logout(id) => self.log(now, *id, false),
            Call::Withdraw => {
                let amount = self.credits.remove(&from).unwrap_or_default();
                *self.withdrawn.entry(from).or_default() += amount;
                Ok(Vec::new())
            }
        }
    }

    fn record(&mut self, contract: Address) -> Result<&mut Record, Refused> {
        self.contracts.get_mut(&contract).map(Arc::make_mut).ok_or("UnknownContract")
    }

    fn credit(&mut self, account: Address, amount: u128) {
        *self.credits.entry(account).or_default() += amount;
    }
}

fn transaction(now: Now) -> B256 {
    B256::from(U256::from(now.transaction))
}
