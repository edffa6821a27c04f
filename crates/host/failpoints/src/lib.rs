//! Named places in the node where a test makes its process stop, as a crash would: [`failpoint!`].
//!
//! For tests. The places are in every build, since what is tested is what is shipped; one costs a relaxed atomic load
//! when nothing is armed. Nothing is armed unless the program calls [`arm_from_env`] and was started with
//! `ENIGMA_FAILPOINTS`, and then only the process itself comes to harm: whoever can set its environment can stop it
//! anyway.
//!
//! ```text
//! ENIGMA_FAILPOINTS="worker.commit.before-send=kill@2;worker.sync.chunk=pause"
//! ENIGMA_FAILPOINTS_DIR=/some/folder
//! ```
//!
//! | action | what happens at the place |
//! |---|---|
//! | `kill` | the process kills itself with SIGKILL: no destructor runs, nothing is flushed |
//! | `pause` | the thread blocks until the file `<name>.go` is in the folder |
//! | `error` | [`failpoint!`] with a closure returns the closure's value as an error; without one, nothing happens |
//!
//! `@n` waits for the n-th pass, counted from 1; earlier and later ones go through. Without it, `kill` and `pause` act
//! at the first pass, `error` at every one. When a place acts, it first makes the file `<name>.reached` in the folder,
//! if there is one, so that a test can wait for it. `pause` needs the folder.
//!
//! # Layout
//!
//! - `names`: [`NAMES`], all places
//! - `plan`: what the variable says
//! - `act`: what is done at a place

mod act;
mod names;
mod plan;

pub use act::{Armed, arm_from_env};
pub use names::{NAMES, list, place};
pub use plan::Misarmed;

/// A place where the process can be made to stop. The name must be one of [`NAMES`], or this does not compile.
///
/// With a closure, the action `error` makes the surrounding function return `Err` of what the closure gives:
///
/// ```
/// # use enigma_failpoints::failpoint;
/// fn send() -> Result<(), std::io::Error> {
///     failpoint!("worker.commit.before-send");
///     failpoint!("worker.commit.after-send", || std::io::Error::other("as told"));
///     Ok(())
/// }
/// # send().unwrap();
/// ```
///
/// ```compile_fail
/// enigma_failpoints::failpoint!("worker.commit.never");
/// ```
#[macro_export]
macro_rules! failpoint {
    ($name:expr) => {{
        const PLACE: usize = $crate::place($name);
        let _ = $crate::__reached(PLACE);
    }};
    ($name:expr, $error:expr) => {{
        const PLACE: usize = $crate::place($name);
        if $crate::__reached(PLACE) {
            return ::core::result::Result::Err(($error)().into());
        }
    }};
}

#[doc(hidden)]
pub use act::reached as __reached;
