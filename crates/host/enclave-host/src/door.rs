//! The task that owns the child and its pipes and serves one request at a time.
//!
//! A task of its own rather than a lock around the pipes: when a caller's
//! future is dropped in the middle of a request, the exchange still runs to its
//! end and the next caller finds the door in step.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::Ended;
use crate::frame::{self, Broken};
use crate::recorder::{Direction, Recorder};

/// How long a process that closed its output may take to leave, and how long
/// the operating system may take to bury a killed one.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// One request on its way to the enclave.
pub(crate) struct Request {
    pub frame: Vec<u8>,
    pub timeout: Duration,
    pub reply: oneshot::Sender<Vec<u8>>,
}

/// The child, its two pipes, and whoever listens in.
pub(crate) struct Door {
    pub child: Child,
    pub stdin: ChildStdin,
    pub stdout: ChildStdout,
    pub max_frame_bytes: usize,
    pub recorder: Option<Arc<dyn Recorder>>,
}

/// Why serving stopped, before it is known how the process ended.
enum Stop {
    ShutDown { grace: Duration },
    Broken(Broken),
    TimedOut { after: Duration },
    Unsolicited,
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Door {
    /// Serves until something ends it, buries the process, and tells why.
    pub(crate) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut shutdown: mpsc::Receiver<Duration>,
        ended: watch::Sender<Option<Ended>>,
    ) {
        let stop = tokio::select! {
            stop = self.serve(&mut requests) => stop,
            Some(grace) = shutdown.recv() => Stop::ShutDown { grace },
        };
        let why = self.end(stop).await;
        ended.send_replace(Some(why));
    }

    async fn serve(&mut self, requests: &mut mpsc::Receiver<Request>) -> Stop {
        loop {
            let mut stray = [0];
            let request = tokio::select! {
                // First, so that a stray byte is never taken for the beginning
                // of the next reply.
                biased;
                read = self.stdout.read(&mut stray) => return match read {
                    Ok(0) => Stop::Broken(Broken::Closed),
                    Ok(_) => Stop::Unsolicited,
                    Err(error) => Stop::Broken(error.into()),
                },
                request = requests.recv() => request,
            };
            let Some(request) = request else {
                return Stop::ShutDown { grace: Duration::ZERO };
            };
            match timeout(request.timeout, self.exchange(&request.frame)).await {
                // A caller that went away does not want its reply.
                Ok(Ok(reply)) => drop(request.reply.send(reply)),
                Ok(Err(broken)) => return broken.into(),
                Err(_) => {
                    return Stop::TimedOut { after: request.timeout };
                }
            }
        }
    }

    /// Writes and reads at once: an enclave that answers while it still reads
    /// would otherwise block on a full pipe, and we with it.
    async fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, Broken> {
        self.record(Direction::In, request);
        let ((), reply) = tokio::try_join!(
            frame::write(&mut self.stdin, request),
            frame::read(&mut self.stdout, self.max_frame_bytes),
        )?;
        self.record(Direction::Out, &reply);
        Ok(reply)
    }

    fn record(&self, direction: Direction, frame: &[u8]) {
        if let Some(recorder) = &self.recorder {
            recorder.record(direction, frame);
        }
    }

    async fn end(mut self, stop: Stop) -> Ended {
        match stop {
            Stop::ShutDown { grace } => {
                // The end of its input tells the enclave to leave; a closed
                // output frees one that is blocked on writing a reply.
                drop(self.stdin.shutdown().await);
                drop((self.stdin, self.stdout));
                let left = timeout(grace, self.child.wait()).await;
                let killed = !matches!(left, Ok(Ok(_)));
                if killed {
                    kill(&mut self.child).await;
                }
                Ended::ShutDown { killed }
            }
            Stop::Broken(Broken::Closed) => match timeout(LEAVE_WITHIN, self.child.wait()).await {
                Ok(Ok(status)) => Ended::Exited { status: status.to_string() },
                _ => {
                    kill(&mut self.child).await;
                    Ended::ClosedDoor
                }
            },
            Stop::Broken(Broken::TooLarge { announced }) => {
                kill(&mut self.child).await;
                Ended::ReplyTooLarge { announced, max: self.max_frame_bytes }
            }
            Stop::Broken(Broken::Pipe(reason)) => {
                kill(&mut self.child).await;
                Ended::Pipe(reason)
            }
            Stop::TimedOut { after } => {
                kill(&mut self.child).await;
                Ended::TimedOut { after }
            }
            Stop::Unsolicited => {
                kill(&mut self.child).await;
                Ended::Unsolicited
            }
        }
    }
}

async fn kill(child: &mut Child) {
    // A kill fails only when the process is gone already, which is what we want.
    if timeout(LEAVE_WITHIN, child.kill()).await.is_err() {
        tracing::warn!(target: "enigma::enclave", pid = child.id(), "a killed enclave has not been buried yet");
    }
}
