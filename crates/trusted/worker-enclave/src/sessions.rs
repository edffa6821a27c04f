//! Sessions that were opened before. A client keeps one encapsulation for many envelopes of a contract and epoch; the
//! pairing behind it is the dearest step of a small task, and its result is the same every time.

use std::collections::{BTreeMap, btree_map::Entry};

use enigma_primitives::Secret;

/// Sessions kept for one input key, and one more until the next call. A receipt's tasks fit four times.
const KEPT: usize = 512;

struct Session {
    /// Boxed: a map moves what it holds, and a move leaves the bytes behind.
    key: Box<Secret<[u8; 32]>>,
    used: u64,
}

/// The keys of the sessions of one input key, by their point `U`. They go when that key goes.
#[derive(Default)]
pub(crate) struct Sessions {
    known: BTreeMap<[u8; 96], Session>,
    clock: u64,
}

impl Sessions {
    /// The key of session `u`, made by `decapsulate` if it is not here. What fails is not remembered.
    pub(crate) fn key<E>(
        &mut self,
        u: &[u8; 96],
        decapsulate: impl FnOnce() -> Result<Secret<[u8; 32]>, E>,
    ) -> Result<&Secret<[u8; 32]>, E> {
        self.make_room();
        self.clock = self.clock.saturating_add(1);
        let session = match self.known.entry(*u) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Session { key: Box::new(decapsulate()?), used: 0 }),
        };
        session.used = self.clock;
        Ok(&session.key)
    }

    /// Drops the session unused for longest, if there is one too many.
    fn make_room(&mut self) {
        if self.known.len() > KEPT
            && let Some(oldest) = self.known.iter().min_by_key(|(_, s)| s.used).map(|(u, _)| *u)
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Session `n`, and how often it had to be decapsulated.
    fn open(sessions: &mut Sessions, n: u16) -> bool {
        let mut u = [0; 96];
        u[..2].copy_from_slice(&n.to_be_bytes());
        let (mut made, expected) = (false, Secret::from_bytes([n as u8; 32]));
        let key = sessions.key::<()>(&u, || {
            made = true;
            Ok(Secret::from_bytes([n as u8; 32]))
        });
        assert!(*key.unwrap() == expected, "the key of another session");
        made
    }

    #[test]
    fn a_session_is_decapsulated_once() {
        let mut sessions = Sessions::default();
        assert!(open(&mut sessions, 1) && open(&mut sessions, 2));
        assert!(!open(&mut sessions, 1) && !open(&mut sessions, 2));
    }

    #[test]
    fn what_fails_is_not_remembered() {
        let mut sessions = Sessions::default();
        assert!(sessions.key(&[0; 96], || Err("no point")).is_err());
        assert!(open(&mut sessions, 0));
    }

    #[test]
    fn the_session_unused_for_longest_goes_first_and_there_are_never_too_many() {
        let mut sessions = Sessions::default();
        for n in 0..2_000 {
            open(&mut sessions, n);
            assert!(sessions.known.len() <= KEPT + 1);
            assert!(n == 0 || !open(&mut sessions, 0), "used all the time, so it stays");
        }
        assert!(open(&mut sessions, 1), "gone long ago");
    }
}
