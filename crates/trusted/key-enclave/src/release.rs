//! The release rule (protocol, section 3): a worker gets its part of a key only if the chain, as this enclave verified
//! it, says that the worker is entitled to it.

use alloy_primitives::Address;
use enigma_crypto::{
    sealed_box::{self, BoxPublicKey, BoxSecretKey},
    sign::recover,
    threshold::partial,
};
use enigma_lightclient::{EnigmaView, Epochs};
use enigma_platform::{Platform, random_secret};
use enigma_primitives::tags;
use enigma_protocol::{
    door::{Code, Refusal, Stop, UntrustedRelease},
    keys::{KeyReply, KeyRequest, Purpose},
};

use crate::door::Seated;

/// Evaluates this member's share for a worker that is entitled to the key, encrypted to that worker.
///
/// # Errors
/// `Stop::Need` for facts; a refusal that names the rule that was not met.
pub(crate) fn release(
    platform: &mut dyn Platform,
    seated: &Seated,
    question: &UntrustedRelease,
) -> Result<KeyReply, Stop> {
    let request = &question.request;
    if request.network != seated.follower.network() {
        return Err(Code::WrongNetwork.into());
    }
    let worker = recover(request.digest(), &request.signature).map_err(|_| Code::BadSignature)?;
    let (slots, tip) = seated.follower.prove(&question.facts)?;
    let view = EnigmaView::new(&slots, tip);
    entitled(&view, seated, worker, request)?;

    let part = partial(&seated.seat.share, request.purpose.curve_tag(), &request.message());
    let mut reply = KeyReply {
        member: part.member.get(),
        generation: seated.seat.generation,
        block_number: tip.number,
        block_hash: tip.hash,
        sealed: Vec::new().into(),
    };
    let aad = reply.associated_data(request.digest());
    let ephemeral = BoxSecretKey::new(random_secret(platform).map_err(Refusal::from)?);
    let sealed = part.signature.to_secret().expose(|p| {
        sealed_box::seal(&BoxPublicKey(request.reply_to), ephemeral, tags::KEY_REPLY_BOX, aad.as_slice(), p)
    });
    reply.sealed = sealed.map_err(|_| Code::BadSignature)?.into();
    Ok(reply)
}

/// Every condition of the rule, on facts that were proven at the tip.
fn entitled(
    view: &EnigmaView<'_>,
    seated: &Seated,
    signer: Address,
    request: &KeyRequest,
) -> Result<(), Stop> {
    if view.network()? != seated.follower.network() {
        return Err(Code::NotStarted.into());
    }
    let epochs = view.epochs()?;
    let worker = view.worker(signer)?.ok_or(Code::NotAdmitted)?;
    if worker.expiry <= view.block().timestamp || !view.measurement_allowed(worker.measurement)? {
        return Err(Code::NotAdmitted.into());
    }
    let group_epoch = request.group_epoch;
    let served = group_epoch == epochs.current
        || (epochs.next_seeded && group_epoch == epochs.current.saturating_add(1));
    if !served || !epoch_released(view, &epochs, request)? {
        return Err(Refusal { code: Code::EpochNotReleased, detail: epochs.current }.into());
    }
    let group = view.group(request.contract, group_epoch, epochs.group_size)?;
    // Rank 0 signs, and the further signers of a contract that asks for more. Takeover turns come with the clock.
    let signers = view.secret_contract(request.contract)?.map_or(1, |c| c.signers.max(1));
    if !group.iter().take(signers.into()).any(|&id| id == worker.id) {
        return Err(Code::NotDrawn.into());
    }
    Ok(())
}

/// Whether keys of the requested epoch are released to a member of the group epoch: for inputs those of the envelope
/// window, for state those since the last snapshot. A contract that is not on chain yet has no past.
fn epoch_released(view: &EnigmaView<'_>, epochs: &Epochs, request: &KeyRequest) -> Result<bool, Stop> {
    let oldest = match request.purpose {
        Purpose::Input => request.group_epoch.saturating_sub(epochs.window),
        Purpose::State => match view.secret_contract(request.contract)? {
            Some(contract) if contract.sealed_epoch > 0 => contract.sealed_epoch,
            _ => request.group_epoch,
        },
    };
    Ok((oldest..=request.group_epoch).contains(&request.key_epoch))
}
