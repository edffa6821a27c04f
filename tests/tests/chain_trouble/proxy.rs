//! An endpoint that does what a test tells it: passes on, changes answers, hangs, hangs up.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use enigma_tests::anvil::Anvil;
use serde_json::{Value, json};

/// What the endpoint does with a request.
pub enum Deed {
    /// Answers with this result.
    Answer(Value),
    /// Answers with this error.
    Refuse(i64, &'static str),
    /// Answers as the chain does.
    Pass,
    /// Never answers.
    Hang,
    /// Closes the connection.
    HangUp,
}

type Conduct = Arc<dyn Fn(&Anvil, &str, &Value) -> Deed + Send + Sync>;

/// An endpoint before a chain.
pub struct Endpoint {
    port: u16,
    state: Arc<State>,
}

struct State {
    chain: Arc<Anvil>,
    conduct: Mutex<Conduct>,
    asked: Mutex<Vec<String>>,
    held: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
}

impl Endpoint {
    /// One that is honest.
    pub fn before(chain: &Arc<Anvil>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let state = Arc::new(State {
            chain: chain.clone(),
            conduct: Mutex::new(Arc::new(|_, _, _| Deed::Pass)),
            asked: Mutex::default(),
            held: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let served = Arc::downgrade(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Some(state) = served.upgrade() else { return };
                std::thread::spawn(move || state.serve(client));
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on it does this.
    pub fn does(&self, conduct: impl Fn(&Anvil, &str, &Value) -> Deed + Send + Sync + 'static) {
        *self.state.conduct.lock().unwrap() = Arc::new(conduct);
    }

    /// From now on it is honest.
    pub fn is_honest(&self) {
        self.does(|_, _, _| Deed::Pass);
    }

    /// From now on it changes the answers to one method.
    pub fn changes(&self, method: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.does(move |chain, asked, params| {
            if asked != method {
                return Deed::Pass;
            }
            let mut answer = chain.call(asked, params.clone());
            change(&mut answer);
            Deed::Answer(answer)
        });
    }

    /// How many requests it got since it was last asked this.
    pub fn requests(&self) -> usize {
        std::mem::take(&mut *self.state.asked.lock().unwrap()).len()
    }
}

impl Drop for Endpoint {
    /// Waits for requests that are under way: they hold the chain, and a chain that is held outlives the test.
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        let bound = Instant::now() + Duration::from_secs(5);
        while Arc::strong_count(&self.state) > 1 && Instant::now() < bound {
            std::thread::yield_now();
        }
    }
}

impl State {
    fn serve(&self, mut client: TcpStream) {
        let mut reader = BufReader::new(client.try_clone().expect("a handle"));
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            line.clear();
        }
        let mut body = vec![0; length];
        if self.is_over.load(Ordering::SeqCst) || length == 0 || reader.read_exact(&mut body).is_err() {
            return;
        }
        let request: Value = serde_json::from_slice(&body).expect("JSON");
        let method = request["method"].as_str().expect("a method");
        self.asked.lock().unwrap().push(method.to_owned());
        let conduct = self.conduct.lock().unwrap().clone();
        let mut answer = match conduct(&self.chain, method, &request["params"]) {
            Deed::Answer(result) => json!({ "result": result }),
            Deed::Refuse(code, message) => json!({ "error": { "code": code, "message": message } }),
            Deed::Pass => match self.chain.try_call(method, request["params"].clone()) {
                Ok(result) => json!({ "result": result }),
                Err(error) => json!({ "error": error }),
            },
            Deed::Hang => return self.held.lock().unwrap().push(client),
            Deed::HangUp => return,
        };
        answer["jsonrpc"] = "2.0".into();
        answer["id"] = request["id"].clone();
        let answer = answer.to_string();
        // Whoever waits no longer hangs up.
        let _ = write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
    }
}
