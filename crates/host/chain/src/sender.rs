//! Writes: the transactions of one account, until each is mined or pointless.
//!
//! ```text
//! fees     what is offered: the market's, raised by an eighth when stuck, under a cap
//! nonces   which nonces are waited for, and which were left behind
//! verdict  what a pool says
//! flight   one nonce's transactions: signed, sent, raised, filled with nothing
//! watch    waiting: mined, dropped, stuck, overtaken
//! ```
//!
//! Nonces come from the chain's counts and from what this process sent itself, whatever an endpoint has heard of. A
//! former life's transactions in the pool are waited for; if they are stuck, the lowest is replaced by a transfer of
//! nothing to the account itself, until nothing is in the way.

mod fees;
mod flight;
mod nonces;
mod verdict;
mod watch;

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::{
    network::EthereumWallet,
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolCall,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use futures::FutureExt;
use tokio::sync::OnceCell;

use crate::{Chain, Error, Result, view::View};
use nonces::Nonces;
use watch::Seen;

/// How often a transaction is sent under a new nonce because one that was given up took its own.
const TRIES: usize = 4;

/// How transactions are sent.
#[derive(Clone, Copy, Debug)]
pub struct SendOptions {
    /// Most that is ever offered, wei per gas.
    pub max_fee: u128,
    /// Blocks without it after which a transaction is sent again and offers more.
    pub stuck_after: u64,
    /// How long [`Sender::send`] and [`Sender::call_enigma`] wait.
    pub patience: Duration,
}

impl Default for SendOptions {
    fn default() -> Self {
        Self { max_fee: 500_000_000_000, stuck_after: 3, patience: Duration::from_secs(60) }
    }
}

/// What became of a transaction.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was mined and did what it should.
    Landed(Box<TransactionReceipt>),
    /// The contract refuses it.
    Refused(Refusal),
    /// It was given up, or another one took its place.
    Dropped(Dropped),
}

/// Why a contract refuses a transaction.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Its error, by name where it is known, with its arguments.
    pub name: String,
    /// The revert data.
    pub data: Bytes,
    /// The receipt, if it was mined before that showed: then it cost gas.
    pub mined: Option<Box<TransactionReceipt>>,
}

impl Refusal {
    /// Whether the contract refused with the error called `name`, whatever its arguments.
    pub fn is(&self, name: &str) -> bool {
        Error::Reverted { name: self.name.clone(), data: Bytes::new() }.is_refusal(name)
    }
}

/// How a transaction was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The caller gave it up; the hash of what was sent, if anything was. A transfer of nothing was sent in its place;
    /// whichever a block takes first, so it may land all the same.
    GivenUp(Option<B256>),
    /// A transaction of the same account that is none of this process's took its nonce.
    Superseded(B256),
}

impl Outcome {
    /// The receipt.
    ///
    /// # Errors
    /// [`Error::Reverted`] if nothing was mined, [`Error::Transaction`].
    pub fn landed(self) -> Result<TransactionReceipt> {
        match self {
            Self::Landed(receipt) => Ok(*receipt),
            Self::Refused(Refusal { name, data, mined: None }) => Err(Error::Reverted { name, data }),
            Self::Refused(Refusal { mined: Some(receipt), .. }) => {
                Err(Error::Transaction { hash: receipt.transaction_hash, what: "was mined and reverted" })
            }
            Self::Dropped(Dropped::GivenUp(hash)) => Err(Error::Transaction {
                hash: hash.unwrap_or_default(),
                what: "was not mined in time and is withdrawn; look whether it landed before it is sent again",
            }),
            Self::Dropped(Dropped::Superseded(hash)) => {
                Err(Error::Transaction { hash, what: "was dropped by the chain; send it again" })
            }
        }
    }
}

/// What a transaction is to do.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    to: Option<Address>,
    data: Bytes,
    value: U256,
}

/// Sends transactions of one account. Cheap to clone; clones share the order.
#[derive(Clone, Debug)]
pub struct Sender {
    chain: Chain,
    wallet: EthereumWallet,
    signer: PrivateKeySigner,
    address: Address,
    options: SendOptions,
    turn: Arc<tokio::sync::Mutex<()>>,
    nonces: Arc<Mutex<Nonces>>,
    chain_id: Arc<OnceCell<u64>>,
}

impl Sender {
    /// Sends for `signer`.
    pub fn new(chain: Chain, signer: PrivateKeySigner) -> Self {
        let address = signer.address();
        let wallet = signer.clone().into();
        Self {
            chain,
            wallet,
            signer,
            address,
            options: SendOptions::default(),
            turn: Arc::default(),
            nonces: Arc::default(),
            chain_id: Arc::default(),
        }
    }

    /// The same sender with other options; it shares the order.
    #[must_use]
    pub fn with_options(self, options: SendOptions) -> Self {
        Self { options, ..self }
    }

    /// The account.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The chain it sends to.
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Signs a digest with the account's key, deterministically (RFC 6979): r ‖ s ‖ v, v 27 or 28. Only for digests of
    /// EIP-712 messages that this project made.
    ///
    /// # Errors
    /// None for a key in memory.
    pub fn sign_digest(&self, digest: B256) -> Result<[u8; 65]> {
        let signature = self.signer.sign_hash_sync(&digest).map_err(|e| Error::Key(e.to_string()))?;
        Ok(signature.as_bytes())
    }

    /// Calls the Enigma contract and waits until the transaction is mined.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub async fn call_enigma(&self, call: &impl SolCall, value: U256) -> Result<TransactionReceipt> {
        self.send(Some(self.chain.enigma()), call.abi_encode().into(), value).await
    }

    /// Calls the Enigma contract, and gives it up when `pointless` resolves: a moment, or another worker's commit.
    ///
    /// # Errors
    /// As [`Sender::send_until`].
    pub async fn call_enigma_until(
        &self,
        call: &impl SolCall,
        value: U256,
        pointless: impl Future<Output = ()>,
    ) -> Result<Outcome> {
        self.send_until(Some(self.chain.enigma()), call.abi_encode().into(), value, pointless).await
    }

    /// Sends a transaction and waits until it is mined, as [`Sender::send_until`] does, for [`SendOptions::patience`].
    ///
    /// # Errors
    /// The contract refuses (by its error's name), the endpoints fail, or it is not mined in time.
    pub async fn send(&self, to: Option<Address>, data: Bytes, value: U256) -> Result<TransactionReceipt> {
        self.send_until(to, data, value, tokio::time::sleep(self.options.patience)).await?.landed()
    }

    /// Sends a transaction and waits until it is mined or `pointless` resolves; without that, for as long as it takes.
    /// Gas is estimated with a margin of a fifth. What the chain drops is sent again, unless the contract refuses it by
    /// then; what is stuck offers more, up to [`SendOptions::max_fee`]. Endpoints that fail meanwhile are waited for.
    ///
    /// A future that is dropped gives its transaction up without a replacement; the account's next one takes its nonce.
    ///
    /// # Errors
    /// The endpoints fail before anything is sent; the pool does not take the transaction.
    pub async fn send_until(
        &self,
        to: Option<Address>,
        data: Bytes,
        value: U256,
        pointless: impl Future<Output = ()>,
    ) -> Result<Outcome> {
        let action = &Action { to, data, value };
        let mut pointless = pin!(pointless.fuse());
        let mut sent = None;
        for _ in 0..TRIES {
            if pointless.as_mut().now_or_never().is_some() {
                break;
            }
            let mut flight = match self.submit(action).await {
                Err(Error::Reverted { name, data }) => {
                    return Ok(Outcome::Refused(Refusal { name, data, mined: None }));
                }
                other => other?,
            };
            sent = flight.newest();
            let seen = tokio::select! {
                biased;
                seen = self.watch(&mut flight, action) => seen,
                () = &mut pointless => return self.give_up(flight, action).await,
            };
            match seen {
                Seen::Mined(receipt) => {
                    flight.is_over();
                    return self.judge(action, receipt).await;
                }
                // It is not in the pool: the next transaction takes the nonce.
                Seen::Refused { name, data } => {
                    return Ok(Outcome::Refused(Refusal { name, data, mined: None }));
                }
                Seen::OvertakenByOwn => flight.is_over(),
                Seen::Superseded(hash) => {
                    flight.is_over();
                    return Ok(Outcome::Dropped(Dropped::Superseded(hash)));
                }
            }
        }
        Ok(Outcome::Dropped(Dropped::GivenUp(sent)))
    }

    /// What a mined transaction did.
    async fn judge(&self, action: &Action, receipt: Box<TransactionReceipt>) -> Result<Outcome> {
        if receipt.status() {
            return Ok(Outcome::Landed(receipt));
        }
        // Why is told by asking again in the state after its block; it may have been another reason within the block.
        let (request, block) = (&self.request(action), receipt.block_number.unwrap_or_default());
        let again = |view: View| async move {
            Ok(view.provider().call(request.clone()).block(block.into()).await.map(drop)?)
        };
        let (name, data) = match self.chain.endpoints().ask(again).await {
            Err(Error::Reverted { name, data }) => (name, data),
            _ => ("without a reason".into(), Bytes::new()),
        };
        Ok(Outcome::Refused(Refusal { name, data, mined: Some(receipt) }))
    }

    fn request(&self, action: &Action) -> TransactionRequest {
        let request = TransactionRequest::default()
            .from(self.address)
            .value(action.value)
            .input(action.data.clone().into());
        match action.to {
            Some(to) => request.to(to),
            None => TransactionRequest { to: Some(alloy::primitives::TxKind::Create), ..request },
        }
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
