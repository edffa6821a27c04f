//! What tasks and queries need before anything runs: keys, and the world behind the chain's state head.

use enigma_platform::Awake;
use enigma_protocol::{
    door::{Code, Need, Refusal, Stop, UntrustedState},
    keys::{KeyRequest, Purpose},
};

use crate::{
    door::Joined,
    facts::Ground,
    keys::{KeyId, KeyRing},
};

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
    let restore = joined.worlds.at(ground).is_none();
    let sealed = ground.key(Purpose::State, ground.record.sealed_epoch);
    if restore {
        wanted.push(sealed);
    }
    let requests = ask_missing(awake, &mut joined.keys, ground.epoch, wanted)?;
    let no_state = restore && state.is_none();
    if !requests.is_empty() || no_state {
        return Err(Stop::Need(Need { slots: Vec::new().into(), keys: requests.into(), state: no_state }));
    }
    if let (true, Some(state)) = (restore, state) {
        let key = joined.keys.state_key(ground, sealed.epoch)?;
        joined.worlds.restore(ground, awake.platform.key_label(), &key, state)?;
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
    wanted
        .into_iter()
        .map(|id| keys.ask(id, epoch, awake.identity.signer(), awake.platform.as_mut()))
        .collect()
}
