//! Private reads: a question that no host can read, an answer that only who asked can, proven to be of now.

use std::{collections::BTreeMap, time::Duration};

use alloy_primitives::{Address, B256};
use enigma_chain::{NodeApi, Sender};
use enigma_crypto::sign::{self, SigningKey};
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{Claim, Plaintext},
    input::Kind,
    output::Output,
    query::{self, QueryReply, ReaderProof},
};
use tokio::time::Instant;

use crate::{Client, Error, Outcome, Refusal, Result, session::random, verify};

/// Seconds from the newest block to a query's expiry.
const LIFETIME: u64 = 120;
/// Seconds from the newest block to an authorisation's expiry.
const SESSION: u64 = 86_400;
/// How long nodes are asked one after the other: when all of them are slow, nobody waits for each.
const ENOUGH: Duration = Duration::from_secs(20);
/// Read sessions kept; more than one account needs at once.
const KEPT: usize = 64;

/// On whose behalf a query reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// The client's account is `msg.sender`. Hosts do not learn who reads.
    #[default]
    Account,
    /// `msg.sender` is zero, and nothing is signed.
    Nobody,
}

/// What a proof of the reader is shown for.
type Claims = fn(ReaderProof) -> Claim;

/// A verified answer to a query.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What the contract returned, or why it did not.
    pub outcome: Outcome,
    /// Gas used inside, exact.
    pub gas_used: u64,
    /// The block at which it was read.
    pub block: u64,
    /// The state that was read.
    pub state_head: B256,
    /// The epoch of the group that answered.
    pub epoch: u64,
    /// The enclave that answered.
    pub signer: Address,
}

/// A key that an account lets read in one contract for a while.
struct ReadSession {
    key: SigningKey,
    authorisation: [u8; 65],
    expiry: u64,
}

/// The read sessions of one account, by contract.
#[derive(Default)]
pub(crate) struct ReadSessions(BTreeMap<Address, ReadSession>);

/// The network's signing domain and identity.
#[derive(Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) domain: B256,
    pub(crate) network: B256,
}

impl ReadSessions {
    /// Proves on whose behalf `plaintext` reads. A new session begins if there is none that outlives the query.
    pub(crate) fn prove(
        &mut self,
        account: &Sender,
        signed: Signed,
        contract: Address,
        epoch: u64,
        now: u64,
        plaintext: &Plaintext,
    ) -> Result<ReaderProof> {
        if self.0.get(&contract).is_none_or(|s| s.expiry < plaintext.expiry) {
            if self.0.len() >= KEPT {
                self.0.clear();
            }
            self.0.insert(
                contract,
                ReadSession::authorised(account, signed, contract, now.saturating_add(SESSION))?,
            );
        }
        let session = self.0.get(&contract).ok_or(Error::Randomness)?;
        let digest = query::session_digest(signed.network, contract, account.address(), epoch, plaintext);
        Ok(ReaderProof {
            account: account.address(),
            authorisation_expiry: session.expiry,
            session_key: session.key.address(),
            authorisation: session.authorisation,
            session_signature: session.key.sign_digest(digest),
        })
    }
}

impl ReadSession {
    fn authorised(account: &Sender, signed: Signed, contract: Address, expiry: u64) -> Result<Self> {
        let key = SigningKey::from_bytes(&random()?).map_err(|_| Error::Randomness)?;
        let digest = query::authorisation_digest(
            signed.domain,
            signed.network,
            contract,
            account.address(),
            key.address(),
            expiry,
        );
        Ok(Self { authorisation: account.sign_digest(digest)?, key, expiry })
    }
}

impl Client {
    /// Reads a secret contract. Nodes are asked in turn until one gives an answer that holds; no other is asked once 20
    /// seconds have passed.
    ///
    /// # Errors
    /// The chain's, or the first that a node gave: why it was refused, or what is wrong with its answer.
    pub async fn read(&self, contract: Address, calldata: Vec<u8>, reader: Reader) -> Result<Answer> {
        let claim: Option<Claims> = match reader {
            Reader::Account => Some(Claim::Reader),
            Reader::Nobody => None,
        };
        self.read_as(contract, &calldata, claim).await
    }

    /// Asks, with a proof that this account reads if there is something to claim by it.
    pub(crate) async fn read_as(
        &self,
        contract: Address,
        calldata: &[u8],
        claim: Option<Claims>,
    ) -> Result<Answer> {
        in_turn(self.nodes(), |node| self.ask(node, contract, calldata, claim)).await
    }

    async fn ask(
        &self,
        node: &NodeApi,
        contract: Address,
        calldata: &[u8],
        claim: Option<Claims>,
    ) -> Result<Answer> {
        let (epoch, now) = tokio::try_join!(self.epoch(), self.now())?;
        let body = Secret::new(calldata.to_vec());
        let mut question = Plaintext {
            reply_key: random()?,
            expiry: now.saturating_add(LIFETIME),
            claim: Claim::None,
            body,
        };
        if let Some(claim) = claim {
            question.claim = claim(self.prove(contract, epoch, now, &question)?);
        }
        let nonce = random::<24>()?.expose(|bytes| *bytes);
        let envelope = self.seal(Kind::Query, contract, epoch, nonce, &question)?;
        let reply = node.query(contract, &envelope).await.map_err(|e| refused(node, e))?;
        let (output, signer) = self.open_reply(node, contract, &envelope, &question, &reply)?;
        verify::answer(self.chain(), contract, signer, &reply, self.max_block_age()).await?;
        Ok(Answer {
            outcome: Outcome::from(&output),
            gas_used: output.gas_used,
            block: reply.block_number,
            state_head: reply.state_head,
            epoch: reply.epoch,
            signer,
        })
    }

    fn open_reply(
        &self,
        node: &NodeApi,
        contract: Address,
        envelope: &[u8],
        question: &Plaintext,
        reply: &QueryReply,
    ) -> Result<(Output, Address)> {
        let context = reply.context(self.network(), contract, envelope);
        let output = reply
            .decrypt(&question.reply_key, context)
            .map_err(|_| Error::ForeignAnswer { node: node.url().into() })?;
        let signer = sign::recover(reply.digest(context), &reply.signature)
            .map_err(|_| Error::NotAdmitted { signer: Address::ZERO })?;
        Ok((output, signer))
    }
}

/// Asks one node after the other until one gives an answer that holds, or [`ENOUGH`] has passed.
async fn in_turn<'n, N, A, F>(nodes: &'n [N], ask: impl Fn(&'n N) -> F) -> Result<A>
where
    F: Future<Output = Result<A>>,
{
    let mut told: Option<Error> = None;
    let begun = Instant::now();
    for node in nodes {
        if begun.elapsed() > ENOUGH {
            break;
        }
        match ask(node).await {
            Err(error) if error.is_one_nodes() => {
                // What a node said counts for more than that another was silent.
                if told.as_ref().is_none_or(|t| matches!(t, Error::Node(_))) {
                    told = Some(error);
                }
            }
            done => return done,
        }
    }
    Err(told.unwrap_or(Error::NoNodes))
}

/// The enclave's reason where there is one.
fn refused(node: &NodeApi, error: enigma_chain::Error) -> Error {
    match error {
        enigma_chain::Error::NodeRefused { refusal: Some(code), .. } => {
            Error::Refused { node: node.url().into(), refusal: Refusal(code) }
        }
        other => Error::Node(other),
    }
}

#[cfg(test)]
mod tests;
