//! Local accounts: the mnemonic that every local chain funds. Never use it for anything of value.

pub use alloy::signers::local::PrivateKeySigner;
use alloy::signers::local::{MnemonicBuilder, coins_bip39::English};
use alloy_primitives::Address;

use crate::{Error, Result};

/// The well-known mnemonic of local chains.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";
/// Accounts that are the users'.
pub const USERS: u32 = 10;
/// The deployer of a local network.
pub const DEPLOYER: u32 = 10;
/// First operator of a worker.
pub const FIRST_WORKER: u32 = 11;
/// First operator of a key node.
pub const FIRST_KEY_NODE: u32 = 40;
/// Accounts that a local chain funds.
pub const FUNDED: u32 = 64;

/// Account `index` of the mnemonic.
///
/// # Errors
/// None for indices below 2^31.
pub fn local(index: u32) -> Result<PrivateKeySigner> {
    MnemonicBuilder::<English>::default()
        .phrase(MNEMONIC)
        .index(index)
        .and_then(|builder| builder.build())
        .map_err(|e| Error::Key(e.to_string()))
}

/// Address of account `index` of the mnemonic.
///
/// # Errors
/// As [`local`].
pub fn local_address(index: u32) -> Result<Address> {
    local(index).map(|signer| signer.address())
}

/// A key from hex.
///
/// # Errors
/// Not 32 bytes of hex, or no valid key.
pub fn from_hex(hex: &str) -> Result<PrivateKeySigner> {
    hex.trim().parse().map_err(|_| Error::Key("expected 32 bytes of hex".into()))
}

/// A key as hex, for an operator's key file.
pub fn to_hex(signer: &PrivateKeySigner) -> String {
    alloy_primitives::hex::encode(signer.to_bytes())
}
