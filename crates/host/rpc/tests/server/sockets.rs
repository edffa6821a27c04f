//! WebSockets: requests, subscriptions, and an end to readers that do not read.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use enigma_rpc::{Limits, Topic, types::Block};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use crate::fake::{Fake, PATIENCE, Running, get, start};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(running: &Running, path: &str) -> Socket {
    connect_async(format!("ws://{}{path}", running.server.address())).await.unwrap().0
}

async fn next(socket: &mut Socket) -> Message {
    loop {
        let message = timeout(PATIENCE, socket.next()).await.expect("a message in time").unwrap().unwrap();
        if !message.is_ping() {
            return message;
        }
    }
}

async fn told(socket: &mut Socket) -> Value {
    serde_json::from_str(next(socket).await.to_text().unwrap()).unwrap()
}

async fn call(socket: &mut Socket, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    socket.send(Message::text(request.to_string())).await.unwrap();
    told(socket).await
}

fn block(number: u64) -> Block {
    Block { number, hash: B256::ZERO, timestamp: number }
}

#[tokio::test]
async fn subscribers_are_told_what_they_asked_for() {
    let running = start(Fake::default(), Limits::default()).await;
    let mut socket = connect(&running, "/").await;
    let mut other = connect(&running, "/ws").await;
    assert_eq!(call(&mut other, "enigma_epoch", json!([])).await["result"]["epoch"], 2);
    let blocks = call(&mut socket, "enigma_subscribe", json!(["blocks"])).await["result"].clone();
    let contract = Address::repeat_byte(5);
    let options = json!(["tasks", {"contract": contract}]);
    let tasks = call(&mut socket, "enigma_subscribe", options).await["result"].clone();
    assert_ne!(blocks, tasks);

    running.feed.publish(Topic::Tasks, Some(Address::repeat_byte(6)), &"another's");
    running.feed.publish(Topic::Epochs, None, &"nobody asked");
    running.feed.publish(Topic::Tasks, Some(contract), &"own");
    let first = told(&mut socket).await;
    assert_eq!(first["method"], "enigma_subscription");
    assert_eq!((&first["params"]["subscription"], &first["params"]["result"]), (&tasks, &json!("own")));
    running.feed.publish(Topic::Blocks, None, &block(9));
    assert_eq!(told(&mut socket).await["params"]["result"]["number"], 9);

    assert_eq!(call(&mut socket, "enigma_unsubscribe", json!([blocks])).await["result"], true);
    assert_eq!(call(&mut socket, "enigma_unsubscribe", json!([blocks])).await["error"]["code"], -32000);
    running.feed.publish(Topic::Blocks, None, &block(10));
    assert_eq!(call(&mut socket, "enigma_epoch", json!([])).await["id"], 1, "no block came before it");
    for wrong in [json!([]), json!(["everything"]), json!(["tasks", {"sender": contract}])] {
        assert_eq!(call(&mut socket, "enigma_subscribe", wrong).await["error"]["code"], -32602);
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_disconnected_and_disturbs_nobody() {
    let running = start(Fake::default(), Limits::default()).await;
    let mut slow = connect(&running, "/").await;
    let mut quick = connect(&running, "/").await;
    for socket in [&mut slow, &mut quick] {
        call(socket, "enigma_subscribe", json!(["blocks"])).await;
    }
    // More than the sockets' buffers hold, each waited for by the one that reads.
    let filler = "x".repeat(8_192);
    for number in 0..4_000 {
        running.feed.publish(Topic::Blocks, None, &json!({ "number": number, "filler": filler }));
        assert_eq!(told(&mut quick).await["params"]["result"]["number"], number);
    }
    let cut_off = async {
        while !get(running.server.address(), "/metrics", "").await.body.contains("slow_readers_total 1") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, cut_off).await.expect("the slow reader is cut off");
    let end = async {
        while let Some(Ok(message)) = slow.next().await
            && !message.is_close()
        {}
    };
    timeout(PATIENCE, end).await.expect("its connection ends");
    running.feed.publish(Topic::Blocks, None, &block(1));
    assert_eq!(told(&mut quick).await["params"]["result"]["number"], 1);
}

#[tokio::test]
async fn connections_and_subscriptions_are_bounded() {
    let limits = Limits { sockets: 2, subscriptions: 3, ..Limits::default() };
    let running = start(Fake::default(), limits).await;
    let mut one = connect(&running, "/").await;
    let two = connect(&running, "/").await;
    let third = connect_async(format!("ws://{}/", running.server.address())).await;
    assert!(third.unwrap_err().to_string().contains("503"));
    drop(two);
    let again = async {
        while connect_async(format!("ws://{}/", running.server.address())).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("one that left makes room");
    for _ in 0..3 {
        assert!(call(&mut one, "enigma_subscribe", json!(["tasks"])).await["result"].is_string());
    }
    assert_eq!(call(&mut one, "enigma_subscribe", json!(["tasks"])).await["error"]["code"], -32005);
    assert_eq!(call(&mut one, "enigma_unsubscribe", json!(["0x1"])).await["result"], true);
    assert!(call(&mut one, "enigma_subscribe", json!(["tasks"])).await["result"].is_string());
}

#[tokio::test]
async fn messages_are_bounded_and_nonsense_is_told_so() {
    let running = start(Fake::default(), Limits { body: 1_000, ..Limits::default() }).await;
    let mut socket = connect(&running, "/").await;
    socket.send(Message::text("nonsense")).await.unwrap();
    assert_eq!(told(&mut socket).await["error"]["code"], -32700);
    let _ = socket.send(Message::text(" ".repeat(1_001))).await;
    let end = async {
        while let Some(Ok(message)) = socket.next().await
            && !message.is_close()
        {}
    };
    timeout(PATIENCE, end).await.expect("the connection ends");
}

#[tokio::test]
async fn a_stopping_server_says_goodbye() {
    let running = start(Fake::default(), Limits::default()).await;
    let mut socket = connect(&running, "/").await;
    call(&mut socket, "enigma_subscribe", json!(["blocks"])).await;
    let stopping = tokio::spawn(running.server.shutdown());
    let Message::Close(Some(frame)) = next(&mut socket).await else { panic!("expected a goodbye") };
    assert_eq!(frame.code, CloseCode::Away);
    drop(socket);
    timeout(PATIENCE, stopping).await.expect("it ends").unwrap();
}
