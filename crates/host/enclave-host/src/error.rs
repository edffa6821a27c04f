//! What can go wrong, and why an enclave process is no more.

use std::path::PathBuf;
use std::time::Duration;

/// An enclave could not be started or did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program could not be started.
    #[error("could not start the enclave {program}: {reason}; check that the file exists and may be executed", program = program.display())]
    Start {
        /// The program as it was named.
        program: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// The caller's frame is larger than the door. The enclave is unharmed.
    #[error("the request has {length} bytes, but the enclave's door takes at most {max}; send less")]
    RequestTooLarge {
        /// Length of the request in bytes.
        length: usize,
        /// The largest frame allowed, in bytes.
        max: usize,
    },
    /// The process is gone, and this handle with it.
    #[error("the enclave process has ended: {0}; start a new one")]
    Ended(#[from] Ended),
}

/// Why an enclave process ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// Its owner shut it down or dropped the last handle.
    #[error("it was shut down{}", if *killed { " and had to be killed" } else { "" })]
    ShutDown {
        /// Whether it had to be killed because it did not leave by itself.
        killed: bool,
    },
    /// It left by itself or was killed by somebody else.
    #[error("it left with {status}")]
    Exited {
        /// The exit status in the operating system's words.
        status: String,
    },
    /// It closed its output but ran on, so it was killed.
    #[error("it closed its output without leaving and was killed")]
    ClosedDoor,
    /// A reply did not come in time, so it was killed.
    #[error("it did not answer within {after:?} and was killed")]
    TimedOut {
        /// The time that the caller allowed.
        after: Duration,
    },
    /// It announced a reply larger than the door, so it was killed.
    #[error("it announced a reply of {announced} bytes where at most {max} are allowed and was killed")]
    ReplyTooLarge {
        /// The announced length in bytes.
        announced: usize,
        /// The largest frame allowed, in bytes.
        max: usize,
    },
    /// It sent bytes that no request had asked for, so it was killed.
    #[error("it spoke without being asked and was killed")]
    Unsolicited,
    /// A pipe failed.
    #[error("its pipe failed ({0}) and it was killed")]
    Pipe(String),
}
