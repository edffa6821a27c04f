//! Who provides what, as far as others told this node: a bounded record store.
//!
//! Values are not stored at all. A stranger can fill neither the place of listed
//! peers nor, by itself, the place of other strangers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter::Empty;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{ProviderRecord, Record, RecordKey};

use crate::book::{ADDRESSES, Reach};

/// Names what is provided.
pub(crate) type Key = [u8; 32];

/// Keys that this node provides itself.
pub(crate) const OWN_KEYS: usize = 4096;

/// Providers of one key.
pub(crate) const PROVIDERS: usize = 16;

/// Keys that one stranger, and one listed peer, may provide.
const KEYS_OF_A_STRANGER: usize = 64;
const KEYS_OF_A_LISTED: usize = 1024;

/// Records of all strangers, and of all listed peers.
const OF_STRANGERS: usize = 8192;
const OF_LISTED: usize = 8192;

/// The shortest time between two searches for expired records.
const SWEEP: Duration = Duration::from_secs(10);

/// The provider records that a node holds.
pub(crate) struct Records {
    own: PeerId,
    provided: BTreeMap<Key, ProviderRecord>,
    told: HashMap<Key, Vec<ProviderRecord>>,
    keys: HashMap<PeerId, BTreeSet<Key>>,
    of_strangers: usize,
    of_listed: usize,
    listed: HashSet<PeerId>,
    reach: Reach,
    swept: Option<Instant>,
}

impl Records {
    pub(crate) fn new(own: PeerId, reach: Reach) -> Self {
        Self {
            own,
            provided: BTreeMap::new(),
            told: HashMap::new(),
            keys: HashMap::new(),
            of_strangers: 0,
            of_listed: 0,
            listed: HashSet::new(),
            reach,
            swept: None,
        }
    }

    pub(crate) fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Keeps room for a listed peer's records.
    pub(crate) fn admit(&mut self, peer: PeerId) {
        if self.listed.insert(peer) {
            let count = self.keys.get(&peer).map_or(0, BTreeSet::len);
            self.of_strangers -= count;
            self.of_listed += count;
        }
    }

    fn hear(&mut self, key: Key, mut record: ProviderRecord, now: Instant) -> Result<()> {
        let provider = record.provider;
        record.addresses.retain(|address| self.reach.accepts(address));
        record.addresses.truncate(ADDRESSES);
        record.addresses.shrink_to_fit();
        self.remove(&key, &provider);
        let listed = self.listed.contains(&provider);
        let (of_one, all) =
            if listed { (KEYS_OF_A_LISTED, OF_LISTED) } else { (KEYS_OF_A_STRANGER, OF_STRANGERS) };
        let mine = self.keys.get(&provider).map_or(0, BTreeSet::len);
        if mine >= of_one {
            return Err(Error::MaxProvidedKeys);
        }
        if self.count(listed) >= all {
            self.sweep(now);
        }
        if self.count(listed) >= all && !self.make_room(listed, mine) {
            return Err(Error::MaxProvidedKeys);
        }
        let providers = self.told.get(&key).map_or(&[][..], Vec::as_slice);
        if providers.len() >= PROVIDERS {
            // The freshest stay: so nobody who came early holds a key for ever.
            let stale = providers
                .iter()
                .filter(|other| listed || !self.listed.contains(&other.provider))
                .min_by_key(|other| (self.listed.contains(&other.provider), other.expires))
                .map(|other| other.provider);
            let Some(stale) = stale else {
                return Err(Error::MaxProvidedKeys);
            };
            self.remove(&key, &stale);
        }
        self.told.entry(key).or_default().push(record);
        self.keys.entry(provider).or_default().insert(key);
        *self.count_mut(listed) += 1;
        Ok(())
    }

    /// Takes a record from whoever has most, if that is more than the newcomer would have.
    fn make_room(&mut self, listed: bool, mine: usize) -> bool {
        let alike = self.keys.iter().filter(|(peer, _)| self.listed.contains(peer) == listed);
        let most = alike.max_by_key(|(_, keys)| keys.len());
        let Some((peer, key)) = most
            .filter(|(_, keys)| keys.len() > mine + 1)
            .and_then(|(peer, keys)| Some((*peer, *keys.first()?)))
        else {
            return false;
        };
        self.remove(&key, &peer);
        true
    }

    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now.duration_since(swept) < SWEEP) {
            return;
        }
        self.swept = Some(now);
        let all =
            self.told.iter().flat_map(|(key, records)| records.iter().map(move |record| (*key, record)));
        let expired: Vec<_> = all
            .filter(|(_, record)| record.is_expired(now))
            .map(|(key, record)| (key, record.provider))
            .collect();
        for (key, provider) in expired {
            self.remove(&key, &provider);
        }
    }

    fn remove(&mut self, key: &Key, provider: &PeerId) {
        let Some(records) = self.told.get_mut(key) else {
            return;
        };
        let before = records.len();
        records.retain(|record| record.provider != *provider);
        if records.len() == before {
            return;
        }
        if records.is_empty() {
            self.told.remove(key);
        }
        if let Some(keys) = self.keys.get_mut(provider) {
            keys.remove(key);
            if keys.is_empty() {
                self.keys.remove(provider);
            }
        }
        let listed = self.listed.contains(provider);
        *self.count_mut(listed) -= 1;
    }

    fn count(&self, listed: bool) -> usize {
        if listed { self.of_listed } else { self.of_strangers }
    }

    fn count_mut(&mut self, listed: bool) -> &mut usize {
        if listed { &mut self.of_listed } else { &mut self.of_strangers }
    }
}

/// The 32 bytes of a key; other keys are not ours.
pub(crate) fn key_of(key: &RecordKey) -> Option<Key> {
    key.as_ref().try_into().ok()
}

type Owned<'a> = fn((&'a Key, &'a ProviderRecord)) -> Cow<'a, ProviderRecord>;

impl RecordStore for Records {
    type RecordsIter<'a> = Empty<Cow<'a, Record>>;
    type ProvidedIter<'a>
        = std::iter::Map<std::collections::btree_map::Iter<'a, Key, ProviderRecord>, Owned<'a>>
    where
        Self: 'a;

    fn get(&self, _: &RecordKey) -> Option<Cow<'_, Record>> {
        None
    }

    fn put(&mut self, _: Record) -> Result<()> {
        Err(Error::MaxRecords)
    }

    fn remove(&mut self, _: &RecordKey) {}

    fn records(&self) -> Self::RecordsIter<'_> {
        std::iter::empty()
    }

    fn add_provider(&mut self, record: ProviderRecord) -> Result<()> {
        let key = key_of(&record.key).ok_or(Error::ValueTooLarge)?;
        if record.provider != self.own {
            return self.hear(key, record, Instant::now());
        }
        if self.provided.len() >= OWN_KEYS && !self.provided.contains_key(&key) {
            return Err(Error::MaxProvidedKeys);
        }
        self.provided.insert(key, record);
        Ok(())
    }

    fn providers(&self, key: &RecordKey) -> Vec<ProviderRecord> {
        let Some(key) = key_of(key) else {
            return Vec::new();
        };
        let told = self.told.get(&key).into_iter().flatten();
        self.provided.get(&key).into_iter().chain(told).cloned().collect()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        let owned: Owned<'_> = |(_, record)| Cow::Borrowed(record);
        self.provided.iter().map(owned)
    }

    fn remove_provider(&mut self, key: &RecordKey, provider: &PeerId) {
        let Some(key) = key_of(key) else {
            return;
        };
        if *provider == self.own {
            self.provided.remove(&key);
        } else {
            Self::remove(self, &key, provider);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Records {
        Records::new(PeerId::random(), Reach::default())
    }

    fn key(number: usize) -> Key {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        key
    }

    fn record(number: usize, provider: PeerId, expires: Instant) -> ProviderRecord {
        let mut record = ProviderRecord::new(RecordKey::new(&key(number)), provider, Vec::new());
        record.expires = Some(expires);
        record
    }

    fn providers(records: &Records, number: usize) -> Vec<PeerId> {
        let found = records.providers(&RecordKey::new(&key(number)));
        found.into_iter().map(|record| record.provider).collect()
    }

    #[test]
    fn a_stranger_provides_a_bounded_number_of_keys() {
        let (mut records, peer) = (records(), PeerId::random());
        let later = Instant::now() + SWEEP;
        let kept = (0..1000).filter(|i| records.add_provider(record(*i, peer, later)).is_ok()).count();
        assert_eq!(kept, KEYS_OF_A_STRANGER);
        records.remove_provider(&RecordKey::new(&key(0)), &peer);
        assert!(records.add_provider(record(5000, peer, later)).is_ok());
    }

    #[test]
    fn many_greedy_strangers_leave_room_for_modest_and_listed_ones() {
        let mut records = records();
        let later = Instant::now() + SWEEP;
        for stranger in 0..2 * OF_STRANGERS / KEYS_OF_A_STRANGER {
            let peer = PeerId::random();
            for i in 0..KEYS_OF_A_STRANGER {
                let _ = records.add_provider(record(stranger * 100 + i, peer, later));
            }
        }
        assert_eq!(records.of_strangers, OF_STRANGERS);
        let (modest, listed) = (PeerId::random(), PeerId::random());
        records.admit(listed);
        records.add_provider(record(1_000_000, modest, later)).unwrap();
        records.add_provider(record(1_000_000, listed, later)).unwrap();
        assert_eq!(providers(&records, 1_000_000), [modest, listed]);
        assert_eq!((records.of_strangers, records.of_listed), (OF_STRANGERS, 1));
    }

    #[test]
    fn of_one_keys_providers_the_freshest_stay_and_the_listed_ones() {
        let (mut records, listed) = (records(), PeerId::random());
        let now = Instant::now();
        records.admit(listed);
        records.add_provider(record(0, listed, now)).unwrap();
        let first = PeerId::random();
        records.add_provider(record(0, first, now + SWEEP)).unwrap();
        for _ in 0..PROVIDERS {
            records.add_provider(record(0, PeerId::random(), now + 2 * SWEEP)).unwrap();
        }
        let found = providers(&records, 0);
        assert_eq!(found.len(), PROVIDERS);
        assert!(found.contains(&listed) && !found.contains(&first));
    }

    #[test]
    fn expired_records_make_room() {
        let mut records = records();
        let now = Instant::now();
        let peers: Vec<_> = (0..OF_STRANGERS).map(|_| PeerId::random()).collect();
        for (i, peer) in peers.iter().enumerate() {
            records.hear(key(i), record(i, *peer, now + SWEEP), now).unwrap();
        }
        let late = record(1, PeerId::random(), now + 3 * SWEEP);
        assert!(records.hear(key(1), late.clone(), now).is_err(), "nobody has more than the newcomer");
        records.hear(key(1), late, now + SWEEP).unwrap();
        assert_eq!(records.of_strangers, 1);
    }

    #[test]
    fn keys_of_other_lengths_and_values_are_refused() {
        let mut records = records();
        let odd = ProviderRecord::new(RecordKey::new(&[1; 31]), PeerId::random(), Vec::new());
        assert!(records.add_provider(odd).is_err());
        assert!(records.put(Record::new(vec![1; 32], vec![1])).is_err());
    }

    #[test]
    fn a_listed_peer_counts_as_listed_from_then_on() {
        let (mut records, peer) = (records(), PeerId::random());
        records.add_provider(record(0, peer, Instant::now() + SWEEP)).unwrap();
        records.admit(peer);
        records.remove_provider(&RecordKey::new(&key(0)), &peer);
        assert_eq!((records.of_strangers, records.of_listed), (0, 0));
        assert!(records.keys.is_empty() && records.told.is_empty());
    }
}
