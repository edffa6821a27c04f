//! The ways in which a value is written.

use alloy_primitives::{U256, U512};

/// Letters of base64: standard, and for URLs.
const ALPHABETS: [(&str, &[u8; 64]); 2] = [
    ("base64", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    ("base64url", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
];

/// Every form of the whole needle and, from 32 bytes on, of its two halves, each with a name.
pub fn all(needle: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut parts = vec![("whole", needle)];
    if needle.len() >= 32 {
        let (first, second) = needle.split_at(needle.len() / 2);
        parts.extend([("first half", first), ("second half", second)]);
    }
    let forms = parts.into_iter().flat_map(|(part, bytes)| {
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        let straight = written(bytes).into_iter().map(move |(form, w)| (format!("{part}, {form}"), w));
        let backwards =
            written(&reversed).into_iter().map(move |(form, w)| (format!("{part}, reversed, {form}"), w));
        straight.chain(backwards)
    });
    forms.collect()
}

fn written(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let joined =
        |byte: fn(&u8) -> String, by: &str| bytes.iter().map(byte).collect::<Vec<_>>().join(by).into_bytes();
    let hex = |byte: &u8| format!("{byte:02x}");
    let mut forms = vec![
        ("raw".into(), bytes.to_vec()),
        ("hex".into(), hex::encode(bytes).into_bytes()),
        ("HEX".into(), hex::encode_upper(bytes).into_bytes()),
        ("decimal".into(), decimal(bytes).into_bytes()),
        ("list".into(), joined(u8::to_string, ",")),
        ("spaced list".into(), joined(u8::to_string, ", ")),
        ("hex dump".into(), joined(hex, " ")),
        ("hex list".into(), joined(hex, ", ")),
        ("prefixed hex list".into(), joined(|byte| format!("{byte:#04x}"), ", ")),
    ];
    // 64-bit words of the other byte order, the words in order: half-way between raw and reversed.
    if bytes.len().is_multiple_of(8) {
        forms.push(("swapped words".into(), bytes.chunks(8).flat_map(|w| w.iter().rev().copied()).collect()));
    }
    for (name, alphabet) in ALPHABETS {
        forms.extend((0..3).map(|offset| (format!("{name} at {offset}"), base64(alphabet, bytes, offset))));
    }
    forms
}

/// The number that the bytes are, big-endian.
fn decimal(bytes: &[u8]) -> String {
    U256::try_from_be_slice(bytes).map_or_else(
        || U512::try_from_be_slice(bytes).map_or_else(String::new, |n| n.to_string()),
        |n| n.to_string(),
    )
}

/// The letters that only `bytes` decide when `offset` bytes (modulo 3) stand before them in what is encoded.
fn base64(alphabet: &[u8; 64], bytes: &[u8], offset: usize) -> Vec<u8> {
    let bits = |at: usize| -> Option<u8> {
        let value = (0..6).try_fold(0u8, |value, bit| {
            let place = (at * 6 + bit).checked_sub(offset * 8)?;
            let byte = bytes.get(place / 8)?;
            Some(value << 1 | byte >> (7 - place % 8) & 1)
        });
        value.map(|v| alphabet[usize::from(v)])
    };
    // Letters that other bytes decide too stand only before the first and after the last of ours.
    (0..=(bytes.len() + offset) * 8 / 6).filter_map(bits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_everybody_else() {
        let (_, standard) = ALPHABETS[0];
        // RFC 4648: "foobar" is Zm9vYmFy; with one byte before it "xfoobar" is eGZvb2Jhcg==, with two eHhmb29iYXI=.
        for (offset, letters) in [(0, "Zm9vYmFy"), (1, "Zvb2Jhc"), (2, "mb29iYX")] {
            assert_eq!(String::from_utf8(base64(standard, b"foobar", offset)).unwrap(), letters, "{offset}");
        }
    }

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[255; 32]), U256::MAX.to_string());
    }
}
