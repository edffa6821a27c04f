//! Opening envelopes. A failure is the sender's only if the right key was there and the envelope still did not
//! open; without the key this room is not entered.

use enigma_crypto::{bls::IdentityKey, ibe};
use enigma_protocol::{
    envelope::{Binding, Envelope, Plaintext, Unopened},
    network::{ERA, key_message},
};

use crate::facts::{Ground, Ordered};

/// The epoch whose input key opens this envelope; `None` if no key could: its header contradicts its input.
pub(crate) fn key_epoch(ordered: &Ordered<'_>) -> Option<u64> {
    let envelope = Envelope::parse(&ordered.untrusted.envelope.0).ok()?;
    (envelope.epoch == ordered.untrusted.input.epoch).then_some(envelope.epoch)
}

/// Opens the envelope of an input with its input key.
pub(crate) fn open(ground: &Ground, ordered: &Ordered<'_>, key: &IdentityKey) -> Result<Plaintext, Unopened> {
    let input = &ordered.untrusted.input;
    let envelope = Envelope::parse(&ordered.untrusted.envelope.0)?;
    let binding = Binding {
        kind: input.kind,
        network: ground.network,
        contract: ground.contract,
        epoch: input.epoch,
        sender: input.sender,
        on_behalf_of: input.on_behalf_of,
    };
    let message = key_message(ground.network, ERA, ground.contract, input.epoch);
    let shared = ibe::decapsulate(key, &envelope.u, &message).map_err(|_| Unopened)?;
    envelope.open(&shared, &binding)
}
