//! What a node keeps on disk: sealed snapshots and deltas of secret contracts
//! and a few named values. The only user of the embedded database (redb).
//!
//! The store sees ciphertext and public chain data only. It is a cache that the
//! machine's owner can read, rewind or delete; enclaves and chain heads decide
//! what is true.
//!
//! # Layout
//!
//! - `store`: [`Store`], opening and reading
//! - `batch`: [`Batch`], writing; everything in one batch lands or nothing does
//! - `tables`: the tables and the schema version
//! - `values`: [`Snapshot`], [`Delta`], [`Cursor`]
//! - `error`: [`Error`]
//!
//! # Invariants
//!
//! - A batch that was committed survives a crash and a power cut; one that was
//!   not leaves no trace.
//! - The latest snapshot of a contract is always present, and pruning keeps it.
//! - A file that is not a store, has another schema or was altered is refused
//!   on opening: every page's checksum is verified then.
//!
//! # Deliberately absent
//!
//! Any knowledge of what is inside the blobs, and async: calls block on the disk
//! (a commit takes about a millisecond), so callers on an async runtime that
//! write a lot should use a blocking thread.

mod batch;
mod error;
mod store;
mod tables;
mod values;

pub use batch::Batch;
pub use error::Error;
pub use store::Store;
pub use tables::SCHEMA_VERSION;
pub use values::{Address, Cursor, Delta, Hash, MAX_NAME_BYTES, MAX_VALUE_BYTES, Snapshot};
