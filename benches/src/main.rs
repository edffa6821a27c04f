//! How long a task takes. `cargo run --release -p enigma-bench [TASKS]`, after `cargo build --release`.
//!
//! ```text
//! series   measurements, and the line that sums them up
//! token    the contract that is measured: OpenZeppelin's ERC-20
//! bare     its transfer in revm, and in the sealed world without an enclave around it
//! door     its transfer as a task through the door of a worker enclave's process
//! network  its transfer as a task of a local network, from the transaction to the decrypted result
//! ```
//!
//! All of it runs one after another in one run, so that a line may be compared with its neighbours; a line of another
//! run, on a machine with other things to do, may not.

mod bare;
mod door;
mod network;
mod series;
mod token;

use anyhow::{Context, Result};

/// Tasks a series, unless the first argument says otherwise.
const TASKS: usize = 300;

#[tokio::main]
async fn main() -> Result<()> {
    let tasks = match std::env::args().nth(1) {
        Some(argument) => argument.parse().context("expected a number of tasks")?,
        None => TASKS,
    };
    let token = token::Token::compile()?;
    println!("{}", series::HEADER);
    bare::run(&token, 100 * tasks)?;
    door::run(&token, tasks).await?;
    network::run(&token, tasks).await
}
