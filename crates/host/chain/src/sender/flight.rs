//! One nonce's transactions: signed, sent, raised; or filled with nothing.

use std::sync::{Arc, Mutex, PoisonError};

use alloy::{
    eips::Encodable2718,
    network::{Ethereum, EthereumWallet, NetworkWallet, TransactionBuilder},
    providers::Provider,
    rpc::types::TransactionRequest,
};
use alloy_primitives::{B256, U256};

use super::{
    Action, Outcome, Sender,
    fees::Fees,
    nonces::{Left, Nonces},
    verdict::{Verdict, verdict},
};
use crate::{Error, Result, sender::Dropped, view::View};

/// EIP-7825.
const TRANSACTION_GAS_CAP: u64 = 16_777_216;
/// Gas of a transfer to an account without code.
const TRANSFER_GAS: u64 = 21_000;
/// How often a transaction is changed until the pool takes it.
const CHANGES: usize = 48;

/// Transactions of one nonce that somebody waits for. If nobody does any more, the nonce is left behind for the next.
pub(super) struct Flight {
    nonces: Arc<Mutex<Nonces>>,
    pub(super) nonce: u64,
    pub(super) fees: Fees,
    gas: u64,
    /// All that were sent, the newest last.
    pub(super) hashes: Vec<B256>,
    /// The newest, encoded.
    pub(super) raw: Vec<u8>,
    /// What had the nonce before, and was given up.
    pub(super) replaced: Option<Left>,
    /// The height at which the newest was sent.
    pub(super) sent_at: u64,
    is_over: bool,
}

impl Flight {
    pub(super) fn newest(&self) -> Option<B256> {
        self.hashes.last().copied()
    }

    /// The nonce is mined.
    pub(super) fn is_over(&mut self) {
        self.is_over = true;
    }

    /// Nothing of it is in any pool: whatever had the nonce before has it still.
    fn was_never_sent(&mut self) {
        self.is_over = true;
        if let Some(left) = self.replaced.take() {
            self.nonces.lock().unwrap_or_else(PoisonError::into_inner).leave(self.nonce, left);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.release(self.nonce);
        if !self.is_over {
            let mut hashes = std::mem::take(&mut self.hashes);
            hashes.extend(self.replaced.take().into_iter().flat_map(|left| left.hashes));
            nonces.leave(self.nonce, Left { fees: self.fees, hashes });
        }
    }
}

/// What the chain says before a transaction is sent.
struct Circumstances {
    gas: u64,
    market: Fees,
    latest: u64,
    pending: u64,
    height: u64,
}

impl Sender {
    /// Sends a transaction under the next nonce, changed until the pool takes it.
    pub(super) async fn submit(&self, action: &Action) -> Result<Flight> {
        let _turn = self.turn.lock().await;
        let request = &self.request(action);
        let look = |view: View| async move {
            let provider = view.provider();
            // At once: one after another, these would take longer than the enclave's work on a task.
            let (gas, market, latest, pending, height) = tokio::try_join!(
                // In the block that it will be in: at the newest one, the first commit of an epoch is of the wrong epoch.
                async { Ok(provider.estimate_gas(request.clone()).pending().await?) },
                Fees::of_market(&view),
                async { Ok(provider.get_transaction_count(self.address).await?) },
                async { Ok(provider.get_transaction_count(self.address).pending().await?) },
                view.height(),
            )?;
            Ok(Circumstances { gas, market, latest, pending, height })
        };
        let now = self.chain.endpoints().ask(look).await?;
        let mut flight = self.take(&now, now.latest);
        for _ in 0..CHANGES {
            let cap = self.options.max_fee;
            match self.sign_and_send(&mut flight, request.clone()).await {
                Ok(Verdict::Taken) => return Ok(flight),
                Ok(Verdict::NonceTooLow) => {
                    let (latest, pending) = self.counts().await?;
                    let least = latest.max(flight.nonce + 1);
                    flight.is_over();
                    flight = self.take(&Circumstances { latest: least, pending, ..now }, least);
                }
                Ok(Verdict::ReplacesTooCheaply) => {
                    let (latest, pending) = self.counts().await?;
                    if pending > flight.nonce && flight.replaced.is_none() {
                        // Somebody else was faster with the same account: not to be replaced.
                        flight.was_never_sent();
                        flight = self.take(&Circumstances { latest, pending, ..now }, latest);
                    } else {
                        self.raise(&mut flight, Fees::raised)?;
                    }
                }
                Ok(Verdict::TooCheap) => {
                    let market = self.market().await?;
                    self.raise(&mut flight, |fees| fees.raised().at_least(market).within(cap))?;
                }
                Err(error) => {
                    // An answer says that it was not taken; silence says nothing.
                    if matches!(error, Error::RpcRefused { .. } | Error::Key(_)) {
                        flight.was_never_sent();
                    }
                    return Err(error);
                }
            }
        }
        Err(unwanted(&flight))
    }

    fn take(&self, now: &Circumstances, latest: u64) -> Flight {
        let cap = self.options.max_fee;
        let (nonce, replaced) = self.nonces().take(latest, now.pending, cap);
        let floor = replaced.as_ref().map_or(now.market, |left| left.fees.raised());
        Flight {
            nonces: self.nonces.clone(),
            nonce,
            fees: now.market.at_least(floor).within(cap),
            gas: (now.gas + now.gas / 5).min(TRANSACTION_GAS_CAP),
            hashes: Vec::new(),
            raw: Vec::new(),
            replaced,
            sent_at: now.height,
            is_over: false,
        }
    }

    /// Offers more; an error if the cap forbids.
    fn raise(&self, flight: &mut Flight, more: impl Fn(Fees) -> Fees) -> Result<()> {
        let fees = more(flight.fees).within(self.options.max_fee);
        if fees == flight.fees {
            let error = unwanted(flight);
            flight.was_never_sent();
            return Err(error);
        }
        flight.fees = fees;
        Ok(())
    }

    /// The account's transactions: mined, and with those in the pool.
    async fn counts(&self) -> Result<(u64, u64)> {
        let count = |view: View| async move {
            let provider = view.provider();
            Ok(tokio::try_join!(async { provider.get_transaction_count(self.address).await }, async {
                provider.get_transaction_count(self.address).pending().await
            },)?)
        };
        self.chain.endpoints().ask(count).await
    }

    pub(super) async fn market(&self) -> Result<Fees> {
        self.chain.endpoints().ask(|view| async move { Fees::of_market(&view).await }).await
    }

    async fn sign_and_send(&self, flight: &mut Flight, request: TransactionRequest) -> Result<Verdict> {
        let (hash, raw) = self.sign(request.with_gas_limit(flight.gas), flight.nonce, flight.fees).await?;
        // Noted before it is sent: whoever waits may stop at any moment.
        flight.hashes.push(hash);
        flight.raw = raw;
        self.send_raw(&flight.raw).await
    }

    async fn sign(&self, request: TransactionRequest, nonce: u64, fees: Fees) -> Result<(B256, Vec<u8>)> {
        let id = self.chain_id.get_or_try_init(|| self.chain.chain_id()).await?;
        let request = request
            .with_chain_id(*id)
            .with_nonce(nonce)
            .with_max_fee_per_gas(fees.max)
            .with_max_priority_fee_per_gas(fees.tip);
        let signed = <EthereumWallet as NetworkWallet<Ethereum>>::sign_request(&self.wallet, request)
            .await
            .map_err(|e| Error::Key(e.to_string()))?;
        Ok((*signed.tx_hash(), signed.encoded_2718()))
    }

    /// Gives a signed transaction to the first endpoint in order, and to all others.
    pub(super) async fn send_raw(&self, raw: &[u8]) -> Result<Verdict> {
        let send = |view: View| async move {
            match view.provider().send_raw_transaction(raw).await.map_err(Error::from) {
                Ok(_) => Ok(Verdict::Taken),
                Err(Error::RpcRefused { endpoint, code, message }) => {
                    verdict(&message).ok_or(Error::RpcRefused { endpoint, code, message })
                }
                Err(error) => Err(error),
            }
        };
        let verdict = self.chain.endpoints().ask(send).await?;
        if verdict == Verdict::Taken {
            self.chain.endpoints().spread(|view| {
                let raw = raw.to_vec();
                async move {
                    if let Err(error) = view.provider().send_raw_transaction(&raw).await {
                        tracing::debug!(error = %Error::from(error), "another endpoint does not take it");
                    }
                }
            });
        }
        Ok(verdict)
    }

    /// Offers more for a transaction that is stuck; sends it again as it is if the cap forbids that.
    pub(super) async fn raise_and_send(&self, flight: &mut Flight, action: &Action) -> Result<()> {
        let (market, cap) = (self.market().await?, self.options.max_fee);
        for _ in 0..CHANGES {
            let fees = flight.fees.raised().at_least(market).within(cap);
            if !fees.replace(flight.fees) {
                self.send_raw(&flight.raw).await?;
                return Ok(());
            }
            flight.fees = fees;
            match self.sign_and_send(flight, self.request(action)).await? {
                Verdict::Taken => {
                    tracing::info!(
                        nonce = flight.nonce,
                        max_fee = fees.max,
                        "a stuck transaction offers more"
                    );
                    return Ok(());
                }
                // One of them is mined.
                Verdict::NonceTooLow => return Ok(()),
                Verdict::ReplacesTooCheaply | Verdict::TooCheap => {}
            }
        }
        Ok(())
    }

    /// Puts a transfer of nothing in the place of whatever has a nonce and offers `floor`, if that is known. What was
    /// sent, if the pool takes it.
    pub(super) async fn fill(&self, nonce: u64, floor: Option<Fees>) -> Result<Option<(Fees, B256)>> {
        let (market, cap) = (self.market().await?, self.options.max_fee);
        let mut fees = floor.map_or(market, |floor| floor.raised().at_least(market)).within(cap);
        if floor.is_some_and(|floor| !fees.replace(floor)) {
            return Ok(None);
        }
        for _ in 0..CHANGES {
            let request = TransactionRequest::default()
                .from(self.address)
                .to(self.address)
                .value(U256::ZERO)
                .with_gas_limit(TRANSFER_GAS);
            let (hash, raw) = self.sign(request, nonce, fees).await?;
            match self.send_raw(&raw).await? {
                Verdict::Taken => return Ok(Some((fees, hash))),
                Verdict::NonceTooLow => return Ok(None),
                Verdict::ReplacesTooCheaply | Verdict::TooCheap => {
                    let more = fees.raised().raised().within(cap);
                    if more == fees {
                        return Ok(None);
                    }
                    fees = more;
                }
            }
        }
        Ok(None)
    }

    /// Gives a transaction up that is not mined.
    pub(super) async fn give_up(&self, mut flight: Flight, action: &Action) -> Result<Outcome> {
        let sent = flight.newest();
        if let Ok(Some(receipt)) = self.receipt_of(&flight.hashes).await {
            flight.is_over();
            return self.judge(action, receipt).await;
        }
        let _turn = self.turn.lock().await;
        // It may land all the same; whoever gives up goes by what the chain says next.
        match self.fill(flight.nonce, Some(flight.fees)).await {
            Ok(Some((fees, hash))) => {
                flight.fees = fees;
                flight.hashes.push(hash);
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, nonce = flight.nonce, "nothing replaces what was given up"),
        }
        Ok(Outcome::Dropped(Dropped::GivenUp(sent)))
    }
}

fn unwanted(flight: &Flight) -> Error {
    Error::Transaction {
        hash: flight.newest().unwrap_or_default(),
        what: "is not taken by the chain for the highest fee that is allowed",
    }
}
