//! Writes: the transactions of one account, in order.

use std::{sync::Arc, time::Duration};

use alloy::{
    network::{Ethereum, EthereumWallet, NetworkWallet, TransactionBuilder},
    providers::Provider,
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolCall,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};

use crate::{Chain, Error, Result};

/// How long a transaction may take to be mined.
const MINED_WITHIN: Duration = Duration::from_secs(60);
/// Pause between looks for a receipt.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Pause between looks whether a transaction without a receipt is still known, and how long it may be unknown: it is for a
/// moment, on its way from the pool into a block.
const KNOWN_EVERY: Duration = Duration::from_millis(200);
const UNKNOWN_FOR: Duration = Duration::from_secs(1);
/// EIP-7825.
const TRANSACTION_GAS_CAP: u64 = 16_777_216;

/// Sends transactions of one account. Cheap to clone; clones share the order.
#[derive(Clone, Debug)]
pub struct Sender {
    chain: Chain,
    wallet: EthereumWallet,
    signer: PrivateKeySigner,
    address: Address,
    turn: Arc<Mutex<()>>,
    chain_id: Arc<OnceCell<u64>>,
}

impl Sender {
    /// Sends for `signer`.
    pub fn new(chain: Chain, signer: PrivateKeySigner) -> Self {
        let address = signer.address();
        let wallet = signer.clone().into();
        Self { chain, wallet, signer, address, turn: Arc::default(), chain_id: Arc::default() }
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

    /// Sends a transaction and waits until it is mined. Gas is estimated with a margin of a fifth.
    ///
    /// # Errors
    /// The contract refuses (by its error's name), the endpoint fails, nothing is mined within a minute, or the transaction
    /// is dropped: a reorganisation takes it out of its block, and not every chain puts it back into the pool.
    pub async fn send(&self, to: Option<Address>, data: Bytes, value: U256) -> Result<TransactionReceipt> {
        let hash = {
            let _turn = self.turn.lock().await;
            self.submit(to, data, value).await?
        };
        let deadline = Instant::now() + MINED_WITHIN;
        let (mut looked, mut known) = (Instant::now(), Instant::now());
        while Instant::now() < deadline {
            if let Some(receipt) = self.chain.provider().get_transaction_receipt(hash).await? {
                if !receipt.status() {
                    return Err(Error::Transaction { hash, what: "was mined and reverted" });
                }
                return Ok(receipt);
            }
            if looked.elapsed() > KNOWN_EVERY {
                looked = Instant::now();
                if self.chain.provider().get_transaction_by_hash(hash).await?.is_some() {
                    known = looked;
                } else if known.elapsed() > UNKNOWN_FOR {
                    return Err(Error::Transaction { hash, what: "was dropped by the chain; send it again" });
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(Error::Transaction { hash, what: "was not mined within a minute" })
    }

    async fn submit(&self, to: Option<Address>, data: Bytes, value: U256) -> Result<B256> {
        let provider = self.chain.provider();
        let mut request = TransactionRequest::default()
            .with_from(self.address)
            .with_value(value)
            .with_input(data)
            .with_chain_id(*self.chain_id.get_or_try_init(|| async { provider.get_chain_id().await }).await?);
        match to {
            Some(to) => request.set_to(to),
            None => request = request.into_create(),
        }
        // At once: one after another, these would take longer than the enclave's work on a task.
        let (gas, fees, nonce) = tokio::try_join!(
            // In the block that it will be in: at the newest one, the first commit of an epoch is of the wrong epoch.
            async { provider.estimate_gas(request.clone()).pending().await },
            async { provider.estimate_eip1559_fees().await },
            async { provider.get_transaction_count(self.address).pending().await },
        )?;
        let request = request
            .with_gas_limit((gas + gas / 5).min(TRANSACTION_GAS_CAP))
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas)
            .with_nonce(nonce);
        let signed = <EthereumWallet as NetworkWallet<Ethereum>>::sign_request(&self.wallet, request)
            .await
            .map_err(|e| Error::Key(e.to_string()))?;
        let pending = provider.send_tx_envelope(signed).await?;
        Ok(*pending.tx_hash())
    }
}
