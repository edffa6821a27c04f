//! The contract's events in the protocol's words.

use alloy_primitives::{Address, B256};
use enigma_protocol::{
    input::{Input, Kind},
    receipt::Status,
};

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
    pub pay: alloy_primitives::U256,
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

/// What a log of the Enigma contract says, if it is one that nodes follow.
#[derive(Clone, Debug)]
pub enum Event {
    /// A secret contract was created; its first input follows.
    Created(CreatedEvent),
    /// An input.
    Input(Box<InputEvent>),
    /// A receipt.
    Commit(Box<CommitEvent>),
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
