//! From pending inputs to a commit on the chain.

use std::{sync::atomic::Ordering, time::Duration};

use alloy_primitives::Address;
use enigma_failpoints::failpoint;
use enigma_protocol::{door::Executed, fees, outbound::OutboundCall, peer::CosignRequest};
use futures::future::join_all;
use tokio::time::timeout;

use crate::{
    Error, Result, Signed, Standing, Work, World,
    track::Pending,
    turn::{Duty, duty},
    worker::{Did, Inner},
};

/// Most inputs in one receipt.
const BATCH: usize = 16;
/// Blocks that come faster than this count as if they had taken so long; and the longest that this makes anybody wait.
const FAST_BLOCK: Duration = Duration::from_millis(250);
const MOST_COURTESY: Duration = Duration::from_secs(10);
/// How long another worker may take to sign.
const PATIENCE: Duration = Duration::from_secs(3);

impl<W: World> Inner<W> {
    /// Does what is due for a contract whose oldest pending input is known here for as long as `waited`. `failed`: whether
    /// the last try did.
    pub(crate) async fn attend(&self, contract: Address, waited: Duration, failed: bool) -> Result<Did> {
        let standing = self.world.standing(contract).await?;
        let (next, known) = {
            let ledger = self.ledger();
            (ledger.next(contract, BATCH), ledger.cursor().0)
        };
        let Some(oldest) = next.first() else { return Ok(Did::Nothing) };
        if standing.cursor != oldest.index {
            self.stale.store(true, Ordering::Relaxed);
            if standing.cursor > oldest.index && standing.block <= known {
                // What made it final was left out of the events that were read; later ones may fit all the same.
                self.doubt.store(true, Ordering::Relaxed);
                return Err(Error::Nonsense {
                    contract,
                    what: "what made the oldest input final was not told",
                });
            }
            return Ok(Did::Nothing);
        }
        let input = &oldest.untrusted.input;
        match duty(&standing, self.id, input, failed) {
            Duty::Lead => match courtesy(&standing, self.id).saturating_sub(waited) {
                Duration::ZERO => self.lead(contract, &standing, &next).await,
                left => Ok(Did::Later(left)),
            },
            Duty::Hold => {
                self.world.hold(contract, input).await?;
                tracing::info!(%contract, "held the clock: the price is above the oldest input's cap");
                Ok(Did::Something)
            }
            Duty::Resume => {
                self.world.resume(contract, input).await?;
                tracing::info!(%contract, "resumed the clock: the oldest input's cap covers the price again");
                Ok(Did::Something)
            }
            Duty::Skip => {
                failpoint!("worker.skip.before");
                self.world.skip(contract, input).await?;
                self.stale.store(true, Ordering::Relaxed);
                tracing::info!(%contract, index = oldest.index, "skipped an input that nobody executed");
                Ok(Did::Something)
            }
            Duty::Wait(_) => Ok(Did::Nothing),
        }
    }

    async fn lead(&self, contract: Address, standing: &Standing, next: &[Pending]) -> Result<Did> {
        let deep = |p: &&Pending| {
            let from = p.untrusted.input.block_number.saturating_add(standing.depth.into());
            from <= self.at.get()
        };
        let mut next: Vec<&Pending> = next.iter().take_while(deep).collect();
        let Some(first) = next.first().map(|p| p.index) else { return Ok(Did::Nothing) };
        failpoint!("worker.execute.before");
        let mut executed = self.execute(contract, &next).await?;
        let fit = fitting(&executed);
        if fit < next.len() {
            next.truncate(fit);
            executed = self.execute(contract, &next).await?;
        }
        failpoint!("worker.execute.after");
        let last = executed.receipt.last_index;
        self.keep(contract, &executed)?;
        let signatures = self.gather(standing, &executed, next[0]).await?;
        let inputs = next.iter().map(|p| p.untrusted.input.clone()).collect();
        let signed = Signed { executed, inputs, signatures };
        failpoint!("worker.commit.before-send");
        let block = self.world.commit(&signed, self.overtaken(contract, first)).await;
        self.stale.store(true, Ordering::Relaxed);
        let block = block?;
        failpoint!("worker.commit.landed");
        tracing::info!(%contract, first, last, block, "committed");
        Ok(Did::Something)
    }

    async fn execute(&self, contract: Address, next: &[&Pending]) -> Result<Executed> {
        let first_index = next.first().map_or(0, |p| p.index);
        let inputs = next.iter().map(|p| p.untrusted.clone()).collect();
        self.world.execute(&Work { contract, first_index, inputs, anchor: None }, self).await
    }

    /// Keeps the snapshot of a receipt before the receipt can land.
    pub(crate) fn keep(&self, contract: Address, executed: &Executed) -> Result<()> {
        if let Some(snapshot) = &executed.snapshot {
            self.keep_snapshot(contract, executed.receipt.snapshot_hash, &snapshot.0)?;
        }
        failpoint!("worker.snapshot.kept");
        Ok(())
    }

    /// All signatures that a receipt needs, by position. First those are asked that need not wait for a turn, and all of
    /// them are heard, so that nobody who is there is passed over; then the next ones whose turn has come.
    async fn gather(
        &self,
        standing: &Standing,
        executed: &Executed,
        oldest: &Pending,
    ) -> Result<Vec<[u8; 65]>> {
        let needed = usize::from(standing.terms.signers);
        let me = standing.position(self.id).ok_or(Error::NotNow("this worker is not drawn any more"))?;
        if needed == 1 {
            return Ok(vec![executed.signature]);
        }
        let waited = standing.marks(&oldest.untrusted.input).elapsed(standing.next_block());
        let turns = standing.order().ranks().into_iter().enumerate();
        let others: Vec<(usize, u64)> = turns
            .filter(|&(position, _)| position != me && standing.terms.wait(position) <= waited)
            .filter_map(|(position, rank)| Some((position, *standing.ids.get(rank)?)))
            .collect();
        let (first, then): (Vec<_>, Vec<_>) = others.into_iter().partition(|&(p, _)| p < needed);
        let request = request(standing, executed);
        let (mut signed, mut reason) = self.ask(&request, executed, first).await;
        if signed.len() >= needed && waited < standing.terms.wait(me).saturating_add(standing.terms.takeover)
        {
            return Err(Error::NotNow("all that come first are there: it is theirs to commit"));
        }
        signed.push((me, executed.signature));
        if signed.len() < needed {
            let (more, why) = self.ask(&request, executed, then).await;
            signed.extend(more);
            reason = why.or(reason);
        }
        if signed.len() < needed {
            let reason = reason.unwrap_or_else(|| "nobody else's turn has come".into());
            return Err(Error::Signatures { got: signed.len(), needed, reason });
        }
        failpoint!("worker.cosign.after");
        signed.sort_unstable_by_key(|(position, _)| *position);
        Ok(signed.into_iter().take(needed).map(|(_, signature)| signature).collect())
    }

    /// Asks all of `wave` at once. Returns who signed, by position, and why the last one that did not sign did not.
    async fn ask(
        &self,
        request: &CosignRequest,
        executed: &Executed,
        wave: Vec<(usize, u64)>,
    ) -> (Vec<(usize, [u8; 65])>, Option<String>) {
        let digest = self.world.digest(executed);
        let asked = wave.into_iter().map(|(position, worker)| async move {
            let asked = timeout(PATIENCE, self.world.cosign(worker, request, digest)).await;
            let signature = asked.unwrap_or(Err(Error::NotNow("it did not answer in time")));
            (position, signature.map_err(|error| format!("worker {worker}: {error}")))
        });
        let (mut signed, mut reason) = (Vec::new(), None);
        for (position, signature) in join_all(asked).await {
            match signature {
                Ok(signature) => signed.push((position, signature)),
                Err(why) => reason = Some(why),
            }
        }
        (signed, reason)
    }

    /// Resolves when the input at `index` is final by somebody else's doing.
    async fn overtaken(&self, contract: Address, index: u64) {
        let is_over = |_| self.ledger().track(contract).is_some_and(|track| track.cursor > index);
        self.at.until(is_over).await;
    }
}

/// How many of a receipt's inputs, from the first on, fit one commit: as many as cost no more than one alone may. Somebody
/// may send several that do not fit a transaction together, and a receipt that never lands would hold up its contract until
/// they are skipped.
fn fitting(executed: &Executed) -> usize {
    let (first, count) = (executed.receipt.first_index, executed.receipt.results.0.len() as u64);
    let bytes =
        executed.outputs.0.iter().zip(&executed.deltas.0).map(|(o, d)| (o.0.len() + d.0.len()) as u64);
    let mut sum = 0u64;
    let fits = (first..).zip(bytes).take_while(|&(index, bytes)| {
        let calls = executed.outbound.0.iter().filter(|call| call.index == index);
        let outbound = calls.map(OutboundCall::schedule_gas).fold(0, u64::saturating_add);
        sum = sum.saturating_add(fees::schedule(count, bytes, outbound));
        sum <= fees::MAX_COMMIT_GAS
    });
    fits.count().max(1)
}

/// How long a stand-by leaves to those before it whatever the blocks say: a chain that makes a block for each transaction
/// runs through a turn before anybody could execute anything.
fn courtesy(standing: &Standing, me: u64) -> Duration {
    let blocks = standing.position(me).map_or(0, |position| standing.terms.lead(position));
    FAST_BLOCK.saturating_mul(u32::try_from(blocks).unwrap_or(u32::MAX)).min(MOST_COURTESY)
}

fn request(standing: &Standing, executed: &Executed) -> CosignRequest {
    let receipt = &executed.receipt;
    CosignRequest {
        contract: receipt.secret_contract,
        epoch: receipt.epoch,
        first_index: receipt.first_index,
        count: receipt.results.0.len() as u32,
        anchor: receipt.anchor_number,
        state_head: standing.state_head,
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{B256, U256};
    use enigma_protocol::{
        outbound::OutboundKind,
        receipt::{Receipt, Status, TaskResult},
    };

    use super::*;

    /// Bytes of output, and the gas of each call.
    type Size = (usize, &'static [u64]);

    /// A receipt of inputs from 7 on.
    fn executed(inputs: &[Size]) -> Executed {
        let result = TaskResult {
            status: Status::Completed,
            gas_charged: 32_768,
            output_hash: B256::ZERO,
            delta_hash: B256::ZERO,
        };
        let receipt = Receipt {
            network: B256::ZERO,
            ruleset: 1,
            secret_contract: Address::ZERO,
            epoch: 2,
            first_index: 7,
            last_index: 6 + inputs.len() as u64,
            input_head: B256::ZERO,
            state_head_before: B256::ZERO,
            state_head_after: B256::ZERO,
            anchor_number: 1,
            anchor_hash: B256::ZERO,
            results: vec![result; inputs.len()].into(),
            snapshot_hash: B256::ZERO,
            outbound_hash: B256::ZERO,
        };
        let call = |index, gas| OutboundCall {
            index,
            kind: OutboundKind::Call,
            target: Address::ZERO,
            value: U256::ZERO,
            gas,
            data: Vec::new().into(),
        };
        let calls =
            (7..).zip(inputs).flat_map(|(index, (_, gas))| gas.iter().map(move |&gas| call(index, gas)));
        let outbound: Vec<OutboundCall> = calls.collect();
        Executed {
            receipt,
            signature: [0; 65],
            outputs: inputs.iter().map(|(bytes, _)| vec![1; *bytes].into()).collect::<Vec<_>>().into(),
            deltas: vec![vec![1; 144].into(); inputs.len()].into(),
            outbound: outbound.into(),
            snapshot: None,
        }
    }

    #[test]
    fn inputs_that_fit_a_transaction_are_committed_together() {
        let (usual, calling): (Size, Size) = ((1_168, &[]), (144, &[100_000]));
        assert_eq!(fitting(&executed(&[usual; BATCH])), BATCH);
        assert_eq!(fitting(&executed(&[calling; BATCH])), BATCH);
    }

    #[test]
    fn inputs_that_fit_no_transaction_together_are_committed_apart() {
        let (small, long, poison): (Size, Size, Size) = ((144, &[]), (100_000, &[]), (144, &[4_800_000]));
        assert_eq!(fitting(&executed(&[poison; BATCH])), 1);
        assert_eq!(fitting(&executed(&[long; BATCH])), 1);
        assert_eq!(fitting(&executed(&[small, small, small, poison, small])), 3, "what comes before it");
        let calling: [Size; 3] = [(144, &[2_000_000]), (144, &[1_000_000, 1_000_000]), (144, &[600_000])];
        assert_eq!(fitting(&executed(&calling)), 2);
    }

    #[test]
    fn all_of_them_cost_no_more_than_one_alone_may() {
        let gas = |bytes: u64| fees::schedule(2, bytes + 144, 0);
        let most = (fees::MAX_COMMIT_GAS - gas(144)) - fees::schedule(2, 144, 0);
        let bytes = (most / fees::BYTE_GAS) as usize;
        assert_eq!(fitting(&executed(&[(144, &[]), (bytes, &[])])), 2);
        assert_eq!(fitting(&executed(&[(144, &[]), (bytes + 1, &[])])), 1);
    }

    #[test]
    fn the_oldest_input_always_goes() {
        assert_eq!(fitting(&executed(&[(144, &[u64::MAX]), (144, &[])])), 1);
    }
}
