//! `enigma node`: one node from its data directory.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::{Result, bail};
use enigma_node::{NodeConfig, Role};
use tracing_subscriber::EnvFilter;

use crate::{cli::NodeRole, testnet::stop_signal};

/// Runs until interrupted. Logs go to standard output; `RUST_LOG` sets their level.
pub async fn run(role: NodeRole) -> Result<ExitCode> {
    let (dir, role) = match role {
        NodeRole::Worker(dir) => (dir.data_dir, Role::Worker),
        NodeRole::Key(dir) => (dir.data_dir, Role::Key),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    let config = NodeConfig::load(&dir)?;
    if config.role != role {
        bail!("{} is the directory of a node of another role", dir.display());
    }
    enigma_node::run(config, stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}
