//! A node's API that passes questions on to an honest node, and answers as a test wants.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use enigma_tests::network::rpc;
use serde_json::Value;

/// How it answers a request: by what it asks the honest node, or by itself.
type Answer = dyn Fn(Value, &dyn Fn(&Value) -> Value) -> String + Send + Sync;

/// One lying node. Dropping it closes its port.
pub struct Liar {
    port: u16,
    asked: Arc<AtomicUsize>,
    ending: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Liar {
    /// A node before the honest one at `honest` (a URL).
    pub fn start(
        honest: &str,
        answer: impl Fn(Value, &dyn Fn(&Value) -> Value) -> String + Send + Sync + 'static,
    ) -> Self {
        let honest: u16 = honest.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, ending): (Arc<AtomicUsize>, Arc<AtomicBool>) = Default::default();
        let (count, end, answer) = (asked.clone(), ending.clone(), Arc::new(answer));
        let listening = std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                serve(client, honest, answer.as_ref());
            }
        });
        Self { port, asked, ending, listening: Some(listening) }
    }

    /// A node that changes the result of the honest one.
    pub fn changing(honest: &str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::start(honest, move |request, ask| {
            let mut answer = ask(&request);
            assert!(answer.get("error").is_none(), "{answer}");
            change(&mut answer["result"]);
            answer.to_string()
        })
    }

    /// Its API.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn serve(mut client: TcpStream, honest: u16, answer: &Answer) {
    let Some(body) = message(&mut client) else { return };
    let request = serde_json::from_slice(&body).expect("clients speak JSON");
    let answer = answer(request, &|request| rpc::post(honest, request));
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
    let _ = client.write_all((head + &answer).as_bytes());
    let _ = client.shutdown(Shutdown::Write);
}

/// The body of an HTTP message that says its length.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?.trim().parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
