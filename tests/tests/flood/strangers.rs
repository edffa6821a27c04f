//! Peers that nobody knows, who come back as somebody else when they are thrown out.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy_primitives::{Address, B256};
use enigma_network::{Config, PeerAddress, PeerId};
use enigma_primitives::Encode;
use enigma_protocol::peer::{HeadRequest, PeerRequest, SnapshotRequest, StatusRequest};
use enigma_tests::network::Network;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::Counts;

/// Strangers for each kind of nonsense, and connections that never say who they are.
const OF_A_KIND: usize = 4;
const SILENT: usize = 100;
/// Requests of one stranger at once, and how often before it leaves.
const AT_ONCE: usize = 8;
const ROUNDS: usize = 25;
/// Between two attempts: attackers share this machine's processors with the attacked.
const PACE: Duration = Duration::from_millis(200);
const MOMENT: Duration = Duration::from_secs(2);

/// Floods the peers' port of a node until it is over.
pub fn start(network: &Network, name: &str, counts: &Arc<Counts>) {
    let (address, id) = address(network, name);
    let noise: Vec<u8> = (0..4_096).map(|_| rand::random()).collect();
    let snapshot = SnapshotRequest { contract: Address::repeat_byte(7), hash: B256::repeat_byte(7) };
    let kinds = [
        noise,
        vec![0xff; 2 << 20],
        PeerRequest::Status(StatusRequest {}).to_bytes(),
        PeerRequest::Manifest(snapshot).to_bytes(),
        PeerRequest::Head(HeadRequest { challenge: B256::repeat_byte(7) }).to_bytes(),
    ];
    for request in kinds {
        for _ in 0..OF_A_KIND {
            tokio::spawn(stranger(address.clone(), id, request.clone(), counts.clone()));
        }
    }
    let port = address.split('/').nth(4).expect("a port").parse().expect("a number");
    for place in 0..SILENT {
        tokio::spawn(silent(port, place % 2 == 0, counts.clone()));
    }
}

fn address(network: &Network, name: &str) -> (String, PeerId) {
    let told = std::fs::read(network.data_dir().join("worker-1/node.json")).expect("a node's settings");
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    let peer = told["peers"].as_array().unwrap().iter().find(|peer| peer["name"] == name).expect("a peer");
    let address = peer["address"].as_str().unwrap().to_owned();
    let id = address.rsplit('/').next().unwrap().parse().expect("a peer's id");
    (address, id)
}

async fn stranger(address: String, id: PeerId, request: Vec<u8>, counts: Arc<Counts>) {
    while !counts.is_over() {
        let mut config = Config::new(rand::random(), "127.0.0.1:0");
        config.discovery = false;
        config.request_timeout = MOMENT;
        config.peers = vec![PeerAddress { name: "target".to_owned(), multiaddr: address.clone() }];
        let (network, _incoming) = enigma_network::Network::start(config).await.expect("a stranger");
        if let Ok(Ok(())) = timeout(MOMENT, network.connected(&id)).await {
            counts.strangers.fetch_add(1, Ordering::Relaxed);
            for _ in 0..ROUNDS {
                if counts.is_over() || !ask(&network, id, &request, &counts).await {
                    break;
                }
            }
        }
        network.shutdown().await;
        sleep(PACE).await;
    }
}

/// Some requests at once; whether any was answered.
async fn ask(network: &enigma_network::Network, id: PeerId, request: &[u8], counts: &Counts) -> bool {
    let mut asking = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (network, request) = (network.clone(), request.to_vec());
        asking.spawn(async move { network.request(&id, request).await.is_ok() });
    }
    let answered = asking.join_all().await.into_iter().filter(|answered| *answered).count();
    counts.requests.fetch_add(AT_ONCE as u64, Ordering::Relaxed);
    counts.answered.fetch_add(answered as u64, Ordering::Relaxed);
    answered > 0
}

/// A connection that says nothing, or noise, opened again when it is closed.
async fn silent(port: u16, noisy: bool, counts: Arc<Counts>) {
    while !counts.is_over() {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
            counts.silent.fetch_add(1, Ordering::Relaxed);
            if noisy {
                let _ = stream.write_all(&[0x5a; 1_024]).await;
            }
            let _ = timeout(MOMENT, stream.read_to_end(&mut Vec::new())).await;
        }
        sleep(PACE).await;
    }
}
