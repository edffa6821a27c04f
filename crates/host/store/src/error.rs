//! What can go wrong with the store.

use std::io;
use std::path::PathBuf;

use crate::disk;
use crate::values::Hash;

/// The store refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is something else; its content is left as it was.
    #[error("{path} is not a store ({reason}); move it away or choose another path", path = path.display())]
    NotAStore {
        /// The file that was to be opened.
        path: PathBuf,
        /// How that was noticed.
        reason: String,
    },
    /// The file was written by another version of this program.
    #[error(
        "the store has schema version {found} where {expected} was expected; use a matching program or start with a new store"
    )]
    Schema {
        /// The version in the file.
        found: u32,
        /// The version that this program reads and writes.
        expected: u32,
    },
    /// Another process, or another [`crate::Store`] in this one, has it open.
    #[error("the store {path} is already open; stop the other user first", path = path.display())]
    AlreadyOpen {
        /// The file that was to be opened.
        path: PathBuf,
    },
    /// The file was a store and has been damaged.
    #[error("the store is damaged ({reason}); renew it and fetch everything again")]
    Damaged {
        /// What the database found.
        reason: String,
    },
    /// There is no room left. What was stored can be read, and the next write is tried again.
    #[error("the store's disk is full; make room")]
    DiskFull,
    /// The operating system failed to read or write.
    #[error("reading or writing the store failed: {0}; check the disk and permissions")]
    Io(io::Error),
    /// The database refused for a reason of its own.
    #[error("the database refused: {reason}; open the store again")]
    Database {
        /// The database's words.
        reason: String,
    },
    /// A name or value is over its limit.
    #[error("the {what} has {length} bytes where at most {max} are allowed")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// A manifest whose chunks do not make up its length.
    #[error("a manifest has {chunks} chunks for {length} bytes; ask another peer for it")]
    NotAManifest {
        /// Bytes of the snapshot.
        length: u64,
        /// Its chunks.
        chunks: usize,
    },
    /// A chunk of a snapshot that is not being fetched.
    #[error("snapshot {} is not being fetched; begin with its manifest", Hex(hash))]
    UnknownPartial {
        /// The hash that was named.
        hash: Hash,
    },
    /// A chunk that is not what the manifest has at its place.
    #[error("chunk {index} is not the manifest's; ask another peer for it")]
    WrongChunk {
        /// Its place.
        index: u32,
    },
    /// A snapshot that is not in the store cannot become the latest.
    #[error("no snapshot {} is stored for this contract; put it before making it the latest", Hex(hash))]
    UnknownSnapshot {
        /// The hash that was named.
        hash: Hash,
    },
}

struct Hex<'a>(&'a Hash);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if disk::is_full(error.kind()) { Self::DiskFull } else { Self::Io(error) }
    }
}

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(reason) => Self::Damaged { reason },
            // All tables are made with the store, of the types they are read with.
            redb::Error::TableDoesNotExist(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableIsNotMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::LockPoisoned(_) => Self::Damaged { reason: error.to_string() },
            redb::Error::Io(error) => error.into(),
            other => Self::Database { reason: other.to_string() },
        }
    }
}

/// The database has an error type for each kind of call; all lead to one here.
macro_rules! through_the_common_error {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Error {
            fn from(error: $kind) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}

through_the_common_error!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::SetDurabilityError,
    redb::CompactionError
);
