//! A local chain of our own: anvil under the rules of Osaka, on a free port, asked over JSON-RPC by hand. Ends with the test.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

use crate::network::rpc;

/// The chain; dies with this value.
#[derive(Debug)]
pub struct Anvil {
    child: Child,
    port: u16,
}

/// An account of the chain.
#[derive(Debug)]
pub struct Account {
    /// Transactions sent, contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// What runs there.
    pub code: Vec<u8>,
    /// Slots, without zeros.
    pub storage: BTreeMap<U256, U256>,
}

impl Anvil {
    /// Starts a chain with these arguments beside ours, and waits until it listens.
    ///
    /// # Panics
    /// There is no anvil, or it does not start.
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(["--port", "0", "--hardfork", "osaka", "--gas-limit", "30000000"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("anvil starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on 127.0.0.1:")?.trim().parse().ok())
            .expect("anvil says where it listens before it ends");
        // Keeps the pipe empty; ends with anvil.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// Its endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// One JSON-RPC call that must succeed.
    ///
    /// # Panics
    /// It does not.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// One JSON-RPC call.
    ///
    /// # Errors
    /// The error object of the answer.
    ///
    /// # Panics
    /// The chain does not answer.
    pub fn try_call(&self, method: &str, params: Value) -> Result<Value, Value> {
        let mut answer = rpc::ask(self.port, method, params);
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Every account with code or storage.
    ///
    /// # Panics
    /// The dump is none.
    pub fn contracts(&self) -> BTreeMap<Address, Account> {
        let dump: Value = serde_json::from_slice(&gunzip(&bytes(&self.call("anvil_dumpState", json!([])))))
            .expect("a dump");
        let accounts = dump["accounts"].as_object().expect("accounts");
        accounts
            .iter()
            .map(|(at, account)| (at.parse().expect("an address"), self::account(account)))
            .filter(|(_, account)| !account.code.is_empty() || !account.storage.is_empty())
            .collect()
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> PathBuf {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    if let Some(path) = std::env::var_os("ANVIL") {
        return path.into();
    }
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    let path = repository.join(format!("node_modules/@foundry-rs/anvil-{os}-{arch}/bin/anvil"));
    assert!(path.exists(), "no anvil at {}: run `npm ci`, or set ANVIL", path.display());
    path
}

fn gunzip(data: &[u8]) -> Vec<u8> {
    let script = "process.stdout.write(require('zlib').gunzipSync(require('fs').readFileSync(0)))";
    let mut node = Command::new("node")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    // node reads everything before it writes, so this cannot block on the other pipe.
    node.stdin.take().expect("its input").write_all(data).expect("node reads");
    node.wait_with_output().expect("node ends").stdout
}

fn account(value: &Value) -> Account {
    let storage = value["storage"].as_object().expect("storage").iter();
    let storage =
        storage.map(|(slot, value)| (slot.parse().expect("a slot"), U256::from_be_bytes(word(value).0)));
    Account {
        nonce: value["nonce"].as_u64().unwrap_or_else(|| number(&value["nonce"])),
        balance: U256::from_be_bytes(word(&value["balance"]).0),
        code: bytes(&value["code"]),
        storage: storage.filter(|(_, value)| !value.is_zero()).collect(),
    }
}

/// A hex string as bytes.
///
/// # Panics
/// It is none.
pub fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or("0x");
    hex::decode(text.trim_start_matches("0x")).expect("hex")
}

/// A hex string as a number.
///
/// # Panics
/// It is none.
pub fn number(value: &Value) -> u64 {
    u64::try_from(U256::from_be_bytes(word(value).0)).expect("64 bits")
}

/// A hex string, of any length up to 32 bytes, as a word.
///
/// # Panics
/// It is none.
pub fn word(value: &Value) -> B256 {
    value.as_str().expect("a hex string").parse::<U256>().expect("hex").into()
}

/// A hex string as an address.
///
/// # Panics
/// It is none.
pub fn address(value: &Value) -> Address {
    value.as_str().expect("a hex string").parse().expect("an address")
}
