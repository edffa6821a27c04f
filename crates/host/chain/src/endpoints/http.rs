//! JSON-RPC over HTTP to one endpoint: every request bounded in time, every answer in size, no error with the URL in it.

use std::{task, time::Duration};

use alloy::{
    rpc::json_rpc::{RequestPacket, ResponsePacket},
    transports::{
        TransportError, TransportErrorKind, TransportFut,
        http::reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy},
    },
};
use tower::Service;

/// Largest answer that is read: the logs of a span, as hex. A larger span is asked for in parts.
const LARGEST: usize = 64 << 20;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Silence {
    #[error("does not answer")]
    Unreachable,
    #[error("took too long")]
    TooLate,
    #[error("broke off its answer")]
    BrokenOff,
    #[error("answers with more than is read")]
    TooLarge,
    #[error("answered HTTP status {0}")]
    Status(u16),
    #[error("answered with what is no JSON-RPC")]
    Nonsense,
}

/// The way to one endpoint.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    url: Url,
}

impl Http {
    pub(crate) fn new(url: Url, patience: Duration) -> Option<Self> {
        let client = Client::builder().timeout(patience).redirect(Policy::none()).build().ok()?;
        Some(Self { client, url })
    }

    async fn exchange(self, question: RequestPacket) -> Result<ResponsePacket, Silence> {
        let body = serde_json::to_vec(&question).map_err(|_| Silence::Nonsense)?;
        let post = self.client.post(self.url).header(CONTENT_TYPE, "application/json").body(body);
        let mut response = post
            .send()
            .await
            .map_err(|e| if e.is_timeout() { Silence::TooLate } else { Silence::Unreachable })?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(part) = response
            .chunk()
            .await
            .map_err(|e| if e.is_timeout() { Silence::TooLate } else { Silence::BrokenOff })?
        {
            if answer.len() + part.len() > LARGEST {
                return Err(Silence::TooLarge);
            }
            answer.extend_from_slice(&part);
        }
        // Many say what is wrong in JSON beside the status.
        serde_json::from_slice(&answer).map_err(|_| match status.is_success() {
            true => Silence::Nonsense,
            false => Silence::Status(status.as_u16()),
        })
    }
}

impl Service<RequestPacket> for Http {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Self::Error>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, question: RequestPacket) -> Self::Future {
        let exchange = self.clone().exchange(question);
        Box::pin(async move { exchange.await.map_err(TransportErrorKind::custom) })
    }
}
