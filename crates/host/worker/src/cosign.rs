//! Executing and signing what another worker leads. The enclave comes to the same receipt by itself or not at all.

use enigma_failpoints::failpoint;
use enigma_protocol::{
    peer::{CosignRequest, Cosigned},
    receipt::MAX_TASKS,
};

use crate::{Error, Result, Work, World, worker::Inner};

impl<W: World> Inner<W> {
    /// Signs the receipt that `asked` describes, if it is what the chain is to record next.
    pub(crate) async fn cosign(&self, asked: &CosignRequest) -> Result<Cosigned> {
        let _place =
            self.cosigning.try_acquire().map_err(|_| Error::NotNow("too many ask for signatures at once"))?;
        // Who leads may be a block ahead.
        self.at_height(asked.anchor).await?;
        let work = self.same_work(asked)?;
        failpoint!("worker.cosign.before");
        let executed = self.world.execute(&work, self).await?;
        if executed.receipt.epoch != asked.epoch {
            return Err(Error::NotNow("the epoch is another one"));
        }
        self.keep(asked.contract, &executed)?;
        Ok(Cosigned { digest: self.world.digest(&executed), signature: executed.signature })
    }

    fn same_work(&self, asked: &CosignRequest) -> Result<Work> {
        let count = usize::try_from(asked.count).unwrap_or(usize::MAX);
        if count == 0 || count > MAX_TASKS {
            return Err(Error::NotNow("no receipt is of that many inputs"));
        }
        let ledger = self.ledger();
        let track = ledger.track(asked.contract).ok_or(Error::NotNow("the contract is not known here"))?;
        if track.cursor != asked.first_index || track.state_head != asked.state_head {
            return Err(Error::NotNow("these are not the next inputs here"));
        }
        if track.pending.len() < count {
            return Err(Error::NotNow("some of the inputs are not known here"));
        }
        Ok(Work {
            contract: asked.contract,
            first_index: asked.first_index,
            inputs: track.pending.iter().take(count).map(|p| p.untrusted.clone()).collect(),
            anchor: Some(asked.anchor),
        })
    }
}
