//! An endpoint before a chain that keeps transactions back: whoever sent one waits for an answer that never comes.

use std::{
    fmt,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use alloy_rlp::Header;
use serde_json::Value;

type Choice = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// The endpoint. It passes everything on but the transactions that it was told to hold.
pub struct Holding {
    port: u16,
    state: Arc<State>,
    listening: Option<JoinHandle<()>>,
}

struct State {
    to: u16,
    holds: Choice,
    is_holding: AtomicBool,
    is_ending: AtomicBool,
    held: Mutex<Vec<(Vec<u8>, TcpStream)>>,
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holding")
            .field("port", &self.port)
            .field("to", &self.state.to)
            .finish_non_exhaustive()
    }
}

impl Holding {
    /// Listens on a port of the system's choice, before the endpoint at `to`. `holds`: whether a transaction with this
    /// calldata is one to hold, once [`Holding::begin`] was called.
    ///
    /// # Panics
    /// No port is free.
    pub fn start(to: u16, holds: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let state = Arc::new(State {
            to,
            holds: Box::new(holds),
            is_holding: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            held: Mutex::default(),
        });
        let served = state.clone();
        let listening = std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if served.is_ending.load(Ordering::SeqCst) {
                    return;
                }
                let state = served.clone();
                // A connection that fails is closed; whoever opened it sees that.
                std::thread::spawn(move || state.serve(client));
            }
        });
        Self { port, state, listening: Some(listening) }
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on it holds.
    pub fn begin(&self) {
        self.state.is_holding.store(true, Ordering::SeqCst);
    }

    /// The first transaction that it holds.
    ///
    /// # Panics
    /// A thread of it has panicked.
    pub fn held(&self) -> Option<Vec<u8>> {
        self.state.held.lock().expect("no panic").first().map(|(raw, _)| raw.clone())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.state.is_ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl State {
    fn serve(&self, mut client: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(client.try_clone().ok()?);
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        if let Some(raw) = self.to_hold(&body) {
            self.held.lock().ok()?.push((raw, client));
            return None;
        }
        let mut chain = TcpStream::connect((Ipv4Addr::LOCALHOST, self.to)).ok()?;
        let head =
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
        write!(chain, "{head}Content-Length: {length}\r\n\r\n").ok()?;
        chain.write_all(&body).ok()?;
        // The chain's answer says that it closes the connection.
        std::io::copy(&mut chain, &mut client).ok()?;
        client.shutdown(Shutdown::Both).ok()
    }

    fn to_hold(&self, body: &[u8]) -> Option<Vec<u8>> {
        if !self.is_holding.load(Ordering::SeqCst) {
            return None;
        }
        let request: Value = serde_json::from_slice(body).ok()?;
        if request["method"] != "eth_sendRawTransaction" {
            return None;
        }
        let raw = hex::decode(request["params"][0].as_str()?.trim_start_matches("0x")).ok()?;
        (self.holds)(calldata(&raw)?).then_some(raw)
    }
}

/// The calldata of a signed transaction of type 2 (EIP-1559).
fn calldata(raw: &[u8]) -> Option<&[u8]> {
    let mut list = raw.strip_prefix(&[2])?;
    let mut fields = Header::decode_bytes(&mut list, true).ok()?;
    // Chain id, nonce, two fees, gas, to, value.
    for _ in 0..7 {
        Header::decode_bytes(&mut fields, false).ok()?;
    }
    Header::decode_bytes(&mut fields, false).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::network::wait_for;

    fn raw(data: &[u8]) -> Vec<u8> {
        let fields: [&[u8]; 8] = [&[1], &[], &[2], &[3], &[4], &[5; 20], &[], data];
        let payload: Vec<u8> = fields.into_iter().flat_map(alloy_rlp::encode).chain([0xc0]).collect();
        let mut raw = vec![2];
        Header { list: true, payload_length: payload.len() }.encode(&mut raw);
        [raw, payload].concat()
    }

    #[test]
    fn only_what_is_to_be_held_is_held_and_only_when_told_so() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = Holding::start(server.local_addr().unwrap().port(), |data| data == b"this one");
        let send = |data: &[u8]| {
            let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).unwrap();
            let method = "eth_sendRawTransaction";
            let body =
                serde_json::json!({ "method": method, "params": [hex::encode(raw(data))] }).to_string();
            write!(client, "POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
            client
        };
        let passes = |mut client: TcpStream| {
            let (mut peer, _) = server.accept().unwrap();
            peer.write_all(b"answer").unwrap();
            peer.shutdown(Shutdown::Write).unwrap();
            let (mut question, mut answer) = (Vec::new(), Vec::new());
            peer.read_to_end(&mut question).unwrap();
            client.read_to_end(&mut answer).unwrap();
            assert_eq!(answer, b"answer");
        };
        passes(send(b"this one"));
        proxy.begin();
        passes(send(b"another one"));
        let _waits = send(b"this one");
        assert_eq!(wait_for("the transaction", Duration::from_secs(5), || proxy.held()), raw(b"this one"));
    }
}
