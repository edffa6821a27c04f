//! From inputs to one signed receipt.

use alloy_primitives::{B256, keccak256};
use enigma_evm::{World, WorldDelta};
use enigma_platform::Awake;
use enigma_protocol::{
    door::{Code, Executed, Refusal, Stop, UntrustedExecute},
    keys::Purpose,
    network::RULESET,
    outbound::{OutboundCall, outbound_hash},
    receipt::{Receipt, TaskResult, domain_separator},
    relayed::Place,
    snapshot::snapshot_hash,
    state::{SealedSnapshot, fold_snapshot, next_state_head},
};

use crate::{
    door::Joined,
    execute::{Done, Shop},
    facts::{Ground, Ordered, establish},
    keys::{KeyId, KeyRing},
    open,
    ready::ready,
    room::Room,
    worlds,
};

/// Executes the next inputs of a contract, as many of them as fit a receipt.
///
/// # Errors
/// `Stop::Need` while facts, keys or state are missing; else a refusal.
pub(crate) fn produce(
    awake: &mut Awake,
    joined: &mut Joined,
    execute: &UntrustedExecute,
) -> Result<Executed, Stop> {
    let (ground, mut ordered) = establish(&joined.follower, execute)?;
    let wanted = keys_for(&ground, &ordered);
    ready(awake, joined, &ground, wanted)?;
    let world = joined.worlds.at(&ground).ok_or(Code::WrongState)?;
    let sealing = joined.keys.state_key(&ground, ground.epoch)?;
    let descriptor = joined.follower.descriptor();
    let domain = domain_separator(descriptor.chain_id, descriptor.enigma);
    let mut work = Work {
        ground: &ground,
        keys: &mut joined.keys,
        shop: Shop {
            chain: joined.follower.chain(),
            chain_id: descriptor.chain_id,
            place: Place { domain, network: ground.network, contract: ground.contract },
            label: awake.platform.key_label(),
            state_key: &sealing,
        },
    };
    let snapshot = work.snapshot(world)?;
    let mut done = work.run(world, &ordered)?;
    ordered.truncate(done.len());
    let outbound: Vec<OutboundCall> = done.iter_mut().flat_map(|one| one.outbound.drain(..)).collect();
    let receipt = work.receipt(&ordered, &done, &outbound, snapshot.as_ref());
    let signature = awake.identity.signer().sign_digest(receipt.digest(domain));
    let after = receipt.state_head_after;
    let (mut outputs, mut deltas, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for one in done {
        outputs.push(one.output.0.into());
        deltas.push(one.sealed.0.into());
        changes.push(one.delta);
    }
    joined.worlds.propose(ground.contract, after, changes);
    Ok(Executed {
        receipt,
        signature,
        outputs: outputs.into(),
        deltas: deltas.into(),
        outbound: outbound.into(),
        snapshot: snapshot.map(|s| s.0.into()),
    })
}

/// Every key that executing `ordered` takes.
fn keys_for(ground: &Ground, ordered: &[Ordered<'_>]) -> Vec<KeyId> {
    let mut wanted = vec![ground.key(Purpose::State, ground.epoch)];
    for one in ordered {
        if let Some(epoch) = open::key_epoch(ground, one) {
            wanted.push(ground.key(Purpose::Input, epoch));
            wanted.push(ground.key(Purpose::Input, one.untrusted.input.inclusion_epoch));
        }
    }
    wanted
}

struct Work<'a> {
    ground: &'a Ground,
    keys: &'a mut KeyRing,
    shop: Shop<'a>,
}

impl Work<'_> {
    /// The sealed snapshot, if this is the first commit of the epoch.
    fn snapshot(&self, world: &World) -> Result<Option<SealedSnapshot>, Refusal> {
        if self.ground.record.sealed_epoch == self.ground.epoch {
            return Ok(None);
        }
        let bytes = worlds::encode(world);
        let sealed = bytes
            .expose(|b| self.shop.state_key.seal_snapshot(self.shop.label, self.ground.record.state_head, b))
            .map_err(|_| Code::Internal)?;
        Ok(Some(sealed))
    }

    /// Runs as many of the inputs as fit a receipt, one after another. The world is only lent: afterwards it is what it was,
    /// for what becomes of it is the chain's to say. Nothing here costs as much as the world is large.
    fn run(&mut self, world: &mut World, ordered: &[Ordered<'_>]) -> Result<Vec<Done>, Refusal> {
        let mut undo = Vec::with_capacity(ordered.len());
        let done = self.run_on(world, ordered, &mut undo);
        undo.iter().rev().for_each(|change| world.apply(change));
        done
    }

    /// The same, on a world that is changed by it; `undo` takes that back, last change first.
    fn run_on(
        &mut self,
        world: &mut World,
        ordered: &[Ordered<'_>],
        undo: &mut Vec<WorldDelta>,
    ) -> Result<Vec<Done>, Refusal> {
        let (mut room, mut all) = (Room::new(), Vec::with_capacity(ordered.len()));
        for one in ordered {
            if !room.is_left() {
                break;
            }
            let done = self.run_one(world, one)?;
            if !room.take(&done) && !all.is_empty() {
                break;
            }
            undo.push(world.undo(&done.delta));
            world.apply(&done.delta);
            all.push(done);
        }
        Ok(all)
    }

    fn run_one(&mut self, world: &World, one: &Ordered<'_>) -> Result<Done, Refusal> {
        let Some(epoch) = open::key_epoch(self.ground, one) else { return self.shop.unopened(one) };
        let Ok(plaintext) = open::open(self.ground, one, epoch, self.keys)? else {
            return self.shop.unopened(one);
        };
        let epoch = one.untrusted.input.inclusion_epoch;
        let id = self.ground.key(Purpose::Input, epoch);
        self.shop.run(world, one, &plaintext, self.keys.get(&id).ok_or(Code::Internal)?)
    }

    fn receipt(
        &self,
        ordered: &[Ordered<'_>],
        done: &[Done],
        outbound: &[OutboundCall],
        snapshot: Option<&SealedSnapshot>,
    ) -> Receipt {
        let ground = self.ground;
        let snapshot_hash = snapshot.map(|s| snapshot_hash(&s.0)).unwrap_or_default();
        let mut head = ground.record.state_head;
        if snapshot.is_some() {
            head = fold_snapshot(head, snapshot_hash);
        }
        let mut results = Vec::with_capacity(done.len());
        for (one, done) in ordered.iter().zip(done) {
            let result = TaskResult {
                status: done.status,
                gas_charged: done.gas_charged,
                output_hash: keccak256(&done.output.0),
                delta_hash: keccak256(&done.sealed.0),
            };
            head = next_state_head(head, one.hash, result.delta_hash);
            results.push(result);
        }
        Receipt {
            network: ground.network,
            ruleset: RULESET,
            secret_contract: ground.contract,
            epoch: ground.epoch,
            first_index: ground.record.cursor,
            last_index: ordered.last().map_or(ground.record.cursor, |o| o.index),
            input_head: ordered.last().map_or(B256::ZERO, |o| o.head),
            state_head_before: ground.record.state_head,
            state_head_after: head,
            anchor_number: ground.anchor.number,
            anchor_hash: ground.anchor.hash,
            results: results.into(),
            snapshot_hash,
            outbound_hash: outbound_hash(outbound),
        }
    }
}
