//! The beacon: opens epoch e + 1, and is signed only once e has begun, when the set of e + 1 is closed.

use enigma_crypto::threshold::partial;
use enigma_lightclient::EnigmaView;
use enigma_primitives::tags;
use enigma_protocol::{
    door::{Code, Refusal, Stop, UntrustedBeacon},
    network::{ERA, beacon_message},
    peer::BeaconPartial,
};

use crate::door::Seated;

/// This member's part of the beacon of an epoch.
///
/// # Errors
/// `Stop::Need` for facts; `EpochNotReleased` before the epoch before it has begun.
pub(crate) fn sign(seated: &Seated, question: &UntrustedBeacon) -> Result<BeaconPartial, Stop> {
    let (slots, tip) = seated.follower.prove(&question.facts)?;
    let view = EnigmaView::new(&slots, tip);
    if view.network()? != seated.follower.network() {
        return Err(Code::NotStarted.into());
    }
    // As of the block that was seen, not the one after it: a beacon is public the moment it is signed.
    let begun = view.begun_epoch()?;
    if question.epoch == 0 || question.epoch > begun.saturating_add(1) {
        return Err(Refusal { code: Code::EpochNotReleased, detail: begun }.into());
    }
    let message = beacon_message(seated.follower.network(), ERA, question.epoch);
    let part = partial(&seated.seat.share, tags::CURVE_BEACON, &message);
    Ok(BeaconPartial { member: part.member.get(), partial: part.signature.to_bytes() })
}
