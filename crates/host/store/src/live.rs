//! The database in use, opened anew when its disk has failed.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError};

use crate::disk::{self, Disk, Lease};
use crate::tables::{self, SCHEMA_VERSION, Unfit};
use crate::{Batch, Error};

/// A disk and the database on it.
pub(crate) struct Keeper {
    live: Mutex<Arc<Live>>,
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// To open it for writing since it was last written.
    attempts: AtomicU32,
}

/// One opening of the database. It is of no more use once its lease has failed.
struct Live {
    /// There until it is dropped.
    database: Option<Database>,
    lease: Lease,
}

/// A disk that could not be opened.
pub(crate) struct Unopened {
    pub(crate) error: Error,
    /// Whether it is a store that is damaged or outdated, or no database at all.
    pub(crate) is_renewable: bool,
}

impl Keeper {
    /// Opens the database on `disk`; `path` is for messages. Says whether it is new.
    pub(crate) fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<(Self, bool), Unopened> {
        let (live, is_new) = Live::open(Lease::writing(Arc::clone(&disk)), path)?;
        Ok((
            Self {
                live: Mutex::new(Arc::new(live)),
                disk,
                path: path.to_owned(),
                attempts: AtomicU32::new(0),
            },
            is_new,
        ))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn size(&self) -> Result<u64, Error> {
        Ok(self.disk.len()?)
    }

    /// Reads; anew if the disk failed meanwhile, so that a failed write does not stop readers.
    pub(crate) fn read<T>(&self, work: impl Fn(&ReadTransaction) -> Result<T, Error>) -> Result<T, Error> {
        let live = Arc::clone(&self.live());
        match live.read(&work) {
            Err(_) if live.lease.failure().is_some() => {}
            result => return result,
        }
        // With the lock, so that no writer opens it anew before this is done. One who writes to it at the moment may
        // fail it once more; to one opened for reading nobody writes.
        let mut live = self.live();
        if live.lease.failure().is_none() {
            match live.read(&work) {
                Err(_) if live.lease.failure().is_some() => {}
                result => return result,
            }
        }
        live.lease.end();
        *live = Arc::new(self.for_reading()?);
        live.read(&work)
    }

    /// Writes a batch.
    pub(crate) fn write<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Batch) -> Result<T, E>,
    ) -> Result<T, E> {
        let live = self.for_writing()?;
        let done = guarded(|| {
            let mut batch = Batch::begin(live.database()?)?;
            let result = work(&mut batch)?;
            batch.commit()?;
            Ok(result)
        });
        let done = done.unwrap_or_else(|error| {
            live.lease.fail();
            Err(error.into())
        });
        let Some(failure) = live.lease.failure() else {
            self.attempts.store(0, Ordering::Relaxed);
            return done;
        };
        // Reading goes on at once.
        self.fall_back(&live);
        done.map_err(|error| if disk::is_full(failure) { Error::DiskFull.into() } else { error })
    }

    /// Gives unused room back. `false` if there is none or the store is in use.
    pub(crate) fn compact(&self) -> Result<bool, Error> {
        drop(self.for_writing()?);
        let mut live = self.live();
        let Some(alone) = Arc::get_mut(&mut live) else { return Ok(false) };
        let done = guarded(|| alone.database.as_mut().map_or(Ok(false), Database::compact));
        if done.is_err() {
            alone.lease.fail();
        }
        let failed = alone.lease.failure().is_some().then(|| Arc::clone(&live));
        drop(live);
        if let Some(failed) = failed {
            self.fall_back(&failed);
        }
        match done? {
            Ok(done) => Ok(done),
            Err(redb::CompactionError::TransactionInProgress) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the database aside and begins with an empty one.
    pub(crate) fn renew(&self) -> Result<(), Error> {
        let mut live = self.live();
        live.lease.end();
        self.disk.renew()?;
        let (fresh, _) = Live::open(Lease::writing(Arc::clone(&self.disk)), &self.path)
            .map_err(|unopened| unopened.error)?;
        *live = Arc::new(fresh);
        Ok(())
    }

    fn for_writing(&self) -> Result<Arc<Live>, Error> {
        let mut live = self.live();
        if live.lease.is_reading() || live.lease.failure().is_some() {
            // Opening it reads all of it, so it is tried ever more rarely while nothing has changed. Still, there
            // may be room enough in the file itself.
            let attempt = self.attempts.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            if !self.disk.has_room() && !attempt.is_power_of_two() {
                return Err(Error::DiskFull);
            }
            live.lease.end();
            match Live::open(Lease::writing(Arc::clone(&self.disk)), &self.path) {
                Ok((fresh, _)) => *live = Arc::new(fresh),
                Err(unopened) => {
                    // Nothing is written, but reading may go on.
                    if let Ok(fresh) = self.for_reading() {
                        *live = Arc::new(fresh);
                    }
                    return Err(unopened.error);
                }
            }
        }
        Ok(Arc::clone(&live))
    }

    /// Another opening in place of one that failed, for reading only. If that fails, too, the next use says so.
    fn fall_back(&self, failed: &Arc<Live>) {
        let mut live = self.live();
        if Arc::ptr_eq(&live, failed) {
            live.lease.end();
            if let Ok(fresh) = self.for_reading() {
                *live = Arc::new(fresh);
            }
        }
    }

    fn for_reading(&self) -> Result<Live, Error> {
        let lease = Lease::reading(Arc::clone(&self.disk))?;
        Live::open(lease, &self.path).map(|(live, _)| live).map_err(|unopened| unopened.error)
    }

    fn live(&self) -> MutexGuard<'_, Arc<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn open(lease: Lease, path: &Path) -> Result<(Self, bool), Unopened> {
        let mut builder = Builder::new();
        builder
            .set_cache_size(lease.cache_bytes())
            // Without it the database trusts its pages and may panic on an altered one much later.
            .set_check_integrity_on_open(true);
        let database =
            guarded(|| builder.create_with_backend(lease.clone()).map_err(|error| refused(path, error)))
                .unwrap_or_else(|error| Err(Unopened { error, is_renewable: true }))?;
        let is_new =
            guarded(|| tables::check_or_create(&database).map_err(|unfit| unfit_for_use(path, unfit)))
                .unwrap_or_else(|error| Err(Unopened { error, is_renewable: true }))?;
        Ok((Self { database: Some(database), lease }, is_new))
    }

    fn database(&self) -> Result<&Database, Error> {
        self.database.as_ref().ok_or_else(|| Error::Damaged { reason: "it is closed".to_owned() })
    }

    fn read<T>(&self, work: impl Fn(&ReadTransaction) -> Result<T, Error>) -> Result<T, Error> {
        guarded(|| work(&self.database()?.begin_read()?)).unwrap_or_else(|error| {
            self.lease.fail();
            Err(error)
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // It writes a clean end, and panics at that if it panicked before.
        let _ = guarded(|| drop(self.database.take()));
    }
}

/// The database panics on some pages that were altered while it was open.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
    // What is behind the references is not used again or locks by itself.
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| Error::Damaged { reason: "the database could not go on".to_owned() })
}

fn unfit_for_use(path: &Path, unfit: Unfit) -> Unopened {
    match unfit {
        Unfit::Foreign(reason) => Unopened { error: not_a_store(path, reason), is_renewable: false },
        Unfit::Other(error) => {
            let is_renewable = match &error {
                Error::Damaged { .. } => true,
                Error::Schema { found, .. } => *found < SCHEMA_VERSION,
                _ => false,
            };
            Unopened { error, is_renewable }
        }
    }
}

fn refused(path: &Path, error: DatabaseError) -> Unopened {
    let error = match error {
        DatabaseError::DatabaseAlreadyOpen => Error::AlreadyOpen { path: path.to_owned() },
        DatabaseError::UpgradeRequired(version) => {
            not_a_store(path, format!("it has the database's old file format {version}"))
        }
        DatabaseError::RepairAborted => Error::Damaged { reason: "its repair was broken off".to_owned() },
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            io::ErrorKind::InvalidData => not_a_store(path, error.to_string()),
            io::ErrorKind::UnexpectedEof => Error::Damaged { reason: "the file ends early".to_owned() },
            _ => error.into(),
        },
        other => redb::Error::from(other).into(),
    };
    let is_renewable = matches!(error, Error::NotAStore { .. } | Error::Damaged { .. });
    Unopened { error, is_renewable }
}

fn not_a_store(path: &Path, reason: String) -> Error {
    Error::NotAStore { path: path.to_owned(), reason }
}
