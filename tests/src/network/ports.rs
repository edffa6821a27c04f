//! A free block of ports that no other test takes.

use std::{fs::File, net::TcpListener};

/// Ports that one local network may use: the chain's, then for 20 key nodes and 20 workers one for peers and one for
/// their API each.
const BLOCK: u16 = 100;
/// Below the ports that the system gives to outgoing connections.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// A block of ports, ours until dropped.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    _lock: File,
}

impl Ports {
    /// Takes a block in which every port can be bound. A lock on a file keeps other tests from it; the system lets go
    /// of it however this process ends.
    ///
    /// # Panics
    /// The temporary folder cannot be written, or no block is free.
    pub fn take() -> Self {
        let locks = std::env::temp_dir().join("enigma-test-ports");
        std::fs::create_dir_all(&locks).expect("a folder for locks");
        let blocks = (RANGE.end - RANGE.start) / BLOCK;
        // Begins where few others do.
        let skip = u16::try_from(std::process::id() % u32::from(blocks)).unwrap_or_default();
        for place in 0..blocks {
            let first = RANGE.start + (place + skip) % blocks * BLOCK;
            let lock = File::create(locks.join(first.to_string())).expect("a lock file");
            let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
            if lock.try_lock().is_ok() && (first..first + BLOCK).all(free) {
                return Self { first, _lock: lock };
            }
        }
        panic!("no {BLOCK} ports in a row are free in {RANGE:?}");
    }

    /// The first port of the block.
    pub const fn first(&self) -> u16 {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_do_not_overlap() {
        let (one, other) = (Ports::take(), Ports::take());
        assert!(one.first().abs_diff(other.first()) >= BLOCK);
    }
}
