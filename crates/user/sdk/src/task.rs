//! A task: what it may cost, what is sent, and what ends the wait for it.

use alloy_primitives::{Address, B256};
use enigma_chain::{CommitEvent, Event, InputEvent};
use enigma_primitives::{Secret, size_class};
use enigma_protocol::{
    fees,
    input::context,
    output::Output,
    receipt::Status,
    state::{SMALLEST_CLASS, sealed_len},
};

use crate::{Error, Outcome, Report, Result};

/// What a task may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Gas inside the sealed world.
    pub gas: u64,
    /// Bytes of encrypted output and sealed state change together, which `commitGas` must pay for.
    pub bytes: u64,
    /// Gas of outbound calls, by the schedule: 75,000 for plain ether; 90,000, its own gas and 45 a byte for a call.
    pub outbound: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { gas: 5_000_000, bytes: 8_192, outbound: 200_000 }
    }
}

impl Limits {
    /// Gas of the commit that this comes to, by the schedule.
    pub fn commit_gas(&self) -> u64 {
        fees::commit_gas_for(self.bytes, self.outbound)
    }

    /// Enough for a deployment: its code travels back in the sealed delta.
    pub fn for_deployment(code: &Code) -> Self {
        let code = code.clear.len() + code.secret.len();
        let bytes = sealed_len(code + 4_096) + size_class(1, SMALLEST_CLASS);
        Self { gas: 15_000_000, bytes: bytes as u64 + 1_024, ..Self::default() }
    }
}

/// Creation code of a secret contract.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// In the clear: everybody can check what was deployed.
    pub clear: Vec<u8>,
    /// Inside the envelope, behind the clear part: constructor arguments, or all of it.
    pub secret: Vec<u8>,
}

/// A task that is on the chain, and the key to its answer.
#[derive(Debug)]
pub struct Sent {
    /// The secret contract.
    pub contract: Address,
    /// Its index there.
    pub index: u64,
    /// The transaction that created it.
    pub transaction: B256,
    /// The block that it is in.
    pub block: u64,
    ctx: B256,
    reply_key: Secret<[u8; 32]>,
}

impl Sent {
    pub(crate) fn of(input: &InputEvent, reply_key: Secret<[u8; 32]>) -> Self {
        Self {
            contract: input.contract,
            index: input.index,
            transaction: input.transaction,
            block: input.input.block_number,
            ctx: context(input.head, input.block_hash),
            reply_key,
        }
    }
}

/// How an event ends the wait for a task; `None` if it speaks of others.
pub(crate) fn end(sent: &Sent, event: &Event) -> Option<Result<Report>> {
    match event {
        Event::Commit(commit) => {
            let is_ours = commit.contract == sent.contract
                && (commit.first_index..=commit.last_index).contains(&sent.index);
            is_ours.then(|| report(sent, commit))
        }
        Event::Skipped(skip) => {
            (skip.contract == sent.contract && skip.index == sent.index).then(|| Err(Error::skipped(skip)))
        }
        _ => None,
    }
}

/// What a commit tells of a task.
pub(crate) fn report(sent: &Sent, commit: &CommitEvent) -> Result<Report> {
    let foreign = Error::ForeignOutput { index: sent.index };
    let place = sent.index.checked_sub(commit.first_index).and_then(|place| usize::try_from(place).ok());
    let Some(result) = place.and_then(|place| commit.outcomes.get(place)) else { return Err(foreign) };
    let (outcome, logs, gas_used) = if result.status == Status::Unopened {
        (Outcome::Unopened, Vec::new(), 0)
    } else {
        let output = Output::decrypt(&sent.reply_key, sent.ctx, &result.output).map_err(|_| foreign)?;
        (Outcome::from(&output), output.logs, output.gas_used)
    };
    Ok(Report {
        contract: sent.contract,
        index: sent.index,
        outcome,
        logs,
        gas_used,
        paid: result.pay,
        transaction: sent.transaction,
        commit: commit.transaction,
        commit_block: commit.block_number,
    })
}

#[cfg(test)]
mod tests;
