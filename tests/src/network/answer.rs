//! What a command said.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;

/// No command of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(150);

/// A finished command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs a command with `input` on its standard input.
///
/// # Panics
/// It does not start, or does not end in time.
pub fn run(mut command: Command, input: &str) -> Answer {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    // A command that reads nothing may be gone before this is written.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the command's status") {
            break status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("{command:?} did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |thread: JoinHandle<String>| thread.join().expect("a reader");
    Answer { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

impl Answer {
    /// Itself, if the exit code is 0.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Itself, if it failed with this exit code and says all of these words.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        let said = format!("{}{}", self.stdout, self.stderr);
        for word in words {
            assert!(said.contains(word), "expected {word:?} in {said:?}");
        }
        self
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The first value that a call returned.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn result(self) -> String {
        let told = self.succeeded().json();
        told["result"][0].as_str().unwrap_or_else(|| panic!("no result in {told}")).to_owned()
    }
}
