//! The only web server: a node's JSON-RPC over HTTP and WebSocket, its metrics, and the explorer (`docs/rpc.md`).
//!
//! It knows no chain, no peer and no enclave: the node implements [`Api`] and publishes to a [`Feed`].
//!
//! ```text
//! api       what a node can be asked
//! types     the answers, as they are written in JSON
//! jsonrpc   JSON-RPC 2.0: requests, batches, errors
//! params    parameters by place or by name
//! methods   from a method's name to the node's answer
//! feed      what happens, for whoever subscribed
//! server    HTTP: which path is what, and the headers
//! listener  connections: how many, and for how long idle
//! socket    one WebSocket: requests, subscriptions, and an end to slow readers
//! limits    how much one address may ask
//! metrics   what a node counts, in Prometheus' text format
//! explorer  the files of js/explorer, built into the program
//! error     what a request is refused with
//! ```
//!
//! Invariants: every queue is bounded; a reader that does not keep up is disconnected; nothing of an envelope or of
//! an answer to one is logged. Deliberately absent: cookies, accounts, TLS (a proxy's affair), and trust: clients check.

mod api;
mod error;
mod explorer;
mod feed;
mod jsonrpc;
mod limits;
mod listener;
mod methods;
pub mod metrics;
mod params;
mod server;
mod socket;
pub mod types;

pub use api::{Api, TaskKey};
pub use error::{Error, Failure};
pub use feed::{Feed, Topic};
pub use limits::Limits;
pub use metrics::Metrics;
pub use server::{Server, serve};
