//! Another process's memory, through /proc.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use super::{Hit, Scanner};

/// Maps that the kernel keeps for itself: they hold no data of the process, and cannot be read.
const KERNELS: [&str; 3] = ["[vvar]", "[vvar_vclock]", "[vsyscall]"];
/// The smallest page.
const PAGE: u64 = 4_096;

/// Searches everything that a process has mapped readably. Returns how many bytes that was.
///
/// # Errors
/// The process is gone, or we may not read it; or most of it could not be read.
pub fn scan(scanner: &Scanner, pid: u32, place: &str) -> io::Result<(u64, Vec<Hit>)> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let mut memory = File::open(format!("/proc/{pid}/mem"))?;
    let (mut total, mut hits) = (0, Vec::new());
    for (start, end) in maps.lines().filter_map(readable) {
        let mut region = Region { memory: &mut memory, at: start, end };
        let (bytes, found) = scanner.scan_stream(place, &mut region)?;
        total += bytes;
        hits.extend(found);
    }
    if total == 0 {
        return Err(io::Error::other("nothing of it could be read"));
    }
    hits.sort();
    hits.dedup();
    Ok((total, hits))
}

/// Start and end of a map that can be read.
fn readable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (range, permissions) = (words.next()?, words.next()?);
    let name = words.nth(3).unwrap_or_default();
    if !permissions.starts_with('r') || KERNELS.contains(&name) {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

/// A map as a stream. Pages that went away meanwhile, or lie beyond the end of a mapped file, are left out.
struct Region<'a> {
    memory: &'a mut File,
    at: u64,
    end: u64,
}

impl Read for Region<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at < self.end {
            let room = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
            self.memory.seek(SeekFrom::Start(self.at))?;
            match self.memory.read(&mut buffer[..room]) {
                Ok(read) if read > 0 => {
                    self.at += read as u64;
                    return Ok(read);
                }
                // EIO: this page cannot be read; the next one may.
                Ok(_) => self.at = (self.at / PAGE + 1) * PAGE,
                Err(error) if error.raw_os_error() == Some(5) => self.at = (self.at / PAGE + 1) * PAGE,
                Err(error) => return Err(error),
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_needle_in_another_process_is_found_and_no_other() {
        let seed = std::process::id();
        let needle: [u8; 16] =
            std::array::from_fn(|i| (seed as u8).wrapping_mul(7).wrapping_add((i as u8).wrapping_mul(29)));
        let absent: [u8; 16] = needle.map(|byte| byte ^ 0x5a);
        let mut cat = Command::new("cat")
            .env("PLANTED", hex::encode(needle))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It answers only once it runs, with its environment in place.
        io::Write::write_all(cat.stdin.as_mut().unwrap(), b"x").unwrap();
        cat.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let scanner = Scanner::new([("planted", &needle[..]), ("absent", &absent[..])]);
        let found = scan(&scanner, cat.id(), "cat");
        cat.kill().unwrap();
        cat.wait().unwrap();
        let (bytes, hits) = found.unwrap();
        assert!(bytes > 0);
        assert!(hits.iter().any(|h| h.needle == "planted"), "{hits:?}");
        assert!(hits.iter().all(|h| h.needle != "absent"), "{hits:?}");
    }
}
