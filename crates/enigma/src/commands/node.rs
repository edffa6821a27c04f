//! `enigma node`: one node from its data directory.

use std::{io::IsTerminal, process::ExitCode};

use anyhow::{Result, bail};
use enigma_node::{Limits, NodeConfig, Role};
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{NodeApi, NodeRole},
    testnet::stop_signal,
};

/// Runs until interrupted. Logs go to standard output; `RUST_LOG` sets their level.
pub async fn run(role: NodeRole) -> Result<ExitCode> {
    let (args, role) = match role {
        NodeRole::Worker(args) => (args, Role::Worker),
        NodeRole::Key(args) => (args, Role::Key),
    };
    let dir = args.data_dir;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    let mut config = NodeConfig::load(&dir)?;
    if config.role != role {
        bail!("{} is the directory of a node of another role", dir.display());
    }
    config.limits = limits(config.limits, &args.api);
    config.api = args.api.api.or(config.api);
    enigma_node::run(config, stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// The limits of node.json, but for what the command line says.
fn limits(kept: Limits, given: &NodeApi) -> Limits {
    Limits {
        body: given.api_body.unwrap_or(kept.body),
        rate: given.api_rate.unwrap_or(kept.rate),
        burst: given.api_burst.unwrap_or(kept.burst),
        queries: given.api_queries.unwrap_or(kept.queries),
        sockets: given.api_sockets.unwrap_or(kept.sockets),
        subscriptions: given.api_subscriptions.unwrap_or(kept.subscriptions),
    }
}
