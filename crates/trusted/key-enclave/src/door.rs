//! The door: decode, dispatch, encode.

use enigma_lightclient::Follower;
use enigma_platform::{Awake, Boot, Platform};
use enigma_protocol::door::{
    Code, Done, KeyEnclaveReply as Reply, Refusal, Resumed, Start, Stop, UntrustedKeyRequest as Request,
    frame, unframe,
};

use crate::{
    beacon, genesis,
    heads::{self, Duty},
    release,
    seat::Seat,
};

/// A key enclave: one identity, one seat.
pub struct KeyEnclave {
    boot: Boot,
    awake: Option<Awake>,
    /// Whether its identity was made in this life.
    newborn: bool,
    seated: Option<Seated>,
}

/// After `Accept` or `Resume`.
pub(crate) struct Seated {
    pub(crate) seat: Seat,
    pub(crate) follower: Follower,
    pub(crate) duty: Duty,
}

impl KeyEnclave {
    /// An enclave that knows nothing yet; `boot` makes its platform when the host says `Start`.
    pub fn new(boot: Boot) -> Self {
        Self { boot, awake: None, newborn: false, seated: None }
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
                // An identity of an earlier life may have accepted this dealing before: it could have been rewound.
                let duty = if self.newborn { Duty::Serving } else { Duty::resumed(self.platform()?)? };
                self.sit(seat, duty)?;
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
                let duty = Duty::resumed(self.platform()?)?;
                self.sit(seat, duty)?;
                Ok(Reply::Resumed(resumed))
            }
            Request::Headers(headers) => {
                let (_, seated) = self.seated()?;
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
            Request::State(question) => {
                let (_, seated) = self.seated()?;
                Ok(Reply::Statement(heads::state(seated, &question)))
            }
            Request::CatchUp(_) => {
                let (_, seated) = self.seated()?;
                Ok(match heads::catch_up(seated)? {
                    Some(lacking) => Reply::CatchingUp(lacking),
                    None => Reply::CaughtUp(Done {}),
                })
            }
            Request::Statements(statements) => {
                let (_, seated) = self.seated()?;
                heads::take(seated, &statements)?;
                Ok(Reply::CaughtUp(Done {}))
            }
        }
    }

    fn start(&mut self, start: Start) -> Result<Reply, Stop> {
        if self.awake.is_some() {
            return Err(Code::OutOfOrder.into());
        }
        self.newborn = start.sealed.is_none();
        let (awake, reply) = Awake::start(&self.boot, start)?;
        self.awake = Some(awake);
        Ok(Reply::Started(reply))
    }

    fn sit(&mut self, seat: Seat, duty: Duty) -> Result<(), Refusal> {
        let follower = Follower::new(seat.descriptor.clone())?;
        self.seated = Some(Seated { seat, follower, duty });
        Ok(())
    }

    fn platform(&mut self) -> Result<&mut dyn Platform, Refusal> {
        self.awake.as_mut().map(|awake| awake.platform.as_mut() as _).ok_or(Code::OutOfOrder.into())
    }

    fn unseated(&mut self) -> Result<&mut Awake, Refusal> {
        match (&mut self.awake, &self.seated) {
            (Some(awake), None) => Ok(awake),
            _ => Err(Code::OutOfOrder.into()),
        }
    }

    /// For what only an enclave does that is known to be where the others are.
    fn on_duty(&mut self) -> Result<(&mut Awake, &mut Seated), Refusal> {
        let (awake, seated) = self.seated()?;
        seated.duty.serving()?;
        Ok((awake, seated))
    }

    fn seated(&mut self) -> Result<(&mut Awake, &mut Seated), Refusal> {
        match (&mut self.awake, &mut self.seated) {
            (Some(awake), Some(seated)) => Ok((awake, seated)),
            _ => Err(Code::OutOfOrder.into()),
        }
    }
}
