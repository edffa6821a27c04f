//! "Bring me this and ask again": how anything that reads a contract's state is asked of the enclave.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256};
use enigma_protocol::{
    door::{Need, UntrustedFacts, UntrustedState, UntrustedWorkerRequest as Request, WorkerReply as Reply},
    layout,
};

use super::actor::WorkerNode;
use crate::{Error, Result, prover::prove};

/// Rounds before a question is given up.
const ROUNDS: usize = 16;

impl WorkerNode {
    /// Asks the enclave, bringing every proof, key and state that it turns out to need.
    pub(crate) async fn ask_bringing(
        &mut self,
        contract: Address,
        mut slots: BTreeSet<B256>,
        question: impl Fn(UntrustedFacts, Option<UntrustedState>) -> Request,
    ) -> Result<Reply> {
        let mut state: Option<UntrustedState> = None;
        for _ in 0..ROUNDS {
            let facts = prove(&self.chain, &slots, self.feeder.view().number).await?;
            match self.enclave.ask(question(facts, state.clone())).await? {
                Reply::Need(Need { slots: more, keys, state: wanted }) => {
                    slots.extend(more.0);
                    self.bring_keys(keys.0).await?;
                    if wanted {
                        state = Some(self.bring_state(contract).await?);
                    }
                }
                Reply::Refused(refusal) => return Err(Error::Refused(refusal)),
                reply => return Ok(reply),
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

/// The slots that are always read.
pub(crate) fn usual_slots(contract: Address) -> BTreeSet<B256> {
    BTreeSet::from([
        layout::EPOCH,
        layout::PARAMETERS,
        layout::secret_contract(contract, 0),
        layout::secret_contract(contract, 1),
    ])
}
