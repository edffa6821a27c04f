//! Measurements of one thing.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// Heads the lines of all series.
pub const HEADER: &str = "                                                       n     median        p99";

/// Durations, in the order in which they came.
#[derive(Debug)]
pub struct Series {
    name: &'static str,
    taken: Vec<Duration>,
}

impl Series {
    /// Nothing was measured yet.
    pub const fn new(name: &'static str) -> Self {
        Self { name, taken: Vec::new() }
    }

    /// Notes a duration.
    pub fn push(&mut self, taken: Duration) {
        self.taken.push(taken);
    }

    /// Notes how long it has been since `begin`.
    pub fn note(&mut self, begin: Instant) {
        self.push(begin.elapsed());
    }

    /// The duration below which `share` of all lie; zero if there are none.
    fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.taken.clone();
        sorted.sort_unstable();
        // The nearest rank: a value that was measured, never one in between.
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |d: Duration| match d.as_nanos() {
            0..10_000 => format!("{:.2} µs", d.as_nanos() as f64 / 1e3),
            10_000..10_000_000 => format!("{:.0} µs", d.as_nanos() as f64 / 1e3),
            _ => format!("{:.1} ms", d.as_nanos() as f64 / 1e6),
        };
        let (median, p99) = (show(self.quantile(0.5)), show(self.quantile(0.99)));
        write!(f, "{:<48} {:>7} {median:>10} {p99:>10}", self.name, self.taken.len())
    }
}
