//! Which `enigma` is tested.

use std::path::{Path, PathBuf};

/// The binary that `./enigma test` names in ENIGMA_BIN; without it, the one of the profile that the tests are built in.
///
/// # Panics
/// There is none, or one of the enclaves' programs is missing beside it.
pub fn enigma() -> PathBuf {
    let path = named().unwrap_or_else(built);
    for name in ["enigma", "enigma-worker-enclave", "enigma-key-enclave"] {
        let program = path.with_file_name(name);
        assert!(
            program.is_file(),
            "{} is missing: run `cargo build` first, or set ENIGMA_BIN",
            program.display()
        );
    }
    path
}

/// Whether ENIGMA_BIN names a release build: only then do bounds on time mean anything.
pub fn is_release() -> bool {
    named().is_some()
}

fn named() -> Option<PathBuf> {
    std::env::var_os("ENIGMA_BIN").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Test programs lie in `target/<profile>/deps`, the benchmark's in `target/<profile>`.
fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program's own path");
    let folder = program.parent().expect("its folder");
    let profile = if folder.ends_with("deps") { folder.parent().expect("target/<profile>") } else { folder };
    profile.join("enigma")
}

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests' folder has one above it").to_owned()
}
