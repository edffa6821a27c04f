//! A world rebuilt from what hosts kept and the chain recorded: a snapshot, or nothing, and every step since. Snapshots of
//! later epochs may have been folded in on the way without being here, and inputs may have been skipped.
//!
//! It comes in pieces, for a frame does not hold what an epoch can bring. The chain of heads is followed through all of
//! them, and what stands behind its head serves only if the chain records that head: that, not the cipher, makes it the
//! right state. The last piece must end there before keys are asked for.

use enigma_evm::{World, WorldDelta};
use enigma_lightclient::EnigmaView;
use enigma_platform::Awake;
use enigma_primitives::Decode;
use enigma_protocol::{
    door::{Code, Done, Refusal, Stop, UntrustedPiece, UntrustedReplay, UntrustedStep as Step},
    input::context,
    keys::Purpose,
    state::{Led, genesis_state_head},
};

use crate::{
    door::Joined,
    facts::{Ground, survey},
    keys::KeyRing,
    ready::need,
};

/// Replays a piece of a contract's state on the pieces before it. Nothing to do if the world is here already.
///
/// # Errors
/// `Stop::Need` while facts or keys are missing; `WrongState` if the heads do not lead from the snapshot, the beginning or
/// the piece before to where the chain is, or something does not open. What was replayed may be gone then.
pub(crate) fn replay(awake: &mut Awake, joined: &mut Joined, replay: &UntrustedReplay) -> Result<Done, Stop> {
    let (slots, tip) = joined.follower.prove(&replay.facts)?;
    let ground = survey(&EnigmaView::new(&slots, tip), joined.follower.network(), replay.contract)?;
    if joined.worlds.at(&ground).is_some() {
        return Ok(Done {});
    }
    let piece = &replay.piece;
    let led = lead(&ground, piece)?;
    let wanted = led.opening.iter().map(|&epoch| ground.key(Purpose::State, epoch)).collect();
    need(awake, joined, &ground, wanted, false)?;
    let before = match &piece.after {
        Some(place) => joined.worlds.take(ground.contract, place.state_head).ok_or(Code::WrongState)?,
        None => World::empty(ground.contract),
    };
    let world = rebuild(&ground, awake.platform.key_label(), &joined.keys, piece, before)?;
    joined.worlds.keep(ground.contract, led.head, world);
    Ok(Done {})
}

/// Where a piece leads.
fn lead(ground: &Ground, piece: &UntrustedPiece) -> Result<Led, Refusal> {
    let led = piece.lead(genesis_state_head(ground.network, ground.contract)).ok_or(Code::WrongState)?;
    let is_there = led.head == ground.record.state_head && led.epoch == ground.record.sealed_epoch;
    // No key seals anything in epoch 0: whatever has none before it was never committed.
    if is_there != piece.is_last || led.opening.contains(&0) {
        return Err(Code::WrongState.into());
    }
    Ok(led)
}

/// The world behind a piece whose heads have been followed and whose keys are here.
fn rebuild(
    ground: &Ground,
    label: &[u8],
    keys: &KeyRing,
    piece: &UntrustedPiece,
    mut world: World,
) -> Result<World, Refusal> {
    let wrong = Code::WrongState;
    let mut epoch = piece.after.as_ref().map_or(0, |place| place.epoch);
    if let Some(base) = &piece.base {
        epoch = base.epoch;
        let key = keys.state_key(ground, epoch)?;
        let bytes = key.open_snapshot(label, base.head_before, &base.snapshot.0).map_err(|_| wrong)?;
        world = bytes.expose(|b| World::from_bytes(b)).map_err(|_| wrong)?;
    }
    let mut key = None;
    for step in &piece.steps.0 {
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
