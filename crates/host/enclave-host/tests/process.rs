//! What the handle to an enclave process promises. `/bin/cat` echoes frames as
//! they are, so it stands in for an enclave; small shell programs misbehave.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enigma_enclave_host::{Direction, EnclaveProcess, Ended, Error, Options, Recorder};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

fn cat() -> EnclaveProcess {
    EnclaveProcess::start("/bin/cat", [""; 0]).unwrap()
}

fn shell(script: &str) -> EnclaveProcess {
    EnclaveProcess::start("/bin/sh", ["-c", script]).unwrap()
}

/// Waits, with a bound, for the end of the process.
async fn end_of(enclave: &EnclaveProcess) -> Ended {
    timeout(LONG, enclave.ended()).await.unwrap()
}

fn is_running(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test]
async fn frames_come_back_in_order() {
    let enclave = cat();
    for frame in [&b"one"[..], b"", b"three"] {
        assert_eq!(enclave.request(frame, LONG).await.unwrap(), frame);
    }
    assert!(enclave.is_alive() && is_running(enclave.pid()));
}

#[tokio::test]
async fn a_frame_larger_than_every_pipe_passes() {
    let frame: Vec<u8> = (0..32 * 1024 * 1024).map(|i: u32| (i >> 8) as u8).collect();
    assert!(cat().request(&frame, LONG).await.unwrap() == frame);
}

#[tokio::test]
async fn callers_at_once_each_get_their_own_reply() {
    let enclave = cat();
    let calls: Vec<_> = (0..200u32)
        .map(|i| {
            let enclave = enclave.clone();
            tokio::spawn(async move {
                let frame = i.to_be_bytes();
                assert_eq!(enclave.request(&frame, LONG).await.unwrap(), frame);
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_door_in_step() {
    let enclave = cat();
    let large = vec![7; 8 * 1024 * 1024];
    // Long enough to be under way, too short to finish: dropped in the middle.
    let dropped = timeout(Duration::from_micros(200), enclave.request(&large, LONG)).await;
    drop(dropped);
    assert_eq!(enclave.request(b"next", LONG).await.unwrap(), b"next");
}

#[tokio::test]
async fn a_silent_enclave_is_killed_after_the_timeout() {
    let enclave = shell("exec sleep 600");
    let why = Ended::TimedOut { after: SHORT };
    let failed = enclave.request(b"hello?", SHORT).await.unwrap_err();
    assert_eq!(failed, Error::Ended(why.clone()));
    assert!(!enclave.is_alive() && !is_running(enclave.pid()));
    // The handle stays dead, with the same reason.
    let again = enclave.request(b"hello?", LONG).await.unwrap_err();
    assert_eq!(again, Error::Ended(why));
}

#[tokio::test]
async fn a_request_over_the_limit_is_refused_and_harms_nobody() {
    let options = Options { max_frame_bytes: 8, ..Options::default() };
    let enclave = EnclaveProcess::start_with("/bin/cat", [""; 0], options).unwrap();
    assert_eq!(
        enclave.request(&[0; 9], LONG).await.unwrap_err(),
        Error::RequestTooLarge { length: 9, max: 8 }
    );
    assert_eq!(enclave.request(&[1; 8], LONG).await.unwrap(), [1; 8]);
}

#[tokio::test]
async fn a_reply_over_the_limit_kills_the_enclave() {
    let enclave = shell(r"head -c 5 >/dev/null; printf '\002\000\000\001'; exec cat >/dev/null");
    let failed = enclave.request(b"x", LONG).await.unwrap_err();
    let why = Ended::ReplyTooLarge { announced: 0x0200_0001, max: 0x0200_0000 };
    assert_eq!(failed, Error::Ended(why));
    assert!(!is_running(enclave.pid()));
}

#[tokio::test]
async fn a_byte_after_the_reply_kills_the_enclave() {
    let enclave = shell(r"head -c 5 >/dev/null; printf '\000\000\000\001y!'; exec cat >/dev/null");
    assert_eq!(enclave.request(b"x", LONG).await.unwrap(), b"y");
    assert_eq!(end_of(&enclave).await, Ended::Unsolicited);
    assert!(!is_running(enclave.pid()));
}

#[tokio::test]
async fn an_enclave_that_leaves_is_reported_with_its_status() {
    let enclave = shell("head -c 5 >/dev/null; exit 3");
    let failed = enclave.request(b"x", LONG).await.unwrap_err();
    let status = "exit status: 3".to_owned();
    assert_eq!(failed, Error::Ended(Ended::Exited { status }));
}

#[tokio::test]
async fn an_enclave_that_closes_its_output_and_stays_is_killed() {
    let enclave = shell("exec sleep 600 >&2");
    assert_eq!(end_of(&enclave).await, Ended::ClosedDoor);
    assert!(!is_running(enclave.pid()));
}

#[tokio::test]
async fn a_reply_cut_short_is_the_end() {
    let enclave = shell(r"head -c 5 >/dev/null; printf '\000\000\000\005ab'; exit 0");
    let failed = enclave.request(b"x", LONG).await.unwrap_err();
    let status = "exit status: 0".to_owned();
    assert_eq!(failed, Error::Ended(Ended::Exited { status }));
}

#[tokio::test]
async fn the_death_of_an_idle_enclave_is_noticed_without_a_request() {
    let enclave = cat();
    let killed = Command::new("kill").args(["-KILL", &enclave.pid().to_string()]).status().unwrap();
    assert!(killed.success());
    let why = end_of(&enclave).await;
    assert!(matches!(&why, Ended::Exited { status } if status.contains("signal: 9")));
    assert_eq!(enclave.request(b"x", LONG).await, Err(Error::Ended(why)));
}

#[tokio::test]
async fn shutdown_lets_the_enclave_leave() {
    let enclave = cat();
    let why = Ended::ShutDown { killed: false };
    assert_eq!(enclave.shutdown(LONG).await, why);
    assert!(!is_running(enclave.pid()));
    assert_eq!(enclave.shutdown(LONG).await, why);
}

#[tokio::test]
async fn shutdown_kills_an_enclave_that_stays() {
    let enclave = shell("exec sleep 600");
    assert_eq!(enclave.shutdown(SHORT).await, Ended::ShutDown { killed: true });
    assert!(!is_running(enclave.pid()));
}

#[tokio::test]
async fn dropping_the_last_handle_kills_the_enclave() {
    let folder = tempfile::tempdir().unwrap();
    let alive = alive_pipe(&folder);
    // Does not read its input, so only a kill ends it.
    let script = format!("exec 4>{alive}; echo up >&4; exec sleep 600");
    let enclave = shell(&script);
    let mut lines = BufReader::new(std::fs::File::open(&alive).unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "up");
    drop(enclave);
    let end = tokio::task::spawn_blocking(move || lines.next().is_none());
    assert!(timeout(LONG, end).await.unwrap().unwrap());
}

#[tokio::test]
async fn the_environment_of_the_child_is_empty_but_for_what_was_named() {
    // Answers with the number of variables that it was started with.
    let script = r#"head -c 4 >/dev/null; n=$(tr '\0' '\n' </proc/$$/environ | grep -c .); printf "\000\000\000\001$n""#;
    for (env, count) in [(vec![], b"0"), (vec![("A".into(), "1".into())], b"1")] {
        let options = Options { env, ..Options::default() };
        let enclave = EnclaveProcess::start_with("/bin/sh", ["-c", script], options).unwrap();
        assert_eq!(enclave.request(b"", LONG).await.unwrap(), count);
    }
}

#[tokio::test]
async fn a_missing_program_is_a_clear_error() {
    let error = EnclaveProcess::start("/nowhere/enclave", [""; 0]).unwrap_err();
    assert!(error.to_string().contains("/nowhere/enclave"), "{error}");
}

#[derive(Default)]
struct Tape(Mutex<Vec<(Direction, Vec<u8>)>>);

impl Recorder for Tape {
    fn record(&self, direction: Direction, frame: &[u8]) {
        self.0.lock().unwrap().push((direction, frame.to_vec()));
    }
}

#[tokio::test]
async fn the_recorder_sees_both_directions() {
    let tape = Arc::new(Tape::default());
    let options = Options { recorder: Some(tape.clone()), ..Options::default() };
    let enclave = EnclaveProcess::start_with("/bin/cat", [""; 0], options).unwrap();
    enclave.request(b"a", LONG).await.unwrap();
    let seen = tape.0.lock().unwrap().clone();
    let a = b"a".to_vec();
    assert_eq!(seen, [(Direction::In, a.clone()), (Direction::Out, a)]);
}

/// A named pipe whose reader sees its end when the last holder is gone.
fn alive_pipe(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("alive").to_str().unwrap().to_owned();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// The test starts itself a second time as the parent, and kills it.
#[test]
fn the_enclave_dies_with_a_parent_that_was_killed() {
    const ROLE: &str = "ENIGMA_TEST_PARENT_OF";
    const NAME: &str = "the_enclave_dies_with_a_parent_that_was_killed";
    if let Ok(alive) = std::env::var(ROLE) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _guard = runtime.enter();
        let _enclave = shell(&format!("exec 4>{alive}; echo up >&4; exec cat"));
        std::thread::park_timeout(Duration::from_secs(120));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let alive = alive_pipe(&folder);
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env(ROLE, &alive)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(std::fs::File::open(&alive).unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "up");
    parent.kill().unwrap();
    parent.wait().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(lines.next().is_none()));
    assert!(told.recv_timeout(LONG).unwrap());
}
