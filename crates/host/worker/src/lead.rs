//! From pending inputs to a commit on the chain.

use std::{sync::atomic::Ordering, time::Duration};

use alloy_primitives::Address;
use enigma_failpoints::failpoint;
use enigma_protocol::{door::Executed, peer::CosignRequest};
use futures::future::join_all;
use tokio::time::timeout;

use crate::{
    Error, Result, Signed, Standing, Work, World,
    track::Pending,
    turn::{Duty, duty},
    worker::{Did, Inner},
};

/// Most inputs offered for one receipt, of which the enclave takes as many as fit: what each costs on the chain hardly falls
/// any more beyond (`contracts/gas.json`).
const BATCH: usize = 50;
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
        let next = deep(next, standing.depth.into(), self.at.get());
        let Some(oldest) = next.first() else { return Ok(Did::Nothing) };
        let first = oldest.index;
        failpoint!("worker.execute.before");
        let executed = self.execute(contract, next).await?;
        failpoint!("worker.execute.after");
        let next = next.get(..executed.receipt.results.0.len()).unwrap_or(next);
        let last = executed.receipt.last_index;
        self.keep(contract, &executed)?;
        let signatures = self.gather(standing, &executed, oldest).await?;
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

    async fn execute(&self, contract: Address, next: &[Pending]) -> Result<Executed> {
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

/// The inputs of `next` that are `depth` blocks deep at block `at`.
fn deep(next: &[Pending], depth: u64, at: u64) -> &[Pending] {
    let count =
        next.iter().take_while(|p| p.untrusted.input.block_number.saturating_add(depth) <= at).count();
    next.get(..count).unwrap_or(next)
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
    use super::*;
    use crate::{
        fixtures::{CONTRACT, Teller, descriptor},
        track::Track,
    };

    #[test]
    fn inputs_wait_for_their_depth() {
        let (mut chain, mut track) = (Teller::new(), Track::new(descriptor().network(), CONTRACT));
        (0..BATCH).for_each(|_| track.input(chain.input()).unwrap());
        let first = track.pending[0].untrusted.input.block_number;
        let deep = |depth, at| deep(&track.pending, depth, at).len();
        assert_eq!(deep(0, first + BATCH as u64), BATCH, "each is a block after the one before it");
        assert_eq!(deep(2, first + 6), 5);
        assert_eq!(deep(2, first + 1), 0);
    }
}
