//! Reply keys: derived from the account's own signature, so that it reads its results again from the chain alone.

use alloy_primitives::{Address, B256};
use enigma_chain::Sender;
use enigma_primitives::Secret;
use enigma_protocol::view_key::{self, ViewKey};

use crate::Result;

/// Where the reply keys of tasks come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyKeys {
    /// From the account's view key of the contract: it can derive them again, on any machine.
    #[default]
    Recoverable,
    /// Fresh randomness: gone with the process that sent the task.
    Ephemeral,
}

/// The account's view key for one contract. The signature that it comes from is deterministic.
pub(crate) fn view_key(account: &Sender, domain: B256, network: B256, contract: Address) -> Result<ViewKey> {
    let digest = view_key::digest(domain, network, contract, account.address());
    let signature = Secret::from_bytes(account.sign_digest(digest)?);
    Ok(ViewKey::new(&signature, network, contract, account.address()))
}
