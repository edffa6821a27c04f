//! From an event to a task as the API tells it.

use alloy_primitives::{B256, U256};
use enigma_chain::{CommitEvent, InputEvent, OutboundEvent, SkipEvent, TaskOutcome};
use enigma_protocol::{fees, input::Kind, receipt::Status};
use enigma_rpc::types::{Committed, Created, Outbound, Stage, Task, Wei};

/// The status of a task that nobody executed.
pub(super) const SKIPPED: &str = "skipped";

/// A task that was just created. Stage and place in the queue depend on what came since.
pub(super) fn task(event: &InputEvent) -> Task {
    let input = &event.input;
    Task {
        contract: event.contract,
        index: event.index,
        kind: if input.kind == Kind::Deploy { "deploy" } else { "task" },
        stage: Stage::Waiting,
        ahead: 0,
        sender: input.sender,
        on_behalf_of: input.on_behalf_of,
        value: Wei(input.value),
        gas_limit: input.gas_limit,
        commit_gas: input.commit_gas,
        price_cap: Wei(U256::from(input.price_cap)),
        tip: Wei(U256::from(input.tip)),
        epoch: input.epoch,
        inclusion_epoch: input.inclusion_epoch,
        input_head: event.head,
        envelope_bytes: event.envelope.len(),
        code_bytes: event.code.len(),
        created: Created {
            transaction: event.transaction,
            block: input.block_number,
            block_hash: event.block_hash,
            time: input.timestamp,
        },
        worker: None,
        committed: None,
        outbound: None,
    }
}

/// What a contract did outside.
pub(super) fn outbound(event: &OutboundEvent) -> Outbound {
    Outbound {
        kind: if event.number.is_some() { "call" } else { "transfer" },
        number: event.number.map(|number| number.saturating_to()),
        target: event.target,
        value: Wei(event.value),
        success: event.success,
    }
}

/// What is left of a task that nobody executed.
pub(super) const fn skipped(event: &SkipEvent) -> Committed {
    Committed {
        transaction: event.transaction,
        block: event.block_number,
        time: event.timestamp,
        epoch: 0,
        first_index: event.index,
        last_index: event.index,
        status: SKIPPED,
        gas_charged: 0,
        pay: Wei(U256::ZERO),
        refund: Wei(event.refund),
        output_bytes: 0,
        delta_bytes: 0,
        state_head: event.state_head,
        snapshot_hash: B256::ZERO,
    }
}

/// What a receipt says of a task of its contract, if it covers that.
pub(super) fn committed(event: &CommitEvent, task: &Task) -> Option<Committed> {
    let place = usize::try_from(task.index.checked_sub(event.first_index)?).ok()?;
    let outcome: &TaskOutcome = event.outcomes.get(place)?;
    let ahead = fees::max_fee(task.commit_gas, task.gas_limit, task.price_cap.0.saturating_to());
    let value = if outcome.status == Status::Completed { U256::ZERO } else { task.value.0 };
    Some(Committed {
        transaction: event.transaction,
        block: event.block_number,
        time: event.timestamp,
        epoch: event.epoch,
        first_index: event.first_index,
        last_index: event.last_index,
        status: match outcome.status {
            Status::Completed => "completed",
            Status::ValueReturned => "valueReturned",
            Status::Unopened => "unopened",
        },
        gas_charged: outcome.gas_charged,
        pay: Wei(outcome.pay),
        refund: Wei(ahead.saturating_sub(outcome.pay).saturating_add(value)),
        output_bytes: outcome.output.len(),
        delta_bytes: outcome.delta.len(),
        state_head: event.state_head,
        snapshot_hash: event.snapshot_hash,
    })
}
