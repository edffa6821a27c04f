//! Memory for peers' requests: who may hold how much of it.
//!
//! Strangers together get a quarter, listed peers the rest, and one peer a part
//! of its side's share, so that neither a flood nor one peer takes it all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use libp2p::PeerId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit in which memory is counted, in bytes.
const UNIT: usize = 1024;

/// One stranger's part of the strangers' share.
const STRANGERS: usize = 8;

/// One listed peer's part of the listed peers' share.
const LISTED: usize = 2;

/// All of the room.
pub(crate) struct Rooms {
    strangers: Arc<Semaphore>,
    listed: Arc<Semaphore>,
    of_a_stranger: usize,
    of_a_listed: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_peer: HashMap<(PeerId, bool), Weak<Semaphore>>,
    next: Option<Account>,
}

/// One peer's part, shared by all its connections.
#[derive(Clone)]
pub(crate) struct Account {
    own: Arc<Semaphore>,
    pool: Arc<Semaphore>,
}

/// Some of a peer's room, given back when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    own: OwnedSemaphorePermit,
    pool: OwnedSemaphorePermit,
}

impl Rooms {
    pub(crate) fn new(max_inbound_bytes: usize) -> Arc<Self> {
        let all = (max_inbound_bytes / UNIT).min(Semaphore::MAX_PERMITS);
        let strangers = all / 4;
        let listed = all - strangers;
        Arc::new(Self {
            strangers: Arc::new(Semaphore::new(strangers)),
            listed: Arc::new(Semaphore::new(listed)),
            of_a_stranger: strangers / STRANGERS,
            of_a_listed: listed / LISTED,
            state: Mutex::default(),
        })
    }

    /// Lays the account of the peer aside whose connection is made next. The
    /// codec of that connection takes it: libp2p tells a codec nothing of its peer.
    pub(crate) fn lay_aside(&self, peer: PeerId, listed: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = state.by_peer.get(&(peer, listed)).and_then(Weak::upgrade);
        let own = known.unwrap_or_else(|| {
            state.by_peer.retain(|_, account| account.strong_count() > 0);
            let units = if listed { self.of_a_listed } else { self.of_a_stranger };
            let own = Arc::new(Semaphore::new(units));
            state.by_peer.insert((peer, listed), Arc::downgrade(&own));
            own
        });
        let pool = Arc::clone(if listed { &self.listed } else { &self.strangers });
        state.next = Some(Account { own, pool });
    }

    /// What was laid aside last, once.
    pub(crate) fn take(&self) -> Option<Account> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).next.take()
    }
}

impl Account {
    /// Room for so many bytes, without waiting: two half-received requests that
    /// wait for each other's room would never end.
    pub(crate) fn room(&self, bytes: usize) -> Option<Room> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let own = Arc::clone(&self.own).try_acquire_many_owned(units).ok()?;
        let pool = Arc::clone(&self.pool).try_acquire_many_owned(units).ok()?;
        Some(Room { own, pool })
    }
}

impl Room {
    /// Adds more of the same account.
    pub(crate) fn merge(&mut self, more: Self) {
        self.own.merge(more.own);
        self.pool.merge(more.pool);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    fn account(rooms: &Rooms, peer: PeerId, listed: bool) -> Account {
        rooms.lay_aside(peer, listed);
        rooms.take().unwrap()
    }

    #[test]
    fn strangers_cannot_take_the_room_of_listed_peers() {
        let rooms = Rooms::new(64 * KIB);
        let mut held = Vec::new();
        for _ in 0..20 {
            let account = account(&rooms, PeerId::random(), false);
            held.extend(account.room(KIB));
            held.extend(account.room(KIB));
            assert!(account.room(KIB).is_none(), "one stranger gets an eighth of a quarter");
        }
        assert_eq!(held.len(), 16, "all strangers together get a quarter");
        assert!(account(&rooms, PeerId::random(), true).room(24 * KIB).is_some());
    }

    #[test]
    fn a_peers_connections_share_its_room_and_it_comes_back() {
        let rooms = Rooms::new(64 * KIB);
        let peer = PeerId::random();
        let (first, second) = (account(&rooms, peer, true), account(&rooms, peer, true));
        let held = first.room(24 * KIB).unwrap();
        assert!(second.room(KIB).is_none());
        drop(held);
        assert!(second.room(24 * KIB).is_some());
        assert!(rooms.take().is_none(), "an account is taken once");
    }
}
