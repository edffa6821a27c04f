//! One account of one network.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    Chain, CommitEvent, InputEvent, NodeApi, Sender,
    bindings::{Enigma, epoch},
};
use enigma_crypto::bls::PublicKey;
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{self, Binding, Claim, Envelope, Plaintext},
    fees,
    input::Kind,
    network::Descriptor,
    query::ReaderProof,
    receipt::domain_separator,
};

use crate::{
    Code, Error, Limits, ReplyKeys, Report, Result, Sent,
    query::{ReadSessions, Signed},
    session::{Sessions, random},
    task::{end, report},
    view::view_key,
};

/// Pause between looks for a commit.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Over the base fee, wei per gas.
const TIP: u128 = 1_000_000_000;
/// Blocks that an answer to a read may be behind the newest one.
const MAX_BLOCK_AGE: u64 = 8;

/// Sends tasks for one account.
pub struct Client {
    sender: Sender,
    descriptor: Descriptor,
    network: B256,
    domain: B256,
    reply_keys: ReplyKeys,
    nodes: Vec<NodeApi>,
    max_block_age: u64,
    signers: u8,
    pays_from_credit: bool,
    price_cap: Option<u128>,
    sessions: Mutex<Sessions>,
    read_sessions: Mutex<ReadSessions>,
}

impl Client {
    /// Connects an account to the pinned network.
    ///
    /// # Errors
    /// [`Error::WrongNetwork`] if the contract behind the RPC is another network's.
    pub async fn connect(sender: Sender, pinned: Descriptor) -> Result<Self> {
        let found = sender.chain().descriptor(pinned.public_key).await?.network();
        let network = pinned.network();
        if found != network {
            return Err(Error::WrongNetwork { pinned: network, found });
        }
        let public_key = PublicKey::from_bytes(&pinned.public_key).map_err(|_| Error::PublicKey)?;
        Ok(Self {
            sender,
            network,
            domain: domain_separator(pinned.chain_id, pinned.enigma),
            descriptor: pinned,
            reply_keys: ReplyKeys::default(),
            nodes: Vec::new(),
            max_block_age: MAX_BLOCK_AGE,
            signers: 1,
            pays_from_credit: false,
            price_cap: None,
            sessions: Mutex::new(Sessions::new(network, public_key)),
            read_sessions: Mutex::default(),
        })
    }

    /// Names the nodes that reads ask, by the URLs of their APIs, in this order.
    ///
    /// # Errors
    /// One of them is no URL.
    pub fn with_nodes(mut self, urls: &[String]) -> Result<Self> {
        self.nodes = urls.iter().map(|url| NodeApi::new(url)).collect::<core::result::Result<_, _>>()?;
        Ok(self)
    }

    /// Where the reply keys of its tasks come from; recoverable by default.
    #[must_use]
    pub const fn with_reply_keys(mut self, reply_keys: ReplyKeys) -> Self {
        self.reply_keys = reply_keys;
        self
    }

    /// How many blocks an answer to a read may be behind the newest one; 8 by default.
    #[must_use]
    pub const fn with_max_block_age(mut self, blocks: u64) -> Self {
        self.max_block_age = blocks;
        self
    }

    /// How many workers must sign each receipt of the contracts that it deploys, at most a group; 1 by default.
    #[must_use]
    pub const fn with_signers(mut self, signers: u8) -> Self {
        self.signers = signers;
        self
    }

    /// Whether its tasks are paid from what the network owes the account, so that only what is short is sent; not by
    /// default.
    #[must_use]
    pub const fn with_credit(mut self, pays_from_credit: bool) -> Self {
        self.pays_from_credit = pays_from_credit;
        self
    }

    /// Most wei that its tasks pay for a unit of gas; by default four times the base fee and two gwei.
    #[must_use]
    pub const fn with_price_cap(mut self, wei: Option<u128>) -> Self {
        self.price_cap = wei;
        self
    }

    /// The account.
    pub const fn address(&self) -> Address {
        self.sender.address()
    }

    /// What sends its transactions.
    pub const fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        self.sender.chain()
    }

    pub(crate) fn nodes(&self) -> &[NodeApi] {
        &self.nodes
    }

    pub(crate) const fn network(&self) -> B256 {
        self.network
    }

    pub(crate) const fn domain(&self) -> B256 {
        self.domain
    }

    pub(crate) const fn max_block_age(&self) -> u64 {
        self.max_block_age
    }

    /// The pinned network.
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Deploys a secret contract; its address is known as soon as the transaction is mined.
    ///
    /// # Errors
    /// The chain or the contract refuses.
    pub async fn deploy(&self, code: Code, salt: B256, value: U256, limits: Option<Limits>) -> Result<Sent> {
        let contract = self.chain().portal_address(self.address(), salt).await?;
        let now = self.epoch().await?;
        let limits = limits.unwrap_or_else(|| Limits::for_deployment(&code));
        let (nonce, plaintext) = self.letter(contract, code.secret)?;
        let envelope = self.seal(Kind::Deploy, contract, now, nonce, &plaintext)?;
        let parameters = self.parameters(value, limits).await?;
        let payment = self.payment(&parameters).await?;
        let call = Enigma::deployCall {
            terms: Enigma::DeployParameters { salt, signers: self.signers, depth: 0 },
            task: parameters,
            epoch: epoch(now),
            code: code.clear.into(),
            envelope: envelope.into(),
        };
        let receipt = self.sender.call_enigma(&call, payment).await?;
        let block = receipt.block_number.unwrap_or_default();
        let input = self.input(receipt.transaction_hash, block, contract).await?;
        Ok(Sent::of(&input, plaintext.reply_key))
    }

    /// Sends a task to a secret contract.
    ///
    /// # Errors
    /// [`Error::UnknownContract`]; the chain or the contract refuses.
    pub async fn send(
        &self,
        contract: Address,
        calldata: Vec<u8>,
        value: U256,
        limits: Limits,
    ) -> Result<Sent> {
        let (now, parameters) = tokio::try_join!(self.epoch(), self.parameters(value, limits))?;
        let (nonce, plaintext) = self.letter(contract, calldata)?;
        let envelope = self.seal(Kind::Task, contract, now, nonce, &plaintext)?;
        let payment = self.payment(&parameters).await?;
        let call = Enigma::createTaskCall {
            account: contract,
            epoch: epoch(now),
            envelope: envelope.into(),
            task: parameters,
        };
        let input = self.post(&call, payment, contract).await?;
        Ok(Sent::of(&input, plaintext.reply_key))
    }

    /// Waits for the commit of a task and decrypts its outcome.
    ///
    /// # Errors
    /// [`Error::NotCommitted`] when patience ends, [`Error::Skipped`] if nobody executed it,
    /// [`Error::ForeignOutput`] if what came is not the answer.
    pub async fn wait(&self, sent: &Sent, patience: Duration) -> Result<Report> {
        let began = tokio::time::Instant::now();
        let mut from = sent.block;
        while began.elapsed() < patience {
            let height = self.chain().height().await?;
            if height >= from {
                let events = self.chain().history(from, height).await?;
                if let Some(end) = events.iter().find_map(|event| end(sent, event)) {
                    return end;
                }
                from = height.saturating_add(1);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(Error::NotCommitted { contract: sent.contract, index: sent.index, seconds: patience.as_secs() })
    }

    /// Decrypts the outcome of a task that this account sent, or that somebody relayed for it, whenever that was: its
    /// reply key is derived again.
    ///
    /// # Errors
    /// [`Error::NotOurs`]; [`Error::ForeignOutput`] for a task that was sent with an ephemeral reply key.
    pub fn open(&self, input: &InputEvent, commit: &CommitEvent) -> Result<Report> {
        // An envelope that cannot be parsed was not opened by the enclave either: any key will do.
        let nonce = Envelope::parse(&input.envelope).map(|e| e.nonce).unwrap_or_default();
        let key = view_key(&self.sender, self.domain, self.network, input.contract)?;
        match report(&Sent::of(input, key.reply_key(&nonce)), commit) {
            // Whose a relayed task is, only the key tells.
            Err(Error::ForeignOutput { index }) if input.input.sender != self.address() => {
                Err(Error::NotOurs { index, sender: input.input.sender })
            }
            done => done,
        }
    }

    /// What goes into an envelope of a task, and its nonce.
    pub(crate) fn letter(&self, contract: Address, body: Vec<u8>) -> Result<([u8; 24], Plaintext)> {
        let nonce = random::<24>()?.expose(|bytes| *bytes);
        let reply_key = match self.reply_keys {
            ReplyKeys::Recoverable => {
                view_key(&self.sender, self.domain, self.network, contract)?.reply_key(&nonce)
            }
            ReplyKeys::Ephemeral => random()?,
        };
        Ok((nonce, Plaintext { reply_key, expiry: 0, claim: Claim::None, body: Secret::new(body) }))
    }

    pub(crate) fn seal(
        &self,
        kind: Kind,
        contract: Address,
        epoch: u64,
        nonce: [u8; 24],
        plaintext: &Plaintext,
    ) -> Result<Vec<u8>> {
        // Hosts see a query's envelope too, and must not learn from it who reads.
        let sender = if kind == Kind::Query { Address::ZERO } else { self.address() };
        let binding =
            Binding { kind, network: self.network, contract, epoch, sender, on_behalf_of: B256::ZERO };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        // One encapsulation in two envelopes would link them: reads have theirs.
        let session = sessions.get(contract, epoch, sender)?;
        envelope::seal(session, nonce, plaintext, &binding).map_err(|_| Error::Randomness)
    }

    /// Proves that this account reads.
    pub(crate) fn prove(
        &self,
        contract: Address,
        epoch: u64,
        now: u64,
        question: &Plaintext,
    ) -> Result<ReaderProof> {
        let signed = Signed { domain: self.domain, network: self.network };
        let mut sessions = self.read_sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.prove(&self.sender, signed, contract, epoch, now, question)
    }

    pub(crate) async fn epoch(&self) -> Result<u64> {
        Ok(self.chain().network_state().await?.epoch)
    }

    /// Time of the newest block, unix seconds.
    pub(crate) async fn now(&self) -> Result<u64> {
        let height = self.chain().height().await?;
        Ok(self.chain().block(height).await?.timestamp)
    }

    pub(crate) async fn parameters(&self, value: U256, limits: Limits) -> Result<Enigma::TaskParameters> {
        let price_cap = match self.price_cap {
            Some(cap) => cap,
            None => {
                let height = self.chain().height().await?;
                4 * u128::from(self.chain().block(height).await?.base_fee) + 2 * TIP
            }
        };
        Ok(Enigma::TaskParameters {
            onBehalfOf: B256::ZERO,
            value,
            gasLimit: limits.gas,
            commitGas: limits.commit_gas(),
            priceCap: price_cap,
            tip: TIP,
        })
    }

    /// What to send along with a task: value and the most that it may cost, or what credit leaves of them.
    pub(crate) async fn payment(&self, task: &Enigma::TaskParameters) -> Result<U256> {
        let due = task.value + fees::max_fee(task.commitGas, task.gasLimit, task.priceCap);
        if !self.pays_from_credit {
            return Ok(due);
        }
        Ok(due.saturating_sub(self.chain().credits(self.address()).await?))
    }

    /// Posts a task of `contract`, and gives the input that the chain made of it.
    pub(crate) async fn post(
        &self,
        call: &Enigma::createTaskCall,
        payment: U256,
        contract: Address,
    ) -> Result<InputEvent> {
        let receipt = match self.sender.call_enigma(call, payment).await {
            Err(error) if error.is_refusal("UnknownContract") => {
                return Err(Error::UnknownContract(contract));
            }
            other => other?,
        };
        self.input(receipt.transaction_hash, receipt.block_number.unwrap_or_default(), contract).await
    }

    async fn input(&self, transaction: B256, block: u64, contract: Address) -> Result<InputEvent> {
        let (inputs, _) = self.chain().events(block, block).await?.split();
        let ours = |i: &InputEvent| i.transaction == transaction && i.contract == contract;
        inputs.into_iter().find(ours).ok_or(Error::NoInput(transaction))
    }

    /// The account's signature.
    pub(crate) fn sign_digest(&self, digest: B256) -> Result<[u8; 65]> {
        Ok(self.sender.sign_digest(digest)?)
    }
}
