//! What several of these tests need.

use std::future::Future;
use std::time::Duration;

use enigma_network::{Config, Incoming, Network, PeerAddress};
use tokio::sync::mpsc;

/// The first port of these tests; each test has ten.
pub const PORTS: u16 = 21000;

/// A node on a port that is known beforehand.
pub fn on_port(seed: u8, port: u16) -> Config {
    let mut config = Config::new([seed; 32], format!("127.0.0.1:{port}"));
    config.request_timeout = Duration::from_secs(15);
    config
}

pub async fn start(config: Config) -> (Network, mpsc::Receiver<Incoming>) {
    Network::start(config).await.unwrap()
}

/// How another node lists this one.
pub fn listed(network: &Network) -> PeerAddress {
    PeerAddress { name: "peer".to_owned(), multiaddr: network.local_address().to_owned() }
}

/// Bounds every wait of these tests.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(40), work).await.expect("in time")
}

/// Answers every request with the asker's id and the request.
pub fn echo(mut incoming: mpsc::Receiver<Incoming>) {
    tokio::spawn(async move {
        while let Some(Incoming { from, request, respond }) = incoming.recv().await {
            let reply = [from.to_string().as_bytes(), b":", &request].concat();
            respond.respond(reply).unwrap();
        }
    });
}

#[allow(dead_code, reason = "not every test binary looks at the echo")]
pub fn echo_of(asker: &Network, request: &[u8]) -> Vec<u8> {
    let id = asker.local_peer_id().to_string();
    [id.as_bytes(), b":", request].concat()
}
