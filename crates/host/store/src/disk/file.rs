//! A file of this process's own.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Disk, LEAST_ROOM};

/// A locked file.
#[derive(Debug)]
pub(crate) struct FileDisk {
    path: PathBuf,
    file: RwLock<Arc<File>>,
}

impl FileDisk {
    /// Opens the file at `path`, or creates it, readable by its owner only. `WouldBlock` if it is already open.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: RwLock::new(Arc::new(open_locked(path)?)) })
    }

    fn file(&self) -> Arc<File> {
        Arc::clone(&self.file.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Disk for FileDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file().metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file().read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file().set_len(len)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file().write_all_at(data, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.file().sync_data()
    }

    fn has_room(&self) -> bool {
        // Only a question of whether to try: a file system that cannot say is tried.
        rustix::fs::fstatvfs(&*self.file())
            .is_ok_and(|free| free.f_bavail.saturating_mul(free.f_frsize) >= LEAST_ROOM)
    }

    fn cache_bytes(&self) -> usize {
        // Blobs are read rarely and whole.
        64 * 1024 * 1024
    }

    fn renew(&self) -> io::Result<()> {
        let mut file = self.file.write().unwrap_or_else(PoisonError::into_inner);
        fs::rename(&self.path, aside(&self.path))?;
        *file = Arc::new(open_locked(&self.path)?);
        Ok(())
    }
}

/// Where a damaged file goes: beside the new one.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".damaged");
    path.with_file_name(name)
}

fn open_locked(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    let file = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            sync_folder_of(path)?;
            file
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(path)?,
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A new file's name is durable only when its folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}
