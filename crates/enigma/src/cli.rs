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
            Command::Read(read) => read.json,
            Command::Task(task) => task.json,
            Command::Logs(logs) => logs.json,
            Command::New(new) => new.json,
            Command::Node(_) => false,
        }
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Start a local network, or go on with the one in the data directory
    #[command(after_help = "Example:\n  enigma up --detach --workers 4")]
    Up(Up),
    /// Stop the local network; its data stays
    #[command(after_help = "Example:\n  enigma down")]
    Down(Target),
    /// Show the local network
    #[command(after_help = "Example:\n  enigma status --json")]
    Status(Target),
    /// Deploy a secret contract
    #[command(
        after_help = "Examples:\n  enigma deploy examples/01-millionaires/Millionaires.sol:Millionaires\n  enigma deploy Token.sol:Token --args 1000000 --from 1"
    )]
    Deploy(Deploy),
    /// Call a secret contract and print the decrypted result
    #[command(
        after_help = "Examples:\n  enigma call 0x… \"declare(uint256)()\" 1000000 --from 1\n  echo 1000000 | enigma call 0x… \"declare(uint256)()\" - --from 1"
    )]
    Call(Call),
    /// Read a secret contract without a transaction, and print the decrypted, verified answer
    #[command(
        after_help = "Examples:\n  enigma read 0x… \"balanceOf(address)(uint256)\" 0x… --from 1\n  enigma read 0x… \"totalSupply()(uint256)\" --anonymous"
    )]
    Read(Read),
    /// Tell the life of a task: times, worker, gas, money, and why it failed
    #[command(
        after_help = "Examples:\n  enigma task 0x… 3 --method \"add(uint256)(uint256)\"\n  enigma task 0x…   (the transaction that created it)"
    )]
    Task(Task),
    /// Print the logs of an account's own tasks, decrypted; a node's own log is a file in the data directory (worker-1.log)
    #[command(
        after_help = "Examples:\n  enigma logs 0x… --event \"Transfer(address indexed,address indexed,uint256)\" --from 1\n  enigma logs 0x… --follow --json"
    )]
    Logs(Logs),
    /// Make a dApp in a folder of its own: contract, page, tests
    #[command(after_help = "Example:\n  enigma new my-dapp")]
    New(New),
    /// Run one node from its data directory
    #[command(after_help = "Example:\n  enigma node worker --data-dir .enigma/worker-1")]
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
pub struct Read {
    /// The secret contract
    pub address: Address,
    /// Its method, such as "balanceOf(address)(uint256)"
    pub method: String,
    /// Its arguments; `-` reads one from a line of standard input, out of sight of the process list
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// Which of the ten funded accounts reads: `msg.sender`
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// Read as nobody: `msg.sender` is zero, nothing is signed
    #[arg(long, conflicts_with = "from")]
    pub anonymous: bool,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Task {
    /// The secret contract, or the transaction that created the task
    pub target: String,
    /// The task's index in its contract, from 0; not with a transaction
    pub index: Option<u64>,
    /// What it called, to decode what it returned: such as "add(uint256)(uint256)"
    #[arg(long)]
    pub method: Option<String>,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Logs {
    /// The secret contract
    pub address: Address,
    /// Only this event, such as "Transfer(address indexed,address indexed,uint256)"; without it, events are named by the
    /// ABI that `deploy` kept
    #[arg(long)]
    pub event: Option<String>,
    /// Which of the ten funded accounts sent the tasks
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// First block of the commits [default: the network's first]
    #[arg(long)]
    pub from_block: Option<u64>,
    /// Last block of the commits [default: the newest]
    #[arg(long)]
    pub to_block: Option<u64>,
    /// Go on with every new commit until Ctrl-C; with --json one object a line
    #[arg(long, conflicts_with = "to_block")]
    pub follow: bool,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct New {
    /// Its name, as of an npm package
    pub name: String,
    /// The folder to make it in [default: its name, here]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
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
    #[command(flatten)]
    pub api: NodeApi,
}

/// What a node's API takes at most; node.json holds what is not given here.
#[derive(Args)]
pub struct NodeApi {
    /// Where the API listens, such as 127.0.0.1:8606
    #[arg(long)]
    pub api: Option<String>,
    /// Largest request, bytes
    #[arg(long)]
    pub api_body: Option<usize>,
    /// Requests a second for each address, on average
    #[arg(long)]
    pub api_rate: Option<u32>,
    /// Requests that an address may make at once
    #[arg(long)]
    pub api_burst: Option<u32>,
    /// Queries under way at once
    #[arg(long)]
    pub api_queries: Option<usize>,
    /// WebSocket connections
    #[arg(long)]
    pub api_sockets: Option<usize>,
    /// Subscriptions of one WebSocket
    #[arg(long)]
    pub api_subscriptions: Option<usize>,
}
