//! From an event to a task as the API tells it.

use alloy_primitives::U256;
use enigma_chain::{CommitEvent, InputEvent, TaskOutcome};
use enigma_protocol::{input::Kind, receipt::Status};
use enigma_rpc::types::{Committed, Created, Stage, Task, Wei};

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
    }
}

/// What a receipt says of the task with `index`, if it covers that.
pub(super) fn committed(event: &CommitEvent, index: u64) -> Option<Committed> {
    let place = usize::try_from(index.checked_sub(event.first_index)?).ok()?;
    let outcome: &TaskOutcome = event.outcomes.get(place)?;
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
        output_bytes: outcome.output.len(),
        delta_bytes: outcome.delta.len(),
        state_head: event.state_head,
        snapshot_hash: event.snapshot_hash,
    })
}
