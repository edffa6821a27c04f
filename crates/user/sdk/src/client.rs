//! One account of one network.

use std::{sync::Mutex, time::Duration};

use alloy_primitives::{Address, B256, U256};
use enigma_chain::{
    Chain, CommitEvent, InputEvent, Sender,
    bindings::{Enigma, epoch},
};
use enigma_crypto::bls::PublicKey;
use enigma_primitives::{Secret, size_class};
use enigma_protocol::{
    envelope::{self, Binding, Plaintext},
    fees,
    input::{Kind, context},
    network::Descriptor,
    output::Output,
    receipt::Status,
    state::{SMALLEST_CLASS, sealed_len},
};

use crate::{
    Error, Outcome, Report, Result,
    session::{Sessions, random},
};

/// Pause between looks for a commit.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Over the base fee, wei per gas.
const TIP: u128 = 1_000_000_000;

/// What a task may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Gas inside the sealed world.
    pub gas: u64,
    /// Bytes of encrypted output and sealed state change together, which `commitGas` must pay for.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { gas: 5_000_000, bytes: 8_192 }
    }
}

/// Creation code of a secret contract.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// In the clear: everybody can check what was deployed.
    pub clear: Vec<u8>,
    /// Inside the envelope, behind the clear part: constructor arguments, or all of it.
    pub secret: Vec<u8>,
}

/// A task that is on the chain, and the key to its answer.
#[derive(Debug)]
pub struct Sent {
    /// The secret contract.
    pub contract: Address,
    /// Its index there.
    pub index: u64,
    /// The transaction that created it.
    pub transaction: B256,
    /// The block that it is in.
    pub block: u64,
    ctx: B256,
    reply_key: Secret<[u8; 32]>,
}

/// Sends tasks for one account.
pub struct Client {
    sender: Sender,
    descriptor: Descriptor,
    network: B256,
    sessions: Mutex<Sessions>,
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
        let sessions = Mutex::new(Sessions::new(network, public_key));
        Ok(Self { sender, descriptor: pinned, network, sessions })
    }

    /// The account.
    pub const fn address(&self) -> Address {
        self.sender.address()
    }

    /// The chain.
    pub const fn chain(&self) -> &Chain {
        self.sender.chain()
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
        let limits = limits.unwrap_or_else(|| deploy_limits(&code));
        let plaintext = plaintext(code.secret)?;
        let envelope = self.seal(Kind::Deploy, contract, now, &plaintext)?;
        let parameters = self.parameters(value, limits).await?;
        let payment = value + fees::max_fee(parameters.commitGas, parameters.gasLimit, parameters.priceCap);
        let call = Enigma::deployCall {
            terms: Enigma::DeployParameters { salt, signers: 1, depth: 0 },
            task: parameters,
            epoch: epoch(now),
            code: code.clear.into(),
            envelope: envelope.into(),
        };
        let receipt = self.sender.call_enigma(&call, payment).await?;
        self.sent(receipt.transaction_hash, receipt.block_number.unwrap_or_default(), contract, plaintext)
            .await
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
        let plaintext = plaintext(calldata)?;
        let envelope = self.seal(Kind::Task, contract, now, &plaintext)?;
        let payment = value + fees::max_fee(parameters.commitGas, parameters.gasLimit, parameters.priceCap);
        let call = Enigma::createTaskCall {
            account: contract,
            epoch: epoch(now),
            envelope: envelope.into(),
            task: parameters,
        };
        let receipt = match self.sender.call_enigma(&call, payment).await {
            Err(error) if error.is_refusal("UnknownContract") => {
                return Err(Error::UnknownContract(contract));
            }
            other => other?,
        };
        self.sent(receipt.transaction_hash, receipt.block_number.unwrap_or_default(), contract, plaintext)
            .await
    }

    /// Waits for the commit of a task and decrypts its outcome.
    ///
    /// # Errors
    /// [`Error::NotCommitted`] when patience ends, [`Error::ForeignOutput`] if what came is not the answer.
    pub async fn wait(&self, sent: &Sent, patience: Duration) -> Result<Report> {
        let deadline = tokio::time::Instant::now() + patience;
        let mut from = sent.block;
        while tokio::time::Instant::now() < deadline {
            let height = self.chain().height().await?;
            if height >= from {
                let (_, commits) = self.chain().events(from, height).await?;
                let covers = |c: &&CommitEvent| {
                    c.contract == sent.contract && (c.first_index..=c.last_index).contains(&sent.index)
                };
                if let Some(commit) = commits.iter().find(covers) {
                    return report(sent, commit);
                }
                from = height + 1;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(Error::NotCommitted { contract: sent.contract, index: sent.index, seconds: patience.as_secs() })
    }

    fn seal(&self, kind: Kind, contract: Address, epoch: u64, plaintext: &Plaintext) -> Result<Vec<u8>> {
        let binding = Binding {
            kind,
            network: self.network,
            contract,
            epoch,
            sender: self.address(),
            on_behalf_of: B256::ZERO,
        };
        let nonce = random::<24>()?.expose(|bytes| *bytes);
        let mut sessions = self.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let session = sessions.get(contract, epoch)?;
        envelope::seal(session, nonce, plaintext, &binding).map_err(|_| Error::Randomness)
    }

    async fn epoch(&self) -> Result<u64> {
        Ok(self.chain().network_state().await?.epoch)
    }

    async fn parameters(&self, value: U256, limits: Limits) -> Result<Enigma::TaskParameters> {
        let height = self.chain().height().await?;
        let base_fee = u128::from(self.chain().block(height).await?.base_fee);
        Ok(Enigma::TaskParameters {
            onBehalfOf: B256::ZERO,
            value,
            gasLimit: limits.gas,
            commitGas: fees::commit_gas_for(limits.bytes),
            priceCap: 4 * base_fee + 2 * TIP,
            tip: TIP,
        })
    }

    async fn sent(
        &self,
        transaction: B256,
        block: u64,
        contract: Address,
        plaintext: Plaintext,
    ) -> Result<Sent> {
        let (inputs, _) = self.chain().events(block, block).await?;
        let ours = |i: &&InputEvent| i.transaction == transaction && i.contract == contract;
        let input = inputs.iter().find(ours).ok_or(Error::NoInput(transaction))?;
        Ok(Sent {
            contract,
            index: input.index,
            transaction,
            block,
            ctx: context(input.head, input.block_hash),
            reply_key: plaintext.reply_key,
        })
    }
}

fn plaintext(body: Vec<u8>) -> Result<Plaintext> {
    Ok(Plaintext { reply_key: random()?, expiry: 0, body: Secret::new(body) })
}

/// Enough for a deployment: its code travels back in the sealed delta.
fn deploy_limits(code: &Code) -> Limits {
    let code = code.clear.len() + code.secret.len();
    let bytes = sealed_len(code + 4_096) + size_class(1, SMALLEST_CLASS);
    Limits { gas: 15_000_000, bytes: bytes as u64 + 1_024 }
}

fn report(sent: &Sent, commit: &CommitEvent) -> Result<Report> {
    let place = usize::try_from(sent.index - commit.first_index).unwrap_or(usize::MAX);
    let foreign = Error::ForeignOutput { index: sent.index };
    let Some(result) = commit.outcomes.get(place) else { return Err(foreign) };
    let (outcome, logs, gas_used) = if result.status == Status::Unopened {
        (Outcome::Unopened, Vec::new(), 0)
    } else {
        let output = Output::decrypt(&sent.reply_key, sent.ctx, &result.output).map_err(|_| foreign)?;
        (Outcome::from(&output), output.logs, output.gas_used)
    };
    Ok(Report {
        contract: sent.contract,
        index: sent.index,
        outcome,
        logs,
        gas_used,
        paid: result.pay,
        transaction: sent.transaction,
        commit: commit.transaction,
        commit_block: commit.block_number,
    })
}
