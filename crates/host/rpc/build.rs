//! Builds anew when the explorer's files change, or come to be.

use std::path::Path;

fn main() {
    let explorer = "../../../js/explorer";
    let dist = format!("{explorer}/dist");
    // A path that does not exist would count as changed every time.
    let watched = if Path::new(&dist).is_dir() { &dist } else { explorer };
    println!("cargo:rerun-if-changed={watched}");
}
