//! One file a command.

mod call;
mod deploy;
mod down;
mod node;
mod status;
mod task;
mod up;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Cli, Command};

/// Runs the command.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Up(args) => up::run(args).await,
        Command::Down(target) => down::run(target).await,
        Command::Status(target) => status::run(target).await,
        Command::Deploy(args) => deploy::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Node(args) => node::run(args.role).await,
    }
}
