//! Writing: everything in one batch lands or nothing does.

use std::ops::Range;

use redb::{Database, Durability, ReadableTable, WriteTransaction};

use crate::Error;
use crate::rows;
use crate::tables::{DELTAS, META, TOUCHED};
use crate::values::{Address, Cursor, Delta, MAX_NAME_BYTES, MAX_VALUE_BYTES};

/// Changes that are written together; made by [`crate::Store::write`].
pub struct Batch {
    pub(crate) write: WriteTransaction,
}

impl Batch {
    pub(crate) fn begin(database: &Database) -> Result<Self, Error> {
        let mut write = database.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        // Blobs come from peers, and the quicker commit is told from a torn one
        // by a checksum that is not cryptographic.
        write.set_two_phase_commit(true);
        Ok(Self { write })
    }

    pub(crate) fn commit(self) -> Result<(), Error> {
        Ok(self.write.commit()?)
    }

    /// Stores `value` under `name`, in place of what was there.
    ///
    /// # Errors
    /// [`Error::TooLarge`] over [`MAX_NAME_BYTES`] or [`MAX_VALUE_BYTES`], or if
    /// the store cannot be written.
    pub fn put_meta(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        bounded("name", name.as_bytes(), MAX_NAME_BYTES)?;
        bounded("value", value, MAX_VALUE_BYTES)?;
        self.write.open_table(META)?.insert(name, rows::meta(name, value).as_slice())?;
        Ok(())
    }

    /// Removes what is stored under `name`; says whether there was anything.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn remove_meta(&mut self, name: &str) -> Result<bool, Error> {
        let mut table = self.write.open_table(META)?;
        Ok(table.remove(name)?.is_some())
    }

    /// Stores a cursor under `name`, which shares its names with
    /// [`Batch::put_meta`].
    ///
    /// # Errors
    /// As [`Batch::put_meta`].
    pub fn put_cursor(&mut self, name: &str, cursor: Cursor) -> Result<(), Error> {
        self.put_meta(name, &cursor.to_bytes())
    }

    /// Stores the delta of task `index`, in place of what was there: after a
    /// reorganisation another task may have that index.
    ///
    /// # Errors
    /// [`Error::TooLarge`] over [`MAX_VALUE_BYTES`], or if the store cannot be
    /// written.
    pub fn put_delta(&mut self, contract: &Address, index: u64, delta: &Delta) -> Result<(), Error> {
        bounded("delta", &delta.sealed, MAX_VALUE_BYTES)?;
        let mut table = self.write.open_table(DELTAS)?;
        table.insert((contract, index), rows::delta(contract, index, delta).as_slice())?;
        Ok(())
    }

    /// Removes the deltas of the tasks in `indices`: `0..n` prunes what a
    /// snapshot holds, `n..u64::MAX` undoes what a reorganisation took back.
    /// Returns how many it removed.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn remove_deltas(&mut self, contract: &Address, indices: Range<u64>) -> Result<usize, Error> {
        if indices.is_empty() {
            return Ok(0);
        }
        let mut table = self.write.open_table(DELTAS)?;
        let mut removed = 0;
        table.retain_in((contract, indices.start)..(contract, indices.end), |_, _| {
            removed += 1;
            false
        })?;
        Ok(removed)
    }

    /// Notes that `contract` was of use in `epoch`: see [`crate::Store::least_used`]. An epoch before the one noted
    /// changes nothing.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn touch(&mut self, contract: &Address, epoch: u64) -> Result<(), Error> {
        let mut table = self.write.open_table(TOUCHED)?;
        let noted = table.get(contract)?.map(|noted| noted.value());
        if noted.is_none_or(|noted| noted < epoch) {
            table.insert(contract, epoch)?;
        }
        Ok(())
    }

    /// Removes everything that is held of `contract`. Named values are the caller's.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn forget(&mut self, contract: &Address) -> Result<(), Error> {
        self.forget_snapshots(contract)?;
        self.write.open_table(DELTAS)?.retain_in((contract, 0)..=(contract, u64::MAX), |_, _| false)?;
        self.write.open_table(TOUCHED)?.remove(contract)?;
        Ok(())
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

pub(crate) fn bounded(what: &'static str, bytes: &[u8], max: usize) -> Result<(), Error> {
    if bytes.len() > max {
        return Err(Error::TooLarge { what, length: bytes.len(), max });
    }
    Ok(())
}
