//! First room: what the chain says of the contract, and that the inputs offered are its next ones.

use alloy_primitives::{Address, B256, keccak256};
use enigma_lightclient::{EnigmaView, Follower, SecretContract};
use enigma_protocol::{
    door::{Code, Refusal, Stop, UntrustedExecute, UntrustedInput, View},
    input::{Kind, context, genesis_input_head, next_input_head},
    keys::Purpose,
};

use crate::{execute::BLOCK_HASHES, keys::KeyId};

/// A contract as proven at the tip, in the epoch that a commit would fall into.
pub(crate) struct Ground {
    pub(crate) contract: Address,
    pub(crate) network: B256,
    pub(crate) record: SecretContract,
    /// The current epoch, as a transaction in the next block sees it.
    pub(crate) epoch: u64,
    /// The oldest epoch whose input keys are still released in this one.
    pub(crate) oldest: u64,
    /// The first block of that epoch.
    pub(crate) epoch_start: u64,
    /// The block that a receipt or an answer names: the tip, or the ancestor of it that the host asked for.
    pub(crate) anchor: View,
}

impl Ground {
    /// Names a key of this contract.
    pub(crate) const fn key(&self, purpose: Purpose, epoch: u64) -> KeyId {
        KeyId { purpose, contract: self.contract, epoch }
    }
}

/// An input that the chain ordered.
pub(crate) struct Ordered<'a> {
    pub(crate) index: u64,
    pub(crate) hash: B256,
    pub(crate) head: B256,
    pub(crate) ctx: B256,
    pub(crate) untrusted: &'a UntrustedInput,
}

/// Reads the ground from proofs and checks the inputs against the chain's ring of heads.
pub(crate) fn establish<'a>(
    follower: &Follower,
    execute: &'a UntrustedExecute,
) -> Result<(Ground, Vec<Ordered<'a>>), Stop> {
    let (slots, tip) = follower.prove(&execute.facts)?;
    let view = EnigmaView::new(&slots, tip);
    let contract = execute.contract;
    let ground = survey(&view, follower.network(), contract)?;
    let record = &ground.record;
    let last = last_index(record, execute.inputs.0.len())?;
    let before = match record.cursor.checked_sub(1) {
        Some(index) => view.input_head(contract, index)?,
        None => genesis_input_head(follower.network(), contract),
    };
    let after = view.input_head(contract, last)?;
    let ordered = follow_inputs(follower, contract, record, before, &execute.inputs.0)?;
    if ordered.last().map(|o| o.head) != Some(after) {
        return Err(Refusal { code: Code::WrongInputs, detail: record.cursor }.into());
    }
    let ground = match execute.anchor {
        Some(number) => Ground { anchor: anchor(follower, &ground, &ordered, number)?, ..ground },
        None => ground,
    };
    Ok((ground, ordered))
}

/// The block asked for as anchor, if the inputs can be executed at it: an ancestor, as deep above each input as the
/// contract wants, and such that the next block is of the current epoch. So one anchor means one epoch, and of the same
/// inputs on the same state no second receipt with that anchor exists.
fn anchor(
    follower: &Follower,
    ground: &Ground,
    ordered: &[Ordered<'_>],
    number: u64,
) -> Result<View, Refusal> {
    let deep = ordered.iter().map(|o| wait_for(&ground.record, o.untrusted)).max().unwrap_or_default();
    let oldest = deep.max(ground.epoch_start.saturating_sub(1));
    let hash = follower.chain().hash(number).filter(|_| number >= oldest);
    Ok(View { number, hash: hash.ok_or(Refusal { code: Code::WrongAnchor, detail: oldest })? })
}

/// The block that must be there before an input is executed.
fn wait_for(record: &SecretContract, untrusted: &UntrustedInput) -> u64 {
    untrusted.input.block_number.saturating_add(record.depth.into())
}

/// Reads the ground from proofs.
pub(crate) fn survey(view: &EnigmaView<'_>, network: B256, contract: Address) -> Result<Ground, Stop> {
    let epochs = view.epochs()?;
    let record = view.secret_contract(contract)?.ok_or(Code::UnknownContract)?;
    let epoch = epochs.current;
    let oldest = epoch.saturating_sub(epochs.window);
    let anchor = View { number: view.block().number, hash: view.block().hash };
    Ok(Ground { contract, network, record, epoch, epoch_start: epochs.start, oldest, anchor })
}

/// Index of the last of `count` inputs from the cursor on, if the chain has that many.
fn last_index(record: &SecretContract, count: usize) -> Result<u64, Refusal> {
    let wrong = Refusal { code: Code::WrongInputs, detail: record.cursor };
    let last = record.cursor.checked_add((count as u64).checked_sub(1).ok_or(wrong.clone())?);
    last.filter(|&last| last < record.input_count).ok_or(wrong)
}

fn follow_inputs<'a>(
    follower: &Follower,
    contract: Address,
    record: &SecretContract,
    mut head: B256,
    inputs: &'a [UntrustedInput],
) -> Result<Vec<Ordered<'a>>, Refusal> {
    let mut ordered = Vec::with_capacity(inputs.len());
    for (index, untrusted) in (record.cursor..).zip(inputs) {
        let input = &untrusted.input;
        if !matches_hashes(untrusted) {
            return Err(Refusal { code: Code::WrongInputs, detail: index });
        }
        let wait_for = wait_for(record, untrusted);
        if wait_for > follower.chain().height() {
            return Err(Refusal { code: Code::NotDeepEnough, detail: wait_for });
        }
        let block_hash = follower
            .chain()
            .hash(input.block_number)
            .ok_or(Refusal { code: Code::UnknownBlock, detail: input.block_number })?;
        // All hashes that `BLOCKHASH` may ask for, or none: who has followed further has forgotten more, and must not
        // come to another result.
        let earliest = input.block_number.saturating_sub(BLOCK_HASHES);
        let earliest = earliest.max(follower.descriptor().checkpoint_number);
        if follower.chain().hash(earliest).is_none() {
            return Err(Refusal { code: Code::UnknownBlock, detail: earliest });
        }
        let hash = input.hash(contract, index);
        head = next_input_head(head, hash);
        ordered.push(Ordered { index, hash, head, ctx: context(head, block_hash), untrusted });
    }
    Ok(ordered)
}

/// Whether envelope and code are those whose hashes the input carries.
fn matches_hashes(untrusted: &UntrustedInput) -> bool {
    let input = &untrusted.input;
    let code_hash = match input.kind {
        Kind::Deploy => keccak256(&untrusted.code.0),
        Kind::Task | Kind::Query if untrusted.code.0.is_empty() => B256::ZERO,
        Kind::Task | Kind::Query => return false,
    };
    input.code_hash == code_hash && input.envelope_hash == keccak256(&untrusted.envelope.0)
}
