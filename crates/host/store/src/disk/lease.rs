//! A database's access to a disk, which can be taken back.
//!
//! The database gives up for good at the first error of its disk. Then it is opened anew, and must not touch the disk
//! while the old one is still being read from: so each opening has a lease of its own, and only one is in force.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use redb::StorageBackend;

use super::Disk;

const PAGE: usize = 4096;
/// Pages that an opening for reading may change in memory: 64 MiB. It repairs a header and the lists of free pages.
const MAX_PAGES: usize = 16 * 1024;

/// Access to a disk, for one opening. Clones are the same lease.
#[derive(Clone)]
pub(crate) struct Lease(Arc<State>);

struct State {
    disk: Arc<dyn Disk>,
    /// Held for reading while the disk is accessed, so that nothing of this lease happens after it was taken back.
    ended: RwLock<bool>,
    failure: Mutex<Option<ErrorKind>>,
    /// Where writes go if nothing may be written.
    overlay: Option<Mutex<Overlay>>,
}

struct Overlay {
    len: u64,
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
}

impl Lease {
    /// To read and write.
    pub(crate) fn writing(disk: Arc<dyn Disk>) -> Self {
        Self::new(disk, None)
    }

    /// To read only: what the database repairs for itself stays in memory.
    pub(crate) fn reading(disk: Arc<dyn Disk>) -> io::Result<Self> {
        let overlay = Overlay { len: disk.len()?, pages: BTreeMap::new() };
        Ok(Self::new(disk, Some(Mutex::new(overlay))))
    }

    fn new(disk: Arc<dyn Disk>, overlay: Option<Mutex<Overlay>>) -> Self {
        Self(Arc::new(State { disk, ended: RwLock::new(false), failure: Mutex::new(None), overlay }))
    }

    /// Takes it back; returns when no access is under way.
    pub(crate) fn end(&self) {
        *self.0.ended.write().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Whether nothing can be written.
    pub(crate) fn is_reading(&self) -> bool {
        self.0.overlay.is_some()
    }

    /// Notes that the database that has it is of no more use.
    pub(crate) fn fail(&self) {
        locked(&self.0.failure).get_or_insert(ErrorKind::InvalidData);
    }

    /// Memory for cached pages, in bytes.
    pub(crate) fn cache_bytes(&self) -> usize {
        self.0.disk.cache_bytes()
    }

    /// Whether the database that has it is of no more use, and how that began.
    pub(crate) fn failure(&self) -> Option<ErrorKind> {
        *locked(&self.0.failure)
    }

    fn access<T>(&self, work: impl FnOnce(&State) -> io::Result<T>) -> io::Result<T> {
        let ended = self.0.ended.read().unwrap_or_else(PoisonError::into_inner);
        let result = if *ended { Err(io::Error::other("the store was opened anew")) } else { work(&self.0) };
        if let Err(error) = &result {
            locked(&self.0.failure).get_or_insert(error.kind());
        }
        result
    }
}

impl StorageBackend for Lease {
    fn len(&self) -> io::Result<u64> {
        self.access(|state| match &state.overlay {
            Some(overlay) => Ok(locked(overlay).len),
            None => state.disk.len(),
        })
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.access(|state| match &state.overlay {
            Some(overlay) => locked(overlay).read(&*state.disk, offset, out),
            None => state.disk.read(offset, out),
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.access(|state| match &state.overlay {
            Some(overlay) => locked(overlay).set_len(len),
            None => state.disk.set_len(len),
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.access(|state| if state.overlay.is_some() { Ok(()) } else { state.disk.sync() })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.access(|state| match &state.overlay {
            Some(overlay) => locked(overlay).write(&*state.disk, offset, data),
            None => state.disk.write(offset, data),
        })
    }
}

impl Overlay {
    fn read(&self, disk: &dyn Disk, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.len) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (page, from, piece) in pieces(offset, out.len()) {
            let out = &mut out[piece];
            match self.pages.get(&page) {
                Some(bytes) => out.copy_from_slice(&bytes[from..from + out.len()]),
                None => read_padded(disk, page * PAGE as u64 + from as u64, out)?,
            }
        }
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        // Only ever grown, so that nothing cut off can come back.
        if len < self.len {
            return Err(ErrorKind::Unsupported.into());
        }
        self.len = len;
        Ok(())
    }

    fn write(&mut self, disk: &dyn Disk, offset: u64, data: &[u8]) -> io::Result<()> {
        for (page, from, piece) in pieces(offset, data.len()) {
            if !self.pages.contains_key(&page) {
                if self.pages.len() >= MAX_PAGES {
                    return Err(ErrorKind::StorageFull.into());
                }
                let mut bytes = Box::new([0; PAGE]);
                read_padded(disk, page * PAGE as u64, &mut bytes[..])?;
                self.pages.insert(page, bytes);
            }
            let data = &data[piece];
            if let Some(bytes) = self.pages.get_mut(&page) {
                bytes[from..from + data.len()].copy_from_slice(data);
            }
        }
        Ok(())
    }
}

/// Reads what is there; zeros follow.
fn read_padded(disk: &dyn Disk, offset: u64, out: &mut [u8]) -> io::Result<()> {
    let there = disk.len()?.saturating_sub(offset).min(out.len() as u64) as usize;
    let (there, beyond) = out.split_at_mut(there);
    beyond.fill(0);
    if there.is_empty() { Ok(()) } else { disk.read(offset, there) }
}

/// The pages that `length` bytes from `offset` touch: page, place within it, and which of the bytes.
pub(super) fn pieces(
    offset: u64,
    length: usize,
) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let at = offset + done as u64;
        let from = (at % PAGE as u64) as usize;
        let take = (PAGE - from).min(length - done);
        let piece = done..done + take;
        done += take;
        Some((at / PAGE as u64, from, piece))
    })
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("disk", &self.0.disk).finish_non_exhaustive()
    }
}
