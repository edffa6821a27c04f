//! Commitments as `commit` takes them (`docs/bytes.md`, "Packed commitments").
//!
//! Carried is what the contract cannot derive or has to compare: of numbers their bytes without leading zeros, of an input
//! what differs from the one before it. Whoever reads one fills in the rest, the heads and hashes that follow.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use enigma_protocol::{
    input::{Input, Kind},
    network::RULESET,
    outbound::{self, OutboundKind},
    state::{fold_snapshot, next_state_head},
};

use crate::bindings::Enigma::{Input as LoggedInput, Receipt, TaskResult};

const SIGNATURE: usize = 65;
/// Fields of an input that have a bit each: all but its kind.
const FIELDS: usize = 15;

/// A receipt with what the chain needs to check and publish it.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // lists, each of one a task but for the last two
pub struct Commitment {
    pub receipt: Receipt,
    pub inputs: Vec<LoggedInput>,
    pub outputs: Vec<Bytes>,
    pub deltas: Vec<Bytes>,
    /// 65 bytes each, in the order of the signers' turns.
    pub signatures: Vec<Bytes>,
    /// Those of all tasks, in the order in which they run.
    pub outbound: Vec<OutboundCall>,
}

/// What a secret contract does on Ethereum through its portal.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // as `enigma_protocol::outbound::OutboundCall`, before its kind is known to be one
pub struct OutboundCall {
    pub index: u64,
    pub kind: u8,
    pub target: Address,
    pub value: U256,
    pub gas: u64,
    pub data: Bytes,
}

impl From<&outbound::OutboundCall> for OutboundCall {
    fn from(call: &outbound::OutboundCall) -> Self {
        Self {
            index: call.index,
            kind: call.kind as u8,
            target: call.target,
            value: call.value,
            gas: call.gas,
            data: call.data.0.clone().into(),
        }
    }
}

/// Packs a commitment. `None` if it does not fit: lists of different lengths, or a number that no honest commitment has.
pub fn pack(commitment: &Commitment) -> Option<Bytes> {
    let Commitment { receipt, inputs, outputs, deltas, signatures, outbound } = commitment;
    let mut packed = Vec::new();
    packed.extend(receipt.secretContract);
    packed.extend(receipt.epoch.to_be_bytes());
    packed.push(u8::try_from(inputs.len()).ok()?);
    packed.push(u8::try_from(signatures.len()).ok()?);
    packed.extend(u16::try_from(outbound.len()).ok()?.to_be_bytes());
    packed.extend(receipt.firstIndex.to_be_bytes());
    packed.extend(receipt.anchorNumber.to_be_bytes());
    packed.push(u8::from(!receipt.snapshotHash.is_zero()));
    packed.extend(receipt.inputHead);
    packed.extend(receipt.stateHeadBefore);
    packed.extend(receipt.anchorHash);
    if !receipt.snapshotHash.is_zero() {
        packed.extend(receipt.snapshotHash);
    }
    for signature in signatures {
        packed.extend(<&[u8; SIGNATURE]>::try_from(signature.as_ref()).ok()?);
    }
    let count = inputs.len();
    if [receipt.results.len(), outputs.len(), deltas.len()] != [count; 3] {
        return None;
    }
    let mut before = [U256::ZERO; FIELDS];
    for (((input, result), output), delta) in inputs.iter().zip(&receipt.results).zip(outputs).zip(deltas) {
        let fields = fields(input);
        let changed = (0..FIELDS).filter(|&bit| fields[bit] != before[bit]);
        let mask = changed.clone().fold(0u16, |mask, bit| mask | 1 << bit);
        packed.extend(mask.to_be_bytes());
        packed.push(nibble(input.kind)? << 4 | nibble(result.status)?);
        packed.extend(u32::try_from(result.gasCharged).ok()?.to_be_bytes());
        packed.extend(size(output)?);
        packed.extend(size(delta)?);
        for bit in changed {
            let number = fields[bit].to_be_bytes_trimmed_vec();
            packed.push(number.len() as u8);
            packed.extend(number);
        }
        packed.extend(output);
        packed.extend(delta);
        before = fields;
    }
    for call in outbound {
        packed.push(call.index.checked_sub(receipt.firstIndex)?.try_into().ok()?);
        packed.push(call.kind);
        packed.extend(call.target);
        packed.extend(u128::try_from(call.value).ok()?.to_be_bytes());
        packed.extend(call.gas.to_be_bytes());
        packed.extend(size(&call.data)?);
        packed.extend(&call.data);
    }
    Some(packed.into())
}

/// Reads a commitment of a network, as its contract would, and fills in what the contract derives. `None` if the bytes are
/// none.
pub fn unpack(network: B256, packed: &[u8]) -> Option<Commitment> {
    let mut rest = packed;
    let rest = &mut rest;
    let secret_contract = Address::from(take(rest)?);
    let epoch = u64::from_be_bytes(take(rest)?);
    let [count, signed] = take(rest)?;
    let calls = u16::from_be_bytes(take(rest)?);
    let first_index = u64::from_be_bytes(take(rest)?);
    let anchor_number = u64::from_be_bytes(take(rest)?);
    let [flags] = take(rest)?;
    let [input_head, state_head_before, anchor_hash] = [word(rest)?, word(rest)?, word(rest)?];
    let snapshot_hash = match flags {
        0 => B256::ZERO,
        1 => word(rest).filter(|hash| !hash.is_zero())?,
        _ => return None,
    };
    let mut signatures = Vec::new();
    for _ in 0..signed {
        signatures.push(take::<SIGNATURE>(rest)?.into());
    }
    let last_index = first_index.checked_add(count.checked_sub(1)?.into())?;

    let (mut inputs, mut outputs, mut deltas) = (Vec::new(), Vec::new(), Vec::new());
    let mut results: Vec<TaskResult> = Vec::new();
    let mut fields = [U256::ZERO; FIELDS];
    let mut head = match flags {
        0 => state_head_before,
        _ => fold_snapshot(state_head_before, snapshot_hash),
    };
    for index in first_index..=last_index {
        let mask = u16::from_be_bytes(take(rest)?);
        let [kind_and_status] = take(rest)?;
        let gas = u32::from_be_bytes(take(rest)?);
        let sizes: [[u8; 3]; 2] = [take(rest)?, take(rest)?];
        if mask >> FIELDS != 0 {
            return None;
        }
        for (_, field) in fields.iter_mut().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1) {
            let [size] = take(rest)?;
            *field = U256::try_from_be_slice(slice(rest, size.into())?)?;
        }
        let [output, delta] = sizes.map(|size| slice(rest, length(size)));
        let (output, delta) = (Bytes::copy_from_slice(output?), Bytes::copy_from_slice(delta?));
        let input = logged(kind_and_status >> 4, &fields)?;
        let delta_hash = keccak256(&delta);
        head = next_state_head(head, input.hash(secret_contract, index), delta_hash);
        inputs.push((&input).into());
        results.push(TaskResult {
            status: kind_and_status & 0xf,
            gasCharged: gas.into(),
            outputHash: keccak256(&output),
            deltaHash: delta_hash,
        });
        outputs.push(output);
        deltas.push(delta);
    }
    let outbound = (0..calls).map(|_| call(rest, first_index)).collect::<Option<Vec<_>>>()?;
    let known = outbound.iter().map(known).collect::<Option<Vec<_>>>()?;
    let receipt = Receipt {
        network,
        ruleset: RULESET,
        secretContract: secret_contract,
        epoch,
        firstIndex: first_index,
        lastIndex: last_index,
        inputHead: input_head,
        stateHeadBefore: state_head_before,
        stateHeadAfter: head,
        anchorNumber: anchor_number,
        anchorHash: anchor_hash,
        results,
        snapshotHash: snapshot_hash,
        outboundHash: outbound::outbound_hash(&known),
    };
    rest.is_empty().then_some(Commitment { receipt, inputs, outputs, deltas, signatures, outbound })
}

/// The fields of an input that have a bit each, the lowest first: from the last to the second.
fn fields(input: &LoggedInput) -> [U256; FIELDS] {
    [
        input.envelopeHash.into(),
        input.codeHash.into(),
        input.inflow,
        U256::from(input.baseFee),
        U256::from(input.timestamp),
        U256::from(input.blockNumber),
        U256::from(input.inclusionEpoch),
        U256::from(input.epoch),
        U256::from(input.tip),
        U256::from(input.priceCap),
        U256::from(input.commitGas),
        U256::from(input.gasLimit),
        input.value,
        input.onBehalfOf.into(),
        input.sender.into_word().into(),
    ]
}

fn logged(kind: u8, fields: &[U256; FIELDS]) -> Option<Input> {
    let [
        envelope,
        code,
        inflow,
        base_fee,
        timestamp,
        block,
        inclusion,
        epoch,
        tip,
        cap,
        commit,
        limit,
        value,
        behalf,
        sender,
    ] = *fields;
    let small = |number: U256| u64::try_from(number).ok();
    let sender = B256::from(sender);
    Some(Input {
        kind: match kind {
            1 => Kind::Task,
            2 => Kind::Deploy,
            _ => return None,
        },
        sender: Some(Address::from_word(sender)).filter(|address| address.into_word() == sender)?,
        on_behalf_of: behalf.into(),
        value,
        gas_limit: small(limit)?,
        commit_gas: small(commit)?,
        price_cap: cap.try_into().ok()?,
        tip: tip.try_into().ok()?,
        epoch: small(epoch)?,
        inclusion_epoch: small(inclusion)?,
        block_number: small(block)?,
        timestamp: small(timestamp)?,
        base_fee: base_fee.try_into().ok()?,
        inflow,
        code_hash: code.into(),
        envelope_hash: envelope.into(),
    })
}

fn call(rest: &mut &[u8], first_index: u64) -> Option<OutboundCall> {
    let [place, kind] = take(rest)?;
    let target = Address::from(take(rest)?);
    let value = U256::from(u128::from_be_bytes(take(rest)?));
    let gas = u64::from_be_bytes(take(rest)?);
    let size = length(take(rest)?);
    let data = Bytes::copy_from_slice(slice(rest, size)?);
    Some(OutboundCall { index: first_index.checked_add(place.into())?, kind, target, value, gas, data })
}

fn known(call: &OutboundCall) -> Option<outbound::OutboundCall> {
    let kind = match call.kind {
        1 => OutboundKind::Transfer,
        2 => OutboundKind::Call,
        _ => return None,
    };
    let OutboundCall { index, target, value, gas, .. } = *call;
    Some(outbound::OutboundCall { index, kind, target, value, gas, data: call.data.to_vec().into() })
}

fn nibble(number: u8) -> Option<u8> {
    (number < 16).then_some(number)
}

fn size(bytes: &[u8]) -> Option<[u8; 3]> {
    let [0, size @ ..] = u32::try_from(bytes.len()).ok()?.to_be_bytes() else { return None };
    Some(size)
}

fn length([a, b, c]: [u8; 3]) -> usize {
    u32::from_be_bytes([0, a, b, c]) as usize
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    slice(rest, N)?.try_into().ok()
}

fn word(rest: &mut &[u8]) -> Option<B256> {
    take(rest).map(B256::from)
}

fn slice<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(size)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests;
