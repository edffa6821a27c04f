//! Our requests and their replies; peers' requests and our replies to them.

use libp2p::request_response::{self, Message, OutboundFailure, OutboundRequestId, ResponseChannel};
use tokio::sync::oneshot;

use super::{Actor, Asked, Call, Served};
use crate::codec::{Reply, Request};
use crate::peers::{Next, REQUESTS_PER_PEER};
use crate::recorder::Direction;
use crate::{Error, Incoming, PeerId, Responder};

impl Actor {
    pub(super) fn on_message(&mut self, event: request_response::Event<Request, Reply>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                Message::Request { request, channel, .. } => self.on_request(PeerId(peer), request, channel),
                Message::Response { request_id, response } => self.on_reply(request_id, Ok(response)),
            },
            request_response::Event::OutboundFailure { request_id, error, .. } => {
                self.on_reply(request_id, Err(error))
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, %error, "a peer's request failed");
            }
            request_response::Event::ResponseSent { .. } => {}
        }
    }

    pub(super) fn ask(&mut self, peer: PeerId, call: Call) {
        match self.peers.request(peer, call) {
            Next::Send(call) => self.send(peer, call),
            Next::Wait(Some(address)) => self.resolve(peer, address),
            Next::Wait(None) => {}
            Next::NoAddress(call) => {
                let reason = "it is not connected and its address is not known".to_owned();
                let _ = call.reply.send(Err(Error::Unreachable { peer, reason }));
            }
        }
    }

    pub(super) fn send(&mut self, peer: PeerId, call: Call) {
        // Its caller may have given up while it waited for a connection.
        if call.reply.is_closed() {
            return;
        }
        let request = Request { bytes: call.request, room: None };
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
            Err(OutboundFailure::Io(error)) => Err(lost(error.to_string())),
        };
        // Fails if the caller has given up.
        let _ = to.send(result);
    }

    // Peers' requests.

    fn on_request(&mut self, peer: PeerId, request: Request, channel: ResponseChannel<Reply>) {
        self.tape.record(Direction::Received, &peer, &request.bytes);
        self.peers.count(peer, Direction::Received);
        let of_peer = self.serving_by_peer.get(&peer).copied().unwrap_or(0);
        if self.serving.len() >= self.max_inbound || of_peer >= REQUESTS_PER_PEER {
            tracing::debug!(%peer, "too many requests at once: answered busy");
            self.reply(channel, Reply::Busy);
            return;
        }
        let (reply, answer) = oneshot::channel();
        let incoming = Incoming {
            from: peer,
            request: request.bytes,
            respond: Responder { reply, max_message_bytes: self.max_message_bytes, _room: request.room },
        };
        // The queue has a place for everything that may be served at once, so
        // this fails only when nobody listens any more.
        if self.incoming.try_send(incoming).is_err() {
            self.reply(channel, Reply::Declined);
            return;
        }
        self.serving_by_peer.insert(peer, of_peer + 1);
        self.serving.push(Box::pin(async move { Served { peer, channel, reply: answer.await.ok() } }));
    }

    pub(super) fn on_served(&mut self, served: Served) {
        if let Some(count) = self.serving_by_peer.get_mut(&served.peer) {
            *count -= 1;
            if *count == 0 {
                self.serving_by_peer.remove(&served.peer);
            }
        }
        let reply = match served.reply {
            Some(bytes) => {
                self.tape.record(Direction::Sent, &served.peer, &bytes);
                self.peers.count(served.peer, Direction::Sent);
                Reply::Answered(bytes)
            }
            None => Reply::Declined,
        };
        self.reply(served.channel, reply);
    }

    fn reply(&mut self, channel: ResponseChannel<Reply>, reply: Reply) {
        let requests = &mut self.swarm.behaviour_mut().requests;
        if requests.send_response(channel, reply).is_err() {
            tracing::debug!("a reply came too late: its peer is gone");
        }
    }
}
