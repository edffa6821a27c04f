//! The door: decode, dispatch, encode.

use enigma_lightclient::Follower;
use enigma_platform::{Awake, Boot};
use enigma_protocol::door::{
    Code, KeyEnclaveReply as Reply, Refusal, Resumed, Start, Stop, UntrustedKeyRequest as Request, frame,
    unframe,
};

use crate::{beacon, genesis, release, seat::Seat};

/// A key enclave: one identity, one seat.
pub struct KeyEnclave {
    boot: Boot,
    awake: Option<Awake>,
    seated: Option<Seated>,
}

/// After `Accept` or `Resume`.
pub(crate) struct Seated {
    pub(crate) seat: Seat,
    pub(crate) follower: Follower,
}

impl KeyEnclave {
    /// An enclave that knows nothing yet; `boot` makes its platform when the host says `Start`.
    pub fn new(boot: Boot) -> Self {
        Self { boot, awake: None, seated: None }
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
            Request::Deal(deal) => {
                let awake = self.unseated()?;
                Ok(Reply::Dealt(genesis::deal(awake.platform.as_mut(), &deal.setup)?))
            }
            Request::Accept(accept) => {
                let awake = self.unseated()?;
                let (seat, accepted) = genesis::accept(awake, &accept)?;
                self.sit(seat)?;
                Ok(Reply::Accepted(accepted))
            }
            Request::Resume(resume) => {
                let awake = self.unseated()?;
                let seat = Seat::unseal(awake.platform.as_ref(), &resume.sealed.0)?;
                let resumed = Resumed {
                    descriptor: seat.descriptor.clone(),
                    member: seat.share.member().get(),
                    commitments: seat.commitments().into(),
                };
                self.sit(seat)?;
                Ok(Reply::Resumed(resumed))
            }
            Request::Headers(headers) => {
                let (_, seated) = self.on_duty()?;
                Ok(Reply::View(seated.follower.follow(&headers)?))
            }
            Request::Beacon(question) => {
                let (_, seated) = self.on_duty()?;
                beacon::sign(seated, &question).map(Reply::Beacon)
            }
            Request::Release(question) => {
                let (awake, seated) = self.on_duty()?;
                release::release(awake.platform.as_mut(), seated, &question).map(Reply::Released)
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

    fn sit(&mut self, seat: Seat) -> Result<(), Refusal> {
        let follower = Follower::new(seat.descriptor.clone())?;
        self.seated = Some(Seated { seat, follower });
        Ok(())
    }

    fn unseated(&mut self) -> Result<&mut Awake, Refusal> {
        match (&mut self.awake, &self.seated) {
            (Some(awake), None) => Ok(awake),
            _ => Err(Code::OutOfOrder.into()),
        }
    }

    fn on_duty(&mut self) -> Result<(&mut Awake, &mut Seated), Refusal> {
        match (&mut self.awake, &mut self.seated) {
            (Some(awake), Some(seated)) => Ok((awake, seated)),
            _ => Err(Code::OutOfOrder.into()),
        }
    }
}
