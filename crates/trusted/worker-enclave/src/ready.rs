//! What tasks and queries need before anything runs: keys, and the world behind the chain's state head.

use enigma_platform::Awake;
use enigma_protocol::{
    door::{Need, Refusal, Stop},
    keys::{KeyRequest, Purpose},
};

use crate::{
    door::Joined,
    facts::Ground,
    keys::{KeyId, KeyRing},
};

/// Most keys asked for at once: a state of many epochs is asked for in several rounds.
const KEYS_AT_ONCE: usize = 128;

/// Sees to it that the keys `wanted` and the contract's world are here.
///
/// # Errors
/// `Stop::Need` for what is not.
pub(crate) fn ready(
    awake: &mut Awake,
    joined: &mut Joined,
    ground: &Ground,
    mut wanted: Vec<KeyId>,
) -> Result<(), Stop> {
    let missing = joined.worlds.at(ground).is_none();
    let sealed = ground.record.sealed_epoch;
    if missing && sealed != 0 {
        // Whatever state comes, it ends with what was sealed under the last snapshot's key.
        wanted.push(ground.key(Purpose::State, sealed));
    }
    need(awake, joined, ground, wanted, missing)
}

/// Asks for the keys `wanted` that are not here, and for the state if it is `missing`.
///
/// # Errors
/// `Stop::Need` if there is anything to ask for.
pub(crate) fn need(
    awake: &mut Awake,
    joined: &mut Joined,
    ground: &Ground,
    wanted: Vec<KeyId>,
    missing: bool,
) -> Result<(), Stop> {
    joined.keys.forget(ground.epoch, joined.follower.chain());
    let requests = ask_missing(awake, &mut joined.keys, ground.epoch, wanted)?;
    if requests.is_empty() && !missing {
        return Ok(());
    }
    Err(Stop::Need(Need { slots: Vec::new().into(), keys: requests.into(), state: missing }))
}

fn ask_missing(
    awake: &mut Awake,
    keys: &mut KeyRing,
    epoch: u64,
    mut wanted: Vec<KeyId>,
) -> Result<Vec<KeyRequest>, Refusal> {
    wanted.sort_unstable();
    wanted.dedup();
    wanted.retain(|id| keys.get(id).is_none());
    wanted.truncate(KEYS_AT_ONCE);
    wanted
        .into_iter()
        .map(|id| keys.ask(id, epoch, awake.identity.signer(), awake.platform.as_mut()))
        .collect()
}
