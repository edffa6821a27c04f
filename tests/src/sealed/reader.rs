//! Who reads: an account with a key of its own, and the session key that it authorised.

use alloy_primitives::{Address, B256, U256};
use enigma_crypto::{ibe::Session, sign::SigningKey};
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{self, Binding, Claim, Plaintext},
    input::Kind,
    network::Descriptor,
    output::Output,
    query::{QueryReply, ReaderProof, authorisation_digest, session_digest},
    receipt::domain_separator,
    relayed::{self, Authorisation, Place},
};

use super::{
    client::{Client, Letter},
    entropy::Entropy,
};

/// An account and its session key.
#[derive(Debug)]
pub struct Reader {
    account: SigningKey,
    session: SigningKey,
    client: Client,
    descriptor: Descriptor,
    entropy: Entropy,
}

/// A query, every part of it open to a test that wants to spoil it.
pub struct Question {
    /// What the envelope is bound to.
    pub binding: Binding,
    /// Unix seconds.
    pub expiry: u64,
    /// Unix seconds.
    pub authorisation_expiry: u64,
    /// What the authorisation names.
    pub authorised_contract: Address,
    /// Calldata.
    pub calldata: Vec<u8>,
}

/// A task that somebody else is to send.
#[derive(Clone)]
pub struct Relay {
    /// What the envelope is bound to; its sender is the relayer.
    pub binding: Binding,
    /// The account's nonce.
    pub nonce: u64,
    /// The least gas limit.
    pub min_gas: u64,
    /// Wei that must come along.
    pub value: U256,
    /// Unix seconds; 0: none.
    pub expiry: u64,
    /// Calldata.
    pub calldata: Vec<u8>,
}

/// A sealed query and what its sender keeps.
pub struct Query {
    /// For a node.
    pub envelope: Vec<u8>,
    /// Opens the answer.
    pub reply_key: Secret<[u8; 32]>,
}

impl Reader {
    /// The account of this name.
    ///
    /// # Panics
    /// Never: a hash is a key.
    pub fn new(name: &str, descriptor: &Descriptor, client: Client) -> Self {
        let mut entropy = Entropy::new(&format!("reader {name}"));
        let mut key = || SigningKey::from_bytes(&Secret::from_bytes(entropy.word())).expect("a key");
        let (account, session) = (key(), key());
        Self { account, session, client, descriptor: descriptor.clone(), entropy }
    }

    /// The account.
    pub const fn address(&self) -> Address {
        self.account.address()
    }

    /// An honest question at `now`, unix seconds.
    pub fn question(&self, contract: Address, epoch: u64, now: u64, calldata: &[u8]) -> Question {
        let sender = Address::ZERO;
        let binding = Binding { sender, ..self.client.binding(Kind::Query, contract, epoch) };
        Question {
            binding,
            expiry: now + 60,
            authorisation_expiry: now + 3_600,
            authorised_contract: contract,
            calldata: calldata.to_vec(),
        }
    }

    /// Signs and seals.
    pub fn seal(&mut self, question: &Question) -> Query {
        let plaintext = self.plaintext(question);
        self.seal_plaintext(question, plaintext)
    }

    /// Seals without saying who reads.
    pub fn seal_unsigned(&mut self, question: &Question) -> Query {
        let plaintext = Plaintext { claim: Claim::None, ..self.plaintext(question) };
        self.seal_plaintext(question, plaintext)
    }

    /// What an honest reader would put into the envelope.
    pub fn plaintext(&mut self, question: &Question) -> Plaintext {
        let mut plaintext = Plaintext {
            reply_key: Secret::from_bytes(self.entropy.word()),
            expiry: question.expiry,
            claim: Claim::None,
            body: Secret::new(question.calldata.clone()),
        };
        let network = self.descriptor.network();
        let domain = domain_separator(self.descriptor.chain_id, self.descriptor.enigma);
        let (account, session_key) = (self.account.address(), self.session.address());
        let expiry = question.authorisation_expiry;
        let authorised =
            authorisation_digest(domain, network, question.authorised_contract, account, session_key, expiry);
        let (contract, epoch) = (question.binding.contract, question.binding.epoch);
        let asked = session_digest(network, contract, account, epoch, &plaintext);
        plaintext.claim = Claim::Reader(ReaderProof {
            account,
            authorisation_expiry: expiry,
            session_key,
            authorisation: self.account.sign_digest(authorised),
            session_signature: self.session.sign_digest(asked),
        });
        plaintext
    }

    /// Asks for the nonce of its next relayed task.
    pub fn account_question(&mut self, question: &Question) -> Query {
        let mut plaintext = self.plaintext(question);
        if let Claim::Reader(proof) = plaintext.claim {
            plaintext.claim = Claim::Account(proof);
        }
        self.seal_plaintext(question, plaintext)
    }

    /// Signs a task for whom `relay` names as sender, and seals it after `spoil`.
    ///
    /// # Panics
    /// Never: it is small.
    pub fn authorise(&mut self, relay: &Relay, spoil: impl FnOnce(&mut Plaintext)) -> Letter {
        let mut plaintext = Plaintext {
            reply_key: Secret::from_bytes(self.entropy.word()),
            expiry: relay.expiry,
            claim: Claim::None,
            body: Secret::new(relay.calldata.clone()),
        };
        let place = Place {
            domain: domain_separator(self.descriptor.chain_id, self.descriptor.enigma),
            network: self.descriptor.network(),
            contract: relay.binding.contract,
        };
        let mut authorisation = Authorisation {
            account: self.address(),
            nonce: relay.nonce,
            min_gas: relay.min_gas,
            value: relay.value,
            signature: [0; 65],
        };
        let digest = relayed::digest(&place, &authorisation, &plaintext);
        authorisation.signature = self.account.sign_digest(digest);
        plaintext.claim = Claim::Relayed(authorisation);
        spoil(&mut plaintext);
        let session = self.client.session(relay.binding.contract, relay.binding.epoch);
        let envelope =
            envelope::seal(&session, self.entropy.bytes(), &plaintext, &relay.binding).expect("short");
        Letter { envelope, reply_key: plaintext.reply_key }
    }

    /// Seals whatever this is.
    ///
    /// # Panics
    /// Never: it is small.
    pub fn seal_plaintext(&mut self, question: &Question, plaintext: Plaintext) -> Query {
        let session: Session = self.client.session(question.binding.contract, question.binding.epoch);
        let nonce = self.entropy.bytes();
        let envelope = envelope::seal(&session, nonce, &plaintext, &question.binding).expect("short");
        Query { envelope, reply_key: plaintext.reply_key }
    }
}

impl Query {
    /// Decrypts an answer as its sender would.
    ///
    /// # Errors
    /// It is no answer to this.
    pub fn read(
        &self,
        network: B256,
        contract: Address,
        reply: &QueryReply,
    ) -> Result<Output, enigma_protocol::state::NotOpened> {
        reply.decrypt(&self.reply_key, reply.context(network, contract, &self.envelope))
    }
}
