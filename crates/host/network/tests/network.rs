//! What the network promises, between real nodes on loopback.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enigma_network::{
    Config, Direction, Error, Incoming, Network, PeerAddress, PeerId, REQUESTS_PER_PEER, Recorder, Serve,
    peer_id_from_seed,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const ANY_PORT: &str = "127.0.0.1:0";

fn config(seed: u8) -> Config {
    let mut config = Config::new([seed; 32], ANY_PORT);
    config.serve = Serve::Anybody;
    config
}

async fn start(config: Config) -> (Network, mpsc::Receiver<Incoming>) {
    Network::start(config).await.unwrap()
}

fn address_of(network: &Network) -> PeerAddress {
    PeerAddress { name: "peer".to_owned(), multiaddr: network.local_address().to_owned() }
}

/// Bounds every wait of these tests.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    let bound = Duration::from_secs(40);
    tokio::time::timeout(bound, work).await.expect("in time")
}

/// Answers every request with the asker's id and the request.
fn echo(mut incoming: mpsc::Receiver<Incoming>) {
    tokio::spawn(async move {
        while let Some(Incoming { from, request, respond }) = incoming.recv().await {
            let reply = [from.to_string().as_bytes(), b":", &request].concat();
            respond.respond(reply).unwrap();
        }
    });
}

fn echo_of(asker: &Network, request: &[u8]) -> Vec<u8> {
    let id = asker.local_peer_id().to_string();
    [id.as_bytes(), b":", request].concat()
}

/// A serving node, and a second one that lists it.
async fn pair(server: Config, mut client: Config) -> (Network, mpsc::Receiver<Incoming>, Network) {
    let (server, incoming) = start(server).await;
    client.peers = vec![address_of(&server)];
    let (client, _) = start(client).await;
    (server, incoming, client)
}

#[tokio::test]
async fn two_nodes_ask_each_other() {
    let (a, a_incoming) = start(config(1)).await;
    let (b, b_incoming) = start(config(2)).await;
    echo(a_incoming);
    echo(b_incoming);
    let b_id = b.local_peer_id();
    assert_eq!(a.add_peer(address_of(&b)).await.unwrap(), b_id);
    let reply = soon(a.request(&b_id, b"hello".to_vec())).await.unwrap();
    assert_eq!(reply, echo_of(&a, b"hello"));
    // b never listed a, but the connection works both ways.
    let reply = soon(b.request(&a.local_peer_id(), vec![])).await.unwrap();
    assert_eq!(reply, echo_of(&b, b""));
}

#[tokio::test]
async fn three_nodes_with_one_list_form_a_full_mesh() {
    let nodes = [start(config(1)).await, start(config(2)).await, start(config(3)).await];
    let (networks, incoming): (Vec<_>, Vec<_>) = nodes.into_iter().unzip();
    incoming.into_iter().for_each(echo);
    for network in &networks {
        for other in &networks {
            // Its own address among them, which is passed over.
            network.add_peer(address_of(other)).await.unwrap();
        }
        assert_eq!(network.peers().len(), 2);
    }
    for a in &networks {
        for b in &networks {
            let peer = b.local_peer_id();
            if a.local_peer_id() != peer {
                soon(a.connected(&peer)).await.unwrap();
                let reply = soon(a.request(&peer, b"x".to_vec())).await.unwrap();
                assert_eq!(reply, echo_of(a, b"x"));
            }
        }
    }
}

#[tokio::test]
async fn the_largest_message_passes_both_ways_and_a_larger_one_is_refused() {
    let mut server = config(1);
    server.serve = Serve::Listed(vec![peer_id_from_seed([2; 32])]);
    let (server, mut incoming, client) = pair(server, config(2)).await;
    let max = Config::new([0; 32], ANY_PORT).max_message_bytes;
    let large: Vec<u8> = (0..max as u32).map(|i| (i >> 7) as u8).collect();
    tokio::spawn(async move {
        while let Some(Incoming { request, respond, .. }) = incoming.recv().await {
            respond.respond(request).unwrap();
        }
    });
    let server = server.local_peer_id();
    let reply = soon(client.request(&server, large.clone())).await.unwrap();
    assert!(reply == large);
    let refused = client.request(&server, vec![0; max + 1]).await;
    let length = max + 1;
    assert_eq!(refused, Err(Error::TooLarge { length, max }));
}

#[tokio::test]
async fn a_reply_over_the_limit_is_refused_to_the_responder() {
    let mut small = config(1);
    small.max_message_bytes = 10;
    let (server, mut incoming, client) = pair(small, config(2)).await;
    let serve = async {
        let Incoming { respond, .. } = incoming.recv().await.unwrap();
        assert_eq!(respond.respond(vec![0; 11]), Err(Error::TooLarge { length: 11, max: 10 }));
    };
    let id = server.local_peer_id();
    let (answer, ()) = soon(async { tokio::join!(client.request(&id, vec![1]), serve) }).await;
    assert_eq!(answer, Err(Error::Declined(id)));
}

#[tokio::test]
async fn a_request_over_the_servers_limit_is_cut_off() {
    let mut small = config(1);
    small.max_message_bytes = 10;
    let (server, _incoming, client) = pair(small, config(2)).await;
    let id = server.local_peer_id();
    let answer = soon(client.request(&id, vec![0; 11])).await;
    assert!(matches!(answer, Err(Error::ConnectionLost { .. })), "{answer:?}");
}

#[tokio::test]
async fn an_unknown_peer_is_an_error_at_once() {
    let (a, _incoming) = start(config(1)).await;
    let stranger = peer_id_from_seed([9; 32]);
    let answer = a.request(&stranger, vec![]).await;
    assert_eq!(answer, Err(Error::UnknownPeer(stranger)));
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unreachable() {
    // A port that was free a moment ago.
    let port = {
        let listener = TcpListener::bind(ANY_PORT).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let peer = peer_id_from_seed([9; 32]);
    let (a, _incoming) = start(config(1)).await;
    let multiaddr = format!("/ip4/127.0.0.1/tcp/{port}/p2p/{peer}");
    let name = "gone".to_owned();
    a.add_peer(PeerAddress { name, multiaddr }).await.unwrap();
    let answer = soon(a.request(&peer, vec![])).await;
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
}

#[tokio::test]
async fn somebody_else_at_a_peers_address_is_not_that_peer() {
    let (impostor, mut incoming) = start(config(1)).await;
    let real = peer_id_from_seed([9; 32]);
    let multiaddr =
        impostor.local_address().replace(&impostor.local_peer_id().to_string(), &real.to_string());
    let (a, _a_incoming) = start(config(2)).await;
    let name = "real".to_owned();
    a.add_peer(PeerAddress { name, multiaddr }).await.unwrap();
    let answer = soon(a.request(&real, b"secret".to_vec())).await;
    assert!(matches!(answer, Err(Error::Unreachable { .. })), "{answer:?}");
    impostor.shutdown().await;
    assert!(soon(incoming.recv()).await.is_none());
}

#[tokio::test]
async fn a_peer_that_restarts_is_dialled_again_without_being_asked() {
    let (server, _incoming, client) = pair(config(1), config(2)).await;
    let id = server.local_peer_id();
    soon(client.connected(&id)).await.unwrap();
    let port = server.local_address().split('/').nth(4).unwrap().to_owned();
    server.shutdown().await;
    soon(client.disconnected(&id)).await.unwrap();

    let mut again = config(1);
    again.listen = format!("127.0.0.1:{port}");
    let (_server, incoming) = start(again).await;
    echo(incoming);
    soon(client.connected(&id)).await.unwrap();
    let reply = soon(client.request(&id, b"back".to_vec())).await.unwrap();
    assert_eq!(reply, echo_of(&client, b"back"));
}

#[tokio::test]
async fn a_request_under_way_fails_when_its_peer_goes() {
    let (server, mut incoming, client) = pair(config(1), config(2)).await;
    let id = server.local_peer_id();
    let leave = async {
        let _held = incoming.recv().await.unwrap();
        server.shutdown().await;
    };
    let (answer, ()) = soon(async { tokio::join!(client.request(&id, vec![]), leave) }).await;
    assert!(matches!(answer, Err(Error::ConnectionLost { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_peer_that_does_not_answer_times_out() {
    let mut impatient = config(2);
    impatient.request_timeout = Duration::from_millis(300);
    let (server, mut incoming, client) = pair(config(1), impatient).await;
    let peer = server.local_peer_id();
    let answer = soon(client.request(&peer, vec![])).await;
    let after = Duration::from_millis(300);
    assert_eq!(answer, Err(Error::TimedOut { peer, after }));
    // It had arrived: the silence was the server's.
    assert!(soon(incoming.recv()).await.is_some());
}

#[tokio::test]
async fn a_dropped_responder_declines_and_so_does_a_dropped_queue() {
    let (server, mut incoming, client) = pair(config(1), config(2)).await;
    let id = server.local_peer_id();
    let decline = async { drop(incoming.recv().await.unwrap()) };
    let (answer, ()) = soon(async { tokio::join!(client.request(&id, vec![]), decline) }).await;
    assert_eq!(answer, Err(Error::Declined(id)));
    drop(incoming);
    let answer = soon(client.request(&id, vec![])).await;
    assert_eq!(answer, Err(Error::Declined(id)));
}

#[tokio::test]
async fn a_full_node_answers_busy_and_recovers() {
    let mut narrow = config(1);
    narrow.max_inbound = 1;
    let (server, mut incoming, client) = pair(narrow, config(2)).await;
    let id = server.local_peer_id();
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.request(&id, b"first".to_vec()).await }
    });
    let held = soon(incoming.recv()).await.unwrap();
    let second = soon(client.request(&id, b"second".to_vec())).await;
    assert_eq!(second, Err(Error::Busy(id)));
    held.respond.respond(b"done".to_vec()).unwrap();
    assert_eq!(soon(first).await.unwrap().unwrap(), b"done");
    echo(incoming);
    soon(client.request(&id, vec![])).await.unwrap();
}

#[tokio::test]
async fn many_callers_wait_their_turn_and_all_are_served() {
    let (server, incoming, client) = pair(config(1), config(2)).await;
    echo(incoming);
    let id = server.local_peer_id();
    let calls: Vec<_> = (0..10 * REQUESTS_PER_PEER)
        .map(|i| {
            let client = client.clone();
            let request = i.to_string().into_bytes();
            tokio::spawn(async move {
                let reply = client.request(&id, request.clone()).await.unwrap();
                assert_eq!(reply, echo_of(&client, &request));
            })
        })
        .collect();
    for call in calls {
        soon(call).await.unwrap();
    }
}

#[tokio::test]
async fn an_unlisted_peer_is_refused_and_a_listed_one_served() {
    let listed = peer_id_from_seed([2; 32]);
    let mut strict = config(1);
    strict.serve = Serve::Listed(vec![listed]);
    let (server, incoming) = start(strict).await;
    let seen = asked_by(incoming);
    let id = server.local_peer_id();
    for (seed, served) in [(3, false), (2, true)] {
        let mut client = config(seed);
        client.peers = vec![address_of(&server)];
        let (client, _incoming) = start(client).await;
        let answer = soon(client.request(&id, vec![])).await;
        assert_eq!(answer.is_ok(), served, "{answer:?}");
    }
    assert_eq!(*seen.lock().unwrap(), [listed]);
}

#[tokio::test]
async fn a_peer_that_is_added_is_let_in() {
    let mut strict = config(1);
    strict.serve = Serve::Listed(vec![]);
    let (server, incoming) = start(strict).await;
    echo(incoming);
    let (client, _incoming) = start(config(2)).await;
    server.add_peer(address_of(&client)).await.unwrap();
    client.add_peer(address_of(&server)).await.unwrap();
    let id = server.local_peer_id();
    soon(client.connected(&id)).await.unwrap();
    soon(client.request(&id, vec![])).await.unwrap();
}

/// Answers everything, and notes who asked.
fn asked_by(mut incoming: mpsc::Receiver<Incoming>) -> Arc<Mutex<Vec<PeerId>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Some(Incoming { from, respond, .. }) = incoming.recv().await {
            notes.lock().unwrap().push(from);
            respond.respond(vec![]).unwrap();
        }
    });
    seen
}

#[tokio::test]
async fn after_shutdown_every_handle_says_so() {
    let (server, mut incoming, client) = pair(config(1), config(2)).await;
    let id = server.local_peer_id();
    soon(client.connected(&id)).await.unwrap();
    let other_handle = client.clone();
    client.shutdown().await;
    assert_eq!(other_handle.request(&id, vec![]).await, Err(Error::ShutDown));
    drop(server);
    assert!(soon(incoming.recv()).await.is_none(), "the last handle was dropped");
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_clear_errors() {
    let (a, _incoming) = start(config(1)).await;
    let mut taken = config(2);
    taken.listen = format!("127.0.0.1:{}", a.local_address().split('/').nth(4).unwrap());
    let error = Network::start(taken).await.unwrap_err();
    assert!(matches!(error, Error::Listen { .. }), "{error}");
    let bad = PeerAddress { name: "bad".to_owned(), multiaddr: "nowhere".to_owned() };
    let error = a.add_peer(bad).await.unwrap_err();
    assert!(matches!(error, Error::InvalidAddress { .. }), "{error}");
}

#[derive(Default)]
struct Messages(Mutex<Vec<(Direction, PeerId, Vec<u8>)>>);

impl Recorder for Messages {
    fn record(&self, direction: Direction, peer: &PeerId, message: &[u8]) {
        let seen = (direction, *peer, message.to_vec());
        self.0.lock().unwrap().push(seen);
    }
}

#[tokio::test]
async fn recorders_see_the_plaintext_and_the_wire_does_not() {
    const ASK: &[u8] = b"a planted question";
    const TELL: &[u8] = b"a planted answer";
    let (tape_a, tape_b) = (Arc::new(Messages::default()), Arc::new(Messages::default()));
    let mut server = config(1);
    server.recorder = Some(tape_a.clone());
    let (server, mut incoming) = start(server).await;
    let (id, port) = (server.local_peer_id(), server.local_address().split('/').nth(4));
    let (relay_port, wire) = relay_to(port.unwrap().parse().unwrap()).await;
    let mut client = config(2);
    client.recorder = Some(tape_b.clone());
    client.peers = vec![PeerAddress {
        name: "by way of the relay".to_owned(),
        multiaddr: format!("/ip4/127.0.0.1/tcp/{relay_port}/p2p/{id}"),
    }];
    let (client, _incoming) = start(client).await;
    let answer = async {
        let Incoming { respond, .. } = incoming.recv().await.unwrap();
        respond.respond(TELL.to_vec()).unwrap();
    };
    let ask = client.request(&id, ASK.to_vec());
    let (reply, ()) = soon(async { tokio::join!(ask, answer) }).await;
    assert_eq!(reply.unwrap(), TELL);

    let (ask, tell) = (ASK.to_vec(), TELL.to_vec());
    let asker = client.local_peer_id();
    let of_a = [(Direction::Received, asker, ask.clone()), (Direction::Sent, asker, tell.clone())];
    assert_eq!(*tape_a.0.lock().unwrap(), of_a);
    let of_b = [(Direction::Sent, id, ask), (Direction::Received, id, tell)];
    assert_eq!(*tape_b.0.lock().unwrap(), of_b);
    let wire = wire.lock().unwrap();
    let contains = |what: &[u8]| wire.windows(what.len()).any(|part| part == what);
    assert!(contains(b"/noise"), "the relay saw the handshake");
    assert!(!contains(b"planted") && !contains(b"/enigma/request"));
}

/// Passes one connection on to `port` and keeps a copy of all that passes.
async fn relay_to(port: u16) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind(ANY_PORT).await.unwrap();
    let relay_port = listener.local_addr().unwrap().port();
    let wire = Arc::new(Mutex::new(Vec::new()));
    let copy = Arc::clone(&wire);
    tokio::spawn(async move {
        let (near, _) = listener.accept().await.unwrap();
        let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        tokio::join!(tap(near_in, far_out, Arc::clone(&copy)), tap(far_in, near_out, copy))
    });
    (relay_port, wire)
}

async fn tap(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    copy: Arc<Mutex<Vec<u8>>>,
) {
    let mut buffer = [0; 4096];
    while let Ok(count) = from.read(&mut buffer).await {
        copy.lock().unwrap().extend_from_slice(&buffer[..count]);
        if count == 0 || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
