//! From pending inputs to a commit on the chain.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256};
use enigma_chain::bindings::{Enigma, commitment};
use enigma_protocol::{
    door::{
        Executed, Need, UntrustedExecute, UntrustedState, UntrustedWorkerRequest as Request,
        WorkerReply as Reply,
    },
    input::Input,
    layout,
};

use super::{actor::WorkerNode, track::Pending};
use crate::{Error, Result, prover::prove};

/// Most inputs in one receipt.
const BATCH: usize = 16;
/// Rounds of "bring me this" before an execution is given up.
const ROUNDS: usize = 16;

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

    /// Asks the enclave, bringing every proof, key and state that it turns out to need.
    async fn execute(&mut self, contract: Address, next: &[Pending]) -> Result<Executed> {
        let mut slots = first_slots(contract, next);
        let mut state: Option<UntrustedState> = None;
        let inputs: Vec<_> = next.iter().map(|p| p.untrusted.clone()).collect();
        for _ in 0..ROUNDS {
            let facts = prove(&self.chain, &slots, self.feeder.view().number).await?;
            let request =
                UntrustedExecute { contract, facts, inputs: inputs.clone().into(), state: state.clone() };
            match self.enclave.ask(Request::Execute(request)).await? {
                Reply::Executed(executed) => return Ok(executed),
                Reply::Need(Need { slots: more, keys, state: wanted }) => {
                    slots.extend(more.0);
                    self.bring_keys(keys.0).await?;
                    if wanted {
                        state = Some(self.bring_state(contract).await?);
                    }
                }
                Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
                _ => return Err(Error::Answer),
            }
        }
        Err(Error::Answer)
    }

    async fn bring_state(&self, contract: Address) -> Result<UntrustedState> {
        let base = self.ledger.track(contract).and_then(|t| t.base).ok_or(Error::Answer)?;
        let snapshot = self.snapshot(contract, base.hash).await?;
        self.ledger.state(contract, base, snapshot)
    }
}

/// The slots that an execution always reads.
fn first_slots(contract: Address, next: &[Pending]) -> BTreeSet<B256> {
    let first = next.first().map_or(0, |p| p.index);
    let last = next.last().map_or(0, |p| p.index);
    BTreeSet::from([
        layout::EPOCH,
        layout::PARAMETERS,
        layout::secret_contract(contract, 0),
        layout::secret_contract(contract, 1),
        layout::head(contract, first.wrapping_sub(1)),
        layout::head(contract, last),
    ])
}
