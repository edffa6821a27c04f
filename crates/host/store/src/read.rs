//! Reading. What is damaged reads as missing, and is noted: everything can be had again from peers or the chain, and
//! putting it again mends it.

use redb::{ReadTransaction, ReadableTable};

use crate::rows;
use crate::tables::{CHUNKS, DELTAS, LATEST_SNAPSHOT, META, PARTIALS, SNAPSHOT_ORDER, SNAPSHOTS, TOUCHED};
use crate::values::{Address, Cursor, Delta, Hash, Held, Manifest, Part, Snapshot};
use crate::{Error, Store};

impl Store {
    /// The bytes stored under `name`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(META)?;
            let Some(row) = table.get(name)? else { return Ok(None) };
            let value = rows::read_meta(name, row.value()).map(<[u8]>::to_vec);
            Ok(self.or_note(value, || Part::Meta { name: name.to_owned() }))
        })
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
        self.keeper().read(|read| self.whole_snapshot(read, contract, hash))
    }

    /// The snapshot that was last made the latest of `contract`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn latest_snapshot(&self, contract: &Address) -> Result<Option<Snapshot>, Error> {
        // One transaction, so that a writer cannot prune in between.
        self.keeper().read(|read| {
            let Some(hash) = read.open_table(LATEST_SNAPSHOT)?.get(contract)?.map(|hash| *hash.value())
            else {
                return Ok(None);
            };
            if read.open_table(SNAPSHOTS)?.get((contract, &hash))?.is_none() {
                self.note(Part::Latest { contract: *contract });
                return Ok(None);
            }
            let sealed = self.whole_snapshot(read, contract, &hash)?;
            Ok(sealed.map(|sealed| Snapshot { hash, sealed }))
        })
    }

    /// The hashes of all stored snapshots of `contract`, oldest put first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn snapshots(&self, contract: &Address) -> Result<Vec<Hash>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(SNAPSHOT_ORDER)?;
            let rows = table.range((contract, 0)..=(contract, u64::MAX))?;
            rows.map(|row| Ok(*row?.1.value())).collect()
        })
    }

    /// Every contract that has a latest snapshot, with its hash, by address.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn latest_snapshots(&self) -> Result<Vec<(Address, Hash)>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(LATEST_SNAPSHOT)?;
            let rows = table.iter()?;
            rows.map(|row| {
                let (contract, hash) = row?;
                Ok((*contract.value(), *hash.value()))
            })
            .collect()
        })
    }

    /// What a snapshot consists of, whether it is here as a whole or being fetched.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn manifest(&self, contract: &Address, hash: &Hash) -> Result<Option<Manifest>, Error> {
        self.keeper().read(|read| self.any_manifest(read, contract, hash))
    }

    /// The snapshots of `contract` that are being fetched.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn partials(&self, contract: &Address) -> Result<Vec<Hash>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(PARTIALS)?;
            let rows = table.range((contract, &[0; 32])..=(contract, &[0xff; 32]))?;
            rows.map(|row| Ok(*row?.0.value().1)).collect()
        })
    }

    /// The places of the chunks that are here of a snapshot, in order. They are not read: a damaged one shows when
    /// it is, or in [`crate::Batch::assemble`].
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn chunks_present(&self, contract: &Address, hash: &Hash) -> Result<Vec<u32>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(CHUNKS)?;
            let rows = table.range((contract, hash, 0)..=(contract, hash, u32::MAX))?;
            rows.map(|row| Ok(row?.0.value().2)).collect()
        })
    }

    /// One chunk of a snapshot, whether that is here as a whole or being fetched.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn chunk(&self, contract: &Address, hash: &Hash, index: u32) -> Result<Option<Vec<u8>>, Error> {
        self.keeper().read(|read| {
            let Some(manifest) = self.any_manifest(read, contract, hash)? else { return Ok(None) };
            let table = read.open_table(CHUNKS)?;
            let Some(chunk) = table.get((contract, hash, index))? else { return Ok(None) };
            let chunk = manifest.has(index, chunk.value()).then(|| chunk.value().to_vec());
            Ok(self.or_note(chunk, || Part::Chunk { contract: *contract, hash: *hash, index }))
        })
    }

    /// The delta of one task.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn delta(&self, contract: &Address, index: u64) -> Result<Option<Delta>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(DELTAS)?;
            let Some(row) = table.get((contract, index))? else { return Ok(None) };
            let delta = rows::read_delta(contract, index, row.value());
            Ok(self.or_note(delta, || Part::Delta { contract: *contract, index }))
        })
    }

    /// Up to `limit` deltas with their task indices from index `from` upwards,
    /// in order. Gaps are passed over: the caller compares indices.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn deltas(&self, contract: &Address, from: u64, limit: usize) -> Result<Vec<(u64, Delta)>, Error> {
        self.keeper().read(|read| {
            let table = read.open_table(DELTAS)?;
            let mut found = Vec::new();
            for row in table.range((contract, from)..=(contract, u64::MAX))?.take(limit) {
                let (key, row) = row?;
                let index = key.value().1;
                let delta = rows::read_delta(contract, index, row.value());
                found.extend(
                    self.or_note(delta, || Part::Delta { contract: *contract, index })
                        .map(|delta| (index, delta)),
                );
            }
            Ok(found)
        })
    }

    /// What is held of every contract, the least recently used first, then by address. Reads all deltas.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn held(&self) -> Result<Vec<Held>, Error> {
        let mut held = self.keeper().read(held)?;
        held.sort_by_key(|held| (held.touched, held.contract));
        Ok(held)
    }

    /// The contracts to [forget](crate::Batch::forget) so that what is held of the others is at most `budget` bytes,
    /// the least recently used first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn least_used(&self, budget: u64) -> Result<Vec<Address>, Error> {
        let held = self.held()?;
        let mut total = held.iter().fold(0u64, |sum, held| sum.saturating_add(held.bytes()));
        let mut doomed = Vec::new();
        for held in held {
            if total <= budget {
                break;
            }
            total = total.saturating_sub(held.bytes());
            doomed.push(held.contract);
        }
        Ok(doomed)
    }

    fn whole_snapshot(
        &self,
        read: &ReadTransaction,
        contract: &Address,
        hash: &Hash,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(manifest) = self.whole_manifest(read, contract, hash)? else { return Ok(None) };
        let chunks = read.open_table(CHUNKS)?;
        let mut sealed = Vec::with_capacity(manifest.length as usize);
        for index in manifest.places() {
            match chunks.get((contract, hash, index))? {
                Some(chunk) if manifest.has(index, chunk.value()) => sealed.extend_from_slice(chunk.value()),
                _ => {
                    self.note(Part::Chunk { contract: *contract, hash: *hash, index });
                    return Ok(None);
                }
            }
        }
        Ok(Some(sealed))
    }

    fn whole_manifest(
        &self,
        read: &ReadTransaction,
        contract: &Address,
        hash: &Hash,
    ) -> Result<Option<Manifest>, Error> {
        let table = read.open_table(SNAPSHOTS)?;
        let Some(row) = table.get((contract, hash))? else { return Ok(None) };
        let found = rows::read_snapshot(contract, hash, row.value()).map(|(_, manifest)| manifest);
        Ok(self.or_note(found, || Part::Manifest { contract: *contract, hash: *hash }))
    }

    fn any_manifest(
        &self,
        read: &ReadTransaction,
        contract: &Address,
        hash: &Hash,
    ) -> Result<Option<Manifest>, Error> {
        if let Some(manifest) = self.whole_manifest(read, contract, hash)? {
            return Ok(Some(manifest));
        }
        let table = read.open_table(PARTIALS)?;
        let Some(row) = table.get((contract, hash))? else { return Ok(None) };
        let found = rows::read_partial(contract, hash, row.value());
        Ok(self.or_note(found, || Part::Manifest { contract: *contract, hash: *hash }))
    }

    fn or_note<T>(&self, found: Option<T>, part: impl FnOnce() -> Part) -> Option<T> {
        if found.is_none() {
            self.note(part());
        }
        found
    }
}

fn held(read: &ReadTransaction) -> Result<Vec<Held>, Error> {
    let mut all = std::collections::BTreeMap::new();
    let of =
        |all: &mut std::collections::BTreeMap<Address, Held>, contract: Address, add: &dyn Fn(&mut Held)| {
            let empty = Held { contract, snapshot_bytes: 0, partial_bytes: 0, delta_bytes: 0, touched: 0 };
            add(all.entry(contract).or_insert(empty));
        };
    for row in read.open_table(SNAPSHOTS)?.iter()? {
        let (key, row) = row?;
        let (contract, hash) = key.value();
        let bytes = rows::read_snapshot(contract, hash, row.value()).map_or(0, |(_, m)| m.length);
        of(&mut all, *contract, &|held| held.snapshot_bytes += bytes);
    }
    let chunks = read.open_table(CHUNKS)?;
    for row in read.open_table(PARTIALS)?.iter()? {
        let (key, row) = row?;
        let (contract, hash) = key.value();
        let manifest = rows::read_partial(contract, hash, row.value());
        let mut bytes = 0;
        for index in manifest.as_ref().map_or(0..0, Manifest::places) {
            if chunks.get((contract, hash, index))?.is_some() {
                bytes += manifest.as_ref().and_then(|m| m.chunk_len(index)).unwrap_or(0) as u64;
            }
        }
        of(&mut all, *contract, &|held| held.partial_bytes += bytes);
    }
    for row in read.open_table(DELTAS)?.iter()? {
        let (key, row) = row?;
        let bytes = row.value().len() as u64;
        of(&mut all, *key.value().0, &|held| held.delta_bytes += bytes);
    }
    for row in read.open_table(TOUCHED)?.iter()? {
        let (contract, epoch) = row?;
        let epoch = epoch.value();
        of(&mut all, *contract.value(), &|held| held.touched = epoch);
    }
    Ok(all.into_values().collect())
}
