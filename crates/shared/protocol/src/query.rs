//! Private reads: who may read, what is asked, what comes back. Queries never touch the chain.

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::{Error, aead::SingleUseKey, kdf, sign};
use enigma_primitives::{
    Secret,
    codec::{Decode, DecodeError, Encode, Reader, Writer},
    tags,
};

use crate::{
    door::MAX_SEALED,
    envelope::{self, Plaintext},
    fees,
    hash::Words,
    output::{EncryptedOutput, Output},
    receipt::typed,
    state::NotOpened,
    wire::{Blob, record},
};

/// Longest time from the enclave's newest block to a query's expiry, seconds.
pub const LIFETIME: u64 = 600;
/// Longest time from the enclave's newest block to the expiry of an authorisation, seconds.
pub const AUTHORISATION_LIFETIME: u64 = 30 * 86_400;
/// Gas of every query: what a task may ask for at most.
pub const GAS: u64 = fees::MAX_GAS_LIMIT;

const AUTHORISATION_TYPE: &str = "ReadAuthorisation(bytes32 network,address secretContract,address account,address sessionKey,uint64 expiry)";

record! {
    /// A question for a worker that holds the keys.
    pub struct QueryRequest {
        /// The secret contract.
        pub contract: Address,
        /// An envelope of kind query.
        pub envelope: Blob<{ envelope::LARGEST }>,
    }
}

record! {
    /// An enclave's answer: only who asked can read it, and what it is an answer to is signed.
    pub struct QueryReply {
        /// The epoch in whose group the enclave is: that of the block after `block_number`.
        pub epoch: u64,
        /// State head that was read.
        pub state_head: B256,
        /// The enclave's newest block.
        pub block_number: u64,
        /// Its hash.
        pub block_hash: B256,
        /// Makes the key of this answer its own, should the same envelope be answered twice.
        pub salt: B256,
        /// The encrypted output.
        pub output: Blob<MAX_SEALED>,
        /// By the enclave's signing key.
        pub signature: [u8; 65],
    }
}

impl QueryReply {
    /// What the answer to `envelope` is bound to.
    pub fn context(&self, network: B256, contract: Address, envelope: &[u8]) -> B256 {
        Words::tagged(tags::QUERY_CONTEXT)
            .word(network)
            .address(contract)
            .word(keccak256(envelope))
            .word(self.state_head)
            .int(self.block_number)
            .word(self.block_hash)
            .word(self.salt)
            .hash()
    }

    /// What the enclave signs.
    pub fn digest(&self, context: B256) -> B256 {
        Words::tagged(tags::QUERY_REPLY).word(context).int(self.epoch).word(keccak256(&self.output.0)).hash()
    }

    /// Decrypts for the holder of the query's reply key.
    ///
    /// # Errors
    /// [`NotOpened`]: other bytes, another key, or an answer to something else.
    pub fn decrypt(&self, reply_key: &Secret<[u8; 32]>, context: B256) -> Result<Output, NotOpened> {
        Output::open(single_use(reply_key, context), context, &self.output.0)
    }
}

/// Encrypts the output of a query.
///
/// # Errors
/// Only for absurd lengths (gibibytes).
pub fn encrypt(
    output: &Output,
    reply_key: &Secret<[u8; 32]>,
    context: B256,
) -> Result<EncryptedOutput, Error> {
    output.seal(single_use(reply_key, context), context)
}

fn single_use(reply_key: &Secret<[u8; 32]>, context: B256) -> SingleUseKey {
    kdf::derive_single_use(tags::QUERY_OUTPUT, reply_key, context.as_slice())
}

/// Proves on whose behalf a query reads. Known to its sender and to the enclave that opens it; it shows itself to nobody.
pub struct ReaderProof {
    /// `msg.sender` of the query.
    pub account: Address,
    /// Unix seconds until which the account lets the session key read.
    pub authorisation_expiry: u64,
    /// Address of the key that signs this session's queries.
    pub session_key: Address,
    /// By the account, over [`authorisation_digest`].
    pub authorisation: [u8; 65],
    /// By the session key, over [`session_digest`].
    pub session_signature: [u8; 65],
}

impl Encode for ReaderProof {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.account)
            .u64(self.authorisation_expiry)
            .put(&self.session_key)
            .raw(&self.authorisation)
            .raw(&self.session_signature);
    }
}

impl Decode for ReaderProof {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            account: r.get()?,
            authorisation_expiry: r.u64()?,
            session_key: r.get()?,
            authorisation: r.array()?,
            session_signature: r.array()?,
        })
    }
}

/// Which query of which network a proof is judged for.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// EIP-712 domain of the Enigma contract.
    pub domain: B256,
    /// The network.
    pub network: B256,
    /// The secret contract.
    pub contract: Address,
    /// Epoch of the envelope.
    pub epoch: u64,
    /// Timestamp of the enclave's newest block, unix seconds.
    pub now: u64,
}

/// Why nobody may be read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The query or its authorisation is over, or would live too long.
    #[error("the query or its authorisation has expired, or is valid for longer than allowed")]
    Expired,
    /// A signature is not what it should be.
    #[error("the query is not signed by a session key that the account authorised for this contract")]
    NotAuthorised,
}

/// The account on whose behalf an opened query reads: zero if it proves none.
///
/// # Errors
/// [`Unread`].
pub fn reader(place: &Place, plaintext: &Plaintext) -> Result<Address, Unread> {
    let lives = |expiry: u64, most: u64| (place.now..=place.now.saturating_add(most)).contains(&expiry);
    if !lives(plaintext.expiry, LIFETIME) {
        return Err(Unread::Expired);
    }
    let Some(proof) = plaintext.claim.reader() else { return Ok(Address::ZERO) };
    if !lives(proof.authorisation_expiry, AUTHORISATION_LIFETIME) {
        return Err(Unread::Expired);
    }
    let signed = |digest, signature, by| sign::recover(digest, signature).is_ok_and(|signer| signer == by);
    let (account, session_key) = (proof.account, proof.session_key);
    let authorised = authorisation_digest(
        place.domain,
        place.network,
        place.contract,
        account,
        session_key,
        proof.authorisation_expiry,
    );
    let asked = session_digest(place.network, place.contract, account, place.epoch, plaintext);
    if signed(authorised, &proof.authorisation, account)
        && signed(asked, &proof.session_signature, session_key)
    {
        Ok(account)
    } else {
        Err(Unread::NotAuthorised)
    }
}

/// What an account signs (EIP-712) to let `session_key` read on its behalf in one contract.
pub fn authorisation_digest(
    domain: B256,
    network: B256,
    contract: Address,
    account: Address,
    session_key: Address,
    expiry: u64,
) -> B256 {
    let message = Words::starting(keccak256(AUTHORISATION_TYPE))
        .word(network)
        .address(contract)
        .address(account)
        .address(session_key)
        .int(expiry)
        .hash();
    typed(domain, message)
}

/// What a session key signs of one query: nobody else can put the authorisation into a query of their own.
pub fn session_digest(
    network: B256,
    contract: Address,
    account: Address,
    epoch: u64,
    plaintext: &Plaintext,
) -> B256 {
    Words::tagged(tags::QUERY)
        .word(network)
        .address(contract)
        .address(account)
        .int(epoch)
        .int(plaintext.expiry)
        .word(plaintext.reply_key.expose(|key| keccak256(key)))
        .word(plaintext.body.expose(|body| keccak256(body)))
        .hash()
}
