//! What a node counts, in the text format that Prometheus reads. Labels are bounded: no address, contract or name.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Methods with a label of their own.
const METHODS: [&str; 14] = [
    "enigma_network",
    "enigma_bootstrap",
    "enigma_health",
    "enigma_epoch",
    "enigma_group",
    "enigma_workers",
    "enigma_contracts",
    "enigma_contract",
    "enigma_task",
    "enigma_tasks",
    "enigma_topology",
    "enigma_query",
    "enigma_subscribe",
    "enigma_unsubscribe",
];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabels {
    code: u16,
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Ok,
    Failed(i32),
}

/// A node's counters. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// The newest block that the node has read.
    pub height: Gauge,
    /// The epoch of the block after it.
    pub epoch: Gauge,
    /// Peers with a connection.
    pub peers_connected: Gauge,
    /// Tasks seen.
    pub tasks_seen: Counter,
    /// Tasks seen committed.
    pub tasks_committed: Counter,
    commit_seconds: Histogram,
    queries_answered: Counter,
    queries_refused: Family<CodeLabels, Counter>,
    query_seconds: Histogram,
    requests: Family<RequestLabels, Counter>,
    pub(crate) sockets: Gauge,
    pub(crate) subscriptions: Gauge,
    pub(crate) slow_readers: Counter,
    enclave_frames: Counter,
    enclave_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        // Blocks have times in whole seconds; enclaves and queries take milliseconds.
        let blocks = || Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]);
        let quick = || Histogram::new((0..14).map(|i| 0.001 * f64::from(1 << i)));
        let mut registry = Registry::with_prefix("enigma");
        let r = &mut registry;
        let metrics = Self {
            registry: Arc::default(),
            height: add(r, "height", "The newest block read", Gauge::default()),
            epoch: add(r, "epoch", "The epoch of the next block", Gauge::default()),
            peers_connected: add(r, "peers_connected", "Peers with a connection", Gauge::default()),
            tasks_seen: add(r, "tasks_seen", "Tasks read from the chain", Counter::default()),
            tasks_committed: add(r, "tasks_committed", "Tasks read as committed", Counter::default()),
            commit_seconds: add(r, "commit_seconds", "From a task's block to its commit's", blocks()),
            queries_answered: add(r, "queries_answered", "Queries answered", Counter::default()),
            queries_refused: add(r, "queries_refused", "Queries refused, by code", Family::default()),
            query_seconds: add(r, "query_seconds", "Time of a query", quick()),
            requests: add(r, "rpc_requests", "Requests, by method and outcome", Family::default()),
            sockets: add(r, "websockets", "WebSocket connections", Gauge::default()),
            subscriptions: add(r, "subscriptions", "Subscriptions", Gauge::default()),
            slow_readers: add(
                r,
                "slow_readers",
                "Connections cut off: they did not keep up",
                Counter::default(),
            ),
            enclave_frames: add(r, "enclave_frames", "Frames to the enclave", Counter::default()),
            enclave_seconds: add(r, "enclave_seconds", "Time of a frame in the enclave", quick()),
        };
        Self { registry: Arc::new(registry), ..metrics }
    }
}

fn add<M: prometheus_client::registry::Metric + Clone>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    registry.register(name, help, metric.clone());
    metric
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// A task was committed so many seconds after it was created, by the blocks' clocks.
    pub fn committed_after(&self, seconds: u64) {
        self.tasks_committed.inc();
        self.commit_seconds.observe(seconds as f64);
    }

    /// A query was answered or refused with a code.
    pub fn query(&self, refused: Option<u16>, took: Duration) {
        match refused {
            None => drop(self.queries_answered.inc()),
            Some(code) => drop(self.queries_refused.get_or_create(&CodeLabels { code }).inc()),
        }
        self.query_seconds.observe(took.as_secs_f64());
    }

    /// The enclave answered a frame.
    pub fn enclave_frame(&self, took: Duration) {
        self.enclave_frames.inc();
        self.enclave_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn request(&self, method: &str, outcome: Outcome) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let outcome = match outcome {
            Outcome::Ok => "ok",
            Outcome::Failed(-32000) => "not_found",
            Outcome::Failed(-32001) => "refused",
            Outcome::Failed(-32005) => "limit",
            Outcome::Failed(-32603) => "internal",
            Outcome::Failed(_) => "invalid",
        };
        self.requests.get_or_create(&RequestLabels { method, outcome }).inc();
    }

    /// Everything, as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_and_labels_are_bounded() {
        let metrics = Metrics::default();
        metrics.height.set(7);
        metrics.committed_after(3);
        metrics.query(None, Duration::from_millis(5));
        metrics.query(Some(24), Duration::from_millis(5));
        for i in 0..100 {
            metrics.request(&format!("hostile_{i}"), Outcome::Failed(-32601));
        }
        metrics.request("enigma_task", Outcome::Ok);
        let text = metrics.text();
        for line in [
            "enigma_height 7",
            "enigma_tasks_committed_total 1",
            "enigma_commit_seconds_count 1",
            "enigma_queries_refused_total{code=\"24\"} 1",
            "enigma_rpc_requests_total{method=\"other\",outcome=\"invalid\"} 100",
            "enigma_rpc_requests_total{method=\"enigma_task\",outcome=\"ok\"} 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("hostile"));
    }
}
