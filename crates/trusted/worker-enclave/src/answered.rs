//! Queries that were answered. Who records one cannot send it again to watch how the size of the answer changes.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::B256;

/// Queries remembered; when there are more, the one that expires first is forgotten.
const KEPT: usize = 8_192;

/// Hashes of answered envelopes, until they expire by themselves.
#[derive(Default)]
pub(crate) struct Answered {
    expiries: BTreeMap<B256, u64>,
    /// The same by expiry, so that the oldest are found at once.
    order: BTreeSet<(u64, B256)>,
}

impl Answered {
    /// Whether `question` was answered; forgets what has expired by `now` (unix seconds).
    pub(crate) fn has(&mut self, question: B256, now: u64) -> bool {
        while let Some(&(expiry, oldest)) = self.order.first() {
            if expiry >= now {
                break;
            }
            self.forget(expiry, oldest);
        }
        self.expiries.contains_key(&question)
    }

    /// Remembers an answered query until its expiry (unix seconds).
    pub(crate) fn note(&mut self, question: B256, expiry: u64) {
        if self.expiries.len() >= KEPT
            && let Some(&(expiry, oldest)) = self.order.first()
        {
            self.forget(expiry, oldest);
        }
        self.expiries.insert(question, expiry);
        self.order.insert((expiry, question));
    }

    fn forget(&mut self, expiry: u64, question: B256) {
        self.order.remove(&(expiry, question));
        self.expiries.remove(&question);
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    fn question(n: u64) -> B256 {
        keccak256(n.to_be_bytes())
    }

    #[test]
    fn a_question_is_known_until_it_expires() {
        let mut answered = Answered::default();
        answered.note(question(1), 100);
        answered.note(question(2), 50);
        assert!(!answered.has(question(3), 10));
        assert!(answered.has(question(1), 50) && answered.has(question(2), 50));
        assert!(!answered.has(question(2), 51) && answered.has(question(1), 51));
        assert!(!answered.has(question(1), 101));
        assert!(answered.expiries.is_empty() && answered.order.is_empty());
    }

    #[test]
    fn there_are_never_too_many_and_the_first_to_expire_goes() {
        let mut answered = Answered::default();
        for n in 0..KEPT as u64 + 10 {
            answered.note(question(n), 1_000 + n);
        }
        assert_eq!(answered.expiries.len(), KEPT);
        assert_eq!(answered.order.len(), KEPT);
        assert!(!answered.has(question(9), 0) && answered.has(question(10), 0));
    }
}
