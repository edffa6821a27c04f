//! The queue of questions to one enclave. No place, no waiting: whoever asks is told at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use enigma_network::PeerId;
use enigma_protocol::query::{QueryReply, QueryRequest};
use tokio::sync::{mpsc, oneshot};

use super::{PATIENCE, UNASKED};

/// Questions that may wait.
const PLACES: usize = 64;
/// Of these, from one peer: what it may pass on for others.
const OF_ONE_PEER: usize = 16;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// This node's own API, which has its limits in front.
    Own,
    /// A peer.
    Peer(PeerId),
}

/// The answer, or the code of a refusal.
pub(crate) type Answered = Result<QueryReply, u16>;

/// A question that waits for the enclave.
pub(crate) struct Question {
    pub(crate) request: QueryRequest,
    /// When nobody waits for the answer any more.
    pub(crate) deadline: Instant,
    answer: oneshot::Sender<Answered>,
    _place: Place,
}

impl Question {
    /// Whether somebody still waits.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.answer.is_closed() && Instant::now() < self.deadline
    }

    /// Answers; its place is free again.
    pub(crate) fn answer(self, answer: Answered) {
        // Fails if whoever asked has gone.
        let _ = self.answer.send(answer);
    }
}

/// Where questions come out.
pub(crate) type Questions = mpsc::Receiver<Question>;

type Counts = Arc<Mutex<HashMap<Origin, usize>>>;

/// Takes questions to one enclave. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    queue: mpsc::Sender<Question>,
    waiting: Counts,
}

/// One of an origin's places.
struct Place {
    origin: Origin,
    waiting: Counts,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.origin);
            }
        }
    }
}

impl Desk {
    pub(crate) fn new() -> (Self, Questions) {
        let (queue, questions) = mpsc::channel(PLACES);
        (Self { queue, waiting: Counts::default() }, questions)
    }

    /// Puts a question into the queue.
    ///
    /// # Errors
    /// [`UNASKED`]: the queue is full, or this origin's share of it.
    pub(crate) fn submit(
        &self,
        origin: Origin,
        request: QueryRequest,
    ) -> Result<oneshot::Receiver<Answered>, u16> {
        let place = self.place(origin)?;
        let (answer, answered) = oneshot::channel();
        let question = Question { request, deadline: Instant::now() + PATIENCE, answer, _place: place };
        self.queue.try_send(question).map_err(|_| UNASKED)?;
        Ok(answered)
    }

    /// The same, waiting for the answer.
    pub(crate) async fn ask(&self, origin: Origin, request: QueryRequest) -> Answered {
        let answered = self.submit(origin, request)?;
        tokio::time::timeout(PATIENCE, answered).await.ok().and_then(Result::ok).unwrap_or(Err(UNASKED))
    }

    fn place(&self, origin: Origin) -> Result<Place, u16> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.entry(origin).or_default();
        if origin != Origin::Own && *count >= OF_ONE_PEER {
            return Err(UNASKED);
        }
        *count += 1;
        drop(waiting);
        Ok(Place { origin, waiting: self.waiting.clone() })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Address;

    use super::*;

    fn question() -> QueryRequest {
        QueryRequest { contract: Address::ZERO, envelope: vec![1].into() }
    }

    fn peer(seed: u8) -> Origin {
        Origin::Peer(enigma_network::peer_id_from_seed([seed; 32]))
    }

    #[test]
    fn one_peer_has_its_share_and_leaves_the_rest_to_others() {
        let (desk, mut questions) = Desk::new();
        let taken = |origin| (0..PLACES).filter_map(|_| desk.submit(origin, question()).ok()).count();
        assert_eq!(taken(peer(1)), OF_ONE_PEER);
        assert_eq!(taken(peer(2)), OF_ONE_PEER);
        assert_eq!(taken(Origin::Own), PLACES - 2 * OF_ONE_PEER);
        assert_eq!(taken(peer(3)), 0, "the queue is full");
        let first = questions.try_recv().unwrap();
        assert!(!first.is_wanted(), "its asker has gone");
        first.answer(Err(UNASKED));
        assert_eq!(taken(peer(1)), 1, "an answered question frees its place");
    }

    #[tokio::test]
    async fn an_answer_finds_who_asked() {
        let (desk, mut questions) = Desk::new();
        let asked = desk.submit(peer(1), question()).unwrap();
        let question = questions.recv().await.unwrap();
        assert!(question.is_wanted());
        question.answer(Err(24));
        assert_eq!(asked.await.unwrap().err(), Some(24));
    }
}
