//! Everything a worker tracks, kept in the database so that it resumes where it was.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256};
use enigma_chain::{Chain, CommitEvent};
use enigma_protocol::{
    Decode, Encode,
    door::{UntrustedDelta, UntrustedState},
    network::Descriptor,
};
use enigma_store::{Cursor, Delta, Store};

use super::track::{Base, Track};
use crate::{Error, Result};

const CURSOR: &str = "followed";
const CONTRACTS: &str = "contracts";
/// Blocks whose events are asked for at once.
const SPAN: u64 = 2_000;
/// Snapshots kept a contract.
const KEEP: usize = 3;

/// What events told so far.
pub(crate) struct Ledger {
    store: Store,
    descriptor: Descriptor,
    cursor: Cursor,
    tracks: BTreeMap<Address, Track>,
}

impl Ledger {
    /// Takes up where the database left off, or at the network's beginning.
    pub(crate) fn load(store: Store, descriptor: &Descriptor) -> Result<Self> {
        let start = Cursor { number: descriptor.checkpoint_number, hash: descriptor.checkpoint_hash.0 };
        let mut ledger =
            Self { store, descriptor: descriptor.clone(), cursor: start, tracks: BTreeMap::new() };
        let (cursor, names) = (ledger.store.cursor(CURSOR)?, ledger.store.meta(CONTRACTS)?);
        if let (Some(cursor), Some(names)) = (cursor, names) {
            for address in names.chunks_exact(20) {
                let address = Address::from_slice(address);
                let track =
                    ledger.store.meta(&key(address))?.and_then(|bytes| Track::from_bytes(&bytes).ok());
                // A track that cannot be read is as good as none: everything is on the chain.
                let Some(track) = track else { return ledger.reset() };
                ledger.tracks.insert(address, track);
            }
            ledger.cursor = cursor;
        }
        Ok(ledger)
    }

    /// The contracts that have inputs pending.
    pub(crate) fn pending(&self) -> Vec<Address> {
        self.tracks.iter().filter(|(_, t)| !t.pending.is_empty()).map(|(a, _)| *a).collect()
    }

    /// What is tracked of a contract.
    pub(crate) fn track(&self, contract: Address) -> Option<&Track> {
        self.tracks.get(&contract)
    }

    /// Reads events up to block `height`. Returns the commits among them.
    pub(crate) async fn follow(&mut self, chain: &Chain, height: u64) -> Result<Vec<CommitEvent>> {
        // A fork of the same height shows with the next block: every local and every real chain goes on.
        if height == self.cursor.number {
            return Ok(Vec::new());
        }
        let known =
            height >= self.cursor.number && chain.block(self.cursor.number).await?.hash.0 == self.cursor.hash;
        if !known {
            tracing::warn!(block = self.cursor.number, "the chain was reorganised: reading its events anew");
            self.forget();
        }
        let mut seen = Vec::new();
        while self.cursor.number < height {
            let to = height.min(self.cursor.number.saturating_add(SPAN));
            seen.extend(self.read(chain, to).await?);
        }
        Ok(seen)
    }

    async fn read(&mut self, chain: &Chain, to: u64) -> Result<Vec<CommitEvent>> {
        let (inputs, commits) = chain.events(self.cursor.number + 1, to).await?;
        let last = chain.block(to).await?;
        let mut touched = BTreeSet::new();
        for input in inputs {
            touched.insert(input.contract);
            self.track_mut(input.contract).input(input);
        }
        let mut deltas: Vec<(Address, u64, UntrustedDelta)> = Vec::new();
        for commit in &commits {
            touched.insert(commit.contract);
            let brought = self.track_mut(commit.contract).commit(commit);
            deltas.extend(brought.into_iter().map(|(index, delta)| (commit.contract, index, delta)));
        }
        self.cursor = Cursor { number: to, hash: last.hash.0 };
        self.save(&touched, &deltas)?;
        Ok(commits)
    }

    fn track_mut(&mut self, contract: Address) -> &mut Track {
        self.tracks.entry(contract).or_insert_with(|| Track::new(&self.descriptor, contract))
    }

    fn save(&self, touched: &BTreeSet<Address>, deltas: &[(Address, u64, UntrustedDelta)]) -> Result<()> {
        let names: Vec<u8> = self.tracks.keys().flat_map(|a| a.0.0).collect();
        self.store.write(|batch| {
            for (contract, index, delta) in deltas {
                let record = Delta { input_hash: delta.input_hash.0, sealed: delta.to_bytes() };
                batch.put_delta(&contract.0.0, *index, &record)?;
            }
            for contract in touched {
                let Some(track) = self.tracks.get(contract) else { continue };
                batch.put_meta(&key(*contract), &track.to_bytes())?;
                if let Some(base) = track.base {
                    batch.remove_deltas(&contract.0.0, 0..base.first_index)?;
                }
            }
            batch.put_meta(CONTRACTS, &names)?;
            batch.put_cursor(CURSOR, self.cursor)
        })?;
        Ok(())
    }

    /// Starts over from the network's beginning.
    fn forget(&mut self) {
        self.tracks.clear();
        self.cursor =
            Cursor { number: self.descriptor.checkpoint_number, hash: self.descriptor.checkpoint_hash.0 };
    }

    fn reset(mut self) -> Result<Self> {
        self.forget();
        Ok(self)
    }

    /// Keeps a sealed snapshot.
    pub(crate) fn keep_snapshot(&self, contract: Address, hash: B256, sealed: &[u8]) -> Result<()> {
        self.store.write(|batch| {
            batch.put_snapshot(&contract.0.0, &hash.0, sealed)?;
            batch.set_latest_snapshot(&contract.0.0, &hash.0)?;
            batch.retain_snapshots(&contract.0.0, KEEP).map(drop)
        })?;
        Ok(())
    }

    /// A sealed snapshot, if it is here.
    pub(crate) fn snapshot(&self, contract: Address, hash: B256) -> Result<Option<Vec<u8>>> {
        Ok(self.store.snapshot(&contract.0.0, &hash.0)?)
    }

    /// The sealed state that an enclave asks for; the snapshot's blob is brought by the caller.
    pub(crate) fn state(&self, contract: Address, base: Base, snapshot: Vec<u8>) -> Result<UntrustedState> {
        let committed = self.tracks.get(&contract).map_or(base.first_index, |t| t.committed);
        let deltas = self
            .store
            .deltas(&contract.0.0, base.first_index, usize::MAX)?
            .into_iter()
            .take_while(|(index, _)| *index < committed)
            .map(|(_, delta)| UntrustedDelta::from_bytes(&delta.sealed).map_err(|_| Error::Answer))
            .collect::<Result<Vec<_>>>()?;
        Ok(UntrustedState { head_before: base.head_before, snapshot: snapshot.into(), deltas: deltas.into() })
    }
}

fn key(contract: Address) -> String {
    format!("contract/{contract:x}")
}
