//! Reply keys that an account can derive again, so that it reads its results from the chain alone, on any machine.
//!
//! The client's choice: to an enclave a reply key is 32 bytes. Whoever holds the account's signature reads its results in
//! that one contract, so it is a key of its own and never leaves the client.

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::kdf;
use enigma_primitives::{Secret, codec::Writer, tags};

use crate::{hash::Words, receipt::typed};

/// What the wallet shows to who is asked to sign.
pub const NOTICE: &str = "Whoever holds this signature can read my results in this secret contract. \
Sign only where you use it.";

const TYPE: &str = "ViewKey(bytes32 network,address secretContract,address account,string notice)";

/// What an account signs (EIP-712) to make its view key for one contract.
pub fn digest(domain: B256, network: B256, contract: Address, account: Address) -> B256 {
    let message = Words::starting(keccak256(TYPE))
        .word(network)
        .address(contract)
        .address(account)
        .word(keccak256(NOTICE))
        .hash();
    typed(domain, message)
}

/// An account's view key for one contract.
pub struct ViewKey(Secret<[u8; 32]>);

impl ViewKey {
    /// From the account's signature of [`digest`]. Its last byte, `v`, has several forms and does not count.
    pub fn new(signature: &Secret<[u8; 65]>, network: B256, contract: Address, account: Address) -> Self {
        let mut context = Writer::new();
        context.put(&network).put(&contract).put(&account);
        let scalars = signature.expose(|s| Secret::new(s.iter().take(64).copied().collect::<Vec<u8>>()));
        Self(kdf::derive(tags::VIEW_KEY, &scalars, &context.finish()))
    }

    /// The reply key of the account's envelope with this nonce.
    pub fn reply_key(&self, nonce: &[u8; 24]) -> Secret<[u8; 32]> {
        kdf::derive(tags::REPLY_KEY, &self.0, nonce)
    }
}
