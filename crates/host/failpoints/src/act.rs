//! What is done at a place.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use crate::names::NAMES;
use crate::plan::{Action, Misarmed, Order, parse};

const ORDERS: &str = "ENIGMA_FAILPOINTS";
const FOLDER: &str = "ENIGMA_FAILPOINTS_DIR";
/// How often a paused thread looks for its release.
const LOOK: Duration = Duration::from_millis(5);

static IS_ARMED: AtomicBool = AtomicBool::new(false);
static PLAN: OnceLock<Plan> = OnceLock::new();

struct Plan {
    folder: Option<PathBuf>,
    places: [Option<Armament>; NAMES.len()],
}

struct Armament {
    order: Order,
    passes: AtomicU64,
}

/// How many places were armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Armed(pub usize);

/// Arms what `ENIGMA_FAILPOINTS` names; call it once, when the process starts. Without the variable, nothing is armed.
///
/// # Errors
/// [`Misarmed`]: a program that was started with a slip in the variable should not run, since its test would prove
/// nothing.
pub fn arm_from_env() -> Result<Armed, Misarmed> {
    let Some(orders) = env::var_os(ORDERS) else { return Ok(Armed(0)) };
    let orders = orders
        .into_string()
        .map_err(|part: OsString| Misarmed::Syntax { part: part.to_string_lossy().into_owned() })?;
    let orders = parse(&orders)?;
    let folder = env::var_os(FOLDER).map(PathBuf::from);
    if folder.is_none() && orders.iter().any(|order| order.action == Action::Pause) {
        return Err(Misarmed::NoFolder);
    }
    let armed = Armed(orders.len());
    let mut places = [const { None }; NAMES.len()];
    for order in orders {
        places[order.place] = Some(Armament { order, passes: AtomicU64::new(0) });
    }
    PLAN.set(Plan { folder, places }).map_err(|_| Misarmed::Again)?;
    IS_ARMED.store(armed != Armed(0), Ordering::Release);
    Ok(armed)
}

/// Does at `place` what it is armed for; says whether that is to return an error.
#[inline]
pub fn reached(place: usize) -> bool {
    IS_ARMED.load(Ordering::Relaxed) && act(place)
}

#[cold]
fn act(place: usize) -> bool {
    let Some(plan) = PLAN.get() else { return false };
    let Some(armament) = plan.places.get(place).and_then(Option::as_ref) else { return false };
    let pass = armament.passes.fetch_add(1, Ordering::Relaxed) + 1;
    let Order { action, pass: at, .. } = armament.order;
    let is_every = at.is_none() && action == Action::Error;
    if !is_every && pass != at.unwrap_or(1) {
        return false;
    }
    let name = NAMES[place];
    if let Some(folder) = &plan.folder {
        mark(folder, name);
    }
    match action {
        Action::Kill => kill(),
        Action::Pause => {
            let go = plan.folder.as_ref().map(|folder| folder.join(format!("{name}.go")));
            while go.as_ref().is_some_and(|go| !go.exists()) {
                thread::sleep(LOOK);
            }
            false
        }
        Action::Error => true,
    }
}

/// Says that a place was reached. That it cannot be said changes nothing: whoever waits for it notices.
fn mark(folder: &Path, name: &str) {
    let _ = std::fs::write(folder.join(format!("{name}.reached")), []);
}

fn kill() -> bool {
    // The signal is handled before the call returns to this thread.
    let _ = kill_process(getpid(), Signal::KILL);
    // Unreachable unless a sandbox forbids the call: the next hardest stop.
    std::process::abort()
}
