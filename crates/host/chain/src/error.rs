//! What went wrong between us and the chain.

use alloy::{
    contract::Error as ContractError,
    sol_types::{SolError, SolInterface},
    transports::{RpcError, TransportErrorKind},
};
use alloy_primitives::Bytes;

use crate::bindings::Enigma;

/// Characters of a stranger's message that are passed on.
pub(crate) const MESSAGE: usize = 200;

/// Everything that can fail here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No endpoint answers, or none sensibly. Names each, without its credentials.
    #[error("the chain's RPC failed: {0}; is the chain running?")]
    Rpc(String),
    /// An endpoint answered with an error that is no contract's.
    #[error("the chain's RPC {endpoint} refused: {message} ({code})")]
    RpcRefused {
        /// Which; without its credentials.
        endpoint: String,
        /// JSON-RPC's code.
        code: i64,
        /// What it said, shortened.
        message: String,
    },
    /// An endpoint answered with what cannot be true.
    #[error("the chain's RPC {endpoint} answered with {what}")]
    Untrue {
        /// Which; without its credentials.
        endpoint: String,
        /// What it answered with.
        what: &'static str,
    },
    /// No endpoint has this block.
    #[error("the chain has no block {0} yet, or no more")]
    NoBlock(u64),
    /// The chain changed below a block again and again while its events were read.
    #[error("the chain was reorganised at block {0} while its events were read; read them again")]
    Reorganised(u64),
    /// A contract refused a call.
    #[error("the contract refused: {name}")]
    Reverted {
        /// Its error, by name where it is known.
        name: String,
        /// The revert data.
        data: Bytes,
    },
    /// A transaction was mined and failed, or was not mined in time.
    #[error("transaction {hash} {what}")]
    Transaction {
        /// Its hash.
        hash: alloy_primitives::B256,
        /// What happened to it.
        what: &'static str,
    },
    /// An endpoint contradicts itself; [`Error::Untrue`] where it is known which.
    #[error("the chain's RPC answered with {0}")]
    Inconsistent(&'static str),
    /// A private key.
    #[error("unusable private key: {0}")]
    Key(String),
    /// A node of the network does not answer, or not sensibly.
    #[error("the node at {url} {what}")]
    Node {
        /// Its API.
        url: String,
        /// What it does instead.
        what: String,
    },
    /// A node of the network answered with an error.
    #[error("the node at {url} refused: {message} ({code})")]
    NodeRefused {
        /// Its API.
        url: String,
        /// JSON-RPC's code.
        code: i64,
        /// Why the enclave refused a query (`protocol::door::Code`); 0: no worker could be asked.
        refusal: Option<u16>,
        /// What it said, shortened.
        message: String,
    },
}

impl Error {
    /// Whether a contract refused with the error called `name`, whatever its arguments.
    pub fn is_refusal(&self, name: &str) -> bool {
        matches!(self, Self::Reverted { name: n, .. } if n.split([' ', '(']).next() == Some(name))
    }
}

impl From<RpcError<TransportErrorKind>> for Error {
    fn from(error: RpcError<TransportErrorKind>) -> Self {
        match error {
            RpcError::ErrorResp(answer) => match answer.as_revert_data() {
                Some(data) => Self::reverted(data),
                None => Self::RpcRefused {
                    endpoint: String::new(),
                    code: answer.code,
                    message: printable(&answer.message),
                },
            },
            // Their own words would quote the answer, of any length.
            RpcError::DeserError { .. } | RpcError::NullResp => {
                Self::Rpc("answered with what is no answer to the question".into())
            }
            other => Self::Rpc(printable(&other.to_string())),
        }
    }
}

impl From<ContractError> for Error {
    fn from(error: ContractError) -> Self {
        match (error.as_revert_data(), error) {
            (Some(data), _) => Self::reverted(data),
            (None, ContractError::TransportError(e)) => e.into(),
            (None, other) => Self::Rpc(other.to_string()),
        }
    }
}

impl Error {
    pub(crate) fn reverted(data: Bytes) -> Self {
        Self::Reverted { name: contract_error_name(&data), data }
    }

    /// The same, with the endpoint that it is about.
    pub(crate) fn at(self, name: &str) -> Self {
        match self {
            Self::Rpc(what) => Self::Rpc(format!("{name} {what}")),
            Self::RpcRefused { code, message, .. } => {
                Self::RpcRefused { endpoint: name.into(), code, message }
            }
            Self::Inconsistent(what) => Self::Untrue { endpoint: name.into(), what },
            other => other,
        }
    }
}

/// A stranger's words, fit for a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MESSAGE).collect()
}

/// The name of a revert: an error of the Enigma contract with its arguments, a reason string, a panic, or hex.
pub fn contract_error_name(data: &[u8]) -> String {
    if let Ok(error) = Enigma::EnigmaErrors::abi_decode(data) {
        return format!("{error:?}")
            .trim_start_matches(|c: char| c != '(')
            .trim_start_matches('(')
            .trim_end_matches(')')
            .to_owned();
    }
    if let Ok(revert) = alloy::sol_types::Revert::abi_decode(data) {
        return revert.reason;
    }
    if let Ok(panic) = alloy::sol_types::Panic::abi_decode(data) {
        return panic.to_string();
    }
    if data.is_empty() {
        "without a reason".into()
    } else {
        format!("0x{}", alloy_primitives::hex::encode(data))
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::aliases::U40;

    use super::*;

    #[test]
    fn a_refusal_is_known_by_its_name_with_or_without_arguments() {
        let plain = Error::reverted(Enigma::UnknownContract {}.abi_encode().into());
        assert!(plain.is_refusal("UnknownContract") && !plain.is_refusal("Unknown"), "{plain}");
        let with = Error::reverted(Enigma::WrongBeaconEpoch { due: U40::from(7) }.abi_encode().into());
        assert!(with.is_refusal("WrongBeaconEpoch") && !with.is_refusal("WrongBeacon"), "{with}");
        assert!(with.to_string().contains("due: 7"), "{with}");
        assert!(!Error::reverted(vec![1, 2, 3].into()).is_refusal("UnknownContract"));
    }
}
