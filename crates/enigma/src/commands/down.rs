//! `enigma down`: stops the local network; its data stays.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::{cli::Target, testnet::Directory};

/// Stops what runs on the data directory, and whatever a crash left behind.
pub async fn run(target: Target) -> Result<ExitCode> {
    let stopped = Directory::new(&target.data_dir)?.stop().await?;
    if target.json {
        out!("{}", json!({ "ok": true, "stopped": stopped }));
    } else if stopped {
        out!(
            "The network has stopped. `enigma up` goes on where it was; delete {} to forget it.",
            target.data_dir.display()
        );
    } else {
        out!("No network runs on {}.", target.data_dir.display());
    }
    Ok(ExitCode::SUCCESS)
}
