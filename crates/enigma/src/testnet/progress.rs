//! Tells a person how far the network has come.

use std::time::Instant;

/// Lines on standard error, with the seconds since the start; silent for programs.
pub struct Progress {
    started: Instant,
    silent: bool,
}

impl Progress {
    /// Starts the clock.
    pub fn start(silent: bool) -> Self {
        Self { started: Instant::now(), silent }
    }

    /// A step is done.
    pub fn done(&self, what: &str) {
        if !self.silent {
            eprintln!("  {:5.1} s  {what}", self.started.elapsed().as_secs_f32());
        }
    }
}
