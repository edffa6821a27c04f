//! All places.

/// Every place there is, so that a test can try each.
pub const NAMES: &[&str] = &[
    // The worker: events were read up to a block.
    "worker.follow.after",
    "worker.execute.before",
    "worker.execute.after",
    // A sealed snapshot is on disk.
    "worker.snapshot.kept",
    "worker.cosign.before",
    "worker.cosign.after",
    "worker.commit.before-send",
    "worker.commit.after-send",
    // A commit of this worker is in a block.
    "worker.commit.landed",
    "worker.skip.before",
    // A chunk of a snapshot came from a peer.
    "worker.sync.chunk",
    "worker.disk.before-write",
    "worker.disk.after-write",
    // The key node.
    "key.release.before",
    "key.release.after",
    "key.beacon.before-post",
    "key.beacon.after-post",
    // It has a seat, but not yet seen where the others are.
    "key.start.before-caught-up",
];

/// Every place there is.
#[must_use]
pub const fn list() -> &'static [&'static str] {
    NAMES
}

/// The number of a place, for [`crate::failpoint!`].
///
/// # Panics
/// If there is none of that name; at compile time, where the macro asks.
#[must_use]
pub const fn place(name: &str) -> usize {
    match find(name) {
        Some(place) => place,
        None => panic!("no failpoint has this name: see NAMES"),
    }
}

pub(crate) const fn find(name: &str) -> Option<usize> {
    let mut place = 0;
    while place < NAMES.len() {
        if same(NAMES[place].as_bytes(), name.as_bytes()) {
            return Some(place);
        }
        place += 1;
    }
    None
}

/// `==`, which is not for constants yet.
const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_at_its_place_and_fits_a_file_name() {
        for (i, name) in NAMES.iter().enumerate() {
            assert_eq!(place(name), i);
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'-'), "{name}");
        }
        assert_eq!(find("worker.commit"), None);
        assert_eq!(find(""), None);
    }
}
