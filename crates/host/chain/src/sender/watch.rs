//! Waiting for a transaction: mined, dropped, stuck, overtaken.

use std::time::Duration;

use alloy::{providers::Provider, rpc::types::TransactionReceipt};
use alloy_primitives::{B256, Bytes};
use tokio::time::Instant;

use super::{Action, Sender, flight::Flight, nonces::Left, verdict::Verdict};
use crate::{Error, Result, view::View};

/// Pauses between looks for a receipt: short at first, for a local chain, then longer.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(250);
/// Pause between looks at everything else.
const CHECK_EVERY: Duration = Duration::from_millis(200);
/// How long a transaction may be unknown before it is sent again: it is for a moment, on its way from the pool into a
/// block.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);
/// Looks without a receipt after which a nonce that is mined is another transaction's.
const LOOKS: u32 = 5;

/// How waiting ends.
pub(super) enum Seen {
    /// It is mined.
    Mined(Box<TransactionReceipt>),
    /// It was dropped, and the contract would refuse it now.
    Refused { name: String, data: Bytes },
    /// What was given up earlier with the same nonce was mined after all.
    OvertakenByOwn,
    /// Another transaction has the nonce.
    Superseded(B256),
}

/// What was noticed so far.
struct Notes {
    unknown_since: Option<Instant>,
    mined_without_us: u32,
}

impl Sender {
    /// Waits until a transaction is mined or cannot be any more, and does what helps. Endpoints that fail are waited for.
    pub(super) async fn watch(&self, flight: &mut Flight, action: &Action) -> Seen {
        let (mut pause, mut checked) = (SHORTEST, Instant::now());
        let mut notes = Notes { unknown_since: None, mined_without_us: 0 };
        loop {
            match self.look(flight, action, &mut checked, &mut notes).await {
                Ok(Some(seen)) => return seen,
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, nonce = flight.nonce, "waiting for a transaction");
                    pause = LONGEST;
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 5 / 4).min(LONGEST);
        }
    }

    async fn look(
        &self,
        flight: &mut Flight,
        action: &Action,
        checked: &mut Instant,
        notes: &mut Notes,
    ) -> Result<Option<Seen>> {
        let is_due = checked.elapsed() >= CHECK_EVERY;
        let newest = flight.hashes.len().saturating_sub(1);
        let hashes = if is_due { &flight.hashes[..] } else { &flight.hashes[newest..] };
        if let Some(receipt) = self.receipt_of(hashes).await? {
            return Ok(Some(Seen::Mined(receipt)));
        }
        if !is_due {
            return Ok(None);
        }
        *checked = Instant::now();
        self.check(flight, action, notes).await
    }

    async fn check(&self, flight: &mut Flight, action: &Action, notes: &mut Notes) -> Result<Option<Seen>> {
        let height = self.chain.height().await?;
        let hash = flight.newest().unwrap_or_default();
        let look = |view: View| async move {
            let provider = view.provider();
            Ok(tokio::try_join!(async { provider.get_transaction_count(self.address).await }, async {
                provider.get_transaction_by_hash(hash).await
            },)?)
        };
        let (latest, found) = self.chain.endpoints().ask(look).await?;
        if latest > flight.nonce {
            notes.mined_without_us += 1;
            if notes.mined_without_us < LOOKS {
                return Ok(None);
            }
            let own = flight.replaced.as_ref().map(|left| left.hashes.clone()).unwrap_or_default();
            let is_own = self.receipt_of(&own).await?.is_some();
            return Ok(Some(if is_own { Seen::OvertakenByOwn } else { Seen::Superseded(hash) }));
        }
        notes.mined_without_us = 0;
        if found.is_some() {
            notes.unknown_since = None;
        } else if notes.unknown_since.get_or_insert_with(Instant::now).elapsed() >= UNKNOWN_FOR {
            notes.unknown_since = None;
            return self.send_again(flight, action).await;
        }
        if height >= flight.sent_at.saturating_add(self.options.stuck_after) {
            self.unstick(flight, action, latest).await?;
            flight.sent_at = height;
        }
        Ok(None)
    }

    /// A transaction that the chain forgot is sent again, if the contract would still take it.
    async fn send_again(&self, flight: &mut Flight, action: &Action) -> Result<Option<Seen>> {
        let request = &self.request(action);
        let estimate = |view: View| async move {
            Ok(view.provider().estimate_gas(request.clone()).pending().await.map(drop)?)
        };
        if let Err(Error::Reverted { name, data }) = self.chain.endpoints().ask(estimate).await {
            // Perhaps because it was mined just now.
            return Ok(Some(match self.receipt_of(&flight.hashes).await? {
                Some(receipt) => Seen::Mined(receipt),
                None => Seen::Refused { name, data },
            }));
        }
        tracing::info!(nonce = flight.nonce, "a transaction that the chain dropped is sent again");
        match self.send_raw(&flight.raw).await? {
            Verdict::Taken | Verdict::NonceTooLow => {}
            Verdict::ReplacesTooCheaply | Verdict::TooCheap => self.raise_and_send(flight, action).await?,
        }
        Ok(None)
    }

    /// Blocks pass without it.
    async fn unstick(&self, flight: &mut Flight, action: &Action, latest: u64) -> Result<()> {
        if latest >= flight.nonce {
            return self.raise_and_send(flight, action).await;
        }
        // What has a lower nonce comes first. If this process waits for that, it does the same there.
        let _turn = self.turn.lock().await;
        let (is_waited_for, left) = {
            let nonces = self.nonces();
            (nonces.is_waited_for(latest), nonces.left(latest).cloned())
        };
        if !is_waited_for && let Some((fees, hash)) = self.fill(latest, left.as_ref().map(|l| l.fees)).await?
        {
            tracing::warn!(nonce = latest, "a stuck transaction of this account was replaced by nothing");
            let mut hashes = left.map(|left| left.hashes).unwrap_or_default();
            hashes.push(hash);
            self.nonces().leave(latest, Left { fees, hashes });
        }
        self.send_raw(&flight.raw).await.map(drop)
    }

    /// The receipt of the first of these that is mined.
    pub(super) async fn receipt_of(&self, hashes: &[B256]) -> Result<Option<Box<TransactionReceipt>>> {
        for hash in hashes.iter().rev() {
            let look = |view: View| async move { view.receipt(*hash).await };
            if let Some(receipt) = self.chain.endpoints().ask(look).await? {
                return Ok(Some(Box::new(receipt)));
            }
        }
        Ok(None)
    }
}
