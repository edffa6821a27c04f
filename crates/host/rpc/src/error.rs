//! What a request is refused with, and what keeps a server from starting.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("the API cannot listen on {address}: {reason}")]
    Listen {
        /// `address:port`.
        address: String,
        /// What the system said.
        reason: String,
    },
}

/// A JSON-RPC error. Messages say what was expected and repeat nothing of what came.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    code: i32,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Failure {
    const fn new(code: i32, message: &'static str) -> Self {
        Self { code, message: Cow::Borrowed(message), data: None }
    }

    pub(crate) const fn parse() -> Self {
        Self::new(-32700, "expected JSON")
    }

    pub(crate) const fn request(expected: &'static str) -> Self {
        Self::new(-32600, expected)
    }

    pub(crate) const fn method() -> Self {
        Self::new(-32601, "no such method; docs/rpc.md lists them")
    }

    /// The parameters are not what the method takes.
    pub fn params(expected: impl Into<Cow<'static, str>>) -> Self {
        Self { code: -32602, message: expected.into(), data: None }
    }

    /// The node could not do what it should; the reason is in its log.
    pub const fn internal() -> Self {
        Self::new(-32603, "the node could not answer; its log says why")
    }

    /// There is no such thing.
    pub const fn not_found(what: &'static str) -> Self {
        Self::new(-32000, what)
    }

    /// A query was refused, with the enclave's code or 0.
    pub fn refused(code: u16) -> Self {
        let message = match code {
            0 => "no worker that holds the keys could be asked",
            _ => "the enclave refused the query; data.code says why",
        };
        Self { code: -32001, message: Cow::Borrowed(message), data: Some(json!({ "code": code })) }
    }

    /// Too much at once.
    pub const fn limit(what: &'static str) -> Self {
        Self::new(-32005, what)
    }

    /// The error's number.
    pub const fn code(&self) -> i32 {
        self.code
    }
}
