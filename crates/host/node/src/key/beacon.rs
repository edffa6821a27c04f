//! Opening epochs: as soon as epoch e has begun, t members' parts make the beacon of e + 1, which anybody may post.

use enigma_chain::{
    Sender,
    bindings::{Enigma, epoch},
};
use enigma_crypto::{
    bls::{PublicKey, Signature},
    threshold::{MemberIndex, Partial, PublicPolynomial, open},
};
use enigma_failpoints::failpoint;
use enigma_primitives::tags;
use enigma_protocol::{
    door::{KeyEnclaveReply as Reply, Resumed, UntrustedBeacon, UntrustedKeyRequest as Request},
    layout,
    network::{ERA, beacon_message},
    peer::{BeaconPartial, BeaconRequest, PeerReply, PeerRequest},
};
use futures::future::join_all;

use super::{actor::KeyNode, upkeep};
use crate::{Error, Result, Role, peers::Peers};

/// Blocks that each member waits longer than the one before it, so that they do not all post.
const STAGGER: u64 = 8;

/// What it takes to gather and post a beacon beside the node's own loop: while one member gathers, others ask it.
struct Poster {
    peers: Peers,
    sender: Sender,
    seat: Resumed,
}

impl KeyNode {
    /// This member's part of a beacon.
    pub(crate) async fn partial(&mut self, epoch: u64) -> Result<BeaconPartial> {
        let question = |facts| Request::Beacon(UntrustedBeacon { epoch, facts });
        match self.ask_with_facts([layout::NETWORK, layout::EPOCH], question).await? {
            Reply::Beacon(part) => Ok(part),
            _ => Err(Error::Answer),
        }
    }

    /// Starts to gather and post the next epoch's beacon, if it is due, missing, and this member's turn.
    pub(crate) async fn open_next_epoch(&mut self) -> Result<()> {
        if self.posting.as_ref().is_some_and(|posting| !posting.is_finished()) {
            return Ok(());
        }
        let state = self.chain.network_state().await?;
        if state.network.is_zero() {
            return Ok(());
        }
        if state.next_seeded() {
            // Now nothing is urgent until the next epoch begins.
            if self.kept != state.epoch {
                self.kept = state.epoch;
                tokio::spawn(upkeep::keep(self.sender.clone(), self.seat.member, state.epoch));
            }
            return Ok(());
        }
        let begun = if state.epoch == state.stored_epoch { state.start } else { state.next_start };
        let turn =
            begun.saturating_add(STAGGER.saturating_mul(u64::from(self.seat.member.saturating_sub(1))));
        let height = self.feeder.view().number;
        if height < turn {
            return Ok(());
        }
        let next = state.epoch.saturating_add(1);
        let own = self.partial(next).await?;
        let poster =
            Poster { peers: self.peers.clone(), sender: self.sender.clone(), seat: self.seat.clone() };
        self.posting = Some(tokio::spawn(async move {
            match poster.post(next, own).await {
                Ok(()) => {}
                Err(error) if is_early(&error, height, turn) => {
                    tracing::debug!(%error, epoch = next, "the beacon has to wait");
                }
                Err(error) => tracing::warn!(%error, epoch = next, "could not post the beacon"),
            }
        }));
        Ok(())
    }
}

impl Poster {
    async fn post(&self, next: u64, own: BeaconPartial) -> Result<()> {
        let beacon = self.gather(next, own).await?;
        // Gathering takes a while, and a transaction that comes second is paid for all the same.
        if self.sender.chain().network_state().await?.next_seeded() {
            return Ok(());
        }
        let public_key =
            PublicKey::from_bytes(&self.seat.descriptor.public_key).map_err(|_| Error::Answer)?;
        let call = Enigma::postBeaconCall {
            epoch: epoch(next),
            publicKey: public_key.to_eip2537().into(),
            signature: beacon.to_eip2537().into(),
        };
        failpoint!("key.beacon.before-post");
        match self.sender.call_enigma(&call, alloy_primitives::U256::ZERO).await {
            Ok(_) => {
                failpoint!("key.beacon.after-post");
                tracing::info!(epoch = next, "posted the beacon");
            }
            Err(error) if error.is_refusal("BeaconAlreadyPosted") || error.is_refusal("WrongBeaconEpoch") => {
                tracing::debug!(epoch = next, "another member posted the beacon");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Asks the other members and combines what t of them answered.
    async fn gather(&self, next: u64, own: BeaconPartial) -> Result<Signature> {
        let request = PeerRequest::Beacon(BeaconRequest { epoch: next });
        let others = self.peers.of(Role::Key).map(|(peer, _)| self.peers.ask(peer, &request));
        let replies = join_all(others).await.into_iter().filter_map(|reply| match reply {
            Ok(PeerReply::Beacon(part)) => Some(part),
            _ => None,
        });
        let mut partials: Vec<Partial> =
            std::iter::once(own).chain(replies).filter_map(|p| decode(&p)).collect();
        let points =
            self.seat.commitments.0.iter().map(PublicKey::from_bytes).collect::<std::result::Result<_, _>>();
        let polynomial = points.and_then(PublicPolynomial::from_commitments).map_err(|_| Error::Answer)?;
        let message = beacon_message(self.seat.descriptor.network(), ERA, next);
        loop {
            match open(&polynomial, tags::CURVE_BEACON, &message, &partials) {
                Ok(beacon) => return Ok(beacon),
                Err(
                    enigma_crypto::Error::WrongPartial { member }
                    | enigma_crypto::Error::DuplicateMember { member },
                ) => {
                    tracing::warn!(member, epoch = next, "a member's part of the beacon is wrong");
                    partials.retain(|p| p.member.get() != member);
                }
                Err(error) => {
                    let (got, needed) = (partials.len(), polynomial.threshold());
                    return Err(Error::Keys { got, needed, reason: error.to_string() });
                }
            }
        }
    }
}

/// Whether that nothing came of a try at block `height` is no wonder, where this member's turn began at `turn`: the others
/// have yet to see that the epoch has begun.
fn is_early(error: &Error, height: u64, turn: u64) -> bool {
    matches!(error, Error::Keys { .. }) && height < turn.saturating_add(STAGGER)
}

fn decode(part: &BeaconPartial) -> Option<Partial> {
    let member = MemberIndex::new(part.member).ok()?;
    Some(Partial { member, signature: Signature::from_bytes(&part.partial).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_early_waits_for_the_others_in_silence() {
        let few = Error::Keys { got: 2, needed: 3, reason: "the others are behind".into() };
        assert!(is_early(&few, 100, 100));
        assert!(is_early(&few, 99 + STAGGER, 100));
        assert!(!is_early(&few, 100 + STAGGER, 100), "they have had the time");
        assert!(!is_early(&Error::Answer, 100, 100), "another trouble is told at once");
    }
}
