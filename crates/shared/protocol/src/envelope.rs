//! What a client encrypts to a contract and an epoch (identity-based), and what an enclave opens.

use alloy_primitives::{Address, B256};
use enigma_crypto::{Error, aead, ibe};
use enigma_primitives::{
    Secret,
    codec::{Decode, DecodeError, Encode, Reader, Writer},
    tags,
};

use crate::{input::Kind, network::ERA, query::ReaderProof, relayed::Authorisation, state::zero_fill};

/// The only version of envelopes.
pub const VERSION: u8 = 1;
/// Bytes in front of the ciphertext.
pub const HEADER: usize = 1 + 4 + 8 + 96 + 24;
/// Smallest envelope: header, one class of plaintext, tag.
pub const SMALLEST: usize = HEADER + 128 + 16;
/// Largest envelope.
pub const LARGEST: usize = 65_536;

/// What the envelope is bound to: changing one of these makes it not open.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Task, deploy or query.
    pub kind: Kind,
    /// The network.
    pub network: B256,
    /// The secret contract.
    pub contract: Address,
    /// Epoch of the input key.
    pub epoch: u64,
    /// Who calls the Enigma contract.
    pub sender: Address,
    /// Word of a forwarding contract.
    pub on_behalf_of: B256,
}

impl Binding {
    fn associated_data(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.raw(tags::ENVELOPE.bytes())
            .put(&self.kind)
            .put(&self.network)
            .put(&self.contract)
            .u64(self.epoch)
            .put(&self.sender)
            .put(&self.on_behalf_of);
        w.finish()
    }
}

/// An envelope taken apart, nothing of it believed yet.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Epoch of the input key.
    pub epoch: u64,
    /// The KEM's point.
    pub u: [u8; 96],
    /// The cipher's nonce; fresh for every envelope, and what a view key derives its reply key from.
    pub nonce: [u8; 24],
    ciphertext: &'a [u8],
}

/// What is inside.
pub struct Plaintext {
    /// Encrypts the output; fresh for every envelope.
    pub reply_key: Secret<[u8; 32]>,
    /// Unix seconds after which the task must not run; 0: never, which a query may not say.
    pub expiry: u64,
    /// On whose behalf this is.
    pub claim: Claim,
    /// Calldata, or what follows a deploy's clear code.
    pub body: Secret<Vec<u8>>,
}

/// Who says that this is on their behalf, and the proof of it.
#[derive(Default)]
pub enum Claim {
    /// Nobody but who sends it; a query then reads for nobody in particular.
    #[default]
    None,
    /// An account reads; queries only.
    Reader(ReaderProof),
    /// An account asks for the nonce of its next relayed task; queries without a body only.
    Account(ReaderProof),
    /// An account lets the sender relay this task; tasks only.
    Relayed(Authorisation),
}

impl Claim {
    /// The proof of who reads.
    pub const fn reader(&self) -> Option<&ReaderProof> {
        match self {
            Self::Reader(proof) | Self::Account(proof) => Some(proof),
            Self::None | Self::Relayed(_) => None,
        }
    }

    /// The proof of who reads, to be changed.
    pub const fn reader_mut(&mut self) -> Option<&mut ReaderProof> {
        match self {
            Self::Reader(proof) | Self::Account(proof) => Some(proof),
            Self::None | Self::Relayed(_) => None,
        }
    }

    /// Whether an envelope of `kind` with this body may carry it.
    const fn suits(&self, kind: Kind, body: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Reader(_) => matches!(kind, Kind::Query),
            Self::Account(_) => matches!(kind, Kind::Query) && body.is_empty(),
            Self::Relayed(_) => matches!(kind, Kind::Task),
        }
    }
}

impl Encode for Claim {
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::None => w.u8(0),
            Self::Reader(proof) => w.u8(1).put(proof),
            Self::Account(proof) => w.u8(2).put(proof),
            Self::Relayed(authorisation) => w.u8(3).put(authorisation),
        };
    }
}

impl Decode for Claim {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match r.u8()? {
            0 => Self::None,
            1 => Self::Reader(r.get()?),
            2 => Self::Account(r.get()?),
            3 => Self::Relayed(r.get()?),
            tag => return Err(DecodeError::UnknownTag { what: "claim", tag: tag.into() }),
        })
    }
}

/// The envelope does not open, for a reason that its sender answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the envelope does not open: expected version 1, this era and epoch, a valid point and an intact ciphertext"
)]
pub struct Unopened;

impl<'a> Envelope<'a> {
    /// Takes the bytes apart.
    ///
    /// # Errors
    /// [`Unopened`] if they cannot be an envelope of this version and era.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Unopened> {
        let mut r = Reader::new(bytes);
        let version = r.u8().map_err(|_| Unopened)?;
        let era = r.u32().map_err(|_| Unopened)?;
        if version != VERSION || era != ERA || bytes.len() > LARGEST {
            return Err(Unopened);
        }
        Ok(Self {
            epoch: r.u64().map_err(|_| Unopened)?,
            u: r.array().map_err(|_| Unopened)?,
            nonce: r.array().map_err(|_| Unopened)?,
            ciphertext: r.rest(),
        })
    }

    /// Opens with the KEM's key.
    ///
    /// # Errors
    /// [`Unopened`] if the ciphertext, the binding or the plaintext's form is not right.
    pub fn open(&self, key: &Secret<[u8; 32]>, binding: &Binding) -> Result<Plaintext, Unopened> {
        if self.epoch != binding.epoch {
            return Err(Unopened);
        }
        let plaintext = aead::open_envelope(key, &self.nonce, &binding.associated_data(), self.ciphertext)
            .map_err(|_| Unopened)?;
        plaintext.expose(|bytes| Plaintext::decode(bytes, binding.kind)).ok_or(Unopened)
    }
}

/// Seals `plaintext` in a session of (contract, epoch, sender); `nonce` is fresh.
///
/// # Errors
/// Only for absurd lengths (gibibytes).
pub fn seal(
    session: &ibe::Session,
    nonce: [u8; 24],
    plaintext: &Plaintext,
    binding: &Binding,
) -> Result<Vec<u8>, Error> {
    let padded = Secret::new(zero_fill(plaintext.encode()));
    let ciphertext =
        padded.expose(|p| aead::seal_envelope(&session.key, &nonce, &binding.associated_data(), p))?;
    let mut w = Writer::new();
    w.u8(VERSION).u32(ERA).u64(binding.epoch).raw(&session.u).raw(&nonce).raw(&ciphertext);
    Ok(w.finish())
}

impl Plaintext {
    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.reply_key.expose(|key| {
            w.raw(key);
        });
        w.u64(self.expiry).put(&self.claim);
        self.body.expose(|body| {
            w.bytes(body);
        });
        w.finish()
    }

    fn decode(bytes: &[u8], kind: Kind) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let reply_key = Secret::new(r.array().ok()?);
        let expiry = r.u64().ok()?;
        let claim: Claim = r.get().ok()?;
        let body = r.bytes(LARGEST).ok()?;
        if !claim.suits(kind, body) {
            return None;
        }
        let body = Secret::new(body.to_vec());
        r.rest().iter().all(|&b| b == 0).then_some(Self { reply_key, expiry, claim, body })
    }
}
