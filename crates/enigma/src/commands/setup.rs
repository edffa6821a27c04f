//! `enigma setup`: a network whose nodes run elsewhere, such as in containers.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{
    cli::Setup,
    testnet::{Directory, Progress, Services, Size, set_up},
};

/// Deploys the contracts, runs the key ceremony and leaves a directory for each node.
pub async fn run(args: Setup) -> Result<ExitCode> {
    let directory = Directory::new(&args.data_dir)?;
    let size = Size { workers: args.workers, key_nodes: args.key_nodes };
    let services = Services {
        chain: args.chain,
        domain: args.domain,
        public_chain: args.public_chain,
        public_api: args.public_api,
    };
    let network = set_up(&directory, size, services, &Progress::start(args.json)).await?;
    if args.json {
        out!("{}", json!({ "ok": true, "network": network }));
    } else {
        out!("SIMULATED enclaves: they keep no secret from whoever owns the machine.");
        out!("contract  {}", network.enigma);
        out!("network   {}", network.network);
        out!("explorer  {}", network.api.join(" "));
    }
    Ok(ExitCode::SUCCESS)
}
