//! What a secret contract does in the model: a hash chain and a map of counters. Anybody can compute it, so that the end of a
//! run can be compared with an execution of the whole chain by itself.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, keccak256};
use enigma_protocol::{input::Input, receipt::Status};

/// Envelopes that begin with it do not open.
pub const BROKEN: u8 = 0xff;
/// Tasks that begin with it fail.
pub const FAILING: u8 = 0xfe;

/// The sealed world of a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    digest: B256,
    counters: BTreeMap<u8, u64>,
    /// Bytes that make snapshots large.
    ballast: u32,
}

/// What a task changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    digest: B256,
    counter: u8,
    value: u64,
    ballast: u32,
}

/// What a task leaves behind.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its public status.
    pub status: Status,
    /// Gas charged.
    pub gas: u64,
    /// Its output.
    pub output: Vec<u8>,
    /// What it changes.
    pub change: Change,
}

impl Model {
    /// Runs a task; the world stays as it is.
    pub fn run(&self, input: &Input, envelope: &[u8], context: B256) -> Ran {
        let first = envelope.first().copied().unwrap_or_default();
        let same = Change { digest: self.digest, counter: 0, value: self.counter(0), ballast: self.ballast };
        if first == BROKEN {
            return Ran { status: Status::Unopened, gas: 0, output: Vec::new(), change: same };
        }
        let gas = 21_000.min(input.gas_limit);
        let digest = keccak256([self.digest.as_slice(), context.as_slice(), envelope].concat());
        if first == FAILING {
            let status = if input.value.is_zero() { Status::Completed } else { Status::ValueReturned };
            return Ran { status, gas, output: vec![0], change: same };
        }
        let counter = envelope.get(1).copied().unwrap_or_default();
        let ballast = envelope.get(2).map_or(0, |&kib| u32::from(kib) * 1_024);
        let value = self.counter(counter).wrapping_add(1 + u64::from(digest[0]));
        let change = Change { digest, counter, value, ballast: self.ballast.max(ballast) };
        Ran { status: Status::Completed, gas, output: value.to_be_bytes().to_vec(), change }
    }

    fn counter(&self, key: u8) -> u64 {
        self.counters.get(&key).copied().unwrap_or_default()
    }

    /// Makes a change.
    pub fn apply(&mut self, change: &Change) {
        self.digest = change.digest;
        self.ballast = change.ballast;
        if change.value != 0 {
            self.counters.insert(change.counter, change.value);
        }
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.digest.to_vec();
        bytes.extend(self.ballast.to_be_bytes());
        bytes.extend((self.counters.len() as u32).to_be_bytes());
        for (key, value) in &self.counters {
            bytes.push(*key);
            bytes.extend(value.to_be_bytes());
        }
        bytes.resize(bytes.len() + self.ballast as usize, self.digest[0]);
        bytes
    }

    /// From bytes; `None` if they are no world.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let digest = B256::try_from(bytes.get(..32)?).ok()?;
        let ballast = u32::from_be_bytes(bytes.get(32..36)?.try_into().ok()?);
        let count = u32::from_be_bytes(bytes.get(36..40)?.try_into().ok()?) as usize;
        let rest = bytes.get(40..40 + 9 * count)?;
        let counter = |row: &[u8]| Some((row[0], u64::from_be_bytes(row[1..9].try_into().ok()?)));
        Some(Self { digest, counters: rest.chunks_exact(9).map(counter).collect::<Option<_>>()?, ballast })
    }
}

impl Change {
    /// As bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.digest.to_vec();
        bytes.push(self.counter);
        bytes.extend(self.value.to_be_bytes());
        bytes.extend(self.ballast.to_be_bytes());
        bytes
    }

    /// From bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            digest: B256::try_from(bytes.get(..32)?).ok()?,
            counter: *bytes.get(32)?,
            value: u64::from_be_bytes(bytes.get(33..41)?.try_into().ok()?),
            ballast: u32::from_be_bytes(bytes.get(41..45)?.try_into().ok()?),
        })
    }
}

/// Seals under the state key of (contract, epoch): in the model nothing is hidden, but nothing else opens it.
pub fn seal(contract: Address, epoch: u64, context: B256, bytes: &[u8]) -> Vec<u8> {
    let mut sealed = tag(contract, epoch, context, bytes).to_vec();
    sealed.extend(bytes);
    sealed
}

/// Opens what [`seal`] sealed.
pub fn open(contract: Address, epoch: u64, context: B256, sealed: &[u8]) -> Option<&[u8]> {
    let (tagged, bytes) = sealed.split_at_checked(32)?;
    (tagged == tag(contract, epoch, context, bytes).as_slice()).then_some(bytes)
}

fn tag(contract: Address, epoch: u64, context: B256, bytes: &[u8]) -> B256 {
    let head = [contract.as_slice(), &epoch.to_be_bytes(), context.as_slice()].concat();
    keccak256([head.as_slice(), &sum(bytes).to_be_bytes()].concat())
}

/// A sum over bytes, quick: a snapshot is sealed and opened often, and nobody here looks for two with the same.
fn sum(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let of = |word: &[u8]| word.try_into().map(u64::from_le_bytes).unwrap_or_default();
    let sum = words.by_ref().fold(bytes.len() as u64, |sum, word| mix(sum, of(word)));
    words.remainder().iter().fold(sum, |sum, byte| mix(sum, (*byte).into()))
}
