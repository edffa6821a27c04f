//! `enigma node`: one node from its data directory.

use std::{io::IsTerminal, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use enigma_node::{Limits, NodeConfig, Role};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use super::join;
use crate::{
    cli::{NodeApi, NodeRole},
    operator::absolute,
    testnet::stop_signal,
};

/// Runs until interrupted. Logs go to standard output, of a worker that joins to standard error; `RUST_LOG` sets their
/// level.
pub async fn run(role: NodeRole) -> Result<ExitCode> {
    let (data_dir, more, role) = match role {
        NodeRole::Worker(args) => {
            let dir = absolute(&args.data_dir)?;
            if args.join.join.is_some() {
                join::run(&dir, &args.join, &args.more).await?;
            }
            log(args.join.join.is_some());
            (dir, args.more, Role::Worker)
        }
        NodeRole::Key(args) => {
            log(false);
            (args.data_dir, args.more, Role::Key)
        }
    };
    let mut config = NodeConfig::load(&data_dir)?;
    if config.role != role {
        bail!("{} is the directory of a node of another role", data_dir.display());
    }
    if let Some(path) = &more.replace {
        config = replace(&config, path)?;
    }
    if !more.rpc.is_empty() {
        config.rpc = more.rpc;
    }
    config.limits = limits(config.limits, &more.api);
    config.api = more.api.api.or(config.api);
    // Listened for from now on: who stops a node that is only starting gets a clean end as well.
    let stop = tokio::spawn(stop_signal());
    let stopped = async {
        let _ = stop.await;
    };
    enigma_node::run(config, stopped).await?;
    Ok(ExitCode::SUCCESS)
}

fn log(to_stderr: bool) {
    let filter = || EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter());
    if to_stderr {
        logs.with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).init();
    } else {
        logs.with_ansi(std::io::stdout().is_terminal()).init();
    }
}

/// The configuration with the fields of a file in place of its own.
fn replace(config: &NodeConfig, path: &Path) -> Result<NodeConfig> {
    let told = || format!("{}", path.display());
    let fields: Value =
        serde_json::from_slice(&std::fs::read(path).with_context(told)?).with_context(told)?;
    let mut whole = serde_json::to_value(config)?;
    for (name, value) in fields.as_object().with_context(told)? {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).with_context(told)
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
