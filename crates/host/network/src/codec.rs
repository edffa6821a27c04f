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

use crate::room::{Account, Room, Rooms};

/// Names these bytes; another form of them gets another number.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/enigma/request/1");

/// Messages are received in pieces of this many bytes, so that an announced
/// length alone costs no memory.
const PIECE: usize = 256 * 1024;

const ANSWERED: u8 = 0;
const BUSY: u8 = 1;
const DECLINED: u8 = 2;

/// A request, or what came in its place.
#[derive(Debug)]
pub(crate) enum Request {
    /// The request, and the room that it takes up if it came from a peer.
    Asked { bytes: Vec<u8>, room: Option<Room> },
    /// Bytes that are no request. Not an error, which libp2p would not tell of.
    Malformed,
}

/// A peer's reply or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answered(Vec<u8>),
    Busy,
    Declined,
}

/// Reads and writes messages up to a limit.
pub(crate) struct Codec {
    max_message_bytes: usize,
    rooms: Arc<Rooms>,
    account: Option<Account>,
}

/// libp2p clones the first codec once for each connection, when it is made, and
/// those clones for each stream. Hence a clone without an account takes the one
/// that was laid aside for the connection.
impl Clone for Codec {
    fn clone(&self) -> Self {
        Self {
            max_message_bytes: self.max_message_bytes,
            rooms: Arc::clone(&self.rooms),
            account: self.account.clone().or_else(|| self.rooms.take()),
        }
    }
}

impl Codec {
    pub(crate) fn new(max_message_bytes: usize, rooms: Arc<Rooms>) -> Self {
        Self { max_message_bytes, rooms, account: None }
    }

    fn take_room(&self, bytes: usize) -> io::Result<Room> {
        let room = self.account.as_ref().and_then(|account| account.room(bytes));
        room.ok_or_else(|| io::Error::new(ErrorKind::OutOfMemory, "no room for further requests"))
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
        let mut room: Option<Room> = None;
        let take = |piece| {
            let more = self.take_room(piece)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            Ok(())
        };
        match self.read_message(io, take).await {
            Ok(bytes) => Ok(Request::Asked { bytes, room }),
            Err(error) => match error.kind() {
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Ok(Request::Malformed),
                _ => Err(error),
            },
        }
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
        match request {
            Request::Asked { bytes, .. } => self.write_message(io, &bytes).await,
            Request::Malformed => Err(invalid("nothing to send")),
        }
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

    /// A codec on a connection with a listed peer that may hold two pieces.
    fn codec() -> Codec {
        let rooms = Rooms::new(6 * PIECE);
        rooms.lay_aside(libp2p::PeerId::random(), true);
        Codec::new(3, rooms).clone()
    }

    async fn request_from(codec: &mut Codec, mut wire: &[u8]) -> io::Result<Request> {
        codec.read_request(&PROTOCOL, &mut wire).await
    }

    async fn reply_from(codec: &mut Codec, mut wire: &[u8]) -> io::Result<Reply> {
        codec.read_response(&PROTOCOL, &mut wire).await
    }

    #[tokio::test]
    async fn a_request_is_its_length_and_its_bytes() {
        let mut codec = codec();
        let mut wire = Vec::new();
        let request = Request::Asked { bytes: b"abc".to_vec(), room: None };
        let written = codec.write_request(&PROTOCOL, &mut wire, request).await;
        written.unwrap();
        assert_eq!(wire, b"\0\0\0\x03abc");
        let read = request_from(&mut codec, &wire).await.unwrap();
        assert!(matches!(read, Request::Asked { bytes, .. } if bytes == b"abc"));
    }

    #[tokio::test]
    async fn replies_survive_the_wire() {
        let mut codec = codec();
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
        let mut codec = codec();
        let read = request_from(&mut codec, b"\0\0\0\x04abcd").await;
        assert!(matches!(read, Ok(Request::Malformed)));
        let reply = Reply::Answered(vec![0; 4]);
        let written = codec.write_response(&PROTOCOL, &mut Vec::new(), reply).await;
        assert_eq!(written.unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn messages_cut_short_and_unknown_replies_are_malformed() {
        let mut codec = codec();
        for wire in [&b""[..], b"\0\0", b"\0\0\0\x03ab"] {
            let read = request_from(&mut codec, wire).await;
            assert!(matches!(read, Ok(Request::Malformed)));
        }
        let read = reply_from(&mut codec, b"\x03").await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn requests_held_are_bounded_and_their_room_comes_back() {
        let mut codec = codec();
        codec.max_message_bytes = PIECE;
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

    #[tokio::test]
    async fn a_connection_without_an_account_holds_nothing() {
        let mut codec = Codec::new(3, Rooms::new(PIECE)).clone();
        let read = request_from(&mut codec, b"\0\0\0\x01a").await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::OutOfMemory);
    }
}
