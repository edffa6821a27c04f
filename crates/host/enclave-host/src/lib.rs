//! Starts an enclave program as a child process and talks to it through its
//! one door: a length-prefixed frame in on standard input, a length-prefixed
//! frame out on standard output, exactly one reply for each request.
//!
//! This crate moves bytes and knows no message. A frame is a 4-byte big-endian
//! length and that many bytes, at most [`MAX_FRAME_BYTES`] of them.
//!
//! # Layout
//!
//! - `process`: [`EnclaveProcess`], the handle: start, request, shut down
//! - `door`: the task that owns child and pipes and serves one request at a time
//! - `frame`: reading and writing one frame
//! - `stderr`: what the enclave prints, cut to size and passed to `tracing`
//! - `recorder`: [`Recorder`], sees every frame that passes (for tests)
//! - `error`: [`Error`] and [`Ended`], why a process is no more
//!
//! # Invariants
//!
//! - Requests are served one after another; a caller that goes away in the
//!   middle of its request leaves the door in step.
//! - After a timeout, a broken frame or a byte that nobody asked for, the
//!   process is killed and every later request fails with the same [`Ended`]:
//!   a door that is out of step could hand one caller another's reply.
//! - The child gets no environment variable except those that [`Options`] names.
//! - The child ends when its parent does, however the parent ended: the kernel
//!   closes the pipes, and an enclave leaves on the end of its standard input.
//!
//! # Deliberately absent
//!
//! `PR_SET_PDEATHSIG`: it is bound to the *thread* that forked, and threads of
//! an async runtime come and go, so it would kill healthy enclaves. Restarting
//! is absent too: what a new enclave must be told first is its owner's affair.

mod door;
mod error;
mod frame;
mod process;
mod recorder;
mod stderr;

pub use error::{Ended, Error};
pub use process::{EnclaveProcess, Options};
pub use recorder::{Direction, Recorder};

/// The longest frame that passes the door, in bytes, without its 4-byte
/// length: 32 MiB.
pub const MAX_FRAME_BYTES: usize = 32 * 1024 * 1024;
