//! Relayed tasks: an account signs what shall be done, somebody else sends it and pays.
//!
//! The authorisation travels inside the envelope: nobody but the enclave sees whose task it is.

use alloy_primitives::{Address, B256, U256, keccak256};
use enigma_crypto::sign;
use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};

use crate::{envelope::Plaintext, hash::Words, input::Kind, receipt::typed};

/// Seconds from now to a relayed task's expiry that clients set unless told otherwise.
pub const LIFETIME: u64 = 3_600;

const AUTHORISATION_TYPE: &str = "TaskAuthorisation(bytes32 network,address secretContract,uint8 kind,address account,uint64 nonce,uint64 minGas,uint256 value,uint64 expiry,bytes32 calldataHash,bytes32 replyKeyHash)";

/// An account's word for one task. Known to who made it and to the enclave that opens it; it shows itself to nobody.
pub struct Authorisation {
    /// `msg.sender` of the task.
    pub account: Address,
    /// How many relayed tasks of the account the contract has seen before.
    pub nonce: u64,
    /// The least gas limit that the relayer must give.
    pub min_gas: u64,
    /// Wei that the relayer must send along, exactly.
    pub value: U256,
    /// By the account, over [`digest`].
    pub signature: [u8; 65],
}

impl Encode for Authorisation {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.account).u64(self.nonce).u64(self.min_gas).put(&self.value).raw(&self.signature);
    }
}

impl Decode for Authorisation {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            account: r.get()?,
            nonce: r.u64()?,
            min_gas: r.u64()?,
            value: r.get()?,
            signature: r.array()?,
        })
    }
}

/// Which contract of which network an authorisation is for.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// EIP-712 domain of the Enigma contract.
    pub domain: B256,
    /// The network.
    pub network: B256,
    /// The secret contract.
    pub contract: Address,
}

/// What the relayer gave, as the chain has it.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// Wei sent along.
    pub value: U256,
    /// Bound on gas inside.
    pub gas_limit: u64,
}

/// Why a relayed task does not run. The author learns it, nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorised {
    /// The signature is not the account's.
    Signature,
    /// The relayer sent another value.
    Value,
    /// The relayer gave less gas.
    Gas,
    /// Another nonce is due: a task that ran before, or one that must wait for others.
    Nonce {
        /// The account's nonce in the sealed world.
        expected: u64,
    },
}

impl Unauthorised {
    /// The data of the output: one byte, the reason; the nonce that is due after a wrong one.
    pub fn data(&self) -> Vec<u8> {
        match self {
            Self::Signature => vec![1],
            Self::Value => vec![2],
            Self::Gas => vec![3],
            Self::Nonce { expected } => [&[4][..], &expected.to_be_bytes()].concat(),
        }
    }

    /// What [`Unauthorised::data`] says.
    pub fn from_data(data: &[u8]) -> Option<Self> {
        match data {
            [1] => Some(Self::Signature),
            [2] => Some(Self::Value),
            [3] => Some(Self::Gas),
            [4, expected @ ..] => {
                Some(Self::Nonce { expected: u64::from_be_bytes(expected.try_into().ok()?) })
            }
            _ => None,
        }
    }
}

/// What the account signs (EIP-712): the authorisation's fields but the signature, and of the plaintext all but the claim.
pub fn digest(place: &Place, authorisation: &Authorisation, plaintext: &Plaintext) -> B256 {
    let message = Words::starting(keccak256(AUTHORISATION_TYPE))
        .word(place.network)
        .address(place.contract)
        .int(Kind::Task as u8)
        .address(authorisation.account)
        .int(authorisation.nonce)
        .int(authorisation.min_gas)
        .int(authorisation.value)
        .int(plaintext.expiry)
        .word(plaintext.body.expose(|body| keccak256(body)))
        .word(plaintext.reply_key.expose(|key| keccak256(key)))
        .hash();
    typed(place.domain, message)
}

/// Whether the task may run as its author's. `nonce` gives an account's nonce; it is asked last, so only the account's own
/// signature learns it.
///
/// # Errors
/// [`Unauthorised`].
pub fn judge(
    place: &Place,
    authorisation: &Authorisation,
    plaintext: &Plaintext,
    given: Given,
    nonce: impl FnOnce(Address) -> u64,
) -> Result<(), Unauthorised> {
    let digest = digest(place, authorisation, plaintext);
    if sign::recover(digest, &authorisation.signature) != Ok(authorisation.account) {
        return Err(Unauthorised::Signature);
    }
    if authorisation.value != given.value {
        return Err(Unauthorised::Value);
    }
    if given.gas_limit < authorisation.min_gas {
        return Err(Unauthorised::Gas);
    }
    let expected = nonce(authorisation.account);
    // The last number has none after it, so it is never spent.
    if authorisation.nonce != expected || expected == u64::MAX {
        return Err(Unauthorised::Nonce { expected });
    }
    Ok(())
}
