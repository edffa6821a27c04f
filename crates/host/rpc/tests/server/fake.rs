//! A node that is made up, and what it takes to ask it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes};
use enigma_rpc::{
    Api, Failure, Feed, Limits, Metrics, Server, TaskKey, serve,
    types::{
        Answer, Bootstrap, Contract, Enclave, Epoch, Group, Health, Network, PeerCount, Task, TasksQuery,
        Topology, Worker,
    },
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    time::timeout,
};

/// No answer takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Default)]
pub(crate) struct Fake {
    pub(crate) is_ill: bool,
    /// Queries wait for it.
    pub(crate) gate: Option<Arc<Notify>>,
}

const NOTHING: Failure = Failure::not_found("nothing");

impl Api for Fake {
    async fn network(&self) -> Result<Network, Failure> {
        Err(Failure::internal())
    }

    async fn bootstrap(&self) -> Result<Bootstrap, Failure> {
        Ok(Bootstrap { commitments: Vec::new(), peers: Vec::new(), rpc: Vec::new() })
    }

    async fn health(&self) -> Result<Health, Failure> {
        Ok(Health {
            ok: !self.is_ill,
            name: "fake".into(),
            role: "worker",
            version: "0",
            height: 7,
            timestamp: 8,
            behind: 0,
            peers: PeerCount { connected: 0, known: 0 },
            enclave: Enclave { address: Address::ZERO, measurement: B256::ZERO },
            uptime: 1,
        })
    }

    async fn epoch(&self) -> Result<Epoch, Failure> {
        Ok(Epoch {
            epoch: 2,
            start: 3,
            next_start: None,
            length: 64,
            height: 7,
            seeded: true,
            workers: 3,
            weight: 30,
        })
    }

    async fn group(&self, _: Address, epoch: Option<u64>) -> Result<Group, Failure> {
        Ok(Group { epoch: epoch.unwrap_or(2), workers: Vec::new() })
    }

    async fn workers(&self) -> Result<Vec<Worker>, Failure> {
        Ok(Vec::new())
    }

    async fn contracts(&self) -> Result<Vec<Contract>, Failure> {
        Ok(Vec::new())
    }

    async fn contract(&self, _: Address) -> Result<Contract, Failure> {
        Err(NOTHING)
    }

    async fn task(&self, key: TaskKey) -> Result<Task, Failure> {
        Err(match key {
            TaskKey::Place(_, index) => Failure::params(format!("place {index}")),
            TaskKey::Transaction(_) => Failure::params("transaction"),
        })
    }

    async fn tasks(&self, query: TasksQuery) -> Result<Vec<Task>, Failure> {
        Err(Failure::params(format!("limit {:?}", query.limit)))
    }

    async fn topology(&self) -> Result<Topology, Failure> {
        Ok(Topology { nodes: Vec::new() })
    }

    async fn query(&self, _: Address, _: Bytes) -> Result<Answer, Failure> {
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        Err(Failure::refused(24))
    }

    fn measure(&self) {}
}

pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) feed: Feed,
    pub(crate) metrics: Metrics,
}

pub(crate) async fn start(api: Fake, limits: Limits) -> Running {
    let (feed, metrics) = (Feed::default(), Metrics::default());
    let server = serve("127.0.0.1:0", api, limits, feed.clone(), metrics.clone()).await.unwrap();
    Running { server, feed, metrics }
}

/// An answer over HTTP.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// Sends bytes, and reads until the server closes.
pub(crate) async fn send(address: SocketAddr, request: &[u8]) -> Told {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may have said no before all is sent.
        let _ = stream.write_all(request).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let text = timeout(PATIENCE, exchange).await.expect("the server answers in time");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_default();
    Told { status, head: head.to_lowercase(), body: body.to_owned() }
}

pub(crate) async fn get(address: SocketAddr, path: &str, headers: &str) -> Told {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    send(address, request.as_bytes()).await
}

pub(crate) async fn post(address: SocketAddr, body: &str) -> Told {
    let length = body.len();
    let request =
        format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    send(address, request.as_bytes()).await
}
