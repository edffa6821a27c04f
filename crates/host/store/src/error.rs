//! What can go wrong with the store.

use std::io;
use std::path::PathBuf;

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
    #[error("the store is damaged ({reason}); restore it or sync into a new one")]
    Damaged {
        /// What the database found.
        reason: String,
    },
    /// The operating system failed to read or write.
    #[error("reading or writing the store failed: {0}; check disk space and permissions")]
    Io(#[from] io::Error),
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

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(reason) => Self::Damaged { reason },
            redb::Error::Io(error) => Self::Io(error),
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
    redb::SetDurabilityError
);
