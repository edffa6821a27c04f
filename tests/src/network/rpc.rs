//! The chain or a node, asked over JSON-RPC by hand.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
};

use alloy_primitives::U256;
use serde_json::{Value, json};

/// One call to the endpoint at `port` that must succeed.
///
/// # Panics
/// It does not.
pub fn call(port: u16, method: &str, params: Value) -> Value {
    let mut answer = ask(port, method, params);
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].take()
}

/// One call to the endpoint at `port`, and all that it answers.
///
/// # Panics
/// It answers no JSON.
pub fn ask(port: u16, method: &str, params: Value) -> Value {
    post(port, &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
}

/// Any JSON-RPC request to the endpoint at `port`, and all that it answers.
///
/// # Panics
/// It answers no JSON.
pub fn post(port: u16, request: &Value) -> Value {
    let body = request.to_string();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the chain listens");
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the chain reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the chain answers");
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    serde_json::from_slice(&answer[head..]).expect("JSON")
}

/// A quantity in hex.
///
/// # Panics
/// It is none.
pub fn quantity(value: &Value) -> U256 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no quantity: {value}"))
}
