//! Opening, writing, mending.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, FileDisk, SimulatedDisk};
use crate::live::{Keeper, Unopened};
use crate::values::Part;
use crate::{Batch, Error};

/// Damaged parts that are noted at once; further ones are noted after these were mended.
const MAX_NOTES: usize = 256;

/// An open store. Cloning is cheap and gives a handle to the same file, which
/// closes with the last handle.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    keeper: Keeper,
    notes: Mutex<BTreeSet<Part>>,
}

/// What [`Store::open_or_renew`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// There was no store: this one is new.
    Fresh,
    /// A store as it was left.
    Kept,
    /// A damaged or outdated one, which was put aside. This one is new.
    Renewed {
        /// What was wrong with it.
        why: String,
    },
}

impl Store {
    /// Opens the store at `path` or creates it (readable by its owner only).
    /// Reads the whole file once, to verify it.
    ///
    /// # Errors
    /// [`Error::NotAStore`], [`Error::Schema`], [`Error::AlreadyOpen`],
    /// [`Error::Damaged`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::on(file(path)?, path).map(|(store, _)| store).map_err(|unopened| unopened.error)
    }

    /// As [`Store::open`], but a file that is damaged, or no database, or of an older schema, is moved to
    /// `<name>.damaged` beside it, in place of one that was moved before, and an empty store takes its place:
    /// everything that a store held can be had again from peers and the chain.
    ///
    /// # Errors
    /// [`Error::NotAStore`] for a sound database of somebody else's, [`Error::Schema`] for one of a newer program,
    /// [`Error::AlreadyOpen`], [`Error::DiskFull`] or [`Error::Io`].
    pub fn open_or_renew(path: impl AsRef<Path>) -> Result<(Self, Opened), Error> {
        let path = path.as_ref();
        Self::on_or_renewed(file(path)?, path)
    }

    /// As [`Store::open_or_renew`] on a disk in memory, for simulations. What is put aside is gone.
    ///
    /// # Errors
    /// As [`Store::open_or_renew`].
    pub fn in_memory(disk: &SimulatedDisk) -> Result<(Self, Opened), Error> {
        let path = Path::new("memory");
        let mount = disk.mount().map_err(|error| not_opened(path, error))?;
        Self::on_or_renewed(Arc::new(mount), path)
    }

    fn on_or_renewed(disk: Arc<dyn Disk>, path: &Path) -> Result<(Self, Opened), Error> {
        match Self::on(Arc::clone(&disk), path) {
            Ok((store, true)) => Ok((store, Opened::Fresh)),
            Ok((store, false)) => Ok((store, Opened::Kept)),
            Err(Unopened { error, is_renewable: true }) => {
                disk.renew().map_err(|error| not_opened(path, error))?;
                let (store, _) = Self::on(disk, path).map_err(|unopened| unopened.error)?;
                Ok((store, Opened::Renewed { why: error.to_string() }))
            }
            Err(unopened) => Err(unopened.error),
        }
    }

    fn on(disk: Arc<dyn Disk>, path: &Path) -> Result<(Self, bool), Unopened> {
        let (keeper, is_new) = Keeper::open(disk, path)?;
        Ok((Self(Arc::new(Inner { keeper, notes: Mutex::default() })), is_new))
    }

    /// Puts the store's file aside, as [`Store::open_or_renew`] does with a damaged one, and goes on with an empty
    /// one: for a store that turned out to be damaged ([`Error::Damaged`]) while it was open. All handles see it.
    ///
    /// # Errors
    /// [`Error::DiskFull`] or [`Error::Io`].
    pub fn renew(&self) -> Result<(), Error> {
        self.0.keeper.renew()?;
        self.notes().clear();
        Ok(())
    }

    /// The file that this store lives in.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.keeper.path()
    }

    /// Bytes of the file. Room that was given up in it is used again before it grows.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn size(&self) -> Result<u64, Error> {
        self.0.keeper.size()
    }

    /// Runs `work` on a [`Batch`] and commits it durably if `work` succeeds;
    /// otherwise nothing of it is written.
    ///
    /// There is one writer at a time: others wait. `work` must therefore not
    /// write to the same store again, which would wait for ever.
    ///
    /// # Errors
    /// Whatever `work` returns, or [`Error`] if the commit fails. After [`Error::DiskFull`] the store can be read,
    /// and every further write tries again.
    pub fn write<T, E: From<Error>>(&self, work: impl FnOnce(&mut Batch) -> Result<T, E>) -> Result<T, E> {
        self.0.keeper.write(work)
    }

    /// Makes the file smaller, if much was removed; takes time by its size. `false` if there was nothing to gain or
    /// another thread is using the store.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn compact(&self) -> Result<bool, Error> {
        self.0.keeper.compact()
    }

    /// What reading found damaged since the store was opened or last mended. It reads as missing.
    #[must_use]
    pub fn damaged(&self) -> Vec<Part> {
        self.notes().iter().cloned().collect()
    }

    /// Removes what reading found damaged, and returns it. A snapshot with a damaged chunk becomes one that is being
    /// fetched, so that only that chunk need be brought.
    ///
    /// # Errors
    /// If the store cannot be written; nothing is mended then.
    pub fn mend(&self) -> Result<Vec<Part>, Error> {
        let parts = self.damaged();
        if !parts.is_empty() {
            self.write(|batch| parts.iter().try_for_each(|part| batch.mend(part)))?;
            self.notes().retain(|part| !parts.contains(part));
        }
        Ok(parts)
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.0.keeper
    }

    pub(crate) fn note(&self, part: Part) {
        let mut notes = self.notes();
        if notes.len() < MAX_NOTES {
            notes.insert(part);
        }
    }

    fn notes(&self) -> MutexGuard<'_, BTreeSet<Part>> {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}

fn file(path: &Path) -> Result<Arc<dyn Disk>, Error> {
    FileDisk::open(path).map(|file| Arc::new(file) as Arc<dyn Disk>).map_err(|error| not_opened(path, error))
}

fn not_opened(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock => Error::AlreadyOpen { path: path.to_owned() },
        _ => error.into(),
    }
}
