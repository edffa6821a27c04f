//! A peer's request to us.

use std::fmt;

use tokio::sync::oneshot;

use crate::room::Room;
use crate::{Error, PeerId};

/// A peer's request, waiting for our reply.
pub struct Incoming {
    /// Who asks; proven by the connection.
    pub from: PeerId,
    /// What is asked.
    pub request: Vec<u8>,
    /// Where the reply goes.
    pub respond: Responder,
}

/// Shows the length of the request only.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("from", &self.from)
            .field("request_bytes", &self.request.len())
            .finish_non_exhaustive()
    }
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    Reply(Vec<u8>),
    Malformed,
}

/// Takes one reply. Dropping it tells the peer that none will come
/// ([`Error::Declined`] on its side).
#[derive(Debug)]
pub struct Responder {
    pub(crate) verdict: oneshot::Sender<Verdict>,
    pub(crate) max_message_bytes: usize,
    /// The request's share of the memory for requests, held until the reply.
    pub(crate) _room: Option<Room>,
}

impl Responder {
    /// Sends the reply. Whether it still reaches the peer is not known here.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and the peer is told that no reply will come.
    pub fn respond(self, reply: Vec<u8>) -> Result<(), Error> {
        if reply.len() > self.max_message_bytes {
            return Err(Error::TooLarge { length: reply.len(), max: self.max_message_bytes });
        }
        // Fails when the network is down, and then nobody waits.
        drop(self.verdict.send(Verdict::Reply(reply)));
        Ok(())
    }

    /// Says that the request made no sense. No reply will come, and a peer that
    /// sends such requests repeatedly is disconnected and shut out for a while.
    pub fn malformed(self) {
        drop(self.verdict.send(Verdict::Malformed));
    }
}
