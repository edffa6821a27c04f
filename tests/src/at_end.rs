//! What must happen however a test ends.

use std::sync::atomic::{AtomicBool, Ordering};

/// Sets a flag when it goes, so that nothing outlives a test that fails.
#[derive(Debug)]
pub struct AtEnd<'a>(
    /// The flag.
    pub &'a AtomicBool,
);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
