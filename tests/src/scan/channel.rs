//! One place that an operator can see.

use std::{fs::File, path::Path};

use super::{Hit, Scanner, memory};
use crate::network::processes::Process;

/// How much of a channel was searched, and what was found.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Bytes searched.
    pub bytes: u64,
    /// Everything that was found.
    pub hits: Vec<Hit>,
}

impl Channel {
    /// A channel of which nothing was searched yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn add(&mut self, (bytes, hits): (u64, Vec<Hit>)) {
        self.bytes += bytes;
        self.hits.extend(hits);
    }

    /// Searches bytes.
    #[must_use]
    pub fn bytes(mut self, scanner: &Scanner, place: &str, bytes: &[u8]) -> Self {
        self.add((bytes.len() as u64, scanner.scan(place, bytes)));
        self
    }

    /// Searches every file in a folder whose path is `wanted`, and below it; the name of each file too.
    ///
    /// # Panics
    /// A file cannot be read.
    #[must_use]
    pub fn files(mut self, scanner: &Scanner, folder: &Path, wanted: impl Fn(&Path) -> bool) -> Self {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if wanted(&path) {
                    self.file(scanner, &path);
                }
            }
        }
        self
    }

    fn file(&mut self, scanner: &Scanner, path: &Path) {
        let place = path.display().to_string();
        let result = File::open(path).and_then(|mut file| scanner.scan_stream(&place, &mut file));
        match result {
            Ok(found) => self.add(found),
            // Somebody replaced it between listing and reading.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => panic!("{place}: {error}"),
        }
        self.hits.extend(scanner.scan(&format!("the name {place}"), place.as_bytes()));
    }

    /// Searches the memory of processes.
    ///
    /// # Panics
    /// One cannot be read.
    #[must_use]
    pub fn memory<'a>(mut self, scanner: &Scanner, processes: impl IntoIterator<Item = &'a Process>) -> Self {
        for process in processes {
            let place = place(process);
            let found = memory::scan(scanner, process.pid, &place);
            self.add(found.unwrap_or_else(|error| panic!("the memory of {place}: {error}")));
        }
        self
    }

    /// Whether a needle was found here.
    pub fn has(&self, needle: &str) -> bool {
        self.hits.iter().any(|hit| hit.needle == needle)
    }

    /// Whether a needle was found in the memory of this process.
    pub fn has_in(&self, needle: &str, process: &Process) -> bool {
        let place = place(process);
        self.hits.iter().any(|hit| hit.needle == needle && hit.place == place)
    }
}

fn place(process: &Process) -> String {
    format!("{} {}", process.pid, process.command)
}
