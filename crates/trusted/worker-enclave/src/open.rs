//! Opening envelopes. A failure is the sender's only if the right key was there and the envelope still did not
//! open; without the key this room is not entered.

use alloy_primitives::{Address, B256};
use enigma_protocol::{
    door::{Code, Refusal},
    envelope::{Binding, Envelope, Plaintext, Unopened},
    input::Kind,
    keys::Purpose,
};

use crate::{
    facts::{Ground, Ordered},
    keys::{KeyId, KeyRing},
};

/// The epoch whose input key opens this envelope; `None` if no key could: its header contradicts its input, or it is
/// from before the window by now, whose keys nobody gets any more. Were that a refusal, one old envelope at the end
/// of an epoch would hold up its contract for ever.
pub(crate) fn key_epoch(ground: &Ground, ordered: &Ordered<'_>) -> Option<u64> {
    let envelope = Envelope::parse(&ordered.untrusted.envelope.0).ok()?;
    let epoch = ordered.untrusted.input.epoch;
    (envelope.epoch == epoch && epoch >= ground.oldest).then_some(epoch)
}

/// Opens the envelope of an input with the input key of `epoch`.
///
/// # Errors
/// `Internal` if that key is not here: who calls has asked for it.
pub(crate) fn open(
    ground: &Ground,
    ordered: &Ordered<'_>,
    epoch: u64,
    keys: &mut KeyRing,
) -> Result<Result<Plaintext, Unopened>, Refusal> {
    let input = &ordered.untrusted.input;
    let Ok(envelope) = Envelope::parse(&ordered.untrusted.envelope.0) else { return Ok(Err(Unopened)) };
    let binding = Binding {
        kind: input.kind,
        network: ground.network,
        contract: ground.contract,
        epoch: input.epoch,
        sender: input.sender,
        on_behalf_of: input.on_behalf_of,
    };
    unseal(&envelope, &binding, &ground.key(Purpose::Input, epoch), keys)
}

/// Opens the envelope of a query, which no chain has seen: its sender is nobody, who reads is proven inside.
///
/// # Errors
/// `Internal` if the key is not here: who calls has asked for it.
pub(crate) fn open_query(
    ground: &Ground,
    envelope: &Envelope<'_>,
    keys: &mut KeyRing,
) -> Result<Result<Plaintext, Unopened>, Refusal> {
    let binding = Binding {
        kind: Kind::Query,
        network: ground.network,
        contract: ground.contract,
        epoch: envelope.epoch,
        sender: Address::ZERO,
        on_behalf_of: B256::ZERO,
    };
    unseal(envelope, &binding, &ground.key(Purpose::Input, envelope.epoch), keys)
}

fn unseal(
    envelope: &Envelope<'_>,
    binding: &Binding,
    id: &KeyId,
    keys: &mut KeyRing,
) -> Result<Result<Plaintext, Unopened>, Refusal> {
    let session = keys.session(id, &envelope.u).ok_or(Code::Internal)?;
    Ok(session.map_err(|_| Unopened).and_then(|shared| envelope.open(shared, binding)))
}
