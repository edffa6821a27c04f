//! What tasks and queries need before anything runs: keys, and the world behind the chain's state head.

use std::collections::BTreeSet;

use enigma_platform::Awake;
use enigma_protocol::{
    door::{Code, Need, Refusal, Stop, UntrustedState},
    keys::{KeyRequest, Purpose},
};

use crate::{
    door::Joined,
    facts::Ground,
    keys::{KeyId, KeyRing},
    restore,
};

/// Most keys asked for at once: a state of many epochs is asked for in several rounds.
const KEYS_AT_ONCE: usize = 128;

/// Sees to it that the keys `wanted` and the contract's world are here.
///
/// # Errors
/// `Stop::Need` for what is not; `WrongState` if `state` is not what the chain recorded.
pub(crate) fn ready(
    awake: &mut Awake,
    joined: &mut Joined,
    ground: &Ground,
    mut wanted: Vec<KeyId>,
    state: Option<&UntrustedState>,
) -> Result<(), Stop> {
    joined.keys.forget(ground.epoch, joined.follower.chain());
    let missing = joined.worlds.at(ground).is_none();
    let state = state.filter(|_| missing);
    let sealed = match state {
        Some(state) => restore::epochs(ground, state)?,
        // Whatever state comes, it ends with what was sealed under the last snapshot's key.
        None if missing => BTreeSet::from([ground.record.sealed_epoch]),
        None => BTreeSet::new(),
    };
    wanted.extend(sealed.into_iter().filter(|&e| e != 0).map(|e| ground.key(Purpose::State, e)));
    let requests = ask_missing(awake, &mut joined.keys, ground.epoch, wanted)?;
    let no_state = missing && state.is_none();
    if !requests.is_empty() || no_state {
        return Err(Stop::Need(Need { slots: Vec::new().into(), keys: requests.into(), state: no_state }));
    }
    if let Some(state) = state {
        let world = restore::rebuild(ground, awake.platform.key_label(), &joined.keys, state)?;
        joined.worlds.keep(ground.contract, ground.record.state_head, world);
    }
    if joined.worlds.at(ground).is_none() {
        return Err(Code::WrongState.into());
    }
    Ok(())
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
