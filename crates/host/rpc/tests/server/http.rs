//! Pages, headers, and limits of HTTP.

use std::{sync::Arc, time::Duration};

use enigma_rpc::Limits;
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Notify, time::timeout};

use crate::fake::{Fake, PATIENCE, get, post, send, start};

#[tokio::test]
async fn pages_carry_their_headers_and_hostile_paths_name_no_file() {
    let running = start(Fake::default(), Limits::default()).await;
    let at = running.server.address();
    let page = get(at, "/", "").await;
    assert_eq!(page.status, 200);
    for header in [
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'self'; connect-src *; style-src 'self'; img-src 'self' data:",
        "access-control-allow-origin: *",
    ] {
        assert!(page.head.contains(header), "{header} in {}", page.head);
    }
    if page.head.contains("text/html") {
        let tag = page.head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag").to_owned();
        let again = get(at, "/", &format!("If-None-Match: {tag}\r\n")).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""));
    } else {
        assert!(page.body.contains("npm run build"), "{}", page.body);
    }
    for path in [
        "/../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/assets/../../package.json",
        "/index.html%00.js",
        "/.git/config",
        "/nothing",
    ] {
        let told = get(at, path, "").await;
        assert!(matches!(told.status, 400 | 404), "{path}: {}", told.status);
        assert!(!told.body.contains("root:") && !told.body.contains("[package]"), "{path}");
    }
}

#[tokio::test]
async fn any_page_may_ask() {
    let running = start(Fake::default(), Limits::default()).await;
    let ask = "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://dapp.example\r\nConnection: close\r\n\
        Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n";
    let told = send(running.server.address(), ask.as_bytes()).await;
    assert_eq!(told.status, 204);
    for header in ["allow-origin: *", "allow-methods: get, post, options", "allow-headers: content-type"] {
        assert!(told.head.contains(header), "{}", told.head);
    }
    assert!(!told.head.contains("allow-credentials"));
}

#[tokio::test]
async fn health_and_metrics_are_told() {
    let well = start(Fake::default(), Limits::default()).await;
    let told = get(well.server.address(), "/health", "").await;
    assert_eq!((told.status, &told.json()["height"]), (200, &json!(7)));
    let ill = start(Fake { is_ill: true, ..Fake::default() }, Limits::default()).await;
    assert_eq!(get(ill.server.address(), "/health", "").await.status, 503);

    well.metrics.height.set(41);
    post(well.server.address(), r#"{"jsonrpc":"2.0","id":1,"method":"enigma_epoch"}"#).await;
    let text = get(well.server.address(), "/metrics", "").await.body;
    assert!(text.contains("enigma_height 41"), "{text}");
    assert!(text.contains("method=\"enigma_epoch\",outcome=\"ok\"} 1"), "{text}");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let running = start(Fake::default(), Limits { body: 1_000, ..Limits::default() }).await;
    let at = running.server.address();
    assert_eq!(post(at, &" ".repeat(1_000)).await.status, 200);
    assert_eq!(post(at, &" ".repeat(1_001)).await.status, 413);
    // One that does not say how long it is.
    let chunk = format!("{:x}\r\n{}\r\n", 600, " ".repeat(600));
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let told = send(at, format!("{head}{chunk}{chunk}0\r\n\r\n").as_bytes()).await;
    assert_eq!(told.status, 413);
}

#[tokio::test]
async fn an_address_may_ask_so_often() {
    let running = start(Fake::default(), Limits { rate: 1, burst: 30, ..Limits::default() }).await;
    let at = running.server.address();
    let one = json!({"jsonrpc": "2.0", "id": 1, "method": "enigma_epoch"});
    let batch = Value::from(vec![one.clone(); 20]).to_string();
    let admitted =
        |told: Value| told.as_array().unwrap().iter().filter(|reply| reply.get("result").is_some()).count();
    assert_eq!(admitted(post(at, &batch).await.json()), 20);
    let second = post(at, &batch).await.json();
    assert_eq!(second[19]["error"]["code"], -32005, "every request of a batch counts");
    assert!((10..=12).contains(&admitted(second)));
}

#[tokio::test]
async fn queries_under_way_are_bounded() {
    let gate = Arc::new(Notify::new());
    let api = Fake { gate: Some(gate.clone()), ..Fake::default() };
    let running = start(api, Limits { queries: 2, ..Limits::default() }).await;
    let at = running.server.address();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "enigma_query",
        "params": ["0x0505050505050505050505050505050505050505", "0x00"]})
    .to_string();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let body = body.clone();
        asking.spawn(async move { post(at, &body).await.json()["error"]["code"].clone() });
    }
    let first = timeout(PATIENCE, asking.join_next()).await.unwrap().unwrap().unwrap();
    assert_eq!(first, -32005, "two wait in the node: the third is told at once");
    for _ in 0..2 {
        gate.notify_one();
    }
    while let Some(code) = asking.join_next().await {
        assert_eq!(code.unwrap(), -32001);
    }
}

#[tokio::test]
async fn the_server_stops_while_somebody_holds_a_connection() {
    let running = start(Fake::default(), Limits::default()).await;
    let at = running.server.address();
    let idle = TcpStream::connect(at).await.unwrap();
    timeout(Duration::from_secs(10), running.server.shutdown()).await.expect("it ends");
    drop(idle);
    assert!(TcpStream::connect(at).await.is_err(), "nothing listens any more");
}
