//! The bytes on a stream.
//!
//! A request is a 4-byte big-endian length and its bytes. A reply is a status
//! byte, and if that is 0 (answered) a length and bytes likewise; 1 is busy,
//! 2 is declined.

use std::io::{self, ErrorKind};
use std::sync::Arc;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Names these bytes; another form of them gets another number.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/enigma/request/1");

/// Messages are received in pieces of this many bytes, so that an announced
/// length alone costs no memory.
const PIECE: usize = 256 * 1024;

/// The unit in which memory for requests is counted, in bytes.
const ROOM_UNIT: usize = 1024;

const ANSWERED: u8 = 0;
const BUSY: u8 = 1;
const DECLINED: u8 = 2;

/// A request, and the room that it takes up if it came from a peer.
#[derive(Debug)]
pub(crate) struct Request {
    pub bytes: Vec<u8>,
    pub room: Option<OwnedSemaphorePermit>,
}

/// A peer's reply or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answered(Vec<u8>),
    Busy,
    Declined,
}

/// Reads and writes messages up to a limit.
#[derive(Clone)]
pub(crate) struct Codec {
    max_message_bytes: usize,
    room: Arc<Semaphore>,
}

impl Codec {
    pub(crate) fn new(max_message_bytes: usize, max_inbound_bytes: usize) -> Self {
        let units = (max_inbound_bytes / ROOM_UNIT).min(Semaphore::MAX_PERMITS);
        Self { max_message_bytes, room: Arc::new(Semaphore::new(units)) }
    }

    /// Takes room for one more piece, without waiting: two half-received
    /// requests that wait for each other's room would never end.
    fn take_room(&self, bytes: usize) -> io::Result<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(ROOM_UNIT)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room);
        room.try_acquire_many_owned(units)
            .map_err(|_| io::Error::new(ErrorKind::OutOfMemory, "no room for further requests"))
    }

    async fn read_message(
        &self,
        io: &mut (impl AsyncRead + Unpin + Send),
        mut before_each_piece: impl FnMut(usize) -> io::Result<()> + Send,
    ) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        io.read_exact(&mut length).await?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        self.check(length)?;
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let start = bytes.len();
            let piece = PIECE.min(length - start);
            before_each_piece(piece)?;
            bytes.resize(start + piece, 0);
            io.read_exact(&mut bytes[start..]).await?;
        }
        Ok(bytes)
    }

    async fn write_message(&self, io: &mut (impl AsyncWrite + Unpin + Send), bytes: &[u8]) -> io::Result<()> {
        self.check(bytes.len())?;
        let length = u32::try_from(bytes.len()).map_err(|_| invalid("message over 4 GiB"))?;
        io.write_all(&length.to_be_bytes()).await?;
        io.write_all(bytes).await
    }

    fn check(&self, length: usize) -> io::Result<()> {
        if length > self.max_message_bytes {
            return Err(invalid("message over the limit"));
        }
        Ok(())
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Reply;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut room: Option<OwnedSemaphorePermit> = None;
        let take = |piece| {
            let more = self.take_room(piece)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            Ok(())
        };
        let bytes = self.read_message(io, take).await?;
        Ok(Request { bytes, room })
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Reply>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut status = [0];
        io.read_exact(&mut status).await?;
        match status[0] {
            // We asked for it, so the number of requests under way bounds it.
            ANSWERED => self.read_message(io, |_| Ok(())).await.map(Reply::Answered),
            BUSY => Ok(Reply::Busy),
            DECLINED => Ok(Reply::Declined),
            _ => Err(invalid("unknown status of a reply")),
        }
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        self.write_message(io, &request.bytes).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, reply: Reply) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match reply {
            Reply::Answered(bytes) => {
                io.write_all(&[ANSWERED]).await?;
                self.write_message(io, &bytes).await
            }
            Reply::Busy => io.write_all(&[BUSY]).await,
            Reply::Declined => io.write_all(&[DECLINED]).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use libp2p::request_response::Codec as _;

    use super::*;

    async fn request_from(codec: &mut Codec, mut wire: &[u8]) -> io::Result<Request> {
        codec.read_request(&PROTOCOL, &mut wire).await
    }

    async fn reply_from(codec: &mut Codec, mut wire: &[u8]) -> io::Result<Reply> {
        codec.read_response(&PROTOCOL, &mut wire).await
    }

    #[tokio::test]
    async fn a_request_is_its_length_and_its_bytes() {
        let mut codec = Codec::new(3, PIECE);
        let mut wire = Vec::new();
        let request = Request { bytes: b"abc".to_vec(), room: None };
        let written = codec.write_request(&PROTOCOL, &mut wire, request).await;
        written.unwrap();
        assert_eq!(wire, b"\0\0\0\x03abc");
        assert_eq!(request_from(&mut codec, &wire).await.unwrap().bytes, b"abc");
    }

    #[tokio::test]
    async fn replies_survive_the_wire() {
        let mut codec = Codec::new(3, PIECE);
        for (reply, again) in [
            (Reply::Answered(b"abc".to_vec()), Reply::Answered(b"abc".to_vec())),
            (Reply::Answered(vec![]), Reply::Answered(vec![])),
            (Reply::Busy, Reply::Busy),
            (Reply::Declined, Reply::Declined),
        ] {
            let mut wire = Vec::new();
            let written = codec.write_response(&PROTOCOL, &mut wire, reply).await;
            written.unwrap();
            assert_eq!(reply_from(&mut codec, &wire).await.unwrap(), again);
        }
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_refused_both_ways() {
        let mut codec = Codec::new(3, PIECE);
        let read = request_from(&mut codec, b"\0\0\0\x04abcd").await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidData);
        let reply = Reply::Answered(vec![0; 4]);
        let written = codec.write_response(&PROTOCOL, &mut Vec::new(), reply).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn messages_cut_short_and_unknown_replies_are_errors() {
        let mut codec = Codec::new(3, PIECE);
        for wire in [&b""[..], b"\0\0", b"\0\0\0\x03ab"] {
            let read = request_from(&mut codec, wire).await;
            assert_eq!(read.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
        let read = reply_from(&mut codec, b"\x03").await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn requests_held_are_bounded_and_their_room_comes_back() {
        let mut codec = Codec::new(PIECE, 2 * PIECE);
        let mut wire = u32::try_from(PIECE).unwrap().to_be_bytes().to_vec();
        wire.resize(4 + PIECE, 1);
        let first = request_from(&mut codec, &wire).await.unwrap();
        let second = request_from(&mut codec, &wire).await.unwrap();
        let third = request_from(&mut codec, &wire).await;
        assert_eq!(third.unwrap_err().kind(), ErrorKind::OutOfMemory);
        drop(first);
        request_from(&mut codec, &wire).await.unwrap();
        drop(second);
    }
}
