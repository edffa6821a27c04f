//! Strangers who flood a node that serves anybody, and whom it still serves.

mod common;

use std::io;
use std::time::{Duration, Instant};

use common::{PORTS, echo, listed, on_port, soon, start};
use enigma_network::{Config, Error, Network, Serve, peer_id_from_seed};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, StreamProtocol, SwarmBuilder, noise, tcp, yamux};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Between two attempts of one attacker, who shares this machine's processors
/// with the attacked.
const PACE: Duration = Duration::from_millis(200);

const PROTOCOL: StreamProtocol = StreamProtocol::new("/enigma/request/1");

fn open(seed: u8, port: u16) -> Config {
    let mut config = on_port(seed, port);
    config.serve = Serve::Anybody;
    config
}

/// Writes the bytes that it is given, whatever they are.
#[derive(Clone)]
struct Raw;

impl request_response::Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = ();

    async fn read_request<T>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<()>
    where
        T: AsyncRead + Unpin + Send,
    {
        io.read_to_end(&mut Vec::new()).await.map(drop)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, bytes: Vec<u8>) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, (): ()) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Ok(())
    }
}

/// A stranger that connects again and again, and on each connection sends
/// `frame` many times, until it failed or was thrown out so often. Counts how
/// often it was connected and disconnected.
fn attacker(
    target: &Network,
    connections: usize,
    attempts: usize,
    frame: Vec<u8>,
) -> JoinHandle<(usize, usize)> {
    let peer: libp2p::PeerId = target.local_peer_id().to_string().parse().unwrap();
    let address: Multiaddr = target.local_address().parse().unwrap();
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let config = request_response::Config::default();
            request_response::Behaviour::with_codec(Raw, [(PROTOCOL, ProtocolSupport::Full)], config)
        })
        .unwrap()
        .build();
    let dial = move || {
        DialOpts::peer_id(peer).addresses(vec![address.clone()]).condition(PeerCondition::Always).build()
    };
    tokio::spawn(async move {
        let (mut opened, mut closed, mut failed) = (0, 0, 0);
        for _ in 0..connections {
            swarm.dial(dial()).unwrap();
        }
        while closed + failed < attempts {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => {
                    opened += 1;
                    for _ in 0..50 {
                        swarm.behaviour_mut().send_request(&peer, frame.clone());
                    }
                }
                SwarmEvent::ConnectionClosed { .. } => {
                    closed += 1;
                    tokio::time::sleep(PACE).await;
                    swarm.dial(dial()).unwrap();
                }
                SwarmEvent::OutgoingConnectionError { .. } => {
                    failed += 1;
                    tokio::time::sleep(PACE).await;
                    let _ = swarm.dial(dial());
                }
                _ => {}
            }
        }
        (opened, closed)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listed_peer_is_served_while_strangers_flood() {
    let port = PORTS + 100;
    let (friend_id, friend_port) = (peer_id_from_seed([2; 32]), port + 1);
    let mut config = open(1, port);
    config.peers = vec![enigma_network::PeerAddress {
        name: "friend".to_owned(),
        multiaddr: format!("/ip4/127.0.0.1/tcp/{friend_port}/p2p/{friend_id}"),
    }];
    let (server, mut incoming) = start(config).await;
    // Strangers' requests are never answered, so that they hold what they can.
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Some(request) = incoming.recv().await {
            if request.from == friend_id {
                request.respond.respond(request.request).unwrap();
            } else {
                held.push(request);
            }
        }
    });

    // Requests that are never answered, oversized ones, and ones that announce
    // what never comes.
    let mut held = vec![0, 0, 4, 0];
    held.resize(4 + 1024, 1);
    let endless = [&(8u32 << 20).to_be_bytes()[..], &[0; 64 * 1024]].concat();
    let mut strangers = Vec::new();
    for frame in [held, vec![0xff; 1024], endless] {
        for _ in 0..15 {
            strangers.push(attacker(&server, 4, usize::MAX, frame.clone()));
        }
    }
    soon(async {
        while server.peers().len() < 15 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Silent connections that never prove who they are, opened again when closed.
    let mut silent = Vec::new();
    for _ in 0..150 {
        silent.push(tokio::spawn(async move {
            while let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                tokio::time::sleep(PACE).await;
            }
        }));
    }

    let mut friend = open(2, friend_port);
    friend.peers = vec![listed(&server)];
    let began = Instant::now();
    let (friend, _incoming) = start(friend).await;
    let id = server.local_peer_id();
    soon(friend.connected(&id)).await.unwrap();
    let connected = began.elapsed();
    for i in 0..50u8 {
        let request = vec![i; 64 * 1024];
        assert_eq!(soon(friend.request(&id, request.clone())).await.as_ref(), Ok(&request));
    }
    println!("connected after {connected:?}, 50 requests after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(server.peers().len() <= 200, "{} peers", server.peers().len());
    strangers.iter().for_each(JoinHandle::abort);
    silent.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_nonsense_repeatedly_is_shut_out_and_others_are_not() {
    let port = PORTS + 120;
    let (server, incoming) = start(open(1, port)).await;
    echo(incoming);
    let (opened, closed) = soon(attacker(&server, 1, 4, vec![0xff; 64])).await.unwrap();
    // It tried four times: one connection was enough to be shut out.
    assert!(closed >= 1 && opened <= 4, "{opened} opened, {closed} closed");
    assert!(server.peers().is_empty());
    let mut other = open(2, port + 1);
    other.peers = vec![listed(&server)];
    let (other, _incoming) = start(other).await;
    soon(other.request(&server.local_peer_id(), vec![])).await.unwrap();
}

#[tokio::test]
async fn requests_that_the_node_calls_malformed_count_as_nonsense() {
    let port = PORTS + 130;
    let (server, mut incoming) = start(open(1, port)).await;
    tokio::spawn(async move {
        while let Some(request) = incoming.recv().await {
            request.respond.malformed();
        }
    });
    let mut config = open(2, port + 1);
    config.peers = vec![listed(&server)];
    let (client, _incoming) = start(config).await;
    let id = server.local_peer_id();
    for _ in 0..2 {
        assert_eq!(soon(client.request(&id, vec![])).await, Err(Error::Declined(id)));
    }
    let third = soon(client.request(&id, vec![])).await.unwrap_err();
    assert!(matches!(third, Error::ConnectionLost { .. } | Error::Declined(_)), "{third}");
    soon(client.disconnected(&id)).await.unwrap();
    let error = soon(client.request(&id, vec![])).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { .. } | Error::Unreachable { .. }), "{error}");
}
