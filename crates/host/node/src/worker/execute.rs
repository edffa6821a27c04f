//! From pending inputs to a commit on the chain.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use enigma_chain::bindings::{Enigma, commitment};
use enigma_protocol::{
    door::{Executed, UntrustedExecute, UntrustedWorkerRequest as Request, WorkerReply as Reply},
    input::Input,
    layout,
};

use super::{actor::WorkerNode, rounds::usual_slots, track::Pending};
use crate::{Error, Result};

/// Most inputs in one receipt.
const BATCH: usize = 16;

impl WorkerNode {
    /// Executes and commits the next inputs of a contract.
    pub(crate) async fn work_on(&mut self, contract: Address) -> Result<()> {
        let Some(track) = self.ledger.track(contract) else { return Ok(()) };
        let next: Vec<Pending> = track.pending.iter().take(BATCH).cloned().collect();
        let (Some(first), Some(last)) = (next.first(), next.last()) else { return Ok(()) };
        let (first, last) = (first.index, last.index);
        let executed = self.execute(contract, &next).await?;
        if let Some(snapshot) = &executed.snapshot {
            self.ledger.keep_snapshot(contract, executed.receipt.snapshot_hash, &snapshot.0)?;
        }
        let inputs: Vec<Input> = next.into_iter().map(|p| p.untrusted.input).collect();
        let call = Enigma::commitCall { commitments: vec![commitment(&executed, &inputs)] };
        let receipt = self.sender.call_enigma(&call, U256::ZERO).await?;
        let block = receipt.block_number.unwrap_or_default();
        tracing::info!(%contract, first, last, block, gas = receipt.gas_used, "committed");
        Ok(())
    }

    async fn execute(&mut self, contract: Address, next: &[Pending]) -> Result<Executed> {
        let inputs: Vec<_> = next.iter().map(|p| p.untrusted.clone()).collect();
        let question = |facts, state| {
            Request::Execute(UntrustedExecute { contract, facts, inputs: inputs.clone().into(), state })
        };
        match self.ask_bringing(contract, first_slots(contract, next), question).await? {
            Reply::Executed(executed) => Ok(executed),
            _ => Err(Error::Answer),
        }
    }
}

/// The slots that an execution always reads.
fn first_slots(contract: Address, next: &[Pending]) -> BTreeSet<B256> {
    let first = next.first().map_or(0, |p| p.index);
    let last = next.last().map_or(0, |p| p.index);
    let mut slots = usual_slots(contract);
    slots.extend([layout::head(contract, first.wrapping_sub(1)), layout::head(contract, last)]);
    slots
}
