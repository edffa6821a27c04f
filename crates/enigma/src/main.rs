//! `enigma`: one binary for developers, node operators and the local network.
//!
//! ```text
//! cli       the command line
//! commands  one file a command
//! testnet   the local network: chain, contracts, nodes as processes, and their data directory
//! clock     unix seconds as people read them
//! random    bytes that nobody can guess
//! operator  a worker's directory, account and record
//! abi       Solidity values and errors to and from text
//! tools     where the compiler, the chain and the enclaves' programs are
//! ```

/// Prints a line to standard output. A reader that went away, as `| head` does, is no reason to fail.
macro_rules! out {
    ($($args:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($args)*);
    }};
}

mod abi;
mod cli;
mod clock;
mod commands;
mod operator;
mod random;
mod testnet;
mod tools;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    if let Err(error) = enigma_failpoints::arm_from_env() {
        return fail(&error.into(), false);
    }
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => {
            // The command is not known, but how its caller reads is.
            if told.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
                return fail(&anyhow::Error::msg(in_short(&told)), true);
            }
            let _ = told.print();
            // Not clap's 2: that is a task that failed.
            return if told.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into(), false),
    };
    let json = cli.json();
    match runtime.block_on(commands::run(cli)) {
        Ok(code) => code,
        Err(error) => fail(&error, json),
    }
}

/// What is wrong with the arguments, without the usage.
fn in_short(told: &clap::Error) -> String {
    let text = told.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.trim_start_matches("error: ").to_owned()
}

/// Tells what went wrong, to people or to programs.
fn fail(error: &anyhow::Error, json: bool) -> ExitCode {
    if json {
        out!("{}", serde_json::json!({ "ok": false, "error": format!("{error:#}") }));
    } else {
        eprintln!("error: {error:#}");
    }
    ExitCode::FAILURE
}
