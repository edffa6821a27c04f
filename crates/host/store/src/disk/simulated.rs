//! A disk in memory that fails as told, for simulations.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Disk;
use super::lease::pieces;

const PAGE: usize = 4096;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

type Page = Arc<[u8; PAGE]>;

/// A disk in memory for [`crate::Store::in_memory`]. Clones are handles to the same disk. Everything it does to its
/// bytes is the same for the same seed and history.
///
/// One store at a time has it open. What stands for the death of a process or of the machine ([`Self::kill`],
/// [`Self::lose_unsynced`], [`Self::tear`], [`Self::rewind_to`]) takes it away from that store: whatever is left of
/// the store gets errors, and the disk can be opened again.
#[derive(Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    image: Image,
    /// What is there after a power cut.
    synced: Image,
    is_full: bool,
    /// Memory for pages of a store that has it open, bytes.
    cache: usize,
    /// Writes and syncs until the machine dies, if it is to.
    until_cut: Option<u64>,
    /// The store that has it open.
    mount: Option<u64>,
    mounts: u64,
}

/// Pages that were ever written; shared between copies until one of them changes.
#[derive(Clone, Default)]
struct Image {
    len: u64,
    pages: BTreeMap<u64, Page>,
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From its next opening on, a store keeps so many bytes of pages in memory, as it does of a file. Without this none, so
    /// that what happens to the disk shows at once.
    pub fn cache(&self, bytes: usize) {
        self.state().cache = bytes;
    }

    /// A copy that goes its own way from here, open nowhere. Costs little.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut state = self.state().clone();
        state.mount = None;
        state.until_cut = None;
        Self(Arc::new(Mutex::new(state)))
    }

    /// Becomes what `copy` is now: an old backup put back.
    pub fn rewind_to(&self, copy: &Self) {
        let copied = copy.state().clone();
        let mut state = self.state();
        state.image = copied.image;
        state.synced = copied.synced;
        state.mount = None;
    }

    /// The process that has it open dies. What it wrote is there, synced or not.
    pub fn kill(&self) {
        self.state().mount = None;
    }

    /// The power fails: nothing that was not synced is there.
    pub fn lose_unsynced(&self) {
        let mut state = self.state();
        state.image = state.synced.clone();
        state.mount = None;
    }

    /// The power fails while the disk writes: of what was not synced, some sectors are there, chosen by `seed`.
    pub fn tear(&self, seed: u64) {
        let mut state = self.state();
        state.mount = None;
        let mut dice = Dice(seed);
        let State { image, synced, .. } = &mut *state;
        let mut torn = synced.clone();
        // Growing and shrinking are kept or lost like a sector.
        if dice.next() & 1 == 0 {
            torn.set_len(image.len);
        }
        for (number, page) in &image.pages {
            if synced.pages.get(number).is_some_and(|old| Arc::ptr_eq(old, page)) {
                continue;
            }
            for from in (0..PAGE).step_by(SECTOR) {
                let at = number * PAGE as u64 + from as u64;
                if dice.next() & 1 == 0 && at < torn.len {
                    torn.write(at, &page[from..from + SECTOR]);
                }
            }
        }
        *image = torn.clone();
        *synced = torn;
    }

    /// Flips one bit, chosen by `seed` among those ever written, whether or not a store has it open.
    pub fn flip(&self, seed: u64) {
        let mut state = self.state();
        let mut dice = Dice(seed);
        let count = state.image.pages.len() as u64;
        if count == 0 {
            return;
        }
        let chosen = dice.next() % count;
        let (byte, bit) = (dice.next() as usize % PAGE, dice.next() % 8);
        let State { image, synced, .. } = &mut *state;
        let Some((&number, page)) = image.pages.iter_mut().nth(chosen as usize) else { return };
        Arc::make_mut(page)[byte] ^= 1 << bit;
        if let Some(page) = synced.pages.get_mut(&number) {
            Arc::make_mut(page)[byte] ^= 1 << bit;
        }
    }

    /// From now on there is room for nothing new (`true`), or again for everything.
    pub fn fill_up(&self, is_full: bool) {
        self.state().is_full = is_full;
    }

    /// The machine dies after `writes` more writes, truncations and syncs: all that follow fail. What is then there,
    /// [`Self::lose_unsynced`], [`Self::tear`] or [`Self::kill`] decide.
    pub fn cut_after(&self, writes: u64) {
        self.state().until_cut = Some(writes);
    }

    /// Whether a cut that was announced has come.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.state().until_cut == Some(0)
    }

    /// Cuts the end off, so that `len` bytes are left.
    pub fn truncate(&self, len: u64) {
        let mut state = self.state();
        let len = len.min(state.image.len);
        state.image.set_len(len);
        state.synced = state.image.clone();
    }

    /// Its length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.state().image.len
    }

    /// All its bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let state = self.state();
        let mut bytes = vec![0; state.image.len as usize];
        // Cannot fail: it reads to the end and no further.
        let _ = state.image.read(0, &mut bytes);
        bytes
    }

    /// Opens it for a store: `WouldBlock` while another has it open.
    pub(crate) fn mount(&self) -> io::Result<Mount> {
        let mut state = self.state();
        if state.mount.is_some() {
            return Err(ErrorKind::WouldBlock.into());
        }
        state.until_cut = state.until_cut.filter(|&left| left > 0);
        state.mounts += 1;
        state.mount = Some(state.mounts);
        Ok(Mount { disk: self.clone(), number: state.mounts })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The disk as the store that has it open sees it.
pub(crate) struct Mount {
    disk: SimulatedDisk,
    number: u64,
}

impl Mount {
    fn access<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state();
        if state.mount != Some(self.number) || state.until_cut == Some(0) {
            return Err(io::Error::other("the simulated disk is gone"));
        }
        work(&mut state)
    }

    fn change<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        self.access(|state| {
            let result = work(state)?;
            state.until_cut = state.until_cut.map(|left| left - 1);
            Ok(result)
        })
    }
}

impl Disk for Mount {
    fn len(&self) -> io::Result<u64> {
        self.access(|state| Ok(state.image.len))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.access(|state| state.image.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|state| {
            if state.is_full && len > state.image.len {
                return Err(ErrorKind::StorageFull.into());
            }
            state.image.set_len(len);
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(|state| {
            let is_new = |(page, _, _): (u64, _, _)| !state.image.pages.contains_key(&page);
            if state.is_full && pieces(offset, data.len()).any(is_new) {
                return Err(ErrorKind::StorageFull.into());
            }
            state.image.write(offset, data);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.change(|state| {
            state.synced = state.image.clone();
            Ok(())
        })
    }

    fn has_room(&self) -> bool {
        !self.disk.state().is_full
    }

    fn cache_bytes(&self) -> usize {
        self.disk.state().cache
    }

    fn renew(&self) -> io::Result<()> {
        self.change(|state| {
            state.image = Image::default();
            state.synced = Image::default();
            Ok(())
        })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.mount == Some(self.number) {
            state.mount = None;
        }
    }
}

impl Image {
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.len) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (page, from, piece) in pieces(offset, out.len()) {
            let out = &mut out[piece];
            match self.pages.get(&page) {
                Some(bytes) => out.copy_from_slice(&bytes[from..from + out.len()]),
                None => out.fill(0),
            }
        }
        Ok(())
    }

    fn set_len(&mut self, len: u64) {
        if len < self.len {
            drop(self.pages.split_off(&len.div_ceil(PAGE as u64)));
            // Bytes beyond the end read as zeros if it grows again.
            if let Some(last) = self.pages.get_mut(&(len / PAGE as u64)) {
                Arc::make_mut(last)[(len % PAGE as u64) as usize..].fill(0);
            }
        }
        self.len = len;
    }

    fn write(&mut self, offset: u64, data: &[u8]) {
        for (page, from, piece) in pieces(offset, data.len()) {
            let bytes = Arc::make_mut(self.pages.entry(page).or_insert_with(|| Arc::new([0; PAGE])));
            bytes[from..from + piece.len()].copy_from_slice(&data[piece]);
        }
        self.len = self.len.max(offset + data.len() as u64);
    }
}

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedDisk").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount").field("number", &self.number).finish_non_exhaustive()
    }
}
