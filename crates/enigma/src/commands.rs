//! One file a command.

mod admit;
mod authorise;
mod call;
mod chain;
mod common;
mod credit;
mod deploy;
mod down;
mod equivocation;
mod join;
mod logs;
mod new;
mod node;
mod outcome;
mod read;
mod recheck;
mod relay;
mod seat;
mod setup;
mod skip;
mod status;
mod task;
mod up;
mod withdraw;
mod worker;

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
        Command::Authorise(args) => authorise::run(args).await,
        Command::Relay(args) => relay::run(args).await,
        Command::Read(args) => read::run(args).await,
        Command::Task(args) => task::run(args).await,
        Command::Logs(args) => logs::run(args).await,
        Command::New(args) => new::run(&args),
        Command::Node(args) => node::run(args.role).await,
        Command::Worker(args) => worker::run(args.action).await,
        Command::Admit(args) => admit::run(args).await,
        Command::Equivocation(args) => equivocation::run(args).await,
        Command::Recheck(args) => recheck::run(args).await,
        Command::Skip(args) => skip::run(args).await,
        Command::Credit(args) => credit::run(args).await,
        Command::Withdraw(args) => withdraw::run(args).await,
        Command::Seat(args) => seat::run(args).await,
        Command::Setup(args) => setup::run(args).await,
        Command::Chain(args) => chain::run(&args),
    }
}
