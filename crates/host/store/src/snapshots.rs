//! Writing snapshots: as a whole, or chunk by chunk while they are fetched.

use redb::{ReadableTable, WriteTransaction};

use crate::batch::bounded;
use crate::rows;
use crate::tables::{CHUNKS, LATEST_SNAPSHOT, PARTIALS, SNAPSHOT_ORDER, SNAPSHOTS};
use crate::values::{Address, CHUNK_BYTES, Hash, MAX_VALUE_BYTES, Manifest, Part};
use crate::{Batch, Error};

impl Batch {
    /// Stores a sealed snapshot, as the newest of its contract. Putting one
    /// again makes it the newest again. It does not become the *latest*: that
    /// is what the chain has recorded, see [`Batch::set_latest_snapshot`].
    ///
    /// # Errors
    /// [`Error::TooLarge`] over [`MAX_VALUE_BYTES`], or if the store cannot be
    /// written.
    pub fn put_snapshot(&mut self, contract: &Address, hash: &Hash, sealed: &[u8]) -> Result<(), Error> {
        bounded("snapshot", sealed, MAX_VALUE_BYTES)?;
        self.drop_chunks(contract, hash)?;
        self.write.open_table(PARTIALS)?.remove((contract, hash))?;
        let mut chunks = self.write.open_table(CHUNKS)?;
        for (index, chunk) in (0..).zip(sealed.chunks(CHUNK_BYTES)) {
            chunks.insert((contract, hash, index), chunk)?;
        }
        drop(chunks);
        self.enter(contract, hash, &Manifest::of(sealed))
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
        let mut doomed = Vec::new();
        for (_, hash) in ordered(&self.write, contract)?.into_iter().rev().skip(keep) {
            if Some(hash) != latest {
                doomed.push(hash);
            }
        }
        for hash in &doomed {
            self.drop_snapshot(contract, hash)?;
        }
        Ok(doomed.len())
    }

    /// Begins to fetch a snapshot, or goes on: chunks that are here of the same manifest stay. `false` if the
    /// snapshot is already here as a whole.
    ///
    /// # Errors
    /// [`Error::NotAManifest`], or if the store cannot be written.
    pub fn begin_partial(
        &mut self,
        contract: &Address,
        hash: &Hash,
        manifest: &Manifest,
    ) -> Result<bool, Error> {
        if !manifest.is_whole() {
            return Err(Error::NotAManifest { length: manifest.length, chunks: manifest.hashes.len() });
        }
        if self.write.open_table(SNAPSHOTS)?.get((contract, hash))?.is_some() {
            return Ok(false);
        }
        if self.partial(contract, hash)?.as_ref() != Some(manifest) {
            self.drop_chunks(contract, hash)?;
            let row = rows::partial(contract, hash, manifest);
            self.write.open_table(PARTIALS)?.insert((contract, hash), row.as_slice())?;
        }
        Ok(true)
    }

    /// Stores a chunk of a snapshot that is being fetched, in place of what was there.
    ///
    /// # Errors
    /// [`Error::WrongChunk`] if it is not the manifest's, [`Error::UnknownPartial`] without a manifest, or if the
    /// store cannot be written.
    pub fn put_chunk(
        &mut self,
        contract: &Address,
        hash: &Hash,
        index: u32,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let manifest = self.partial(contract, hash)?.ok_or(Error::UnknownPartial { hash: *hash })?;
        if !manifest.has(index, bytes) {
            return Err(Error::WrongChunk { index });
        }
        self.write.open_table(CHUNKS)?.insert((contract, hash, index), bytes)?;
        Ok(())
    }

    /// Makes a snapshot whose chunks are all here one like any other, the newest of its contract. Otherwise returns
    /// the places of those that are missing, and removes damaged ones, which are among them.
    ///
    /// # Errors
    /// [`Error::UnknownPartial`] if it is neither being fetched nor here, or if the store cannot be written.
    pub fn assemble(&mut self, contract: &Address, hash: &Hash) -> Result<Vec<u32>, Error> {
        let Some(manifest) = self.partial(contract, hash)? else {
            let is_here = self.write.open_table(SNAPSHOTS)?.get((contract, hash))?.is_some();
            return if is_here { Ok(Vec::new()) } else { Err(Error::UnknownPartial { hash: *hash }) };
        };
        let mut missing = Vec::new();
        let mut chunks = self.write.open_table(CHUNKS)?;
        for index in manifest.places() {
            let is_good =
                chunks.get((contract, hash, index))?.is_some_and(|chunk| manifest.has(index, chunk.value()));
            if !is_good {
                chunks.remove((contract, hash, index))?;
                missing.push(index);
            }
        }
        drop(chunks);
        if missing.is_empty() {
            self.write.open_table(PARTIALS)?.remove((contract, hash))?;
            self.enter(contract, hash, &manifest)?;
        }
        Ok(missing)
    }

    /// Gives up fetching a snapshot and removes what is here of it; says whether there was anything.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn drop_partial(&mut self, contract: &Address, hash: &Hash) -> Result<bool, Error> {
        let was_there = self.write.open_table(PARTIALS)?.remove((contract, hash))?.is_some();
        if was_there {
            self.drop_chunks(contract, hash)?;
        }
        Ok(was_there)
    }

    /// Removes a part that is damaged, unless it has been replaced by now. A snapshot with a damaged chunk becomes
    /// one that is being fetched.
    pub(crate) fn mend(&mut self, part: &Part) -> Result<(), Error> {
        match part {
            Part::Meta { name } => {
                let mut table = self.write.open_table(crate::tables::META)?;
                let good = table.get(name.as_str())?.map(|row| rows::read_meta(name, row.value()).is_some());
                if good == Some(false) {
                    table.remove(name.as_str())?;
                }
            }
            Part::Delta { contract, index } => {
                let mut table = self.write.open_table(crate::tables::DELTAS)?;
                let good = table
                    .get((contract, *index))?
                    .map(|row| rows::read_delta(contract, *index, row.value()).is_some());
                if good == Some(false) {
                    table.remove((contract, *index))?;
                }
            }
            Part::Latest { contract } => {
                let hash = self.write.open_table(LATEST_SNAPSHOT)?.get(contract)?.map(|hash| *hash.value());
                if let Some(hash) = hash {
                    self.forget_latest_unless_here(contract, &hash)?;
                }
            }
            Part::Manifest { contract, hash } => {
                // Either table may hold the damaged one.
                if self.whole(contract, hash)?.is_none() && self.partial(contract, hash)?.is_none() {
                    self.drop_snapshot(contract, hash)?;
                    self.write.open_table(PARTIALS)?.remove((contract, hash))?;
                }
            }
            Part::Chunk { contract, hash, .. } => self.mend_chunks(contract, hash)?,
        }
        Ok(())
    }

    fn mend_chunks(&mut self, contract: &Address, hash: &Hash) -> Result<(), Error> {
        let Some(manifest) = self.whole(contract, hash)? else {
            // Of one that is being fetched, `assemble` looks at every chunk.
            return Ok(());
        };
        self.leave(contract, hash)?;
        let row = rows::partial(contract, hash, &manifest);
        self.write.open_table(PARTIALS)?.insert((contract, hash), row.as_slice())?;
        self.assemble(contract, hash)?;
        self.forget_latest_unless_here(contract, hash)
    }

    /// Everything of snapshots of `contract`.
    pub(crate) fn forget_snapshots(&mut self, contract: &Address) -> Result<(), Error> {
        let all = (contract, &[0; 32])..=(contract, &[0xff; 32]);
        self.write.open_table(SNAPSHOTS)?.retain_in(all.clone(), |_, _| false)?;
        self.write.open_table(PARTIALS)?.retain_in(all, |_, _| false)?;
        let chunks = (contract, &[0; 32], 0)..=(contract, &[0xff; 32], u32::MAX);
        self.write.open_table(CHUNKS)?.retain_in(chunks, |_, _| false)?;
        self.write
            .open_table(SNAPSHOT_ORDER)?
            .retain_in((contract, 0)..=(contract, u64::MAX), |_, _| false)?;
        self.write.open_table(LATEST_SNAPSHOT)?.remove(contract)?;
        Ok(())
    }

    /// Makes a snapshot whose chunks are stored the newest.
    fn enter(&mut self, contract: &Address, hash: &Hash, manifest: &Manifest) -> Result<(), Error> {
        self.leave(contract, hash)?;
        let newest = ordered(&self.write, contract)?.last().map(|(number, _)| *number);
        let number = newest.map_or(0, |newest| newest.saturating_add(1));
        let row = rows::snapshot(contract, hash, number, manifest);
        self.write.open_table(SNAPSHOTS)?.insert((contract, hash), row.as_slice())?;
        self.write.open_table(SNAPSHOT_ORDER)?.insert((contract, number), hash)?;
        Ok(())
    }

    /// The opposite; chunks and the note of what is latest stay.
    fn leave(&mut self, contract: &Address, hash: &Hash) -> Result<(), Error> {
        self.write.open_table(SNAPSHOTS)?.remove((contract, hash))?;
        // Looked for, since the row that has the number may be damaged.
        let mut order = self.write.open_table(SNAPSHOT_ORDER)?;
        order.retain_in((contract, 0)..=(contract, u64::MAX), |_, other| other != hash)?;
        Ok(())
    }

    fn drop_snapshot(&mut self, contract: &Address, hash: &Hash) -> Result<(), Error> {
        self.leave(contract, hash)?;
        self.drop_chunks(contract, hash)?;
        self.forget_latest_unless_here(contract, hash)
    }

    fn drop_chunks(&mut self, contract: &Address, hash: &Hash) -> Result<(), Error> {
        let mut chunks = self.write.open_table(CHUNKS)?;
        chunks.retain_in((contract, hash, 0)..=(contract, hash, u32::MAX), |_, _| false)?;
        Ok(())
    }

    fn forget_latest_unless_here(&mut self, contract: &Address, hash: &Hash) -> Result<(), Error> {
        let is_here = self.write.open_table(SNAPSHOTS)?.get((contract, hash))?.is_some();
        let mut latest = self.write.open_table(LATEST_SNAPSHOT)?;
        let is_latest = latest.get(contract)?.is_some_and(|latest| latest.value() == hash);
        if is_latest && !is_here {
            latest.remove(contract)?;
        }
        Ok(())
    }

    fn whole(&self, contract: &Address, hash: &Hash) -> Result<Option<Manifest>, Error> {
        let table = self.write.open_table(SNAPSHOTS)?;
        let row = table.get((contract, hash))?;
        Ok(row.and_then(|row| rows::read_snapshot(contract, hash, row.value())).map(|(_, manifest)| manifest))
    }

    fn partial(&self, contract: &Address, hash: &Hash) -> Result<Option<Manifest>, Error> {
        let table = self.write.open_table(PARTIALS)?;
        let row = table.get((contract, hash))?;
        Ok(row.and_then(|row| rows::read_partial(contract, hash, row.value())))
    }
}

/// A contract's snapshots, oldest put first.
fn ordered(write: &WriteTransaction, contract: &Address) -> Result<Vec<(u64, Hash)>, Error> {
    let order = write.open_table(SNAPSHOT_ORDER)?;
    let rows = order.range((contract, 0)..=(contract, u64::MAX))?;
    rows.map(|row| {
        let (key, hash) = row?;
        Ok((key.value().1, *hash.value()))
    })
    .collect()
}
