//! For tests only: what passes a node's two walls, written to files that a test can search for planted secrets.
//!
//! `frames` holds what crosses the enclave's door, `messages` what crosses libp2p above its encryption. A record is
//! `direction(1) ‖ length(4) ‖ bytes`, with [`IN`] for what goes into the enclave or comes from a peer.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use enigma_network::PeerId;

use crate::{Error, NodeConfig, Result};

/// Into the enclave, or from a peer.
pub const IN: u8 = b'>';
/// Out of the enclave, or to a peer.
pub const OUT: u8 = b'<';
/// The file of what crosses the enclave's door.
pub const FRAMES: &str = "frames";
/// The file of what crosses libp2p.
pub const MESSAGES: &str = "messages";

/// The records in a file's bytes, each with its direction; a last one that is cut short is left out.
pub fn read(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&direction, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (record, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        bytes = rest;
        Some((direction, record))
    })
}

/// One file of records.
struct Tape(Mutex<File>);

impl Tape {
    fn open(dir: &Path, name: &str) -> Result<Self> {
        let path = dir.join(name);
        let open = || {
            std::fs::create_dir_all(dir)?;
            OpenOptions::new().create(true).append(true).open(&path)
        };
        let file =
            open().map_err(|e| Error::File { path: path.display().to_string(), reason: e.to_string() })?;
        Ok(Self(Mutex::new(file)))
    }

    fn write(&self, direction: u8, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        let record = [&[direction], &length[..], bytes].concat();
        // One write a record: a reader never sees the records of two tasks mixed.
        if let Err(error) = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&record) {
            tracing::error!(%error, "a record is lost");
        }
    }
}

impl enigma_enclave_host::Recorder for Tape {
    fn record(&self, direction: enigma_enclave_host::Direction, frame: &[u8]) {
        let inwards = direction == enigma_enclave_host::Direction::In;
        self.write(if inwards { IN } else { OUT }, frame);
    }
}

impl enigma_network::Recorder for Tape {
    fn record(&self, direction: enigma_network::Direction, _: &PeerId, message: &[u8]) {
        let inwards = direction == enigma_network::Direction::Received;
        self.write(if inwards { IN } else { OUT }, message);
    }
}

/// The recorder of the enclave's door, if the node is told to have one.
pub(crate) fn frames(config: &NodeConfig) -> Result<Option<Arc<dyn enigma_enclave_host::Recorder>>> {
    let Some(dir) = &config.record_dir else { return Ok(None) };
    tracing::warn!(dir = %dir.display(), "recording everything that crosses this node's walls: for tests only");
    Ok(Some(Arc::new(Tape::open(dir, FRAMES)?)))
}

/// The recorder of libp2p, if the node is told to have one.
pub(crate) fn messages(config: &NodeConfig) -> Result<Option<Arc<dyn enigma_network::Recorder>>> {
    let Some(dir) = &config.record_dir else { return Ok(None) };
    Ok(Some(Arc::new(Tape::open(dir, MESSAGES)?)))
}
