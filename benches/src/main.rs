//! How long a task takes. `cargo run --release -p enigma-bench [TASKS [bare] [door] [network]]`, after `cargo build --release`.
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
    let mut arguments = std::env::args().skip(1);
    let tasks = match arguments.next() {
        Some(argument) => argument.parse().context("expected a number of tasks")?,
        None => TASKS,
    };
    // After it, the parts that are wanted; all of them if none is named.
    let parts: Vec<String> = arguments.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|p| p == part);
    let token = token::Token::compile()?;
    println!("{}", series::HEADER);
    if wanted("bare") {
        bare::run(&token, 100 * tasks)?;
    }
    if wanted("door") {
        door::run(&token, tasks).await?;
    }
    if wanted("network") {
        network::run(&token, tasks).await?;
    }
    Ok(())
}
