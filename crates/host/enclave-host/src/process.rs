//! The handle to a running enclave process.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::{mpsc, oneshot, watch};

use crate::door::{Door, Request};
use crate::recorder::Recorder;
use crate::{Ended, Error, MAX_FRAME_BYTES, stderr};

/// Requests that may wait for the door; further callers wait for a place.
const QUEUE: usize = 64;

/// How an enclave is started, apart from its program and arguments.
#[derive(Clone)]
pub struct Options {
    /// The name under which the enclave's lines appear in the log.
    pub name: String,
    /// The environment of the child. Nothing else is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// The longest frame in either direction, in bytes, at most
    /// [`MAX_FRAME_BYTES`], which is also the default.
    pub max_frame_bytes: usize,
    /// Sees every frame; for tests.
    pub recorder: Option<Arc<dyn Recorder>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "enclave".to_owned(), env: Vec::new(), max_frame_bytes: MAX_FRAME_BYTES, recorder: None }
    }
}

/// An enclave in a process of its own.
///
/// Cloning is cheap and gives a handle to the same process. The process is
/// killed when the last handle is dropped; [`EnclaveProcess::shutdown`] is the
/// polite way.
#[derive(Clone)]
pub struct EnclaveProcess {
    pid: u32,
    max_frame_bytes: usize,
    requests: mpsc::Sender<Request>,
    shutdown: mpsc::Sender<Duration>,
    ended: watch::Receiver<Option<Ended>>,
}

impl EnclaveProcess {
    /// Starts `program` with `args`, an empty environment and the default
    /// [`Options`]. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// [`Error::Start`] if the operating system cannot start the program.
    pub fn start(
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Self, Error> {
        Self::start_with(program, args, Options::default())
    }

    /// Like [`EnclaveProcess::start`], with options.
    ///
    /// # Errors
    /// [`Error::Start`] if the operating system cannot start the program.
    pub fn start_with(
        program: impl AsRef<Path>,
        args: impl IntoIterator<Item = impl Into<OsString>>,
        options: Options,
    ) -> Result<Self, Error> {
        let program = program.as_ref();
        let failed = |reason: String| Error::Start { program: program.to_owned(), reason };
        let mut child = Command::new(program)
            .args(args.into_iter().map(Into::into))
            .env_clear()
            .envs(options.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal reaches the whole group; the host decides
            // when its enclaves leave.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let (Some(pid), Some(stdin), Some(stdout), Some(printed)) =
            (child.id(), child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("the child came without its pipes".to_owned()));
        };

        let max_frame_bytes = options.max_frame_bytes.min(MAX_FRAME_BYTES);
        let (requests, request_queue) = mpsc::channel(QUEUE);
        let (shutdown, shutdown_queue) = mpsc::channel(1);
        let (end, ended) = watch::channel(None);
        let door = Door { child, stdin, stdout, max_frame_bytes, recorder: options.recorder };
        tokio::spawn(stderr::log(printed, options.name.into(), pid));
        tokio::spawn(door.run(request_queue, shutdown_queue, end));
        Ok(Self { pid, max_frame_bytes, requests, shutdown, ended })
    }

    /// Sends one frame and waits for its reply.
    ///
    /// Requests of several callers are served in turn; `timeout` begins when
    /// the enclave's turn for this one comes, so the wait in the queue is
    /// bounded by the timeouts of those ahead. Dropping the future is safe: the
    /// exchange is completed and its reply thrown away.
    ///
    /// # Errors
    /// [`Error::RequestTooLarge`] leaves the enclave alive. [`Error::Ended`]
    /// says why the process is gone, whether by this request or before it.
    pub async fn request(&self, frame: &[u8], timeout: Duration) -> Result<Vec<u8>, Error> {
        if frame.len() > self.max_frame_bytes {
            return Err(Error::RequestTooLarge { length: frame.len(), max: self.max_frame_bytes });
        }
        let (reply, answer) = oneshot::channel();
        let request = Request { frame: frame.to_vec(), timeout, reply };
        if self.requests.send(request).await.is_ok()
            && let Ok(reply) = answer.await
        {
            return Ok(reply);
        }
        Err(self.ended().await.into())
    }

    /// The process id that the child has or had.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the process still serves, as far as is known at this moment.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Waits until the process has ended and says why; for a supervisor.
    pub async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(why) => why.clone(),
            // The task went down with its runtime, and the child with it.
            Err(_) => None,
        }
        .unwrap_or(Ended::ShutDown { killed: true })
    }

    /// Closes the enclave's input, waits up to `grace` for it to leave, and
    /// kills it otherwise. A request under way is given up.
    ///
    /// Returns how the process ended, which is not [`Ended::ShutDown`] if it
    /// was gone before.
    pub async fn shutdown(&self, grace: Duration) -> Ended {
        // Full or closed means that somebody else was faster.
        let _ = self.shutdown.try_send(grace);
        self.ended().await
    }
}

impl fmt::Debug for EnclaveProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnclaveProcess")
            .field("pid", &self.pid)
            .field("ended", &*self.ended.borrow())
            .finish_non_exhaustive()
    }
}
