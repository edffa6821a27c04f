//! `enigma chain`: the local chain alone.

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    cli::Chain,
    testnet::{Directory, exec_chain},
};

/// Becomes the chain's process.
pub fn run(args: &Chain) -> Result<ExitCode> {
    match exec_chain(&Directory::new(&args.data_dir)?, args.listen)? {}
}
