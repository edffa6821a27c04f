//! The release rule (protocol, section 3): a worker gets its part of a key only if the chain, as this enclave verified
//! it, says that the worker is entitled to it.

use alloy_primitives::Address;
use enigma_crypto::{
    sealed_box::{self, BoxPublicKey, BoxSecretKey},
    sign::recover,
    threshold::partial,
};
use enigma_lightclient::{EnigmaView, Epochs, SecretContract};
use enigma_platform::{Platform, random_secret};
use enigma_primitives::tags;
use enigma_protocol::{
    clock::{Marks, Terms},
    door::{Code, Refusal, Stop, UntrustedRelease},
    input::{Input, genesis_input_head, next_input_head},
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
    entitled(&view, seated, worker, request, question.pending.as_ref())?;

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
    pending: Option<&Input>,
) -> Result<(), Stop> {
    if view.network()? != seated.follower.network() {
        return Err(Code::NotStarted.into());
    }
    let epochs = view.epochs()?;
    let worker = view.worker(signer)?.ok_or(Code::NotAdmitted)?;
    if worker.expiry <= view.block().timestamp || view.is_revoked(worker.id)? {
        return Err(Code::NotAdmitted.into());
    }
    let group_epoch = request.group_epoch;
    let served = group_epoch == epochs.current
        || (epochs.next_seeded && group_epoch == epochs.current.saturating_add(1));
    if !served || !epoch_released(view, &epochs, request)? {
        return Err(Refusal { code: Code::EpochNotReleased, detail: epochs.current }.into());
    }
    turn_come(view, seated, &epochs, worker.id, request, pending)
}

/// Whether the worker's turn has come: at once for the first signers in the contract's order, for those behind them once
/// the oldest pending input has waited for as long as their position takes. The next epoch has no clock yet.
fn turn_come(
    view: &EnigmaView<'_>,
    seated: &Seated,
    epochs: &Epochs,
    worker: u64,
    request: &KeyRequest,
    pending: Option<&Input>,
) -> Result<(), Stop> {
    let contract = request.contract;
    let position =
        view.position(contract, request.group_epoch, worker, epochs.group_size)?.ok_or(Code::NotDrawn)?;
    let record = view.secret_contract(contract)?;
    let signers = record.as_ref().map_or(1, |c| c.signers.max(1));
    if position < usize::from(signers) {
        return Ok(());
    }
    let record = record.filter(|_| request.group_epoch == epochs.current).ok_or(Code::NotDrawn)?;
    let terms = Terms { signers, group_size: epochs.group_size, takeover: epochs.takeover };
    let marks = Marks {
        oldest_input: included(view, seated, contract, &record, pending)?.saturating_add(record.depth.into()),
        epoch_start: epochs.start,
        last_commit: record.last_commit,
        clock_from: view.clock_from(contract)?,
        paused_at: record.paused_at,
    };
    // While the clock is held it never comes.
    let turn = marks.reaches(terms.wait(position)).unwrap_or(u64::MAX);
    if view.block().number.saturating_add(1) < turn {
        return Err(Refusal { code: Code::NotYourTurn, detail: turn }.into());
    }
    Ok(())
}

/// The block of the contract's oldest pending input, if `pending` is that: the ring of heads says so.
///
/// # Errors
/// `NotYourTurn` without end if there is nothing to wait for, or nothing was shown; `WrongInputs` with the index of the
/// input to be shown if it is another.
fn included(
    view: &EnigmaView<'_>,
    seated: &Seated,
    contract: Address,
    record: &SecretContract,
    pending: Option<&Input>,
) -> Result<u64, Stop> {
    let wrong = Refusal { code: Code::WrongInputs, detail: record.cursor };
    let never = Refusal { code: Code::NotYourTurn, detail: u64::MAX };
    let pending = pending.filter(|_| record.cursor < record.input_count).ok_or(never)?;
    let before = match record.cursor.checked_sub(1) {
        Some(index) => view.input_head(contract, index)?,
        None => genesis_input_head(seated.follower.network(), contract),
    };
    let after = next_input_head(before, pending.hash(contract, record.cursor));
    if after != view.input_head(contract, record.cursor)? {
        return Err(wrong.into());
    }
    Ok(pending.block_number)
}

/// Whether keys of the requested epoch are released to a member of the group epoch: for inputs those of the envelope
/// window, for state those since the last snapshot, or all while the chain shows that this snapshot is lost. A contract
/// that is not on chain yet has no past.
fn epoch_released(view: &EnigmaView<'_>, epochs: &Epochs, request: &KeyRequest) -> Result<bool, Stop> {
    if request.key_epoch > request.group_epoch {
        return Ok(false);
    }
    let oldest = match request.purpose {
        Purpose::Input => request.group_epoch.saturating_sub(epochs.window),
        Purpose::State => match view.secret_contract(request.contract)? {
            Some(contract) if contract.sealed_epoch > 0 => contract.sealed_epoch,
            _ => request.group_epoch,
        },
    };
    if request.key_epoch >= oldest {
        return Ok(true);
    }
    Ok(request.purpose == Purpose::State && is_lost(view, epochs, request.contract)?)
}

/// Whether the contract's state was declared lost an epoch ago, and nobody has shown it since.
fn is_lost(view: &EnigmaView<'_>, epochs: &Epochs, contract: Address) -> Result<bool, Stop> {
    let since = view.lost_since(contract)?;
    Ok(since != 0 && view.block().number >= since.saturating_add(epochs.length))
}
