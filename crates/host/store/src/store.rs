//! Opening and reading.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError};

use crate::tables::{self, DELTAS, LATEST_SNAPSHOT, META, SNAPSHOT_ORDER, SNAPSHOTS, Unfit};
use crate::values::{Address, Cursor, Delta, Hash, Snapshot};
use crate::{Batch, Error};

/// Memory for cached pages, in bytes. Blobs are read rarely and whole.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// An open store. Cloning is cheap and gives a handle to the same file, which
/// closes with the last handle.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    path: Arc<Path>,
}

impl Store {
    /// Opens the store at `path` or creates it (readable by its owner only).
    /// Reads the whole file once, to verify it.
    ///
    /// # Errors
    /// [`Error::NotAStore`], [`Error::Schema`], [`Error::AlreadyOpen`],
    /// [`Error::Damaged`] or [`Error::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        create_private(path)?;
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            // Without it the database trusts its pages and may panic on an
            // altered one much later.
            .set_check_integrity_on_open(true)
            .create(path)
            .map_err(|error| why_not_opened(path, error))?;
        tables::check_or_create(&database).map_err(|unfit| match unfit {
            Unfit::Foreign(reason) => not_a_store(path, reason),
            Unfit::Other(error) => error,
        })?;
        Ok(Self { database: Arc::new(database), path: path.into() })
    }

    /// The file that this store lives in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` on a [`Batch`] and commits it durably if `work` succeeds;
    /// otherwise nothing of it is written.
    ///
    /// There is one writer at a time: others wait. `work` must therefore not
    /// write to the same store again, which would wait for ever.
    ///
    /// # Errors
    /// Whatever `work` returns, or [`Error`] if the commit fails.
    pub fn write<T, E: From<Error>>(&self, work: impl FnOnce(&mut Batch) -> Result<T, E>) -> Result<T, E> {
        let mut batch = Batch::begin(&self.database)?;
        let result = work(&mut batch)?;
        batch.commit()?;
        Ok(result)
    }

    /// The bytes stored under `name`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let table = self.database.begin_read()?.open_table(META)?;
        Ok(table.get(name)?.map(|bytes| bytes.value().to_vec()))
    }

    /// The cursor stored under `name`, which shares its names with
    /// [`Store::meta`].
    ///
    /// # Errors
    /// If the store cannot be read or what is stored there is no cursor.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>, Error> {
        self.meta(name)?
            .map(|bytes| {
                Cursor::from_bytes(&bytes).ok_or_else(|| Error::Damaged {
                    reason: format!("the value {name:?} has {} bytes and is no cursor", bytes.len()),
                })
            })
            .transpose()
    }

    /// A sealed snapshot by contract and hash.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn snapshot(&self, contract: &Address, hash: &Hash) -> Result<Option<Vec<u8>>, Error> {
        let table = self.database.begin_read()?.open_table(SNAPSHOTS)?;
        Ok(table.get((contract, hash))?.map(|entry| entry.value().1.to_vec()))
    }

    /// The snapshot that was last made the latest of `contract`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn latest_snapshot(&self, contract: &Address) -> Result<Option<Snapshot>, Error> {
        // One transaction, so that a writer cannot prune in between.
        let read = self.database.begin_read()?;
        let latest = read.open_table(LATEST_SNAPSHOT)?;
        let Some(hash) = latest.get(contract)?.map(|hash| *hash.value()) else {
            return Ok(None);
        };
        let sealed = read
            .open_table(SNAPSHOTS)?
            .get((contract, &hash))?
            .map(|entry| entry.value().1.to_vec())
            .ok_or_else(|| Error::Damaged { reason: "a latest snapshot is missing".to_owned() })?;
        Ok(Some(Snapshot { hash, sealed }))
    }

    /// The hashes of all stored snapshots of `contract`, oldest put first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn snapshots(&self, contract: &Address) -> Result<Vec<Hash>, Error> {
        let table = self.database.begin_read()?.open_table(SNAPSHOT_ORDER)?;
        let rows = table.range((contract, 0)..=(contract, u64::MAX))?;
        rows.map(|row| Ok(*row?.1.value())).collect()
    }

    /// Every contract that has a latest snapshot, with its hash, by address.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn latest_snapshots(&self) -> Result<Vec<(Address, Hash)>, Error> {
        let table = self.database.begin_read()?.open_table(LATEST_SNAPSHOT)?;
        let rows = table.iter()?;
        rows.map(|row| row.map(|(contract, hash)| (*contract.value(), *hash.value())))
            .collect::<Result<_, StorageError>>()
            .map_err(Into::into)
    }

    /// The delta of one task.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn delta(&self, contract: &Address, index: u64) -> Result<Option<Delta>, Error> {
        let table = self.database.begin_read()?.open_table(DELTAS)?;
        Ok(table.get((contract, index))?.map(|entry| delta(entry.value())))
    }

    /// Up to `limit` deltas with their task indices from index `from` upwards,
    /// in order. Gaps are passed over: the caller compares indices.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn deltas(&self, contract: &Address, from: u64, limit: usize) -> Result<Vec<(u64, Delta)>, Error> {
        let table = self.database.begin_read()?.open_table(DELTAS)?;
        let rows = table.range((contract, from)..=(contract, u64::MAX))?;
        rows.take(limit)
            .map(|row| {
                let (key, value) = row?;
                Ok((key.value().1, delta(value.value())))
            })
            .collect()
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

fn delta((input_hash, sealed): (&Hash, &[u8])) -> Delta {
    Delta { input_hash: *input_hash, sealed: sealed.to_vec() }
}

/// Makes an empty file for the database if there is none.
fn create_private(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(sync_folder_of(path)?),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A new file's name is durable only when its folder is.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

fn not_a_store(path: &Path, reason: String) -> Error {
    Error::NotAStore { path: PathBuf::from(path), reason }
}

fn why_not_opened(path: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::AlreadyOpen { path: PathBuf::from(path) },
        DatabaseError::UpgradeRequired(version) => {
            not_a_store(path, format!("it has the database's old file format {version}"))
        }
        DatabaseError::RepairAborted => Error::Damaged { reason: "its repair was broken off".to_owned() },
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            ErrorKind::InvalidData => not_a_store(path, error.to_string()),
            ErrorKind::UnexpectedEof => Error::Damaged { reason: "the file ends early".to_owned() },
            _ => error.into(),
        },
        other => redb::Error::from(other).into(),
    }
}
