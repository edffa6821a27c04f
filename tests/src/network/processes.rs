//! Who belongs to a network, by what the system says of every process.

use std::{os::unix::ffi::OsStrExt, path::Path};

use rustix::process::{Pid, Signal, kill_process};

/// A process, told from a later one with the same number by when it started.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its arguments, joined by spaces.
    pub command: String,
    parent: u32,
    started: u64,
    stopped: bool,
}

impl Process {
    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        read(self.pid).is_some_and(|now| now.started == self.started)
    }

    /// Whether a signal holds it still.
    pub fn is_stopped(&self) -> bool {
        read(self.pid).is_some_and(|now| now.started == self.started && now.stopped)
    }

    /// Whether it is an enclave, which may know secrets.
    pub fn is_enclave(&self) -> bool {
        self.command.split(' ').next().is_some_and(|program| program.ends_with("-enclave"))
    }

    /// Sends it a signal, if it still runs.
    pub fn signal(&self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }

    /// Bytes of memory that it takes up now; none if it is gone.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let kibibytes =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        kibibytes.and_then(|number| number.parse::<u64>().ok()).unwrap_or_default() * 1024
    }

    /// Ends it at once.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Its children.
    pub fn children(&self) -> Vec<Self> {
        all().into_iter().filter(|p| p.parent == self.pid).collect()
    }
}

/// The processes whose arguments name `data_dir` or something in it, and all of their children.
pub fn of(data_dir: &Path) -> Vec<Process> {
    let everybody = all();
    let names = |process: &Process| {
        let arguments = std::fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
        let own = data_dir.as_os_str().as_bytes();
        arguments.windows(own.len()).any(|part| part == own)
    };
    let mut ours: Vec<Process> = everybody.iter().filter(|p| names(p)).cloned().collect();
    let mut place = 0;
    while let Some(parent) = ours.get(place).map(|p| p.pid) {
        let new: Vec<_> = everybody
            .iter()
            .filter(|p| p.parent == parent && ours.iter().all(|o| o.pid != p.pid))
            .cloned()
            .collect();
        ours.extend(new);
        place += 1;
    }
    ours
}

fn all() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    entries.flatten().filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// `None` for a process that is gone, or that has ended and waits to be collected.
fn read(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; what follows it does not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, parent, started) =
        (*fields.first()?, fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?);
    if matches!(state, "Z" | "X") {
        return None;
    }
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ").trim_end().to_owned();
    Some(Process { pid, command, parent, started, stopped: state == "T" })
}
