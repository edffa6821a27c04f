//! The checks between blocks that need to know more than the chain does: who was all right, and who has what.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use enigma_chain::Event;

use super::Run;
use crate::{
    Chain,
    check::{Invariant, Violation},
    sim::{Node, short},
};

/// Blocks for which a worker must have been all right before a turn of its own for being held to it: it has restarted, read
/// the chain, got its snapshots and ended what it had begun before.
const SETTLED: u64 = 10;

impl Run {
    /// Checks the newest blocks.
    pub(super) fn judge(&mut self) -> Result<(), Violation> {
        let mut inner = self.sim.lock();
        let inner = &mut *inner;
        self.auditor.follow(&inner.chain)?;
        for (contract, record) in &inner.chain.tip().state.contracts {
            let (hash, now) = (record.snapshot_hash, inner.chain.height());
            if hash.is_zero() {
                continue;
            }
            let mut nodes = (0..).zip(&inner.nodes).filter(|(_, n)| n.hostile.is_none());
            // Disks forget: it must have been there without a break.
            if !nodes.any(|(id, n)| keeps(&mut self.kept, id, n, *contract, hash)) {
                self.held.remove(&hash);
            } else {
                self.held.entry(hash).or_insert(now);
            }
        }
        let blocks = inner.chain.blocks();
        for block in &blocks[(self.judged as usize + 1).min(blocks.len())..] {
            for event in block.events.iter() {
                if inner.trace.is_kept() {
                    inner.trace.say(format_args!("block {}: {}", block.number, told(event)));
                }
            }
            self.fair(block.number, &inner.chain, &inner.nodes)?;
        }
        self.judged = inner.chain.height();
        Ok(())
    }

    /// A worker that was all right since before its turn, and all that it needs, is not passed over by a commit.
    fn fair(&self, number: u64, chain: &Chain, nodes: &[Node]) -> Result<(), Violation> {
        let (Some(block), Some(before)) = (chain.block(number), chain.block(number - 1)) else {
            return Ok(());
        };
        let commits: Vec<Address> = block
            .events
            .iter()
            .filter_map(|e| if let Event::Commit(c) = e { Some(c.contract) } else { None })
            .collect();
        for event in block.events.iter() {
            let Event::Slashed(slash) = event else { continue };
            let Some(record) = before.state.contracts.get(&slash.contract) else { continue };
            let Some(oldest) = record.inputs.get(record.cursor as usize) else { continue };
            if !commits.contains(&slash.contract) {
                continue;
            }
            let start = before.state.marks(record, oldest.block_number, number).start();
            let dirty = nodes[slash.worker as usize].dirty;
            let settled = |id: u64| {
                let node = &nodes[id as usize];
                node.hostile.is_none() && node.dirty + SETTLED <= start
            };
            // A state may have to be brought: an honest worker has it.
            let hash = record.snapshot_hash;
            let is_there = hash.is_zero() || self.held.get(&hash).is_some_and(|since| *since <= start);
            // A worker alone cannot commit where several sign: so many were all right up to its own place.
            let (order, ids) = before.state.order(slash.contract, slash.epoch);
            let signers = usize::from(record.signers);
            let place = ids.iter().position(|id| *id == slash.worker).and_then(|rank| order.position(rank));
            let upto = place.unwrap_or_default().max(signers - 1);
            let able = order.ranks().iter().take(upto + 1).filter(|rank| settled(ids[**rank])).count();
            if is_there && able >= signers && settled(slash.worker) {
                let what = format!(
                    "worker {} was all right since block {dirty}, its clock ran from {start}, slashed in {number}",
                    slash.worker
                );
                return Err(Violation::new(Invariant::Fairness, what));
            }
        }
        Ok(())
    }

    /// Whether a snapshot is lost though an honest worker has had it for long.
    pub(super) fn holders(&mut self, contract: Address, since: u64) -> Result<(), Violation> {
        let inner = self.sim.lock();
        let now = inner.chain.height();
        let hash = inner.chain.tip().state.contracts.get(&contract).map(|r| r.snapshot_hash);
        let Some(hash) = hash.filter(|_| now > since + inner.chain.rules.epoch_length) else { return Ok(()) };
        for (id, node) in (0..).zip(&inner.nodes).filter(|(_, n)| n.hostile.is_none()) {
            if keeps(&mut self.kept, id, node, contract, hash) {
                let what =
                    format!("worker {id} has had the lost snapshot of {contract} for {} blocks", now - since);
                return Err(Violation::new(Invariant::Holders, what));
            }
        }
        Ok(())
    }
}

/// Whether a worker has a snapshot on its disk. What was read whole once is there as long as it is listed: only a death
/// hurts a disk.
fn keeps(kept: &mut BTreeSet<(u64, u64, B256)>, id: u64, node: &Node, contract: Address, hash: B256) -> bool {
    let Some(store) = &node.store else { return false };
    let this = (id, node.life, hash);
    if kept.contains(&this) {
        return store.snapshots(&contract.0.0).is_ok_and(|listed| listed.contains(&hash.0));
    }
    let is_whole = store.snapshot(&contract.0.0, &hash.0).is_ok_and(|kept| kept.is_some());
    if is_whole {
        kept.insert(this);
    }
    is_whole
}

fn told(event: &Event) -> String {
    let name = |a: &Address| format!("{:x}", short(a.as_slice()) & 0xffff);
    match event {
        Event::Created(e) => format!("created {} m={} depth={}", name(&e.contract), e.signers, e.depth),
        Event::Input(e) => format!("input {} of {}", e.index, name(&e.contract)),
        Event::Commit(e) => {
            let fold = if e.snapshot_hash.is_zero() { "" } else { " with a snapshot" };
            let (first, last) = (e.first_index, e.last_index);
            format!("committed {first}..={last} of {} in epoch {}{fold}", name(&e.contract), e.epoch)
        }
        Event::Skipped(e) => format!("skipped {} of {}", e.index, name(&e.contract)),
        Event::TakenOver(e) => format!("passed over {:#b} of {}", e.silent, name(&e.contract)),
        Event::Slashed(e) => format!("slashed worker {} for {}", e.worker, name(&e.contract)),
        Event::DeclaredLost(e) => format!("declared lost {}", name(&e.contract)),
        Event::ChunkPosted(e) => format!("posted chunk {} of {}", e.index, name(&e.contract)),
        Event::Found(e) => format!("found {}", name(&e.contract)),
    }
}
