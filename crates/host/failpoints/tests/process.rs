//! What becomes of a process that reaches an armed place. Each test starts this binary again as the process.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use enigma_failpoints::{Armed, Misarmed, NAMES, arm_from_env, failpoint};

const PATIENCE: Duration = Duration::from_secs(20);
const SIGKILL: i32 = 9;

/// The process: passes three places, and says how far it came.
#[test]
#[ignore = "started by the other tests"]
fn process() {
    let folder = std::env::var("FOLDER").unwrap();
    let folder = Path::new(&folder);
    match arm_from_env() {
        Ok(Armed(count)) => fs::write(folder.join("armed"), count.to_string()).unwrap(),
        Err(Misarmed::NoFolder) => return fs::write(folder.join("no-folder"), []).unwrap(),
        Err(other) => return fs::write(folder.join("misarmed"), other.to_string()).unwrap(),
    }
    struct Trace<'a>(&'a Path);
    impl Drop for Trace<'_> {
        fn drop(&mut self) {
            let _ = fs::write(self.0.join("destructor"), []);
        }
    }
    let _trace = Trace(folder);
    for pass in 1..=3 {
        failpoint!("worker.commit.before-send");
        fs::write(folder.join(format!("sent-{pass}")), []).unwrap();
        let landed = landed();
        fs::write(folder.join(format!("landed-{pass}-{}", landed.is_ok())), []).unwrap();
    }
}

fn landed() -> Result<(), String> {
    failpoint!("worker.commit.landed", || "as told");
    Ok(())
}

struct Run {
    folder: tempfile::TempDir,
    child: Child,
}

impl Run {
    fn start(orders: Option<&str>, with_folder: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "process", "--ignored"]).env("FOLDER", folder.path());
        command.env_remove("ENIGMA_FAILPOINTS").env_remove("ENIGMA_FAILPOINTS_DIR");
        if let Some(orders) = orders {
            command.env("ENIGMA_FAILPOINTS", orders);
        }
        if with_folder {
            command.env("ENIGMA_FAILPOINTS_DIR", folder.path());
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { folder, child }
    }

    fn has(&self, file: &str) -> bool {
        self.folder.path().join(file).exists()
    }

    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "{what} never came");
            std::thread::yield_now();
        }
    }

    fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the process goes on");
            std::thread::yield_now();
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_process_dies_at_the_place_and_pass_that_was_named() {
    let mut run = Run::start(Some("worker.commit.before-send=kill@2"), true);
    assert_eq!(run.end().signal(), Some(SIGKILL));
    assert!(run.has("sent-1") && run.has("landed-1-true") && !run.has("sent-2"));
    assert!(run.has("worker.commit.before-send.reached"));
    assert!(!run.has("destructor"));
}

#[test]
fn a_process_that_is_not_armed_passes() {
    for orders in [None, Some(""), Some("worker.sync.chunk=kill")] {
        let mut run = Run::start(orders, true);
        assert!(run.end().success());
        assert!(run.has("sent-3") && run.has("landed-3-true") && run.has("destructor"));
    }
}

#[test]
fn a_paused_process_goes_on_when_it_is_let() {
    let mut run = Run::start(Some("worker.commit.before-send=pause@2"), true);
    run.until("the place", |run| run.has("worker.commit.before-send.reached"));
    assert!(run.has("landed-1-true") && !run.has("sent-2"));
    assert_eq!(run.child.try_wait().unwrap(), None);
    fs::write(run.folder.path().join("worker.commit.before-send.go"), []).unwrap();
    assert!(run.end().success());
    assert!(run.has("sent-3"));
}

#[test]
fn an_error_is_returned_where_it_was_named() {
    let mut run = Run::start(Some("worker.commit.landed=error@2;worker.commit.before-send=error"), true);
    assert!(run.end().success());
    assert!(run.has("landed-1-true") && run.has("landed-2-false") && run.has("landed-3-true"));
    let mut run = Run::start(Some("worker.commit.landed=error"), false);
    assert!(run.end().success());
    assert!(run.has("landed-1-false") && run.has("landed-3-false"));
}

#[test]
fn a_slip_in_the_variable_is_an_error() {
    let mut run = Run::start(Some("worker.commit.before-send=pause"), false);
    assert!(run.end().success());
    assert!(run.has("no-folder") && !run.has("sent-1"));
    let mut run = Run::start(Some("worker.comit=kill"), true);
    assert!(run.end().success());
    assert!(run.has("misarmed") && !run.has("sent-1"));
}

#[test]
fn every_place_can_be_armed() {
    let orders = NAMES.iter().map(|name| format!("{name}=error")).collect::<Vec<_>>().join(";");
    let mut run = Run::start(Some(&orders), false);
    assert!(run.end().success());
    let armed = fs::read_to_string(run.folder.path().join("armed")).unwrap();
    assert_eq!(armed, NAMES.len().to_string());
}
