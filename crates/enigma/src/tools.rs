//! Where the compiler, the chain and the enclaves' programs are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The project's folder: what the launcher says, or the first folder above this program that has its tools.
pub fn root() -> Result<PathBuf> {
    if let Some(root) = std::env::var_os("ENIGMA_ROOT") {
        return Ok(root.into());
    }
    let program = std::env::current_exe().context("this program's own path")?;
    program
        .ancestors()
        .find(|dir| dir.join("tools/compile.mjs").is_file())
        .map(Path::to_path_buf)
        .context("the project's folder was not found; start with the ./enigma script, or set ENIGMA_ROOT")
}

/// The local chain's program.
pub fn anvil() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("ENIGMA_ANVIL") {
        return Ok(path.into());
    }
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", "x86_64") => "darwin-amd64",
        (os, arch) => bail!(
            "no local chain is packaged for {os} on {arch}; set ENIGMA_ANVIL to an anvil of 1.7 or later"
        ),
    };
    let path = root()?.join(format!("node_modules/@foundry-rs/anvil-{platform}/bin/anvil"));
    if !path.is_file() {
        bail!(
            "{} is missing; run `npm ci` in the project's folder (the ./enigma script does)",
            path.display()
        );
    }
    Ok(path)
}

/// An enclave's program: beside this one.
pub fn enclave(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe().context("this program's own path")?.with_file_name(name);
    if !path.is_file() {
        bail!("{} is missing; build the workspace (the ./enigma script does)", path.display());
    }
    Ok(path)
}

/// Compiles `FILE.sol:Contract` and returns the compiler's JSON.
pub fn compile(contract: &str) -> Result<serde_json::Value> {
    let output = std::process::Command::new("node")
        .arg(root()?.join("tools/compile.mjs"))
        .arg(contract)
        .output()
        .context("the compiler runs on Node.js 20 or later: is `node` installed?")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    serde_json::from_slice(&output.stdout).context("the compiler's output")
}
