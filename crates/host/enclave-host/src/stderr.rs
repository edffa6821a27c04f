//! What the enclave prints on standard error, line by line.

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is passed on, in bytes; the rest of it is dropped.
/// Enclaves print numeric codes, so this is ample.
const MAX_LINE_BYTES: usize = 256;

/// Passes every line to `tracing` until the enclave closes the pipe.
pub(crate) async fn log(from: impl AsyncRead + Unpin, name: Arc<str>, pid: u32) {
    lines(from, |line| {
        tracing::info!(target: "enigma::enclave", enclave = %name, pid, "{line}");
    })
    .await;
}

/// Calls `each` with every line, cut to [`MAX_LINE_BYTES`], with everything but
/// printable ASCII escaped so that an enclave cannot forge log lines.
async fn lines(from: impl AsyncRead + Unpin, mut each: impl FnMut(&str)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // Any error on this pipe means the same as its end: nothing more to log.
    while let Ok(chunk) = from.fill_buf().await {
        if chunk.is_empty() {
            break;
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = MAX_LINE_BYTES - line.len();
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        from.consume(used);
        if end.is_some() {
            each(&printable(&line));
            line.clear();
        }
    }
    if !line.is_empty() {
        each(&printable(&line));
    }
}

fn printable(line: &[u8]) -> String {
    line.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = match byte {
            b' '..=b'~' => write!(text, "{}", char::from(*byte)),
            _ => write!(text, "\\x{byte:02x}"),
        };
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn collect(bytes: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        lines(bytes, |line| seen.push(line.to_owned())).await;
        seen
    }

    #[tokio::test]
    async fn lines_are_split_and_the_last_one_needs_no_newline() {
        assert_eq!(collect(b"12\n\n34").await, ["12", "", "34"]);
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let mut bytes = vec![b'a'; 100_000];
        bytes.extend_from_slice(b"\nnext\n");
        assert_eq!(collect(&bytes).await, [&"a".repeat(MAX_LINE_BYTES), "next"]);
    }

    #[tokio::test]
    async fn control_bytes_are_escaped() {
        assert_eq!(collect(b"a\x1b[2J\xff\r\n").await, ["a\\x1b[2J\\xff\\x0d"]);
    }
}
