//! From a log to the event that it says, for any bytes.

use alloy::{primitives::keccak256, rpc::types::Log, sol_types::SolEvent};
use alloy_primitives::{B256, U256};
use enigma_protocol::input::{Input, Kind};

use crate::{
    ChainBlock,
    bindings::Enigma,
    events::{
        ChunkEvent, CommitEvent, CreatedEvent, Event, FoundEvent, InputEvent, LostEvent, OutboundEvent,
        SkipEvent, SlashEvent, TakeoverEvent, TaskOutcome, kind, status,
    },
};

/// Place of the ranks that were passed over in a group word, in bytes from its low end (`docs/bytes.md`).
pub(crate) const SILENT_BYTE: usize = 6;

/// The kinds of events that nodes follow.
pub(crate) const KINDS: [B256; 9] = [
    Enigma::SecretContractCreated::SIGNATURE_HASH,
    Enigma::InputCreated::SIGNATURE_HASH,
    Enigma::Committed::SIGNATURE_HASH,
    Enigma::Skipped::SIGNATURE_HASH,
    Enigma::TakenOver::SIGNATURE_HASH,
    Enigma::Slashed::SIGNATURE_HASH,
    Enigma::DeclaredLost::SIGNATURE_HASH,
    Enigma::ChunkPosted::SIGNATURE_HASH,
    Enigma::Found::SIGNATURE_HASH,
];

/// What a log of a block says; `None` if it is none of the contract's.
pub(crate) fn decode(log: &Log, block: &ChainBlock, transaction: B256) -> Option<Event> {
    let kind = *log.topic0()?;
    Some(match kind {
        Enigma::InputCreated::SIGNATURE_HASH => Event::Input(Box::new(input(log, block, transaction)?)),
        Enigma::Committed::SIGNATURE_HASH => Event::Commit(Box::new(commit(log, block, transaction)?)),
        Enigma::SecretContractCreated::SIGNATURE_HASH => {
            let e = read::<Enigma::SecretContractCreated>(log)?;
            Event::Created(CreatedEvent {
                contract: e.secretContract,
                deployer: e.deployer,
                signers: e.signers,
                depth: e.depth,
                block_number: block.number,
            })
        }
        Enigma::Skipped::SIGNATURE_HASH => {
            let e = read::<Enigma::Skipped>(log)?;
            Event::Skipped(SkipEvent {
                contract: e.secretContract,
                index: e.index,
                state_head: e.stateHead,
                sender: e.sender,
                refund: e.refund,
                block_number: block.number,
                timestamp: block.timestamp,
                transaction,
            })
        }
        Enigma::TakenOver::SIGNATURE_HASH => {
            let e = read::<Enigma::TakenOver>(log)?;
            Event::TakenOver(TakeoverEvent {
                contract: e.secretContract,
                epoch: e.epoch.to(),
                silent: e.group.byte(SILENT_BYTE),
                block_number: block.number,
            })
        }
        Enigma::Slashed::SIGNATURE_HASH => {
            let e = read::<Enigma::Slashed>(log)?;
            Event::Slashed(SlashEvent {
                worker: e.id.saturating_to(),
                contract: e.secretContract,
                epoch: e.epoch.to(),
                amount: e.amount,
                block_number: block.number,
            })
        }
        Enigma::DeclaredLost::SIGNATURE_HASH => {
            let e = read::<Enigma::DeclaredLost>(log)?;
            Event::DeclaredLost(LostEvent {
                contract: e.secretContract,
                declarer: e.declarer,
                snapshot_hash: e.snapshotHash,
                bond: e.bond,
                block_number: block.number,
            })
        }
        Enigma::ChunkPosted::SIGNATURE_HASH => {
            let e = read::<Enigma::ChunkPosted>(log)?;
            Event::ChunkPosted(Box::new(ChunkEvent {
                contract: e.secretContract,
                snapshot_hash: e.snapshotHash,
                index: e.index.saturating_to(),
                chunk: e.chunk.to_vec(),
                block_number: block.number,
            }))
        }
        Enigma::Found::SIGNATURE_HASH => {
            let e = read::<Enigma::Found>(log)?;
            Event::Found(FoundEvent {
                contract: e.secretContract,
                snapshot_hash: e.snapshotHash,
                block_number: block.number,
            })
        }
        _ => return None,
    })
}

/// What a log says of an outbound call; `None` if it is of something else. Nodes do not follow these.
pub(crate) fn outbound(log: &Log) -> Option<OutboundEvent> {
    let e = read::<Enigma::OutboundCalled>(log)?;
    Some(OutboundEvent {
        contract: e.secretContract,
        index: e.index,
        number: (e.number != U256::MAX).then_some(e.number),
        target: e.target,
        value: e.value,
        success: e.success,
    })
}

fn read<E: SolEvent>(log: &Log) -> Option<E> {
    E::decode_log(&log.inner).ok().map(|log| log.data)
}

fn input(log: &Log, block: &ChainBlock, transaction: B256) -> Option<InputEvent> {
    let e = read::<Enigma::InputCreated>(log)?;
    let kind = kind(e.kind);
    let input = Input {
        kind,
        sender: e.sender,
        on_behalf_of: e.onBehalfOf,
        value: e.value,
        gas_limit: e.gasLimit,
        commit_gas: e.commitGas,
        price_cap: e.priceCap,
        tip: e.tip,
        epoch: e.epoch.to(),
        inclusion_epoch: e.inclusionEpoch.to(),
        block_number: block.number,
        timestamp: block.timestamp,
        base_fee: block.base_fee.into(),
        inflow: e.inflow,
        code_hash: if kind == Kind::Deploy { keccak256(&e.code) } else { B256::ZERO },
        envelope_hash: keccak256(&e.envelope),
    };
    Some(InputEvent {
        contract: e.secretContract,
        index: e.index,
        head: e.inputHead,
        input,
        envelope: e.envelope.to_vec(),
        code: e.code.to_vec(),
        block_hash: block.hash,
        transaction,
    })
}

fn commit(log: &Log, block: &ChainBlock, transaction: B256) -> Option<CommitEvent> {
    let e = read::<Enigma::Committed>(log)?;
    let tasks = e.outcomes.len();
    let covered = e.lastIndex.checked_sub(e.firstIndex)?.checked_add(1)?;
    if e.outputs.len() != tasks || e.deltas.len() != tasks || covered != tasks as u64 {
        return None;
    }
    let outcomes =
        e.outcomes.iter().zip(e.outputs).zip(e.deltas).map(|((word, output), delta)| TaskOutcome {
            status: status(word.byte(0)),
            gas_charged: word.wrapping_shr(8).as_limbs()[0],
            pay: word.wrapping_shr(72),
            output: output.to_vec(),
            delta: delta.to_vec(),
        });
    Some(CommitEvent {
        contract: e.secretContract,
        first_index: e.firstIndex,
        last_index: e.lastIndex,
        epoch: e.epoch.to(),
        state_head: e.stateHead,
        snapshot_hash: e.snapshotHash,
        outcomes: outcomes.collect(),
        block_number: block.number,
        timestamp: block.timestamp,
        transaction,
    })
}
