//! Writing: everything in one batch lands or nothing does.

use std::ops::Range;

use redb::{Database, Durability, ReadableTable, WriteTransaction};

use crate::Error;
use crate::tables::{DELTAS, LATEST_SNAPSHOT, META, SNAPSHOT_ORDER, SNAPSHOTS};
use crate::values::{Address, Cursor, Delta, Hash, MAX_NAME_BYTES, MAX_VALUE_BYTES};

/// Changes that are written together; made by [`crate::Store::write`].
pub struct Batch {
    write: WriteTransaction,
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
        self.write.open_table(META)?.insert(name, value)?;
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

    /// Stores a sealed snapshot, as the newest of its contract. Putting one
    /// again makes it the newest again. It does not become the *latest*: that
    /// is what the chain has recorded, see [`Batch::set_latest_snapshot`].
    ///
    /// # Errors
    /// [`Error::TooLarge`] over [`MAX_VALUE_BYTES`], or if the store cannot be
    /// written.
    pub fn put_snapshot(&mut self, contract: &Address, hash: &Hash, sealed: &[u8]) -> Result<(), Error> {
        bounded("snapshot", sealed, MAX_VALUE_BYTES)?;
        let mut snapshots = self.write.open_table(SNAPSHOTS)?;
        let mut order = self.write.open_table(SNAPSHOT_ORDER)?;
        let newest = order
            .range((contract, 0)..=(contract, u64::MAX))?
            .next_back()
            .transpose()?
            .map(|(key, _)| key.value().1);
        let number = newest.map_or(0, |newest| newest.saturating_add(1));
        let replaced = snapshots.insert((contract, hash), (number, sealed))?.map(|old| old.value().0);
        if let Some(old) = replaced {
            order.remove((contract, old))?;
        }
        order.insert((contract, number), hash)?;
        Ok(())
    }

    /// Makes a stored snapshot the latest of its contract.
    ///
    /// # Errors
    /// [`Error::UnknownSnapshot`] if it is not stored, or if the store cannot be
    /// written.
    pub fn set_latest_snapshot(&mut self, contract: &Address, hash: &Hash) -> Result<(), Error> {
        let snapshots = self.write.open_table(SNAPSHOTS)?;
        if snapshots.get((contract, hash))?.is_none() {
            return Err(Error::UnknownSnapshot { hash: *hash });
        }
        let mut latest = self.write.open_table(LATEST_SNAPSHOT)?;
        latest.insert(contract, hash)?;
        Ok(())
    }

    /// Keeps the `keep` newest snapshots of `contract` and the latest, which
    /// may be an older one, and removes the others. Returns how many it removed.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn retain_snapshots(&mut self, contract: &Address, keep: usize) -> Result<usize, Error> {
        let latest = self.write.open_table(LATEST_SNAPSHOT)?.get(contract)?.map(|hash| *hash.value());
        let mut order = self.write.open_table(SNAPSHOT_ORDER)?;
        let mut doomed = Vec::new();
        for row in order.range((contract, 0)..=(contract, u64::MAX))?.rev().skip(keep) {
            let (key, hash) = row?;
            if Some(*hash.value()) != latest {
                doomed.push((key.value().1, *hash.value()));
            }
        }
        let mut snapshots = self.write.open_table(SNAPSHOTS)?;
        for (number, hash) in &doomed {
            order.remove((contract, *number))?;
            snapshots.remove((contract, hash))?;
        }
        Ok(doomed.len())
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
        let value = (&delta.input_hash, delta.sealed.as_slice());
        table.insert((contract, index), value)?;
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
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

fn bounded(what: &'static str, bytes: &[u8], max: usize) -> Result<(), Error> {
    if bytes.len() > max {
        return Err(Error::TooLarge { what, length: bytes.len(), max });
    }
    Ok(())
}
