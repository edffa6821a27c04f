//! The contract's events in the protocol's words.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    input::{Input, Kind},
    receipt::Status,
};

use crate::ChainBlock;

/// An input, as the chain announced it.
#[derive(Clone, Debug)]
pub struct InputEvent {
    /// The secret contract.
    pub contract: Address,
    /// Its place in the contract's log.
    pub index: u64,
    /// The input head after it.
    pub head: B256,
    /// Its fields.
    pub input: Input,
    /// The envelope.
    pub envelope: Vec<u8>,
    /// A deploy's clear code.
    pub code: Vec<u8>,
    /// Hash of its block.
    pub block_hash: B256,
    /// Its transaction.
    pub transaction: B256,
}

/// One task's public outcome.
#[derive(Clone, Debug)]
pub struct TaskOutcome {
    /// Public status.
    pub status: Status,
    /// Gas charged, a class.
    pub gas_charged: u64,
    /// What it paid, wei.
    pub pay: U256,
    /// Its encrypted output.
    pub output: Vec<u8>,
    /// Its sealed delta.
    pub delta: Vec<u8>,
}

/// A receipt that the chain accepted.
#[derive(Clone, Debug)]
pub struct CommitEvent {
    /// The secret contract.
    pub contract: Address,
    /// Index of the first task.
    pub first_index: u64,
    /// Index of the last task.
    pub last_index: u64,
    /// Epoch whose state key sealed the deltas.
    pub epoch: u64,
    /// State head after it.
    pub state_head: B256,
    /// Hash of the snapshot, or zero.
    pub snapshot_hash: B256,
    /// One outcome a task.
    pub outcomes: Vec<TaskOutcome>,
    /// Number of its block.
    pub block_number: u64,
    /// Unix seconds of its block.
    pub timestamp: u64,
    /// Its transaction.
    pub transaction: B256,
}

/// A new secret contract.
#[derive(Clone, Copy, Debug)]
pub struct CreatedEvent {
    /// Its address.
    pub contract: Address,
    /// Who deployed it.
    pub deployer: Address,
    /// Signatures that a receipt needs.
    pub signers: u8,
    /// Blocks that must lie above the block of a task before it is executed.
    pub depth: u8,
    /// Number of its block.
    pub block_number: u64,
}

/// An input was skipped; its sender got everything back.
#[derive(Clone, Copy, Debug)]
pub struct SkipEvent {
    /// The secret contract.
    pub contract: Address,
    /// The input's index.
    pub index: u64,
    /// State head after it.
    pub state_head: B256,
    /// Who sent the input.
    pub sender: Address,
    /// Wei that went back.
    pub refund: U256,
    /// Number of its block.
    pub block_number: u64,
    /// Unix seconds of its block.
    pub timestamp: u64,
    /// Its transaction.
    pub transaction: B256,
}

/// What the portal of a secret contract did on Ethereum for a committed task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboundEvent {
    /// The secret contract.
    pub contract: Address,
    /// The input's index.
    pub index: u64,
    /// Number of the contract's call; a plain transfer of ether has none.
    pub number: Option<U256>,
    /// Who was paid or called.
    pub target: Address,
    /// Wei.
    pub value: U256,
    /// Whether it succeeded. A transfer that did not is credited to the target, the value of a call comes back inside.
    pub success: bool,
}

/// Ranks of a contract's group were passed over.
#[derive(Clone, Copy, Debug)]
pub struct TakeoverEvent {
    /// The secret contract.
    pub contract: Address,
    /// The epoch.
    pub epoch: u64,
    /// Bit r: rank r was passed over in this epoch.
    pub silent: u8,
    /// Number of its block.
    pub block_number: u64,
}

/// A worker lost a part of its stake.
#[derive(Clone, Copy, Debug)]
pub struct SlashEvent {
    /// The worker's id.
    pub worker: u64,
    /// The secret contract that it left waiting.
    pub contract: Address,
    /// The epoch.
    pub epoch: u64,
    /// Wei of ENG, burned.
    pub amount: U256,
    /// Number of its block.
    pub block_number: u64,
}

/// A member of the group says that nobody has a contract's snapshot.
#[derive(Clone, Copy, Debug)]
pub struct LostEvent {
    /// The secret contract.
    pub contract: Address,
    /// Who says so.
    pub declarer: Address,
    /// Hash of the snapshot.
    pub snapshot_hash: B256,
    /// Wei for whoever posts it.
    pub bond: U256,
    /// Number of its block.
    pub block_number: u64,
}

/// A part of a snapshot that was declared lost.
#[derive(Clone, Debug)]
pub struct ChunkEvent {
    /// The secret contract.
    pub contract: Address,
    /// Hash of the snapshot.
    pub snapshot_hash: B256,
    /// Which chunk.
    pub index: u64,
    /// Its bytes.
    pub chunk: Vec<u8>,
    /// Number of its block.
    pub block_number: u64,
}

/// All of a lost snapshot was posted, or a new one took its place.
#[derive(Clone, Copy, Debug)]
pub struct FoundEvent {
    /// The secret contract.
    pub contract: Address,
    /// Hash of the snapshot that is there now.
    pub snapshot_hash: B256,
    /// Number of its block.
    pub block_number: u64,
}

/// What a log of the Enigma contract says, if it is one that nodes follow.
#[derive(Clone, Debug)]
pub enum Event {
    /// A secret contract was created; its first input follows.
    Created(CreatedEvent),
    /// An input.
    Input(Box<InputEvent>),
    /// A receipt.
    Commit(Box<CommitEvent>),
    /// An input that nobody executed.
    Skipped(SkipEvent),
    /// Ranks were passed over.
    TakenOver(TakeoverEvent),
    /// A worker was slashed.
    Slashed(SlashEvent),
    /// A contract's state was declared lost.
    DeclaredLost(LostEvent),
    /// A part of a lost snapshot was posted.
    ChunkPosted(Box<ChunkEvent>),
    /// A declaration of loss is over.
    Found(FoundEvent),
}

impl Event {
    /// Number of its block.
    pub fn block_number(&self) -> u64 {
        match self {
            Self::Created(e) => e.block_number,
            Self::Input(e) => e.input.block_number,
            Self::Commit(e) => e.block_number,
            Self::Skipped(e) => e.block_number,
            Self::TakenOver(e) => e.block_number,
            Self::Slashed(e) => e.block_number,
            Self::DeclaredLost(e) => e.block_number,
            Self::ChunkPosted(e) => e.block_number,
            Self::Found(e) => e.block_number,
        }
    }
}

/// The events of some blocks, in the chain's order.
#[derive(Clone, Debug)]
pub struct Span {
    /// The last of the blocks: the history that the events are of.
    pub last: ChainBlock,
    /// The events.
    pub events: Vec<Event>,
}

impl Span {
    /// The inputs and the commits among them, each kind in the chain's order.
    pub fn split(self) -> (Vec<InputEvent>, Vec<CommitEvent>) {
        split(self.events)
    }
}

pub(crate) fn split(events: Vec<Event>) -> (Vec<InputEvent>, Vec<CommitEvent>) {
    let (mut inputs, mut commits) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Input(input) => inputs.push(*input),
            Event::Commit(commit) => commits.push(*commit),
            _ => {}
        }
    }
    (inputs, commits)
}

pub(crate) fn status(word: u8) -> Status {
    match word {
        0 => Status::Completed,
        1 => Status::ValueReturned,
        _ => Status::Unopened,
    }
}

pub(crate) fn kind(word: u8) -> Kind {
    if word == Kind::Deploy as u8 { Kind::Deploy } else { Kind::Task }
}
