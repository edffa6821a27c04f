//! Everything a worker tracks, kept in the database so that it resumes where it was. A cache of the chain: what does not
//! fit together is thrown away and read again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alloy_primitives::{Address, B256};
use enigma_chain::{ChunkEvent, Event};
use enigma_protocol::{
    Decode, Encode, door::UntrustedStep, network::Descriptor, snapshot::snapshot_hash, state::UntrustedState,
};
use enigma_store::{Cursor, Delta, Store};

use crate::{
    Result, Span,
    track::{Base, Pending, Steps, Track},
};

const CURSOR: &str = "followed";
const CONTRACTS: &str = "contracts";
/// Blocks between two copies that a reorganisation can go back to, and how many are kept.
const MARK_EVERY: u64 = 32;
const MARKS: usize = 8;
/// Blocks without news after which the database learns where the ledger is: the disk need not be waited for in each.
const SAVE_EVERY: u64 = 16;
/// Epochs for which a contract's state is kept after it was served.
const KEPT_EPOCHS: u64 = 2;
/// Snapshots kept of a contract.
pub(crate) const KEPT_SNAPSHOTS: usize = 3;

type Tracks = BTreeMap<Address, Track>;

/// What events told so far.
pub(crate) struct Ledger {
    pub(crate) store: Store,
    network: B256,
    start: Cursor,
    cursor: Cursor,
    tracks: Tracks,
    /// The block that the database is at.
    saved: u64,
    /// Where the tracks were some blocks ago.
    marks: VecDeque<(Cursor, Tracks)>,
}

/// News that somebody has to act on.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A commit announced a snapshot.
    Snapshot { contract: Address, hash: B256 },
    /// A contract's snapshot was declared lost.
    Lost { contract: Address, hash: B256 },
}

impl Ledger {
    /// Takes up where the database left off, or at the network's beginning.
    pub(crate) fn load(store: Store, descriptor: &Descriptor) -> Result<Self> {
        let start = Cursor { number: descriptor.checkpoint_number, hash: descriptor.checkpoint_hash.0 };
        let network = descriptor.network();
        let mut ledger = Self {
            store,
            network,
            start,
            cursor: start,
            tracks: Tracks::new(),
            saved: 0,
            marks: VecDeque::new(),
        };
        if let Some((cursor, tracks)) = ledger.stored() {
            (ledger.cursor, ledger.tracks) = (cursor, tracks);
        }
        Ok(ledger)
    }

    /// What the database holds; nothing if a part of it cannot be read: everything is on the chain.
    fn stored(&self) -> Option<(Cursor, Tracks)> {
        let cursor = self.store.cursor(CURSOR).ok()??;
        let names = self.store.meta(CONTRACTS).ok()??;
        let track = |address: &[u8]| {
            let address = Address::from_slice(address);
            let bytes = self.store.meta(&key(address)).ok()??;
            Some((address, Track::from_bytes(&bytes).ok()?))
        };
        Some((cursor, names.chunks_exact(20).map(track).collect::<Option<_>>()?))
    }

    /// The block that was read last.
    pub(crate) fn cursor(&self) -> (u64, B256) {
        (self.cursor.number, self.cursor.hash.into())
    }

    /// The contracts that have inputs pending.
    pub(crate) fn pending(&self) -> Vec<Address> {
        self.tracks.iter().filter(|(_, t)| !t.pending.is_empty()).map(|(a, _)| *a).collect()
    }

    /// Snapshots that are declared lost and not found yet.
    pub(crate) fn lost(&self) -> Vec<News> {
        let lost = |(contract, track): (&Address, &Track)| {
            track.lost.map(|hash| News::Lost { contract: *contract, hash })
        };
        self.tracks.iter().filter_map(lost).collect()
    }

    /// What is tracked of a contract.
    pub(crate) fn track(&self, contract: Address) -> Option<&Track> {
        self.tracks.get(&contract)
    }

    /// The next `count` inputs of a contract.
    pub(crate) fn next(&self, contract: Address, count: usize) -> Vec<Pending> {
        self.tracks.get(&contract).map_or(Vec::new(), |t| t.pending.iter().take(count).cloned().collect())
    }

    /// Notes the events of the blocks after the cursor, up to `to`. Nothing is noted if they make no sense.
    pub(crate) fn note(&mut self, span: Span, to: u64) -> Result<Vec<News>> {
        let mut tracks = Changed { network: self.network, old: &self.tracks, new: Tracks::new() };
        let mut steps: Vec<(Address, Steps)> = Vec::new();
        let mut news = Vec::new();
        for event in span.events {
            match event {
                Event::Input(input) => tracks.of(input.contract).input(*input)?,
                Event::Commit(commit) => {
                    steps.push((commit.contract, tracks.of(commit.contract).commit(&commit)?));
                    if !commit.snapshot_hash.is_zero() {
                        news.push(News::Snapshot { contract: commit.contract, hash: commit.snapshot_hash });
                    }
                }
                Event::Skipped(skip) => steps.push((skip.contract, tracks.of(skip.contract).skip(&skip)?)),
                Event::DeclaredLost(lost) => {
                    tracks.of(lost.contract).lost = Some(lost.snapshot_hash);
                    news.push(News::Lost { contract: lost.contract, hash: lost.snapshot_hash });
                }
                Event::ChunkPosted(chunk) => self.note_posted(&chunk)?,
                Event::Found(found) => tracks.of(found.contract).lost = None,
                Event::Created(_) | Event::TakenOver(_) | Event::Slashed(_) => {}
            }
        }
        let changed = tracks.new;
        if !changed.is_empty() || to >= self.saved.saturating_add(SAVE_EVERY) {
            self.save(&changed, &steps, Cursor { number: to, hash: span.hash.0 })?;
            self.saved = to;
        }
        self.tracks.extend(changed);
        self.cursor = Cursor { number: to, hash: span.hash.0 };
        if self.marks.back().is_none_or(|(mark, _)| mark.number.saturating_add(MARK_EVERY) <= to) {
            self.marks.push_back((self.cursor, self.tracks.clone()));
            while self.marks.len() > MARKS {
                self.marks.pop_front();
            }
        }
        Ok(news)
    }

    /// The block in which the posting of a lost snapshot began.
    pub(crate) fn posted(&self, snapshot: B256) -> Result<Option<u64>> {
        let kept = self.store.meta(&posted(snapshot))?;
        Ok(kept.and_then(|block| block.try_into().ok()).map(u64::from_be_bytes))
    }

    fn note_posted(&self, event: &ChunkEvent) -> Result<()> {
        if self.posted(event.snapshot_hash)?.is_none_or(|first| event.block_number < first) {
            let block = event.block_number.to_be_bytes();
            self.store.write(|batch| batch.put_meta(&posted(event.snapshot_hash), &block))?;
        }
        Ok(())
    }

    fn save(&self, changed: &Tracks, steps: &[(Address, Steps)], cursor: Cursor) -> Result<()> {
        let names: BTreeSet<&Address> = self.tracks.keys().chain(changed.keys()).collect();
        let names: Vec<u8> = names.into_iter().flat_map(|a| a.0.0).collect();
        enigma_failpoints::failpoint!("worker.disk.before-write");
        self.store.write(|batch| {
            for (contract, steps) in steps {
                for (index, step) in &steps.steps {
                    let record = Delta { input_hash: input_hash(step).0, sealed: step.to_bytes() };
                    batch.put_delta(&contract.0.0, *index, &record)?;
                }
            }
            for (contract, track) in changed {
                batch.put_meta(&key(*contract), &track.to_bytes())?;
                if let Some(base) = track.base {
                    batch.remove_deltas(&contract.0.0, 0..base.first_index)?;
                }
            }
            batch.put_meta(CONTRACTS, &names)?;
            batch.put_cursor(CURSOR, cursor)
        })?;
        enigma_failpoints::failpoint!("worker.disk.after-write");
        Ok(())
    }

    /// Forgets what is held of contracts that this worker has not served for longest, until the database takes at most
    /// `budget` bytes. What was served in `epoch` or the two before it stays: others may need it from here.
    pub(crate) fn make_room(&self, budget: u64, epoch: u64) -> Result<()> {
        if self.store.size()? <= budget {
            return Ok(());
        }
        let held = self.store.held()?;
        let mut total: u64 = held.iter().map(|h| h.bytes()).sum();
        let aim = budget / 4 * 3;
        for old in held.iter().filter(|h| h.touched.saturating_add(KEPT_EPOCHS) < epoch) {
            if total <= aim {
                break;
            }
            self.store.write(|batch| batch.forget(&old.contract))?;
            total = total.saturating_sub(old.bytes());
        }
        if total > aim {
            tracing::warn!(bytes = total, budget, "what has to be kept is near the limit of the disk");
        }
        self.store.compact()?;
        Ok(())
    }

    /// The blocks that a reorganisation can go back to, newest first, and last the network's beginning.
    pub(crate) fn marks(&self) -> Vec<(u64, B256)> {
        let marks = self.marks.iter().rev().map(|(mark, _)| mark);
        marks.chain([&self.start]).map(|c| (c.number, c.hash.into())).collect()
    }

    /// Goes back to a mark; to the network's beginning if it is none.
    pub(crate) fn go_back(&mut self, to: u64) {
        self.saved = 0;
        while let Some((mark, tracks)) = self.marks.pop_back() {
            if mark.number == to {
                (self.cursor, self.tracks) = (mark, tracks.clone());
                self.marks.push_back((mark, tracks));
                return;
            }
        }
        (self.cursor, self.tracks) = (self.start, Tracks::new());
    }

    /// What the chain recorded since a snapshot, or since the beginning; `None` if the database does not have all of it.
    pub(crate) fn steps(&self, contract: Address, base: Option<Base>) -> Result<Option<Vec<UntrustedStep>>> {
        let first = base.map_or(0, |base| base.first_index);
        let cursor = self.tracks.get(&contract).map_or(first, |t| t.cursor);
        let wanted = usize::try_from(cursor.saturating_sub(first)).unwrap_or(usize::MAX);
        let kept = self.store.deltas(&contract.0.0, first, wanted)?;
        let whole = (first..cursor).zip(kept).map(|(expected, (index, delta))| {
            let step = UntrustedStep::from_bytes(&delta.sealed).ok()?;
            (index == expected).then_some(step)
        });
        let steps: Option<Vec<_>> = whole.collect();
        Ok(steps.filter(|s| s.len() == wanted))
    }

    /// A sealed snapshot, if it is what its hash says.
    pub(crate) fn snapshot(&self, contract: Address, hash: B256) -> Result<Option<Vec<u8>>> {
        let kept = self.store.snapshot(&contract.0.0, &hash.0)?;
        if !self.store.damaged().is_empty() {
            let mended = self.store.mend()?;
            tracing::warn!(%contract, ?mended, "the database was damaged; what is missing is brought again");
        }
        Ok(kept.filter(|sealed| snapshot_hash(sealed) == hash))
    }

    /// Keeps a sealed snapshot. Each try at a commit makes the same one again, which is not written twice.
    pub(crate) fn keep_snapshot(&self, contract: Address, hash: B256, sealed: &[u8]) -> Result<()> {
        let is_newest = self.store.snapshots(&contract.0.0)?.last() == Some(&hash.0);
        if is_newest && self.snapshot(contract, hash)?.is_some() {
            return Ok(());
        }
        self.store.write(|batch| {
            batch.put_snapshot(&contract.0.0, &hash.0, sealed)?;
            batch.retain_snapshots(&contract.0.0, KEPT_SNAPSHOTS).map(drop)
        })?;
        Ok(())
    }
}

/// Tracks that change while events are noted; the others stay where they are.
struct Changed<'a> {
    network: B256,
    old: &'a Tracks,
    new: Tracks,
}

impl Changed<'_> {
    fn of(&mut self, contract: Address) -> &mut Track {
        let (network, old) = (self.network, self.old);
        self.new
            .entry(contract)
            .or_insert_with(|| old.get(&contract).cloned().unwrap_or_else(|| Track::new(network, contract)))
    }
}

/// The steps of one contract from its beginning, or from the snapshot with hash `from`, as the chain's events have them.
/// For states whose newest snapshot is gone.
pub(crate) struct Replay {
    track: Track,
    from: Option<B256>,
    base: Option<Base>,
    steps: Vec<UntrustedStep>,
}

impl Replay {
    pub(crate) fn new(network: B256, contract: Address, from: Option<B256>) -> Self {
        Self { track: Track::new(network, contract), from, base: None, steps: Vec::new() }
    }

    /// The state head that the steps lead to.
    pub(crate) fn state_head(&self) -> B256 {
        self.track.state_head
    }

    /// Notes what events say of the contract.
    pub(crate) fn note(&mut self, contract: Address, events: Vec<Event>) -> Result<()> {
        for event in events {
            let steps = match event {
                Event::Input(input) if input.contract == contract => {
                    self.track.input(*input)?;
                    continue;
                }
                Event::Commit(commit) if commit.contract == contract => self.track.commit(&commit)?,
                Event::Skipped(skip) if skip.contract == contract => self.track.skip(&skip)?,
                _ => continue,
            };
            if let Some(fold) = steps.fold {
                if self.from == Some(fold.snapshot_hash) {
                    self.base = self.track.base;
                    self.steps.clear();
                } else {
                    self.steps.push(UntrustedStep::Folded(fold));
                }
            }
            self.steps.extend(steps.steps.into_iter().map(|(_, step)| step));
        }
        Ok(())
    }

    /// The state on the snapshot that was named, whose blob is `snapshot`; or on nothing.
    pub(crate) fn state(self, snapshot: Option<Vec<u8>>) -> UntrustedState {
        let base = self.base.zip(snapshot).map(|(base, snapshot)| base.with(snapshot));
        UntrustedState { base, steps: self.steps }
    }
}

fn input_hash(step: &UntrustedStep) -> B256 {
    match step {
        UntrustedStep::Delta(delta) => delta.input_hash,
        UntrustedStep::Skipped(skip) => skip.input_hash,
        UntrustedStep::Folded(fold) => fold.snapshot_hash,
    }
}

fn key(contract: Address) -> String {
    format!("contract/{contract:x}")
}

fn posted(snapshot: B256) -> String {
    format!("posted/{snapshot:x}")
}

#[cfg(test)]
mod tests {
    use enigma_store::SimulatedDisk;

    use super::*;
    use crate::fixtures::{CONTRACT, Teller, commit, descriptor, input};

    fn ledger(disk: &SimulatedDisk) -> Ledger {
        Ledger::load(Store::in_memory(disk).unwrap().0, &descriptor()).unwrap()
    }

    fn span(events: Vec<Event>, hash: u8) -> Span {
        Span { events, hash: B256::repeat_byte(hash) }
    }

    #[test]
    fn a_ledger_takes_up_where_its_database_left_off() {
        let (disk, mut chain) = (SimulatedDisk::new(), Teller::new());
        let mut first = ledger(&disk);
        let events =
            vec![input(chain.input()), input(chain.input()), commit(chain.commit(1, B256::repeat_byte(7)))];
        first.note(span(events, 9), 20).unwrap();
        drop(first);
        let again = ledger(&disk);
        assert_eq!(again.cursor(), (20, B256::repeat_byte(9)));
        let track = again.track(CONTRACT).unwrap();
        assert_eq!((track.cursor, track.pending.len()), (1, 1));
        let steps = again.steps(CONTRACT, track.base).unwrap().unwrap();
        assert_eq!(steps.len(), 1);
    }

    #[test]
    fn nothing_of_a_span_that_makes_no_sense_is_noted() {
        let (disk, mut chain) = (SimulatedDisk::new(), Teller::new());
        let mut ledger = ledger(&disk);
        let (one, _left_out, three) = (chain.input(), chain.input(), chain.input());
        assert!(ledger.note(span(vec![input(one), input(three)], 9), 20).is_err());
        assert_eq!(ledger.cursor().0, descriptor().checkpoint_number);
        assert!(ledger.track(CONTRACT).is_none());
    }

    #[test]
    fn missing_steps_are_noticed_and_come_from_the_chain_again() {
        let (disk, mut chain) = (SimulatedDisk::new(), Teller::new());
        let mut ledger = ledger(&disk);
        let snapshot = B256::repeat_byte(7);
        let mut events: Vec<Event> = (0..4).map(|_| input(chain.input())).collect();
        events.push(commit(chain.commit(3, snapshot)));
        ledger.note(span(events.clone(), 9), 20).unwrap();
        let base = ledger.track(CONTRACT).unwrap().base.unwrap();
        ledger.store.write(|batch| batch.remove_deltas(&CONTRACT.0.0, 1..2)).unwrap();
        assert!(ledger.steps(CONTRACT, Some(base)).unwrap().is_none());

        let mut replay = Replay::new(descriptor().network(), CONTRACT, Some(snapshot));
        replay.note(CONTRACT, events.clone()).unwrap();
        assert_eq!(replay.state_head(), chain.state_head());
        let state = replay.state(Some(vec![1, 2, 3]));
        assert_eq!(state.base.unwrap().head_before, base.head_before);
        assert_eq!(state.steps.len(), 3);

        let mut from_nothing = Replay::new(descriptor().network(), CONTRACT, None);
        from_nothing.note(CONTRACT, events).unwrap();
        let state = from_nothing.state(None);
        assert!(state.base.is_none());
        assert!(matches!(state.steps[0], UntrustedStep::Folded(_)));
        assert_eq!(state.steps.len(), 4);
    }

    #[test]
    fn a_snapshot_that_is_made_again_is_written_once() {
        let disk = SimulatedDisk::new();
        let ledger = ledger(&disk);
        let keep = |sealed: &[u8]| ledger.keep_snapshot(CONTRACT, snapshot_hash(sealed), sealed).unwrap();
        let kept = |sealed: &[u8]| ledger.snapshot(CONTRACT, snapshot_hash(sealed)).unwrap().is_some();
        let sealed: Vec<Vec<u8>> = (0..4).map(|n| vec![n; 100_000]).collect();
        keep(&sealed[0]);
        // An older one becomes the newest again, and stays when others come.
        keep(&sealed[1]);
        keep(&sealed[0]);
        keep(&sealed[2]);
        keep(&sealed[3]);
        assert_eq!([0, 1, 2, 3].map(|n| kept(&sealed[n])), [true, false, true, true]);
        // What is not what its hash says is written again.
        let hash = snapshot_hash(&sealed[3]).0;
        ledger.store.write(|batch| batch.put_snapshot(&CONTRACT.0.0, &hash, &sealed[0])).unwrap();
        assert!(!kept(&sealed[3]));
        keep(&sealed[3]);
        assert!(kept(&sealed[3]));
        // With room for a few writes, not for those of a snapshot.
        disk.cut_after(4);
        (0..10).for_each(|_| keep(&sealed[3]));
        assert!(!disk.is_cut());
        assert!(ledger.keep_snapshot(CONTRACT, snapshot_hash(&sealed[1]), &sealed[1]).is_err());
    }

    #[test]
    fn the_disk_is_bounded_and_what_was_served_lately_stays() {
        let ledger = ledger(&SimulatedDisk::new());
        for n in 0..20u8 {
            let (contract, sealed) = ([n; 20], vec![n; 100_000]);
            let put = ledger.store.write(|batch| {
                batch.put_snapshot(&contract, &[n; 32], &sealed)?;
                batch.touch(&contract, n.into())
            });
            put.unwrap();
        }
        let before = ledger.store.size().unwrap();
        ledger.make_room(before, 19).unwrap();
        assert_eq!(ledger.store.held().unwrap().len(), 20, "there is room");
        ledger.make_room(1_000_000, 19).unwrap();
        let left: Vec<u64> = ledger.store.held().unwrap().iter().map(|h| h.touched).collect();
        assert_eq!(left, (13..20).collect::<Vec<_>>(), "the newest 750,000 bytes");
        assert!(ledger.store.size().unwrap() < before / 2);
        ledger.make_room(1, 19).unwrap();
        let left: Vec<u64> = ledger.store.held().unwrap().iter().map(|h| h.touched).collect();
        assert_eq!(left, [17, 18, 19], "what is needed stays, whatever the limit");
    }

    #[test]
    fn a_reorganisation_goes_back_to_a_mark_and_no_further() {
        let (disk, mut chain) = (SimulatedDisk::new(), Teller::new());
        let mut ledger = ledger(&disk);
        ledger.note(span(vec![input(chain.input())], 1), 40).unwrap();
        ledger.note(span(vec![input(chain.input())], 2), 80).unwrap();
        ledger.note(span(vec![input(chain.input())], 3), 120).unwrap();
        let marks: Vec<u64> = ledger.marks().iter().map(|(n, _)| *n).collect();
        assert_eq!(marks, [120, 80, 40, 1]);
        ledger.go_back(80);
        assert_eq!(ledger.cursor(), (80, B256::repeat_byte(2)));
        assert_eq!(ledger.track(CONTRACT).unwrap().pending.len(), 2);
        ledger.go_back(1);
        assert_eq!(ledger.cursor().0, 1);
        assert!(ledger.track(CONTRACT).is_none());
    }
}
