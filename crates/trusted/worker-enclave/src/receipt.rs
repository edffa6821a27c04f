//! From inputs to one signed receipt.

use alloy_primitives::{B256, keccak256};
use enigma_evm::World;
use enigma_platform::Awake;
use enigma_protocol::{
    door::{Executed, Need, Stop, UntrustedExecute},
    keys::{KeyRequest, Purpose},
    network::{ERA, RULESET, key_message},
    receipt::{Receipt, TaskResult, domain_separator, no_outbound_calls},
    state::{SealedSnapshot, StateKey, fold_snapshot, next_state_head},
};

use crate::{
    door::Joined,
    execute::{Done, Shop},
    facts::{Ground, Ordered, establish},
    keys::{KeyId, KeyRing},
    open, worlds,
};
use enigma_protocol::door::{Code, Refusal};

/// Executes the next inputs of a contract.
///
/// # Errors
/// `Stop::Need` while facts, keys or state are missing; else a refusal.
pub(crate) fn produce(
    awake: &mut Awake,
    joined: &mut Joined,
    execute: &UntrustedExecute,
) -> Result<Executed, Stop> {
    let (ground, ordered) = establish(&joined.follower, execute)?;
    joined.keys.forget(ground.epoch, joined.follower.chain());
    let wanted = keys_for(&ground, &ordered, joined.worlds.at(&ground).is_none());
    let requests = ask_missing(awake, &mut joined.keys, ground.epoch, wanted)?;
    let no_state = joined.worlds.at(&ground).is_none() && execute.state.is_none();
    if !requests.is_empty() || no_state {
        return Err(Stop::Need(Need { slots: Vec::new().into(), keys: requests.into(), state: no_state }));
    }
    if joined.worlds.at(&ground).is_none()
        && let Some(state) = &execute.state
    {
        let key = state_key(&joined.keys, &ground, ground.record.sealed_epoch)?;
        joined.worlds.restore(&ground, awake.platform.key_label(), &key, state)?;
    }
    let world = joined.worlds.at(&ground).ok_or(Code::WrongState)?;
    let sealing = state_key(&joined.keys, &ground, ground.epoch)?;
    let mut work = Work {
        ground: &ground,
        keys: &mut joined.keys,
        shop: Shop {
            chain: joined.follower.chain(),
            chain_id: joined.follower.descriptor().chain_id,
            label: awake.platform.key_label(),
            state_key: &sealing,
        },
    };
    let snapshot = work.snapshot(world)?;
    let done = work.run_all(world, &ordered)?;
    let receipt = work.receipt(&ordered, &done, snapshot.as_ref());
    let domain = domain_separator(work.shop.chain_id, joined.follower.descriptor().enigma);
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
        snapshot: snapshot.map(|s| s.0.into()),
    })
}

/// Every key that executing `ordered` takes.
fn keys_for(ground: &Ground, ordered: &[Ordered<'_>], restore: bool) -> Vec<KeyId> {
    let key = |purpose, epoch| KeyId { purpose, contract: ground.contract, epoch };
    let mut wanted = vec![key(Purpose::State, ground.epoch)];
    if restore {
        wanted.push(key(Purpose::State, ground.record.sealed_epoch));
    }
    for one in ordered {
        if let Some(epoch) = open::key_epoch(ground, one) {
            wanted.push(key(Purpose::Input, epoch));
            wanted.push(key(Purpose::Input, one.untrusted.input.inclusion_epoch));
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

fn ask_missing(
    awake: &mut Awake,
    keys: &mut KeyRing,
    epoch: u64,
    wanted: Vec<KeyId>,
) -> Result<Vec<KeyRequest>, Refusal> {
    let missing: Vec<KeyId> = wanted.into_iter().filter(|id| keys.get(id).is_none()).collect();
    missing
        .into_iter()
        .map(|id| keys.ask(id, epoch, awake.identity.signer(), awake.platform.as_mut()))
        .collect()
}

fn state_key(keys: &KeyRing, ground: &Ground, epoch: u64) -> Result<StateKey, Refusal> {
    let id = KeyId { purpose: Purpose::State, contract: ground.contract, epoch };
    let point = keys.get(&id).ok_or(Code::Internal)?;
    let message = key_message(ground.network, ERA, ground.contract, epoch);
    Ok(point.expose(|p| StateKey::new(p, &message)))
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

    /// Runs the inputs one after another. The world is only lent: afterwards it is what it was, for what becomes of
    /// it is the chain's to say. Nothing here costs as much as the world is large.
    fn run_all(&mut self, world: &mut World, ordered: &[Ordered<'_>]) -> Result<Vec<Done>, Refusal> {
        let mut undo = Vec::with_capacity(ordered.len());
        let done = ordered
            .iter()
            .map(|one| {
                let done = self.run(world, one)?;
                undo.push(world.undo(&done.delta));
                world.apply(&done.delta);
                Ok(done)
            })
            .collect();
        undo.iter().rev().for_each(|change| world.apply(change));
        done
    }

    fn run(&mut self, world: &World, one: &Ordered<'_>) -> Result<Done, Refusal> {
        let Some(epoch) = open::key_epoch(self.ground, one) else { return self.shop.unopened(one) };
        let Ok(plaintext) = open::open(self.ground, one, epoch, self.keys)? else {
            return self.shop.unopened(one);
        };
        let epoch = one.untrusted.input.inclusion_epoch;
        let id = KeyId { purpose: Purpose::Input, contract: self.ground.contract, epoch };
        self.shop.run(world, one, &plaintext, self.keys.get(&id).ok_or(Code::Internal)?)
    }

    fn receipt(&self, ordered: &[Ordered<'_>], done: &[Done], snapshot: Option<&SealedSnapshot>) -> Receipt {
        let ground = self.ground;
        let snapshot_hash = snapshot.map(|s| keccak256(&s.0)).unwrap_or_default();
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
            outbound_hash: no_outbound_calls(),
        }
    }
}
