//! Typed questions through an enclave's door.

use std::{
    marker::PhantomData,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use enigma_enclave_host::{EnclaveProcess, Options, Recorder};
use enigma_protocol::{
    Decode, Encode,
    door::{self, Start},
};
use enigma_rpc::Metrics;

use crate::{Error, Result};

/// An enclave is computing, not waiting: what takes longer than this is broken.
const PATIENCE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(3);

/// An enclave that is asked `Request`s and answers `Reply`s.
#[derive(Clone)]
pub(crate) struct Enclave<Request, Reply> {
    process: EnclaveProcess,
    metrics: Metrics,
    types: PhantomData<fn(Request) -> Reply>,
}

impl<Request: Encode, Reply: Decode> Enclave<Request, Reply> {
    /// Starts the enclave's program in a process of its own; `recorder` sees every frame.
    pub(crate) fn start(name: &str, program: &Path, recorder: Option<Arc<dyn Recorder>>) -> Result<Self> {
        let options = Options { name: name.to_owned(), recorder, ..Options::default() };
        let process = EnclaveProcess::start_with(program, [] as [&str; 0], options)?;
        Ok(Self { process, metrics: Metrics::default(), types: PhantomData })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Counts its frames there.
    pub(crate) fn counted(self, metrics: &Metrics) -> Self {
        Self { metrics: metrics.clone(), ..self }
    }

    /// Whether it still serves.
    pub(crate) fn is_alive(&self) -> bool {
        self.process.is_alive()
    }

    pub(crate) async fn ask(&self, request: Request) -> Result<Reply> {
        let asked = Instant::now();
        let reply = self.process.request(&door::frame(&request), PATIENCE).await?;
        self.metrics.enclave_frame(asked.elapsed());
        door::unframe(&reply).map_err(|_| Error::Answer)
    }

    pub(crate) async fn shutdown(&self) {
        self.process.shutdown(GRACE).await;
    }
}

/// The files in which a host keeps what its enclave sealed.
pub(crate) mod files {
    use super::{Error, Path, Result, Start};

    /// The enclave's keys, sealed.
    pub(crate) const IDENTITY: &str = "identity.sealed";
    /// A key enclave's share, sealed.
    pub(crate) const SEAT: &str = "seat.sealed";
    /// The simulated machine's secret.
    pub(crate) const MACHINE: &str = "machine.simulated";
    /// The operator's Ethereum key.
    pub(crate) const OPERATOR: &str = "operator.key";
    /// Seed of the node's libp2p identity.
    pub(crate) const PEER: &str = "peer.key";

    /// Reads a file; `None` if there is none.
    pub(crate) fn read(dir: &Path, name: &str) -> Result<Option<Vec<u8>>> {
        let path = dir.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::File { path: path.display().to_string(), reason: e.to_string() }),
        }
    }

    /// Reads a file that must be there.
    pub(crate) fn require(dir: &Path, name: &str) -> Result<Vec<u8>> {
        read(dir, name)?.ok_or_else(|| Error::File {
            path: dir.join(name).display().to_string(),
            reason: "is missing; the network's genesis writes it".into(),
        })
    }

    /// Reads 32 bytes.
    pub(crate) fn require_32(dir: &Path, name: &str) -> Result<[u8; 32]> {
        require(dir, name)?.try_into().map_err(|_| Error::File {
            path: dir.join(name).display().to_string(),
            reason: "expected 32 bytes".into(),
        })
    }

    /// Writes a file that only its owner reads.
    pub(crate) fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
        use std::{io::Write, os::unix::fs::OpenOptionsExt};
        let path = dir.join(name);
        std::fs::create_dir_all(dir)
            .and_then(|()| {
                std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)
            })
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .map_err(|e| Error::File { path: path.display().to_string(), reason: e.to_string() })
    }

    /// The message that wakes the enclave of this directory.
    pub(crate) fn start(dir: &Path) -> Result<Start> {
        Ok(Start { machine_secret: require_32(dir, MACHINE)?, sealed: read(dir, IDENTITY)?.map(Into::into) })
    }
}
