//! Relayed tasks: an account signs and encrypts a task, another account sends it and pays.

use alloy_primitives::{Address, B256, Bytes, U256};
use enigma_chain::{
    InputEvent,
    bindings::{Enigma, epoch},
};
use enigma_crypto::{bls::PublicKey, ibe, scalar::Scalar};
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{self, Binding, Claim},
    input::Kind,
    network::{ERA, key_message},
    relayed::{self, Authorisation, LIFETIME, Place},
};
use serde::{Deserialize, Serialize};

use crate::{Client, Error, Limits, Outcome, Result, Sent, session::random};

/// What an account wants done, and by whom sent.
#[derive(Clone, Debug)]
pub struct Order {
    /// The secret contract.
    pub contract: Address,
    /// What it is called with.
    pub calldata: Vec<u8>,
    /// Who sends it: the envelope opens for nobody else.
    pub relayer: Address,
    /// Wei that the relayer sends along.
    pub value: U256,
    /// What it may cost; its gas is the least that the relayer must give.
    pub limits: Limits,
    /// The account's nonce; asked of the network if there is none.
    pub nonce: Option<u64>,
    /// Seconds until which it must be included; 0: for ever. One hour if there is none.
    pub lifetime: Option<u64>,
    /// The word of the forwarding contract that the relayer is; else zero.
    pub on_behalf_of: B256,
}

/// All that a relayer needs to know of a task, and no more than everybody will see on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayedTask {
    /// The network.
    pub network: B256,
    /// The secret contract.
    pub secret_contract: Address,
    /// The envelope's epoch: it opens for some epochs more, then never.
    pub epoch: u64,
    /// The task, encrypted.
    pub envelope: Bytes,
    /// Who must send it.
    pub relayer: Address,
    /// Word of a forwarding contract; else zero.
    pub on_behalf_of: B256,
    /// Wei to send along.
    pub value: U256,
    /// Gas to give, at least.
    pub gas_limit: u64,
    /// Gas for the commit.
    pub commit_gas: u64,
    /// Unix seconds at which it is over; 0: never.
    pub expiry: u64,
}

/// A task for a relayer, and the key to its answer, which stays here.
#[derive(Debug)]
pub struct Authorised {
    /// For the relayer.
    pub task: RelayedTask,
    reply_key: Secret<[u8; 32]>,
}

impl Authorised {
    /// Follows the task that the relayer created: [`Client::wait`] decrypts its outcome.
    pub fn sent(self, input: &InputEvent) -> Sent {
        Sent::of(input, self.reply_key)
    }
}

impl Client {
    /// The nonce of this account's next relayed task of a contract. Nobody else can ask for it.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub async fn account_nonce(&self, contract: Address) -> Result<u64> {
        let answer = self.read_as(contract, &[], Some(Claim::Account)).await?;
        match &answer.outcome {
            Outcome::Returned(data) => {
                U256::try_from_be_slice(data).and_then(|nonce| nonce.try_into().ok()).ok_or(Error::NoNonce)
            }
            _ => Err(Error::NoNonce),
        }
    }

    /// Signs and encrypts a task for a relayer. Nothing is sent.
    ///
    /// # Errors
    /// The chain's; those of [`Client::account_nonce`] if the order names no nonce.
    pub async fn authorise(&self, order: Order) -> Result<Authorised> {
        let nonce = match order.nonce {
            Some(nonce) => nonce,
            None => self.account_nonce(order.contract).await?,
        };
        let (epoch, now) = tokio::try_join!(self.epoch(), self.now())?;
        let (cipher_nonce, mut plaintext) = self.letter(order.contract, order.calldata)?;
        plaintext.expiry = match order.lifetime.unwrap_or(LIFETIME) {
            0 => 0,
            lifetime => now.saturating_add(lifetime),
        };
        let place = Place { domain: self.domain(), network: self.network(), contract: order.contract };
        let mut authorisation = Authorisation {
            account: self.address(),
            nonce,
            min_gas: order.limits.gas,
            value: order.value,
            signature: [0; 65],
        };
        authorisation.signature = self.sign_digest(relayed::digest(&place, &authorisation, &plaintext))?;
        plaintext.claim = Claim::Relayed(authorisation);
        let binding = Binding {
            kind: Kind::Task,
            network: self.network(),
            contract: order.contract,
            epoch,
            sender: order.relayer,
            on_behalf_of: order.on_behalf_of,
        };
        // An encapsulation of its own: a shared one would link the account's tasks to each other.
        let key = PublicKey::from_bytes(&self.descriptor().public_key).map_err(|_| Error::PublicKey)?;
        let r = Scalar::from_uniform(&random::<64>()?).map_err(|_| Error::Randomness)?;
        let session =
            ibe::Session::for_input(&r, &key, &key_message(self.network(), ERA, order.contract, epoch));
        let envelope =
            envelope::seal(&session, cipher_nonce, &plaintext, &binding).map_err(|_| Error::Randomness)?;
        Ok(Authorised {
            task: RelayedTask {
                network: self.network(),
                secret_contract: order.contract,
                epoch,
                envelope: envelope.into(),
                relayer: order.relayer,
                on_behalf_of: order.on_behalf_of,
                value: order.value,
                gas_limit: order.limits.gas,
                commit_gas: order.limits.commit_gas(),
                expiry: plaintext.expiry,
            },
            reply_key: plaintext.reply_key,
        })
    }

    /// Sends a task that another account signed, and pays for it. Its value comes out of this account's purse besides the
    /// fee, and goes where the author wants it: at most `max_value` wei.
    ///
    /// # Errors
    /// [`Error::NotTheRelayer`], [`Error::WrongNetwork`], [`Error::RelayedValue`], [`Error::RelayedTooLate`]; the chain or
    /// the contract refuses.
    pub async fn relay(&self, task: &RelayedTask, max_value: U256) -> Result<InputEvent> {
        if task.relayer != self.address() || !task.on_behalf_of.is_zero() {
            return Err(Error::NotTheRelayer { named: task.relayer, account: self.address() });
        }
        if task.network != self.network() {
            return Err(Error::WrongNetwork { pinned: task.network, found: self.network() });
        }
        if task.value > max_value {
            return Err(Error::RelayedValue { value: task.value, most: max_value });
        }
        if task.expiry != 0 && self.now().await? > task.expiry {
            return Err(Error::RelayedTooLate { expiry: task.expiry });
        }
        let mut parameters = self.parameters(task.value, Limits::default()).await?;
        parameters.gasLimit = task.gas_limit;
        parameters.commitGas = task.commit_gas;
        let payment = self.payment(&parameters).await?;
        let call = Enigma::createTaskCall {
            account: task.secret_contract,
            epoch: epoch(task.epoch),
            envelope: task.envelope.clone(),
            task: parameters,
        };
        self.post(&call, payment, task.secret_contract).await
    }
}
