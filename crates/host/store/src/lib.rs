//! What a node keeps on disk: sealed snapshots and deltas of secret contracts
//! and a few named values. The only user of the embedded database (redb).
//!
//! The store sees ciphertext and public chain data only. It is a cache that the
//! machine's owner can read, rewind or delete; enclaves and chain heads decide
//! what is true.
//!
//! # Layout
//!
//! - `store`: [`Store`], opening, writing, mending
//! - `read`: its reading half
//! - `batch`, `snapshots`: [`Batch`], writing; everything in one batch lands or nothing does
//! - `live`: the database in use, opened anew when its disk failed
//! - `disk`: what the database writes to: a file, or a [`SimulatedDisk`]
//! - `tables`, `rows`: the tables and the schema version; rows with a checksum
//! - `values`: [`Snapshot`], [`Manifest`], [`Delta`], [`Cursor`], [`Held`], [`Part`]
//! - `error`: [`Error`]
//!
//! # Invariants
//!
//! - A batch that was committed survives a crash and a power cut; one that was
//!   not leaves no trace.
//! - The latest snapshot of a contract is always present, and pruning keeps it.
//! - A file that is not a store, has another schema or was altered is refused
//!   on opening, or put aside: every page's checksum is verified then.
//! - What was altered while the store was open reads as missing: every value is
//!   verified when it is read, together with its key.
//! - A full disk fails writes, not reads, and for no longer than it is full.
//!
//! # Deliberately absent
//!
//! Any knowledge of what is inside the blobs, whether a manifest is that of its
//! snapshot's hash, whether the whole store is an old copy (the chain tells), and
//! async: calls block on the disk (a commit takes about a millisecond), so callers
//! on an async runtime that write a lot should use a blocking thread.

mod batch;
mod disk;
mod error;
mod live;
mod read;
mod rows;
mod snapshots;
mod store;
mod tables;
mod values;

pub use batch::Batch;
pub use disk::SimulatedDisk;
pub use error::Error;
pub use store::{Opened, Store};
pub use tables::SCHEMA_VERSION;
pub use values::{
    Address, CHUNK_BYTES, Cursor, Delta, Hash, Held, MAX_NAME_BYTES, MAX_VALUE_BYTES, Manifest, Part,
    Snapshot,
};
