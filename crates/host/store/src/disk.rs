//! What the database writes to: bytes that can be had back, or not.

mod file;
mod lease;
mod simulated;

use std::fmt::Debug;
use std::io;

pub(crate) use file::FileDisk;
pub(crate) use lease::Lease;
pub use simulated::SimulatedDisk;

/// Room below which a disk counts as full, in bytes: a commit of small rows takes a few pages.
const LEAST_ROOM: u64 = 1024 * 1024;

/// One growing row of bytes. Every method may be called from several threads.
pub(crate) trait Disk: Debug + Send + Sync + 'static {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Fills `out` from `offset`; `UnexpectedEof` beyond the end.
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Cuts it off or extends it by zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Writes all of `data` at `offset`.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Returns when everything written before survives a power cut.
    fn sync(&self) -> io::Result<()>;

    /// Whether a write after one that failed for want of room is worth trying.
    fn has_room(&self) -> bool;

    /// Memory for cached pages, in bytes.
    fn cache_bytes(&self) -> usize;

    /// Puts what is there aside, in place of what was put aside before, and begins with nothing.
    fn renew(&self) -> io::Result<()>;
}

/// Whether an error of this kind says that there is no room.
pub(crate) fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
