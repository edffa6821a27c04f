//! Searches bytes for needles in every form in which they could leak.
//!
//! ```text
//! forms     the ways in which a value is written: raw, reversed, hex, base64, decimal, lists of numbers
//! memory    another process's memory
//! channel   one place that an operator can see: how much was searched, what was found
//! ```
//!
//! A needle is also found by either half alone, so a value that was cut, padded or split across two words is seen.
//! What is deliberately absent: needles that were compressed, encrypted or mixed with something.

pub mod channel;
pub mod forms;
pub mod memory;

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use aho_corasick::{AhoCorasick, MatchKind};

pub use channel::Channel;

/// Bytes searched at once.
const CHUNK: usize = 1 << 20;

/// What was found where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The needle.
    pub needle: String,
    /// How it was written.
    pub form: String,
    /// Where.
    pub place: String,
}

/// Searches for all needles in all forms at once.
#[derive(Debug)]
pub struct Scanner {
    automaton: AhoCorasick,
    meanings: Vec<(String, String)>,
    longest: usize,
}

impl Scanner {
    /// A scanner for needles with names. Needles are at least 16 bytes: shorter ones occur by chance.
    ///
    /// # Panics
    /// A needle is too short, or so plain (less than 8 different bytes) that it would be found everywhere.
    pub fn new<'a>(needles: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut patterns: BTreeMap<Vec<u8>, (String, String)> = BTreeMap::new();
        for (name, needle) in needles {
            let variety = needle.iter().collect::<std::collections::BTreeSet<_>>().len();
            assert!(needle.len() >= 16 && variety >= 8, "{name} is no needle");
            for (form, pattern) in forms::all(needle) {
                patterns.entry(pattern).or_insert_with(|| (name.to_owned(), form));
            }
        }
        let longest = patterns.keys().map(Vec::len).max().unwrap_or(1);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(patterns.keys())
            .expect("an automaton of some hundred patterns");
        Self { automaton, meanings: patterns.into_values().collect(), longest }
    }

    /// Searches `bytes`; every needle and form is told once.
    pub fn scan(&self, place: &str, bytes: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .automaton
            .find_overlapping_iter(bytes)
            .map(|found| {
                let (needle, form) = self.meanings[found.pattern().as_usize()].clone();
                Hit { needle, form, place: place.to_owned() }
            })
            .collect();
        hits.sort();
        hits.dedup();
        hits
    }

    /// Searches everything that can be read. Returns how many bytes that was, and the hits.
    ///
    /// # Errors
    /// Reading fails.
    pub fn scan_stream(&self, place: &str, from: &mut impl Read) -> io::Result<(u64, Vec<Hit>)> {
        let (mut total, mut hits, mut window) = (0, Vec::new(), Vec::new());
        loop {
            // What is kept of the last window lets a needle be found that lies across two.
            let kept = window.len().min(self.longest - 1);
            window.drain(..window.len() - kept);
            let read = from.by_ref().take(CHUNK as u64).read_to_end(&mut window)?;
            if read == 0 {
                hits.sort();
                hits.dedup();
                return Ok((total, hits));
            }
            total += read as u64;
            hits.extend(self.scan(place, &window));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needle() -> [u8; 32] {
        std::array::from_fn(|i| (i as u8).wrapping_mul(151).wrapping_add(77))
    }

    #[test]
    fn every_form_is_found_in_the_middle_of_anything() {
        let needle = needle();
        let scanner = Scanner::new([("it", &needle[..])]);
        for (form, pattern) in forms::all(&needle) {
            let around = [&b"\x00some text, "[..], &pattern, b", more text"].concat();
            assert!(!scanner.scan("here", &around).is_empty(), "{form}");
            // A half is found within the whole, so only a broken half is nothing.
            if form.contains("half") {
                let mut broken = pattern;
                broken[0] ^= 0x80;
                assert!(scanner.scan("here", &broken).is_empty(), "{form} with one bit flipped");
            }
        }
    }

    #[test]
    fn a_needle_across_two_chunks_is_found() {
        let needle = needle();
        let scanner = Scanner::new([("it", &needle[..])]);
        for before in [CHUNK - 33, CHUNK - 31, CHUNK - 17, CHUNK - 1, CHUNK, 2 * CHUNK - 8] {
            let haystack = [&vec![7; before][..], &needle, &[9; 40]].concat();
            let (bytes, hits) = scanner.scan_stream("here", &mut &haystack[..]).unwrap();
            assert_eq!(bytes, haystack.len() as u64);
            assert!(hits.iter().any(|h| h.needle == "it"), "{before}");
        }
    }

    #[test]
    fn other_bytes_are_not_found() {
        let scanner = Scanner::new([("it", &needle()[..])]);
        let noise: Vec<u8> = (0..CHUNK).map(|i| (i as u8).wrapping_mul(31) ^ (i >> 7) as u8).collect();
        assert_eq!(scanner.scan_stream("here", &mut &noise[..]).unwrap(), (CHUNK as u64, Vec::new()));
    }

    #[test]
    #[should_panic(expected = "no needle")]
    fn a_needle_that_is_everywhere_is_refused() {
        let _ = Scanner::new([("zeros", &[0; 32][..])]);
    }
}
