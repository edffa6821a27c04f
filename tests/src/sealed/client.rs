//! A client: encrypts to a contract and an epoch, decrypts what comes back.

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::{bls::PublicKey, ibe::Session};
use enigma_primitives::Secret;
use enigma_protocol::{
    envelope::{self, Binding, Claim, Plaintext},
    input::Kind,
    network::{ERA, key_message},
};

use super::entropy::Entropy;

/// A client with an Ethereum address.
#[derive(Clone, Debug)]
pub struct Client {
    /// Who calls the Enigma contract.
    pub address: Address,
    public_key: PublicKey,
    network: B256,
    entropy: Entropy,
}

/// A sealed envelope and what its sender keeps.
#[derive(Debug)]
pub struct Letter {
    /// For the chain.
    pub envelope: Vec<u8>,
    /// Opens the output.
    pub reply_key: Secret<[u8; 32]>,
}

impl Client {
    /// A client of this name, who pins the network and its key.
    pub fn new(name: &str, network: B256, public_key: PublicKey) -> Self {
        Self {
            address: Address::from_word(keccak256(name)),
            public_key,
            network,
            entropy: Entropy::new(name),
        }
    }

    /// What an honest envelope of this client is bound to.
    pub const fn binding(&self, kind: Kind, contract: Address, epoch: u64) -> Binding {
        Binding {
            kind,
            network: self.network,
            contract,
            epoch,
            sender: self.address,
            on_behalf_of: B256::ZERO,
        }
    }

    /// A new session with (contract, epoch).
    pub fn session(&mut self, contract: Address, epoch: u64) -> Session {
        let message = key_message(self.network, ERA, contract, epoch);
        Session::for_input(&self.entropy.scalar(), &self.public_key, &message)
    }

    /// Seals `body` in an envelope that is honest if the binding is.
    pub fn seal(&mut self, binding: &Binding, body: &[u8]) -> Letter {
        self.seal_until(binding, body, 0)
    }

    /// The same with an expiry, unix seconds.
    ///
    /// # Panics
    /// Never: the body is small.
    pub fn seal_until(&mut self, binding: &Binding, body: &[u8], expiry: u64) -> Letter {
        let session = self.session(binding.contract, binding.epoch);
        let reply_key = self.entropy.word();
        let plaintext = Plaintext {
            reply_key: Secret::from_bytes(reply_key),
            expiry,
            claim: Claim::None,
            body: Secret::new(body.to_vec()),
        };
        let envelope =
            envelope::seal(&session, self.entropy.bytes(), &plaintext, binding).expect("a small body");
        Letter { envelope, reply_key: Secret::from_bytes(reply_key) }
    }
}
