//! A node's JSON-RPC (`docs/rpc.md`), as far as clients need it: queries. Nothing it says is believed here.

use std::time::Duration;

use alloy::transports::http::reqwest::{Client, Response, Url, header::CONTENT_TYPE, redirect::Policy};
use alloy_primitives::{Address, B256, Bytes, hex};
use enigma_protocol::query::QueryReply;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, Result, error::printable};

/// Largest answer that is read: hex of the largest output, and room for the rest of it.
const LARGEST: usize = 4 << 20;

/// The API of one node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct NodeApi {
    url: Url,
    http: Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    epoch: u64,
    state_head: B256,
    block_number: u64,
    block_hash: B256,
    salt: B256,
    output: Bytes,
    signature: Bytes,
}

impl NodeApi {
    /// How long a node may take: it gives up a worker after 10 seconds, and the next one may have to fetch keys first.
    pub const PATIENCE: Duration = Duration::from_secs(15);

    /// The node whose API is at `url`; nothing is asked yet.
    ///
    /// # Errors
    /// The URL is none of HTTP.
    pub fn new(url: &str) -> Result<Self> {
        let wrong = || Error::Node { url: url.into(), what: "is no URL that starts with http".into() };
        let parsed: Url = url.parse().map_err(|_| wrong())?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong());
        }
        let http = Client::builder().timeout(Self::PATIENCE).redirect(Policy::none()).build();
        Ok(Self { url: parsed, http: http.map_err(|_| wrong())? })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Asks for an answer to an encrypted query.
    ///
    /// # Errors
    /// [`Error::Node`], [`Error::NodeRefused`].
    pub async fn query(&self, contract: Address, envelope: &[u8]) -> Result<QueryReply> {
        let result = self.call("enigma_query", json!([contract, hex::encode_prefixed(envelope)])).await?;
        let nonsense = || self.failed("answered with what is no reply to a query");
        let reply: Reply = serde_json::from_value(result).map_err(|_| nonsense())?;
        Ok(QueryReply {
            epoch: reply.epoch,
            state_head: reply.state_head,
            block_number: reply.block_number,
            block_hash: reply.block_hash,
            salt: reply.salt,
            output: reply.output.to_vec().into(),
            signature: reply.signature.as_ref().try_into().map_err(|_| nonsense())?,
        })
    }

    /// What `enigma_network` and `enigma_bootstrap` answer, as they are in `docs/rpc.md`: for whoever joins, and checks it.
    ///
    /// # Errors
    /// [`Error::Node`], [`Error::NodeRefused`].
    pub async fn introduction(&self) -> Result<(Value, Value)> {
        Ok((self.call("enigma_network", json!([])).await?, self.call("enigma_bootstrap", json!([])).await?))
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await.map_err(|e| {
            self.failed(if e.is_timeout() { "took too long" } else { "does not answer; is it running?" })
        })?;
        let status = response.status();
        let answer: Option<Value> = serde_json::from_slice(&self.body(response).await?).ok();
        let Some(Value::Object(mut answer)) = answer else {
            return Err(self.failed(&format!("answered {status} without JSON")));
        };
        if let Some(error) = answer.get("error").filter(|e| !e.is_null()) {
            return Err(Error::NodeRefused {
                url: self.url().into(),
                code: error["code"].as_i64().unwrap_or_default(),
                refusal: error["data"]["code"].as_u64().and_then(|c| c.try_into().ok()),
                message: printable(error["message"].as_str().unwrap_or_default()),
            });
        }
        answer.remove("result").ok_or_else(|| self.failed("answered with neither a result nor an error"))
    }

    /// A node may send without end.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|_| self.failed("broke off its answer"))? {
            if bytes.len() + part.len() > LARGEST {
                return Err(self.failed("answers with more than an answer can be"));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    fn failed(&self, what: &str) -> Error {
        Error::Node { url: self.url().into(), what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::error::MESSAGE;

    /// A node that answers one request with these bytes after its head.
    async fn answering(status: &'static str, body: String) -> NodeApi {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                request.push(stream.read_u8().await.unwrap());
            }
            let head =
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            // A client that has read enough hangs up.
            let _ = stream.write_all((head + &body).as_bytes()).await;
        });
        NodeApi::new(&url).unwrap()
    }

    async fn asked(status: &'static str, body: impl ToString) -> Result<QueryReply> {
        answering(status, body.to_string()).await.query(Address::ZERO, b"envelope").await
    }

    fn reply() -> Value {
        json!({
            "epoch": 2, "stateHead": B256::repeat_byte(1), "blockNumber": 7, "blockHash": B256::repeat_byte(2),
            "salt": B256::repeat_byte(3), "output": "0x0102", "signature": hex::encode_prefixed([4; 65]),
        })
    }

    #[tokio::test]
    async fn a_reply_is_read_as_the_protocol_has_it() {
        let reply = asked("200 OK", json!({ "jsonrpc": "2.0", "id": 1, "result": reply() })).await.unwrap();
        assert_eq!((reply.epoch, reply.block_number, reply.output.0.as_slice()), (2, 7, &[1, 2][..]));
        assert_eq!((reply.state_head, reply.signature), (B256::repeat_byte(1), [4; 65]));
    }

    #[tokio::test]
    async fn a_refusal_keeps_its_numbers_and_loses_what_a_terminal_would_obey() {
        let error = json!({ "code": -32001, "message": "no\u{1b}[2J\n!", "data": { "code": 24 } });
        match asked("200 OK", json!({ "jsonrpc": "2.0", "id": 1, "error": error })).await.unwrap_err() {
            Error::NodeRefused { code: -32001, refusal: Some(24), message, .. } => {
                assert_eq!(message, "no[2J!")
            }
            other => panic!("{other}"),
        }
        let long = json!({ "code": -1, "message": "x".repeat(5_000), "data": { "code": 70_000 } });
        match asked("429 Too Many Requests", json!({ "error": long })).await.unwrap_err() {
            Error::NodeRefused { refusal: None, message, .. } => assert_eq!(message.len(), MESSAGE),
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn nonsense_is_an_error_and_never_more() {
        let mut short = reply();
        short["signature"] = "0x00".into();
        let mut missing = reply();
        missing.as_object_mut().unwrap().remove("salt");
        let bodies = [
            "".to_owned(),
            "[]".into(),
            "null".into(),
            "{}".into(),
            "<html>".into(),
            json!({ "result": null }).to_string(),
            json!({ "result": short }).to_string(),
            json!({ "result": missing }).to_string(),
        ];
        for body in bodies {
            let shown = body.chars().take(60).collect::<String>();
            let error = asked("200 OK", body).await.unwrap_err();
            assert!(matches!(error, Error::Node { .. }), "{shown}: {error}");
        }
        assert!(matches!(asked("302 Found", "").await.unwrap_err(), Error::Node { .. }));
        let endless = asked("200 OK", " ".repeat(LARGEST + 1)).await.unwrap_err();
        assert!(endless.to_string().contains("more than an answer can be"), "{endless}");
    }

    #[tokio::test]
    async fn a_node_that_is_not_there_is_said_to_be() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = NodeApi::new(&url).unwrap().query(Address::ZERO, &[]).await.unwrap_err();
        assert!(error.to_string().contains("is it running?"), "{error}");
        assert!(NodeApi::new("nowhere").is_err() && NodeApi::new("file:///etc/passwd").is_err());
    }
}
