//! A peer's request to us.

use std::fmt;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

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

/// Takes one reply. Dropping it tells the peer that none will come
/// ([`Error::Declined`] on its side).
#[derive(Debug)]
pub struct Responder {
    pub(crate) reply: oneshot::Sender<Vec<u8>>,
    pub(crate) max_message_bytes: usize,
    /// The request's share of the memory for requests, held until the reply.
    pub(crate) _room: Option<OwnedSemaphorePermit>,
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
        drop(self.reply.send(reply));
        Ok(())
    }
}
