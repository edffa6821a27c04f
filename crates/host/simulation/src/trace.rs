//! What happened, as a hash of everything and, if somebody wants to read it, as text.

use std::fmt::Display;

/// FNV-1a over all that is noted. Two runs of a seed must end with the same.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Keeps the text too if `is_kept`.
    pub fn new(is_kept: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: is_kept.then(Vec::new) }
    }

    /// Notes that `what` happened to `who` at `millis`; `a` and `b` say more.
    pub fn note(&mut self, millis: u64, what: &str, who: u64, a: u64, b: u64) {
        for byte in what.bytes() {
            self.mix(byte.into());
        }
        for number in [millis, who, a, b] {
            self.mix(number);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{millis:>8} ms  {what:<28} {who:>4}  {a} {b}"));
        }
    }

    /// Text only: for what is made of numbers that were noted already.
    pub fn say(&mut self, text: impl Display) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("             {text}"));
        }
    }

    /// Whether the text is kept.
    pub const fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    const fn mix(&mut self, number: u64) {
        self.hash = (self.hash ^ number).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
    }

    /// Of everything noted so far.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The text, if it was kept.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}

/// Text for an error.
pub(crate) fn text(text: &str) -> String {
    text.to_owned()
}
