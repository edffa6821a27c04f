//! Clients of the chain: honest ones, and one that sends whatever it likes.

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    Error, InputEvent, Sender,
    bindings::{Enigma, epoch},
};
use enigma_crypto::{bls::PublicKey, ibe::Session};
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{self, Binding, Claim, Plaintext},
    fees,
    input::{Kind, context},
    network::{ERA, key_message},
    output::Output,
    receipt::domain_separator,
    relayed::{self, Authorisation, Place},
};

use super::Rig;

/// What a client offers beside the envelope.
pub type Terms = Enigma::TaskParameters;

const GWEI: u128 = 1_000_000_000;

/// An envelope and what its sender keeps.
#[derive(Clone, Debug)]
pub struct Text {
    /// For the chain.
    pub envelope: Vec<u8>,
    /// Opens the output.
    pub reply_key: [u8; 32],
}

/// An input on the chain, and the key to its output.
#[derive(Clone, Debug)]
pub struct Sent {
    /// As the chain announced it.
    pub event: InputEvent,
    /// Opens the output.
    pub reply_key: [u8; 32],
}

impl Sent {
    /// The output as its sender reads it.
    ///
    /// # Panics
    /// It is not the answer to this task.
    pub fn read(&self, encrypted: &[u8]) -> Output {
        let ctx = context(self.event.head, self.event.block_hash);
        Output::decrypt(&Secret::from_bytes(self.reply_key), ctx, encrypted).expect("the sender's output")
    }
}

impl Rig {
    /// Terms that fit the program of these tests, with a price that lasts.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn terms(&self, value: u64) -> Terms {
        let base_fee = self.base_fee().await;
        Terms {
            onBehalfOf: B256::ZERO,
            value: U256::from(value),
            gasLimit: 200_000,
            commitGas: fees::commit_gas_for(1_024, 0),
            priceCap: 4 * base_fee + 2 * GWEI,
            tip: GWEI,
        }
    }

    /// Base fee of the newest block, wei.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn base_fee(&self) -> u128 {
        let height = self.chain.height().await.expect("a height");
        self.chain.block(height).await.expect("a block").base_fee.into()
    }

    /// What an honest envelope is bound to.
    pub const fn binding(&self, kind: Kind, contract: Address, at_epoch: u64, sender: Address) -> Binding {
        Binding { kind, network: self.network, contract, epoch: at_epoch, sender, on_behalf_of: B256::ZERO }
    }

    /// A fresh key for envelopes to this contract and epoch.
    ///
    /// # Panics
    /// Never: the network's key is a point.
    pub fn session(&mut self, binding: &Binding) -> Session {
        let public_key = PublicKey::from_bytes(&self.descriptor.public_key).expect("a point");
        let message = key_message(binding.network, ERA, binding.contract, binding.epoch);
        Session::for_input(&self.entropy.scalar(), &public_key, &message)
    }

    /// Fresh bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        self.entropy.bytes()
    }

    /// Seals an envelope that is as honest as its binding. `expiry` is Unix seconds, or 0.
    ///
    /// # Panics
    /// Never: bodies of tests are small.
    pub fn seal(&mut self, binding: &Binding, body: &[u8], expiry: u64) -> Text {
        let (plaintext, reply_key) = self.plaintext(body, expiry);
        self.seal_plaintext(binding, &plaintext, reply_key)
    }

    /// Seals a task of `author`, its `nonce`-th one here that the binding's sender relays with this value, wei.
    ///
    /// # Panics
    /// Never: bodies of tests are small, and the author's key is in memory.
    pub fn seal_relayed(
        &mut self,
        binding: &Binding,
        body: &[u8],
        author: &Sender,
        nonce: u64,
        value: U256,
    ) -> Text {
        let (mut plaintext, reply_key) = self.plaintext(body, 0);
        let (account, signature) = (author.address(), [0; 65]);
        let mut authorisation = Authorisation { account, nonce, min_gas: 0, value, signature };
        let place = Place {
            domain: domain_separator(self.descriptor.chain_id, self.descriptor.enigma),
            network: self.network,
            contract: binding.contract,
        };
        let digest = relayed::digest(&place, &authorisation, &plaintext);
        authorisation.signature = author.sign_digest(digest).expect("a signature");
        plaintext.claim = Claim::Relayed(authorisation);
        self.seal_plaintext(binding, &plaintext, reply_key)
    }

    fn plaintext(&mut self, body: &[u8], expiry: u64) -> (Plaintext, [u8; 32]) {
        let reply_key = self.entropy.word();
        let body = Secret::new(body.to_vec());
        let claim = Claim::None;
        (Plaintext { reply_key: Secret::from_bytes(reply_key), expiry, claim, body }, reply_key)
    }

    fn seal_plaintext(&mut self, binding: &Binding, plaintext: &Plaintext, reply_key: [u8; 32]) -> Text {
        let session = self.session(binding);
        let envelope = envelope::seal(&session, self.entropy.bytes(), plaintext, binding);
        Text { envelope: envelope.expect("a small body"), reply_key }
    }

    /// Puts inputs of whatever bytes into a contract's log, in one transaction. An envelope comes with its epoch.
    ///
    /// # Errors
    /// The contract refuses.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn raw_inputs(
        &mut self,
        sender: &Sender,
        contract: Address,
        requests: Vec<(u64, Vec<u8>, Terms)>,
    ) -> Result<Vec<InputEvent>, Error> {
        self.raw_inputs_on_credit(sender, contract, requests, U256::ZERO).await
    }

    /// The same; at most `credit` wei of what they cost is paid from what Enigma owes the sender.
    ///
    /// # Errors
    /// The contract refuses.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn raw_inputs_on_credit(
        &mut self,
        sender: &Sender,
        contract: Address,
        requests: Vec<(u64, Vec<u8>, Terms)>,
        credit: U256,
    ) -> Result<Vec<InputEvent>, Error> {
        let due: U256 = requests.iter().map(|(_, _, terms)| due(terms)).sum();
        let requests = requests
            .into_iter()
            .map(|(at_epoch, envelope, parameters)| Enigma::TaskRequest {
                secretContract: contract,
                epoch: epoch(at_epoch),
                envelope: envelope.into(),
                parameters,
            })
            .collect();
        let receipt =
            sender.call_enigma(&Enigma::createTasksCall { requests }, due.saturating_sub(credit)).await?;
        Ok(self.announced(receipt.transaction_hash).await)
    }

    /// Puts one input of whatever bytes into a contract's log.
    ///
    /// # Errors
    /// The contract refuses.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn raw_input(
        &mut self,
        sender: &Sender,
        contract: Address,
        at_epoch: u64,
        envelope: Vec<u8>,
        task: Terms,
    ) -> Result<InputEvent, Error> {
        let payment = due(&task);
        let call = Enigma::createTaskCall {
            account: contract,
            epoch: epoch(at_epoch),
            envelope: envelope.into(),
            task,
        };
        let receipt = sender.call_enigma(&call, payment).await?;
        Ok(self.announced(receipt.transaction_hash).await.remove(0))
    }

    /// Deploys with whatever bytes as the envelope. `signers` must sign every receipt.
    ///
    /// # Errors
    /// The contract refuses.
    ///
    /// # Panics
    /// The chain fails.
    pub async fn raw_deploy(
        &mut self,
        sender: &Sender,
        salt: B256,
        signers: u8,
        envelope: Vec<u8>,
        task: Terms,
    ) -> Result<InputEvent, Error> {
        let payment = due(&task);
        let call = Enigma::deployCall {
            terms: Enigma::DeployParameters { salt, signers, depth: 0 },
            task,
            epoch: epoch(self.epoch().await),
            code: Vec::new().into(),
            envelope: envelope.into(),
        };
        let receipt = sender.call_enigma(&call, payment).await?;
        Ok(self.announced(receipt.transaction_hash).await.remove(0))
    }

    /// Deploys this creation code, honestly and in secret. `signers` must sign every receipt.
    ///
    /// # Panics
    /// The contract refuses, or the chain fails.
    pub async fn deploy(&mut self, code: &[u8], sender: &Sender, signers: u8) -> Sent {
        let salt = B256::new(self.entropy.word());
        let contract = self.chain.portal_address(sender.address(), salt).await.expect("an address");
        let binding = self.binding(Kind::Deploy, contract, self.epoch().await, sender.address());
        let text = self.seal(&binding, code, 0);
        let terms = self.terms(0).await;
        let event = self.raw_deploy(sender, salt, signers, text.envelope, terms).await.expect("a deployment");
        assert_eq!(event.contract, contract);
        Sent { event, reply_key: text.reply_key }
    }

    /// Sends an honest task on these terms.
    ///
    /// # Panics
    /// The contract refuses, or the chain fails.
    pub async fn task(&mut self, sender: &Sender, contract: Address, calldata: &[u8], terms: Terms) -> Sent {
        let now = self.epoch().await;
        let binding = self.binding(Kind::Task, contract, now, sender.address());
        let text = self.seal(&binding, calldata, 0);
        let event = self.raw_input(sender, contract, now, text.envelope, terms).await.expect("a task");
        Sent { event, reply_key: text.reply_key }
    }

    async fn announced(&mut self, transaction: B256) -> Vec<InputEvent> {
        self.catch_up().await;
        let all = self.ledger.tracks.values().flat_map(|t| &t.inputs);
        all.filter(|i| i.transaction == transaction).cloned().collect()
    }
}

/// What a task's sender must bring, wei: its fee at most, and its value.
pub(super) fn due(terms: &Terms) -> U256 {
    terms.value + fees::max_fee(terms.commitGas, terms.gasLimit, terms.priceCap)
}
