//! The door: decode, dispatch, encode.

use enigma_lightclient::Follower;
use enigma_platform::{Awake, Boot};
use enigma_protocol::door::{
    Code, Done, Join, Refusal, Start, Stop, UntrustedWorkerRequest as Request, WorkerReply as Reply, frame,
    unframe,
};

use crate::{answered::Answered, keys::KeyRing, worlds::Worlds};

/// A worker enclave: one identity, one network.
pub struct WorkerEnclave {
    boot: Boot,
    awake: Option<Awake>,
    joined: Option<Joined>,
}

/// After `Join`.
pub(crate) struct Joined {
    pub(crate) follower: Follower,
    pub(crate) keys: KeyRing,
    pub(crate) worlds: Worlds,
    pub(crate) answered: Answered,
}

impl WorkerEnclave {
    /// An enclave that knows nothing yet; `boot` makes its platform when the host says `Start`.
    pub fn new(boot: Boot) -> Self {
        Self { boot, awake: None, joined: None }
    }

    /// Answers one frame with one frame. Total: whatever the bytes, the reply says what happened.
    pub fn handle(&mut self, request: &[u8]) -> Vec<u8> {
        let reply = match unframe(request) {
            Ok(request) => self.dispatch(request),
            Err(_) => Err(Code::Malformed.into()),
        };
        frame(&reply.unwrap_or_else(|stop| match stop {
            Stop::Need(need) => Reply::Need(need),
            Stop::Refused(refusal) => Reply::Refused(refusal),
        }))
    }

    fn dispatch(&mut self, request: Request) -> Result<Reply, Stop> {
        match request {
            Request::Start(start) => self.start(start),
            Request::Join(join) => self.join(join),
            Request::Headers(headers) => {
                let (_, joined) = self.at_work()?;
                Ok(Reply::View(joined.follower.follow(&headers)?))
            }
            Request::Keys(keys) => {
                let (_, joined) = self.at_work()?;
                joined.keys.take(joined.follower.chain(), &keys)?;
                Ok(Reply::Done(Done {}))
            }
            Request::Replay(replay) => {
                let (awake, joined) = self.at_work()?;
                crate::restore::replay(awake, joined, &replay).map(Reply::Done)
            }
            Request::Execute(execute) => {
                let (awake, joined) = self.at_work()?;
                crate::receipt::produce(awake, joined, &execute).map(Reply::Executed)
            }
            Request::Query(query) => {
                let (awake, joined) = self.at_work()?;
                crate::query::answer(awake, joined, &query).map(Reply::Answered)
            }
        }
    }

    fn start(&mut self, start: Start) -> Result<Reply, Stop> {
        if self.awake.is_some() {
            return Err(Code::OutOfOrder.into());
        }
        let (awake, reply) = Awake::start(&self.boot, start)?;
        self.awake = Some(awake);
        Ok(Reply::Started(reply))
    }

    fn join(&mut self, join: Join) -> Result<Reply, Stop> {
        if self.awake.is_none() || self.joined.is_some() {
            return Err(Code::OutOfOrder.into());
        }
        let keys = KeyRing::new(&join.descriptor, &join.commitments.0)?;
        let follower = Follower::new(join.descriptor)?;
        self.joined =
            Some(Joined { follower, keys, worlds: Worlds::default(), answered: Answered::default() });
        Ok(Reply::Done(Done {}))
    }

    fn at_work(&mut self) -> Result<(&mut Awake, &mut Joined), Refusal> {
        match (&mut self.awake, &mut self.joined) {
            (Some(awake), Some(joined)) => Ok((awake, joined)),
            _ => Err(Code::OutOfOrder.into()),
        }
    }
}
