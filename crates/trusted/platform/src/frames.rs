//! The door's framing: a length (four bytes, big-endian) and that many bytes.

use std::io::{ErrorKind, Read, Write};

use crate::{Error, Result};

/// The longest frame, in bytes: 32 MiB.
pub const MAX_FRAME: usize = 32 * 1024 * 1024;

/// Reads one frame, or `None` when the stream ends between two frames.
///
/// Memory grows with what really arrives: an announced length reserves nothing.
///
/// # Errors
/// [`Error::FrameTooLong`], [`Error::FrameCutShort`], [`Error::Stream`]. The stream is of no use afterwards.
pub fn read_frame(from: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let header = read_up_to(from, 4)?;
    let Ok(header) = <[u8; 4]>::try_from(header.as_slice()) else {
        return if header.is_empty() { Ok(None) } else { Err(Error::FrameCutShort) };
    };
    let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
    if length > MAX_FRAME {
        return Err(Error::FrameTooLong { length, max: MAX_FRAME });
    }
    let frame = read_up_to(from, length)?;
    if frame.len() == length { Ok(Some(frame)) } else { Err(Error::FrameCutShort) }
}

/// Writes one frame and flushes.
///
/// # Errors
/// [`Error::FrameTooLong`] (nothing is written then), [`Error::Stream`].
pub fn write_frame(to: &mut impl Write, frame: &[u8]) -> Result<()> {
    let too_long = Error::FrameTooLong { length: frame.len(), max: MAX_FRAME };
    let length = u32::try_from(frame.len()).map_err(|_| too_long)?;
    if frame.len() > MAX_FRAME {
        return Err(too_long);
    }
    to.write_all(&length.to_be_bytes())
        .and_then(|()| to.write_all(frame))
        .and_then(|()| to.flush())
        .map_err(stream)
}

/// At most `length` bytes; fewer only if the stream ends.
fn read_up_to(from: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // `read_to_end` retries when interrupted and grows its buffer as bytes come.
    from.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes).map_err(stream)?;
    Ok(bytes)
}

fn stream(err: std::io::Error) -> Error {
    match err.kind() {
        ErrorKind::UnexpectedEof => Error::FrameCutShort,
        kind => Error::Stream(kind),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use proptest::prelude::*;

    use super::*;

    /// Gives one byte a call and is interrupted before each, as a slow pipe may be.
    struct Slow<R>(R, bool);

    impl<R: Read> Read for Slow<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::Interrupted.into());
            }
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    fn framed(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| write_frame(&mut bytes, frame).unwrap());
        bytes
    }

    #[test]
    fn a_frame_is_its_length_and_its_bytes() {
        assert_eq!(framed(&[b"abc".to_vec(), vec![]]), [0, 0, 0, 3, b'a', b'b', b'c', 0, 0, 0, 0]);
    }

    #[test]
    fn a_frame_above_the_bound_is_refused_both_ways() {
        let length = MAX_FRAME + 1;
        let refused = Error::FrameTooLong { length, max: MAX_FRAME };
        let mut written = Vec::new();
        assert_eq!(write_frame(&mut written, &vec![0; length]), Err(refused));
        assert!(written.is_empty());
        let announced = u32::try_from(length).unwrap().to_be_bytes();
        assert_eq!(read_frame(&mut Cursor::new(announced)), Err(refused));
    }

    #[test]
    fn the_longest_frame_passes() {
        let longest = vec![7; MAX_FRAME];
        let bytes = framed(std::slice::from_ref(&longest));
        assert_eq!(read_frame(&mut Cursor::new(bytes)), Ok(Some(longest)));
    }

    #[test]
    fn an_announced_length_without_bytes_is_cut_short() {
        let announced = u32::try_from(MAX_FRAME).unwrap().to_be_bytes();
        assert_eq!(read_frame(&mut Cursor::new(announced)), Err(Error::FrameCutShort));
    }

    #[test]
    fn a_failing_stream_is_an_error_and_no_end() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(ErrorKind::ConnectionReset.into())
            }
        }
        assert_eq!(read_frame(&mut Failing), Err(Error::Stream(ErrorKind::ConnectionReset)));
    }

    proptest! {
        #[test]
        fn frames_pass_a_slow_pipe_in_order(frames: Vec<Vec<u8>>) {
            let mut pipe = Slow(Cursor::new(framed(&frames)), false);
            for frame in &frames {
                prop_assert_eq!(read_frame(&mut pipe), Ok(Some(frame.clone())));
            }
            prop_assert_eq!(read_frame(&mut pipe), Ok(None));
        }

        #[test]
        fn a_stream_that_ends_inside_a_frame_is_an_error(frame: Vec<u8>, cut in any::<prop::sample::Index>()) {
            let bytes = framed(&[frame]);
            let cut = 1 + cut.index(bytes.len() - 1);
            prop_assert_eq!(read_frame(&mut Cursor::new(&bytes[..cut])), Err(Error::FrameCutShort));
        }
    }
}
