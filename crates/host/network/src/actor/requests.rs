//! Our requests and their replies; peers' requests and our replies to them.

use std::io::ErrorKind;
use std::time::Instant;

use libp2p::request_response::{
    self, InboundRequestId, Message, OutboundFailure, OutboundRequestId, ResponseChannel,
};
use tokio::sync::oneshot;

use super::{Actor, Asked, Call, Served};
use crate::codec::{Reply, Request};
use crate::incoming::Verdict;
use crate::peers::{Next, REQUESTS_PER_PEER};
use crate::recorder::Direction;
use crate::{Error, Incoming, PeerId, Responder};

/// A peer's request that takes up a place: until we have replied and until the
/// reply has passed, for a peer that reads slowly holds our reply.
pub(super) struct Serving {
    peer: PeerId,
    stranger: bool,
    answered: bool,
    passed: bool,
}

impl Actor {
    pub(super) fn on_message(&mut self, event: request_response::Event<Request, Reply>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request_id, request, channel } => {
                    self.on_request(request_id, PeerId(peer), request, channel)
                }
                Message::Response { request_id, response } => self.on_reply(request_id, Ok(response)),
            },
            request_response::Event::OutboundFailure { request_id, error, .. } => {
                self.on_reply(request_id, Err(error))
            }
            request_response::Event::InboundFailure { peer, error, request_id, .. } => {
                tracing::debug!(%peer, %error, "a peer's request failed");
                self.end(request_id, |serving| serving.passed = true);
            }
            request_response::Event::ResponseSent { request_id, .. } => {
                self.end(request_id, |serving| serving.passed = true)
            }
        }
    }

    pub(super) fn ask(&mut self, peer: PeerId, call: Call) {
        match self.peers.request(peer, call) {
            Next::Send(call) => self.send(peer, call),
            Next::Wait(Some(address)) => self.resolve(peer, address),
            Next::Wait(None) => {}
            Next::Find => self.find(peer),
            Next::NoAddress(call) => {
                let reason = "it is not connected and its address is not known".to_owned();
                let _ = call.reply.send(Err(Error::Unreachable { peer, reason }));
            }
            Next::Full(call) => {
                let reason = "too many peers are being looked for".to_owned();
                let _ = call.reply.send(Err(Error::Unreachable { peer, reason }));
            }
        }
    }

    pub(super) fn send(&mut self, peer: PeerId, call: Call) {
        // Its caller may have given up while it waited for a connection.
        if call.reply.is_closed() {
            return;
        }
        let request = Request::Asked { bytes: call.request, room: None };
        let requests = &mut self.swarm.behaviour_mut().requests;
        let id = requests.send_request(&peer.0, request);
        let reply = call.reply;
        self.asked.insert(id, Asked { peer, reply });
    }

    fn on_reply(&mut self, id: OutboundRequestId, reply: Result<Reply, OutboundFailure>) {
        let Some(Asked { peer, reply: to }) = self.asked.remove(&id) else {
            return;
        };
        let lost = |reason: String| Error::ConnectionLost { peer, reason };
        let result = match reply {
            Ok(Reply::Answered(bytes)) => Ok(bytes),
            Ok(Reply::Busy) => Err(Error::Busy(peer)),
            Ok(Reply::Declined) => Err(Error::Declined(peer)),
            Err(OutboundFailure::Timeout) => Err(Error::TimedOut { peer, after: self.request_timeout }),
            Err(OutboundFailure::UnsupportedProtocols) => Err(Error::OtherProtocol(peer)),
            Err(OutboundFailure::DialFailure) => {
                Err(Error::Unreachable { peer, reason: "the connection was lost meanwhile".to_owned() })
            }
            Err(OutboundFailure::ConnectionClosed) => Err(lost("it was closed".to_owned())),
            Err(OutboundFailure::Io(error)) => {
                if error.kind() == ErrorKind::InvalidData {
                    self.on_malformed(peer);
                }
                Err(lost(error.to_string()))
            }
        };
        // Fails if the caller has given up.
        let _ = to.send(result);
    }

    // Peers' requests.

    fn on_request(
        &mut self,
        id: InboundRequestId,
        peer: PeerId,
        request: Request,
        channel: ResponseChannel<Reply>,
    ) {
        let Request::Asked { bytes, room } = request else {
            drop(channel);
            return self.on_malformed(peer);
        };
        let gate = &self.swarm.behaviour().gate;
        if gate.shut_out(peer.0, Instant::now()) {
            return;
        }
        let stranger = !gate.is_listed(&peer.0);
        self.tape.record(Direction::Received, &peer, &bytes);
        self.peers.count(peer, Direction::Received);
        if !self.has_place(peer, stranger) {
            tracing::debug!(%peer, "too many requests at once: answered busy");
            self.reply(channel, Reply::Busy);
            return;
        }
        let (verdict, answer) = oneshot::channel();
        let incoming = Incoming {
            from: peer,
            request: bytes,
            respond: Responder { verdict, max_message_bytes: self.max_message_bytes, _room: room },
        };
        // The queue has a place for everything that may be served at once, so
        // this fails only when nobody listens any more.
        if self.incoming.try_send(incoming).is_err() {
            self.reply(channel, Reply::Declined);
            return;
        }
        self.serving.insert(id, Serving { peer, stranger, answered: false, passed: false });
        self.answers.push(Box::pin(async move { Served { id, peer, channel, verdict: answer.await.ok() } }));
    }

    /// Whether one more request of the peer may be served. Strangers leave a
    /// quarter of the places to listed peers.
    fn has_place(&self, peer: PeerId, stranger: bool) -> bool {
        let for_strangers = (self.max_inbound - self.max_inbound / 4).max(1);
        let of_peer = self.serving.values().filter(|serving| serving.peer == peer).count();
        let of_strangers = self.serving.values().filter(|serving| serving.stranger).count();
        self.serving.len() < self.max_inbound
            && of_peer < REQUESTS_PER_PEER
            && (!stranger || of_strangers < for_strangers)
    }

    pub(super) fn on_served(&mut self, served: Served) {
        let reply = match served.verdict {
            Some(Verdict::Reply(bytes)) => {
                self.tape.record(Direction::Sent, &served.peer, &bytes);
                self.peers.count(served.peer, Direction::Sent);
                Reply::Answered(bytes)
            }
            Some(Verdict::Malformed) => {
                self.on_malformed(served.peer);
                Reply::Declined
            }
            None => Reply::Declined,
        };
        let late = !self.reply(served.channel, reply);
        self.end(served.id, |serving| {
            serving.answered = true;
            serving.passed |= late;
        });
    }

    /// Frees a request's place when nothing of it is left.
    fn end(&mut self, id: InboundRequestId, what: impl FnOnce(&mut Serving)) {
        if let Some(serving) = self.serving.get_mut(&id) {
            what(serving);
            if serving.answered && serving.passed {
                self.serving.remove(&id);
            }
        }
    }

    /// Whether the reply is on its way.
    fn reply(&mut self, channel: ResponseChannel<Reply>, reply: Reply) -> bool {
        let requests = &mut self.swarm.behaviour_mut().requests;
        let sent = requests.send_response(channel, reply).is_ok();
        if !sent {
            tracing::debug!("a reply came too late: its peer is gone");
        }
        sent
    }
}
