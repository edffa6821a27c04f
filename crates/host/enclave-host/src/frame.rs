//! Reading and writing one frame: 4-byte big-endian length, then the bytes.

use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Why a frame did not pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The other end closed the pipe, at a border of frames or inside one.
    Closed,
    /// The announced length is over the limit.
    TooLarge { announced: usize },
    /// The pipe failed in another way.
    Pipe(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::Pipe(error.to_string()),
        }
    }
}

/// Writes one frame. The caller has checked its length against the limit.
pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> Result<(), Broken> {
    let length = u32::try_from(frame.len()).map_err(|_| Broken::TooLarge { announced: frame.len() })?;
    to.write_all(&length.to_be_bytes()).await?;
    to.write_all(frame).await?;
    to.flush().await?;
    Ok(())
}

/// Reads one frame of at most `max` bytes.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin), max: usize) -> Result<Vec<u8>, Broken> {
    let mut header = [0; 4];
    from.read_exact(&mut header).await?;
    let announced = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
    if announced > max {
        return Err(Broken::TooLarge { announced });
    }
    let mut frame = vec![0; announced];
    from.read_exact(&mut frame).await?;
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_is_a_big_endian_length_and_the_bytes() {
        let mut wire = Vec::new();
        write(&mut wire, b"abc").await.unwrap();
        assert_eq!(wire, b"\0\0\0\x03abc");
        assert_eq!(read(&mut wire.as_slice(), 3).await.unwrap(), b"abc");
    }

    #[tokio::test]
    async fn an_empty_frame_passes() {
        assert_eq!(read(&mut &[0, 0, 0, 0][..], 3).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn a_frame_over_the_limit_is_refused_before_its_bytes_are_read() {
        let mut wire = &[0, 0, 0, 4][..];
        assert_eq!(read(&mut wire, 3).await, Err(Broken::TooLarge { announced: 4 }));
    }

    #[tokio::test]
    async fn a_frame_cut_short_is_a_closed_pipe() {
        for cut in [&[][..], &[0, 0], &[0, 0, 0, 2, 9]] {
            let mut wire = cut;
            assert_eq!(read(&mut wire, 3).await, Err(Broken::Closed));
        }
    }
}
