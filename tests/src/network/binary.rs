//! Which `enigma` is tested.

use std::path::{Path, PathBuf};

/// The binary that `./enigma test` names in ENIGMA_BIN; without it, the one of the profile that the tests are built in.
///
/// # Panics
/// There is none, or one of the enclaves' programs is missing beside it.
pub fn enigma() -> PathBuf {
    let path = std::env::var_os("ENIGMA_BIN").map_or_else(built, PathBuf::from);
    for name in ["enigma", "enigma-worker-enclave", "enigma-key-enclave"] {
        let program = path.with_file_name(name);
        assert!(program.is_file(), "{} is missing: run `cargo build` first, or set ENIGMA_BIN", program.display());
    }
    path
}

/// Whether ENIGMA_BIN names a release build: only then do bounds on time mean anything.
pub fn is_release() -> bool {
    std::env::var_os("ENIGMA_BIN").is_some()
}

/// Test programs lie in `target/<profile>/deps`.
fn built() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    test.ancestors().nth(2).expect("target/<profile>/deps").join("enigma")
}

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests' folder has one above it").to_owned()
}
