//! JSON-RPC 2.0: requests and batches in, replies out. Knows no method.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    Failure,
    params::{AtMost, Params},
};

/// Most requests in a batch.
pub(crate) const BATCH: usize = 20;

/// Whoever answers requests.
pub(crate) trait Caller {
    /// Whether one more request is within the caller's limits.
    fn admits(&self) -> bool;
    /// Calls a method.
    async fn call(&self, method: &str, params: &Params<'_>) -> Result<Box<RawValue>, Failure>;
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    /// Without one it is a notification; `null` is one.
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Serialize)]
struct Reply<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    id: Option<&'a RawValue>,
}

impl<'a> Reply<'a> {
    fn new(id: Option<&'a RawValue>, outcome: Result<Box<RawValue>, Failure>) -> Self {
        let (result, error) = match outcome {
            Ok(result) => (Some(result), None),
            Err(failure) => (None, Some(failure)),
        };
        Self { jsonrpc: "2.0", result, error, id }
    }
}

/// Answers a request or a batch. `None` if nothing in it waits for an answer.
pub(crate) async fn answer(caller: &impl Caller, bytes: &[u8]) -> Option<String> {
    let whole = std::str::from_utf8(bytes).ok().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    let Some(whole) = whole else { return write(&Reply::new(None, Err(Failure::parse()))) };
    if !whole.get().starts_with('[') {
        return write(&one(caller, whole).await?);
    }
    let batch: Option<AtMost<'_, BATCH>> = serde_json::from_str(whole.get()).ok();
    let Some(AtMost(batch)) = batch.filter(|batch| !batch.0.is_empty()) else {
        return write(&Reply::new(None, Err(Failure::request("expected 1 to 20 requests in a batch"))));
    };
    let mut replies = Vec::with_capacity(batch.len());
    for request in batch {
        replies.extend(one(caller, request).await);
    }
    if replies.is_empty() { None } else { write(&replies) }
}

/// What is told when a caller asks too often.
pub(crate) fn too_many() -> String {
    write(&Reply::new(None, Err(TOO_MANY))).unwrap_or_default()
}

const TOO_MANY: Failure = Failure::limit("too many requests from this address; try again in a second");

async fn one<'a>(caller: &impl Caller, raw: &'a RawValue) -> Option<Reply<'a>> {
    let expected = "expected {\"jsonrpc\": \"2.0\", \"id\": …, \"method\": …, \"params\": …}";
    let request: Request<'a> = match serde_json::from_str(raw.get()) {
        Ok(request) => request,
        Err(_) => return Some(Reply::new(None, Err(Failure::request(expected)))),
    };
    // No method has an effect that nobody waits for, so a notification has nothing to do.
    let id = request.id?;
    let is_id =
        id.get() == "null" || id.get().starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
    if !is_id || request.jsonrpc != "2.0" {
        return Some(Reply::new(is_id.then_some(id), Err(Failure::request(expected))));
    }
    if !caller.admits() {
        return Some(Reply::new(Some(id), Err(TOO_MANY)));
    }
    let outcome = match Params::read(request.params) {
        Ok(params) => caller.call(&request.method, &params).await,
        Err(failure) => Err(failure),
    };
    Some(Reply::new(Some(id), outcome))
}

fn write(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// A result as JSON.
pub(crate) fn raw(value: &impl Serialize) -> Result<Box<RawValue>, Failure> {
    to_raw_value(value).map_err(|_| Failure::internal())
}
