//! How a node says it is, by its API (`docs/rpc.md`).

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// No answer is longer, bytes.
const LONGEST: u64 = 64 << 10;

/// The answer of a node's `/health`; `None` if there is none.
pub async fn health(url: &str) -> Option<Value> {
    let address = url.strip_prefix("http://")?;
    let asked = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await.ok()?;
        let body = answer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
        serde_json::from_slice(answer.get(body..)?).ok()
    };
    timeout(PATIENCE, asked).await.ok()?
}
