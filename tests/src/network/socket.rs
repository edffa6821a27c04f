//! A WebSocket by hand: enough to subscribe to a node and to read what it tells.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

/// No message is waited for longer.
const PATIENCE: Duration = Duration::from_secs(60);
const TEXT: u8 = 1;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A connection to a node's API.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    /// Notifications that came before the answer to a request.
    early: VecDeque<Value>,
}

impl Socket {
    /// Connects to the API at `port`.
    ///
    /// # Panics
    /// There is no WebSocket.
    pub fn connect(port: u16) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the node listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        .expect("the node reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the node answers");
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self { stream, early: VecDeque::new() }
    }

    /// Subscribes; returns the subscription's id.
    ///
    /// # Panics
    /// The node refuses.
    pub fn subscribe(&mut self, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "enigma_subscribe", "params": params});
        self.send(TEXT, request.to_string().as_bytes());
        loop {
            let told = self.read();
            if told["method"] == "enigma_subscription" {
                self.early.push_back(told);
                continue;
            }
            assert!(told["result"].is_string(), "{told}");
            return told["result"].clone();
        }
    }

    /// What is notified next, and for which subscription.
    ///
    /// # Panics
    /// Nothing is, in time.
    pub fn notified(&mut self) -> (Value, Value) {
        let mut told = self.early.pop_front().unwrap_or_else(|| self.read());
        assert_eq!(told["method"], "enigma_subscription", "{told}");
        (told["params"]["subscription"].take(), told["params"]["result"].take())
    }

    fn send(&mut self, kind: u8, payload: &[u8]) {
        // Clients must mask; a mask of zeros is one.
        let mut frame = vec![0x80 | kind, 0x80 | 126];
        frame.extend(u16::try_from(payload.len()).expect("a short message").to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).expect("the node reads");
    }

    fn read(&mut self) -> Value {
        loop {
            let [kind, length] = self.bytes();
            let length = match length {
                126 => u16::from_be_bytes(self.bytes()).into(),
                127 => u64::from_be_bytes(self.bytes()),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).expect("a length")];
            self.stream.read_exact(&mut payload).expect("a whole message");
            match kind & 0x0f {
                TEXT => return serde_json::from_slice(&payload).expect("JSON"),
                PING => self.send(PONG, &payload),
                other => panic!("a message of kind {other}"),
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).expect("a message in time");
        bytes
    }
}
