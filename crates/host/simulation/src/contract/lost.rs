//! Lost state: bonds, and who earns them by posting the chunks.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256, keccak256};
use enigma_chain::{ChunkEvent, Event, FoundEvent, LostEvent};
use enigma_protocol::snapshot::Manifest;

use super::{Lost, MIN_BOND, Now, Refused, State, operator};

impl State {
    pub(super) fn declare_lost(
        &mut self,
        now: Now,
        from: Address,
        contract: Address,
    ) -> Result<Vec<Event>, Refused> {
        let snapshot_hash = self.contracts.get(&contract).ok_or("NoSnapshot")?.snapshot_hash;
        if snapshot_hash.is_zero() {
            return Err("NoSnapshot");
        }
        if self.lost.contains_key(&contract) {
            return Err("AlreadyDeclared");
        }
        let ids = self.draw(contract, self.epoch_at(now.number).0);
        if !ids.iter().any(|&id| operator(id) == from) {
            return Err("NotServing");
        }
        self.paid_in += MIN_BOND;
        let posted = BTreeSet::new();
        let lost = Lost { declarer: from, since: now.number, bond: MIN_BOND, paid: 0, posted };
        self.lost.insert(contract, lost);
        Ok(vec![Event::DeclaredLost(LostEvent {
            contract,
            declarer: from,
            snapshot_hash,
            bond: U256::from(MIN_BOND),
            block_number: now.number,
        })])
    }

    pub(super) fn post_chunk(
        &mut self,
        now: Now,
        from: Address,
        contract: Address,
        manifest: &Manifest,
        index: u32,
        chunk: &[u8],
    ) -> Result<Vec<Event>, Refused> {
        let lost = self.lost.get_mut(&contract).ok_or("NotLost")?;
        let snapshot_hash = self.contracts.get(&contract).ok_or("NotLost")?.snapshot_hash;
        let count = manifest.hashes.0.len();
        if count == 0 || manifest.hash() != snapshot_hash {
            return Err("WrongManifest");
        }
        if manifest.hashes.0.get(index as usize) != Some(&keccak256(chunk)) {
            return Err("WrongChunk");
        }
        if !lost.posted.insert(index) {
            return Err("ChunkAlreadyPosted");
        }
        let posted = ChunkEvent {
            contract,
            snapshot_hash,
            index: index.into(),
            chunk: chunk.to_vec(),
            block_number: now.number,
        };
        let mut events = vec![Event::ChunkPosted(Box::new(posted))];
        if lost.posted.len() == count {
            let rest = lost.bond - lost.paid;
            self.lost.remove(&contract);
            self.credit(from, rest);
            events.push(Event::Found(FoundEvent { contract, snapshot_hash, block_number: now.number }));
        } else {
            let share = lost.bond / count as u128;
            lost.paid += share;
            self.credit(from, share);
        }
        Ok(events)
    }
}
