//! A world rebuilt from what hosts kept and the chain recorded: a snapshot, or nothing, and every step since. Snapshots of
//! later epochs may have been folded in on the way without being here, and inputs may have been skipped.
//!
//! The chain of heads is followed first, and must end in the head that the chain records: that, not the cipher, makes it
//! the right state. Only then are keys asked for.

use std::collections::BTreeSet;

use enigma_evm::{World, WorldDelta};
use enigma_primitives::Decode;
use enigma_protocol::{
    door::{Code, Refusal, UntrustedState, UntrustedStep as Step},
    input::context,
    state::genesis_state_head,
};

use crate::{facts::Ground, keys::KeyRing};

/// The epochs whose state keys open something of `state`.
///
/// # Errors
/// `WrongState` if the heads do not lead from the snapshot, or from the beginning, to the head that the chain records;
/// or if the epochs do not lead to that of the last snapshot.
pub(crate) fn epochs(ground: &Ground, state: &UntrustedState) -> Result<BTreeSet<u64>, Refusal> {
    let led = state.lead(genesis_state_head(ground.network, ground.contract)).ok_or(Code::WrongState)?;
    let is_right = led.head == ground.record.state_head && led.epoch == ground.record.sealed_epoch;
    // No key seals anything in epoch 0: whatever has none before it was never committed.
    if !is_right || led.opening.contains(&0) {
        return Err(Code::WrongState.into());
    }
    Ok(led.opening)
}

/// The world behind `state`, whose heads have been followed and whose keys are here.
///
/// # Errors
/// `WrongState` if something does not open.
pub(crate) fn rebuild(
    ground: &Ground,
    label: &[u8],
    keys: &KeyRing,
    state: &UntrustedState,
) -> Result<World, Refusal> {
    let wrong = Code::WrongState;
    let mut epoch = 0;
    let mut world = World::empty(ground.contract);
    if let Some(base) = &state.base {
        epoch = base.epoch;
        let key = keys.state_key(ground, epoch)?;
        let bytes = key.open_snapshot(label, base.head_before, &base.snapshot.0).map_err(|_| wrong)?;
        world = bytes.expose(|b| World::from_bytes(b)).map_err(|_| wrong)?;
    }
    let mut key = None;
    for step in &state.steps.0 {
        match step {
            Step::Delta(delta) => {
                let key = match &mut key {
                    Some(key) => key,
                    none => none.insert(keys.state_key(ground, epoch)?),
                };
                let ctx = context(delta.input_head, delta.block_hash);
                let bytes = key.open_delta(label, ctx, &delta.delta.0).map_err(|_| wrong)?;
                world.apply(&bytes.expose(|b| WorldDelta::from_bytes(b)).map_err(|_| wrong)?);
            }
            Step::Skipped(_) => {}
            Step::Folded(fold) => (epoch, key) = (fold.epoch, None),
        }
    }
    Ok(world)
}
