//! Nodes that find each other, and come back to each other, on loopback.

mod common;

use std::time::Duration;

use common::{PORTS, echo, echo_of, listed, on_port, soon, start};
use enigma_network::{Config, Error, Network, PeerId, Serve, peer_id_from_seed};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const KEY: [u8; 32] = [7; 32];

fn config(seed: u8, port: u16) -> Config {
    let mut config = on_port(seed, port);
    config.serve = Serve::Anybody;
    config
}

/// Asks until it is answered as wanted: others hear of things in their own time.
async fn providers(of: &Network, key: [u8; 32], wanted: impl Fn(&[PeerId]) -> bool) -> Vec<PeerId> {
    soon(async {
        loop {
            let found = of.providers(key).await.unwrap();
            if wanted(&found) {
                return found;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn find(of: &Network, key: [u8; 32], provider: &Network) {
    let provider = provider.local_peer_id();
    providers(of, key, |found| found.contains(&provider)).await;
}

/// A bootstrap node B, and A and C that know only B.
async fn three(port: u16) -> (Network, Network, Network) {
    let (b, b_incoming) = start(config(2, port)).await;
    echo(b_incoming);
    let mut others = Vec::new();
    for (seed, offset) in [(1, 1), (3, 2)] {
        let mut config = config(seed, port + offset);
        config.peers = vec![listed(&b)];
        let (network, incoming) = start(config).await;
        echo(incoming);
        others.push(network);
    }
    let c = others.pop().unwrap();
    let a = others.pop().unwrap();
    (a, b, c)
}

#[tokio::test]
async fn a_node_finds_another_by_what_it_provides_and_talks_to_it() {
    let (a, b, c) = three(PORTS).await;
    c.provide(KEY).await.unwrap();
    find(&a, KEY, &c).await;
    // The bootstrap node holds the record itself.
    find(&b, KEY, &c).await;
    assert_eq!(c.providers(KEY).await.unwrap(), [], "a node does not find itself");
    let c_id = c.local_peer_id();
    assert!(!a.peers().iter().any(|peer| peer.id == c_id && peer.multiaddr.is_some()), "it is not listed");
    let reply = soon(a.request(&c_id, b"found".to_vec())).await.unwrap();
    assert_eq!(reply, echo_of(&a, b"found"));
}

#[tokio::test]
async fn a_peer_is_found_by_its_id_alone() {
    let (a, b, c) = three(PORTS + 10).await;
    soon(b.connected(&c.local_peer_id())).await.unwrap();
    // C may not have told B yet where it is.
    let reply = soon(async {
        loop {
            match a.request(&c.local_peer_id(), b"who".to_vec()).await {
                Ok(reply) => return reply,
                Err(error) => assert!(matches!(error, Error::UnknownPeer(_)), "{error}"),
            }
        }
    });
    assert_eq!(reply.await, echo_of(&a, b"who"));
}

#[tokio::test]
async fn nobody_knows_a_peer_that_does_not_exist() {
    let (a, _b, _c) = three(PORTS + 20).await;
    let nobody = peer_id_from_seed([99; 32]);
    assert_eq!(soon(a.request(&nobody, vec![])).await, Err(Error::UnknownPeer(nobody)));
    assert_eq!(a.providers([9; 32]).await.unwrap(), []);
    let own = a.local_peer_id();
    assert_eq!(a.request(&own, vec![]).await, Err(Error::UnknownPeer(own)));
}

#[tokio::test]
async fn a_provider_that_has_gone_fails_cleanly() {
    let (a, b, c) = three(PORTS + 30).await;
    c.provide(KEY).await.unwrap();
    find(&a, KEY, &c).await;
    let id = c.local_peer_id();
    c.shutdown().await;
    soon(a.disconnected(&id)).await.unwrap();
    soon(b.disconnected(&id)).await.unwrap();
    let error = soon(a.request(&id, vec![])).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { peer, .. } if peer == id), "{error}");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
}

#[tokio::test]
async fn after_the_bootstrap_node_restarts_all_is_announced_again_but_what_was_stopped() {
    const STOPPED: [u8; 32] = [8; 32];
    let port = PORTS + 40;
    let (a, b, c) = three(port).await;
    c.provide(KEY).await.unwrap();
    c.provide(STOPPED).await.unwrap();
    find(&b, KEY, &c).await;
    find(&b, STOPPED, &c).await;
    c.stop_providing(STOPPED).await.unwrap();
    let id = b.local_peer_id();
    b.shutdown().await;
    soon(a.disconnected(&id)).await.unwrap();
    soon(c.disconnected(&id)).await.unwrap();

    let (b, incoming) = start(config(2, port)).await;
    echo(incoming);
    find(&b, KEY, &c).await;
    assert_eq!(b.providers(STOPPED).await.unwrap(), []);
    // And so does a node that joins only now.
    let mut late = config(4, port + 3);
    late.peers = vec![listed(&b)];
    let (late, _incoming) = start(late).await;
    find(&late, KEY, &c).await;
    let reply = soon(late.request(&c.local_peer_id(), b"late".to_vec())).await.unwrap();
    assert_eq!(reply, echo_of(&late, b"late"));
}

#[tokio::test]
async fn without_discovery_nothing_is_found_or_told() {
    let (b, _incoming) = start(config(2, PORTS + 50)).await;
    let mut quiet = config(1, PORTS + 51);
    quiet.discovery = false;
    quiet.peers = vec![listed(&b)];
    let (quiet, _incoming) = start(quiet).await;
    quiet.provide(KEY).await.unwrap();
    soon(quiet.connected(&b.local_peer_id())).await.unwrap();
    b.provide(KEY).await.unwrap();
    assert_eq!(quiet.providers(KEY).await.unwrap(), []);
    let nobody = peer_id_from_seed([99; 32]);
    assert_eq!(quiet.request(&nobody, vec![]).await, Err(Error::UnknownPeer(nobody)));
}

#[tokio::test]
async fn a_node_is_found_at_its_external_address() {
    let port = PORTS + 60;
    let (b, _b_incoming) = start(config(2, port)).await;
    let proxy = Proxy::start(port + 1, port + 2).await;
    let mut outside = config(3, port + 2);
    outside.peers = vec![listed(&b)];
    outside.external = Some(format!("localhost:{}", port + 1));
    let (c, incoming) = start(outside).await;
    echo(incoming);
    c.provide(KEY).await.unwrap();
    find(&b, KEY, &c).await;
    let mut asker = config(1, port + 3);
    asker.peers = vec![listed(&b)];
    let (a, _a_incoming) = start(asker).await;
    find(&a, KEY, &c).await;
    soon(a.request(&c.local_peer_id(), vec![])).await.unwrap();
    assert!(proxy.passed() > 0, "nobody was told where it really listens");
}

#[tokio::test]
async fn after_a_partition_heals_requests_work_again_within_seconds() {
    let port = PORTS + 70;
    let (b, b_incoming) = start(config(2, port)).await;
    echo(b_incoming);
    let proxy = Proxy::start(port + 1, port).await;
    let mut config = config(1, port + 2);
    let mut by_proxy = listed(&b);
    by_proxy.multiaddr = by_proxy.multiaddr.replace(&port.to_string(), &(port + 1).to_string());
    config.peers = vec![by_proxy];
    let (a, _incoming) = start(config).await;
    let id = b.local_peer_id();
    soon(a.request(&id, vec![])).await.unwrap();
    a.provide(KEY).await.unwrap();
    find(&b, KEY, &a).await;

    proxy.cut(true);
    soon(a.disconnected(&id)).await.unwrap();
    soon(b.disconnected(&a.local_peer_id())).await.unwrap();
    let error = soon(a.request(&id, vec![])).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. } | Error::ConnectionLost { .. }), "{error}");

    proxy.cut(false);
    let healed = tokio::time::Instant::now();
    // By itself, without a request that would bring the dial forward.
    soon(a.connected(&id)).await.unwrap();
    soon(a.request(&id, vec![])).await.unwrap();
    assert!(healed.elapsed() < Duration::from_secs(6), "{:?}", healed.elapsed());
}

/// Passes connections on until the network is cut, and none while it is.
struct Proxy {
    cut: watch::Sender<bool>,
    passed: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Proxy {
    async fn start(from: u16, to: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", from)).await.unwrap();
        let (cut, state) = watch::channel(false);
        let passed = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&passed);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut state = state.clone();
                if *state.borrow() {
                    continue;
                }
                let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else {
                    continue;
                };
                count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = state.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { cut, passed }
    }

    fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }

    fn passed(&self) -> usize {
        self.passed.load(std::sync::atomic::Ordering::SeqCst)
    }
}
