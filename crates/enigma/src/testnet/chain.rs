//! The local chain's process.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::Stdio,
    time::Duration,
};

use alloy_primitives::Address;
use anyhow::{Context, Result, bail};
use enigma_chain::{Chain, Sender, accounts, deployment};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

use super::directory::{Directory, Running};
use crate::tools;

const PATIENCE: Duration = Duration::from_secs(20);

/// Whether somebody listens on a port already.
pub fn require_free(port: u16) -> Result<()> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(_) => bail!("port {port} is in use; choose others with --port-base"),
    }
}

/// Starts the chain, or goes on with the one that the directory keeps. Returns when it answers.
pub async fn start(directory: &Directory, running: &Running, port: u16) -> Result<Child> {
    require_free(port)?;
    let log = std::fs::File::create(directory.path("chain.log"))?;
    let child = Command::from(command(directory, (Ipv4Addr::LOCALHOST, port).into())?)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("the local chain does not start")?;
    running.note_process(child.id().unwrap_or_default())?;
    let chain = Chain::connect(&url(port), Address::ZERO)?;
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = chain.height().await {
        if Instant::now() > deadline {
            return Err(error).context("the local chain does not answer; see chain.log");
        }
        sleep(Duration::from_millis(20)).await;
    }
    // The tip's proofs may be wrong after a stop in mid-block, and block 0 has none: one more block cures both.
    let deployer = Sender::new(chain, accounts::local(accounts::DEPLOYER)?);
    deployment::mine_block(&deployer).await?;
    Ok(child)
}

/// The chain's command, with its state in this directory.
fn command(directory: &Directory, listen: SocketAddr) -> Result<std::process::Command> {
    let mut command = std::process::Command::new(tools::anvil()?);
    command
        .args(["--host", &listen.ip().to_string(), "--port", &listen.port().to_string()])
        .args(["--hardfork", "osaka", "--block-time", "1", "--mixed-mining"])
        .arg("--quiet") // it would log every request
        .args(["--mnemonic", accounts::MNEMONIC, "--accounts", &accounts::FUNDED.to_string()])
        .arg("--state")
        .arg(directory.path("chain.json"))
        // What a killed chain loses at most, seconds.
        .args(["--state-interval", "30"]);
    Ok(command)
}

/// Becomes the chain's process, so that signals reach it and nothing has to watch it.
pub fn exec(directory: &Directory, listen: SocketAddr) -> Result<Infallible> {
    use std::os::unix::process::CommandExt;
    std::fs::create_dir_all(directory.root()).with_context(|| format!("{}", directory.root().display()))?;
    Err(command(directory, listen)?.exec()).context("the local chain does not start")
}

/// The chain's endpoint.
pub fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
