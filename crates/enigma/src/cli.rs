//! The command line.

use std::path::PathBuf;

use alloy_primitives::Address;
use clap::{Args, Parser, Subcommand};

/// Ordinary Solidity contracts, run in secret.
#[derive(Parser)]
#[command(name = "enigma", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Whether output is for programs.
    pub const fn json(&self) -> bool {
        match &self.command {
            Command::Up(up) => up.json,
            Command::Down(target) | Command::Status(target) => target.json,
            Command::Deploy(deploy) => deploy.common.json,
            Command::Call(call) => call.common.json,
            Command::Node(_) => false,
        }
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Start a local network, or go on with the one in the data directory
    Up(Up),
    /// Stop the local network; its data stays
    Down(Target),
    /// Show the local network
    Status(Target),
    /// Deploy a secret contract
    Deploy(Deploy),
    /// Call a secret contract and print the decrypted result
    Call(Call),
    /// Run one node from its data directory
    Node(Node),
}

/// Which local network.
#[derive(Args, Clone)]
pub struct Target {
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Clone)]
pub struct Up {
    /// Workers, 1 to 20 [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub workers: Option<u32>,
    /// Key nodes, 2 to 19; ⌊2n/3⌋+1 of them make a key [default: 4]
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=19))]
    pub key_nodes: Option<u32>,
    /// First port: the chain's RPC, then the nodes' [default: 8545]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1024..=65_000))]
    pub port_base: Option<u16>,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Return once the network runs; stop it with `enigma down`
    #[arg(long)]
    pub detach: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What every command that sends a task takes.
#[derive(Args, Clone)]
pub struct Common {
    /// Which of the ten funded accounts sends
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// Ether that the contract gets, such as 0.5
    #[arg(long, default_value = "0")]
    pub value: String,
    /// Gas inside the sealed world
    #[arg(long)]
    pub gas: Option<u64>,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Seconds to wait for the commit
    #[arg(long, default_value_t = 120)]
    pub timeout: u64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Deploy {
    /// Solidity file and contract, such as examples/01-millionaires/Millionaires.sol:Millionaires
    pub contract: String,
    /// Constructor arguments; `-` reads one from a line of standard input
    #[arg(long, num_args = 1.., allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// Encrypt the code too; only constructor arguments are secret otherwise
    #[arg(long)]
    pub secret_code: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Call {
    /// The secret contract
    pub address: Address,
    /// Its method, such as "transfer(address,uint256)(bool)"
    pub method: String,
    /// Its arguments; `-` reads one from a line of standard input, out of sight of the process list
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Node {
    #[command(subcommand)]
    pub role: NodeRole,
}

#[derive(Subcommand)]
pub enum NodeRole {
    /// Execute tasks
    Worker(NodeDir),
    /// Keep a share of the network key
    Key(NodeDir),
}

#[derive(Args)]
pub struct NodeDir {
    /// The node's data directory, with its node.json
    #[arg(long)]
    pub data_dir: PathBuf,
}
