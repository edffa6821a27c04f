//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use alloy_primitives::{Address, B256};
use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};
use enigma_protocol::{fees, query};
use enigma_sdk::Limits;

use crate::{operator, testnet::chaos::Kind};

/// Most gas that a task may have inside.
const MAX_GAS: u64 = query::GAS;

/// Ordinary Solidity contracts, run in secret.
#[derive(Parser)]
#[command(
    name = "enigma",
    version,
    about = "Ordinary Solidity contracts, run in secret",
    propagate_version = true,
    after_help = "Begin with:\n  enigma up --detach\n  enigma deploy examples/01-millionaires/Millionaires.sol:Millionaires\n  enigma call 0x… \"declare(uint256)()\" 1000000 --from 1\n  enigma read 0x… \"richer()(address)\"\n  enigma down\n\ndocs/cli.md tells of every command. Exit codes: 1 it could not be done, 2 the task or read failed."
)]
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
            Command::Authorise(authorise) => authorise.call.common.json,
            Command::Relay(relay) => relay.json,
            Command::Read(read) => read.json,
            Command::Task(task) => task.json,
            Command::Logs(logs) => logs.json,
            Command::New(new) => new.json,
            Command::Setup(setup) => setup.json,
            Command::Node(node) => matches!(&node.role, NodeRole::Worker(worker) if worker.join.json),
            Command::Worker(worker) => worker.json(),
            Command::Admit(admit) => admit.by.json,
            Command::Equivocation(equivocation) => equivocation.by.json,
            Command::Recheck(recheck) => recheck.by.json,
            Command::Skip(skip) => skip.json,
            Command::Credit(credit) => credit.json,
            Command::Withdraw(withdraw) => withdraw.json,
            Command::Seat(seat) => seat.json,
            Command::Chain(_) => false,
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
    /// Sign and encrypt a task that another account will send and pay for
    #[command(
        after_help = "Example:\n  enigma authorise 0x… \"declare(uint256)()\" 1000000 --from 1 --relayer 5 --out task.json"
    )]
    Authorise(Authorise),
    /// Send a task that another account authorised, and pay for it
    #[command(after_help = "Example:\n  enigma relay task.json --from 5")]
    Relay(Relay),
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
    /// Run one node from its data directory, or join a running network with a new worker
    #[command(
        after_help = "Examples:\n  enigma node worker --data-dir .enigma/worker-1\n  enigma node worker --join http://127.0.0.1:8606 --data-dir my-worker"
    )]
    Node(Node),
    /// What the operator of a worker does: look, leave, withdraw
    #[command(after_help = "Example:\n  enigma worker leave --data-dir my-worker")]
    Worker(Worker),
    /// Admit a worker's enclave to the network; the deployer's part
    #[command(
        after_help = "Example:\n  enigma admit --signer 0x… --operator 0x… --measurement 0x… --platform 0x…"
    )]
    Admit(Admit),
    /// Show that a worker's enclave signed two outcomes of the same inputs: its stake is burned, its platform barred; anybody may
    #[command(after_help = "Example:\n  enigma equivocation proof.json")]
    Equivocation(Equivocation),
    /// Have the admission of workers checked anew after a revocation; anybody may
    #[command(after_help = "Examples:\n  enigma recheck\n  enigma recheck 2")]
    Recheck(Recheck),
    /// Skip the oldest pending input of a secret contract, if its deadline is over; anybody may
    #[command(after_help = "Example:\n  enigma skip 0x…")]
    Skip(Skip),
    /// Show what the network owes an account: fees that were not used, values that came back, pay
    #[command(after_help = "Examples:\n  enigma credit 1\n  enigma credit 0x… --json")]
    Credit(Credit),
    /// Pay out what the network owes an account
    #[command(after_help = "Examples:\n  enigma withdraw --from 1 --to 0x…\n  enigma withdraw --of 0x…")]
    Withdraw(WithdrawCredit),
    /// Show what the seats of the key committee earned, and credit it to who is paid for them
    #[command(after_help = "Examples:\n  enigma seat\n  enigma seat 1 --claim")]
    Seat(Seat),
    /// Create a network whose nodes run elsewhere, such as in containers: contracts, the key ceremony, a directory for each node
    #[command(
        after_help = "Example:\n  enigma setup --data-dir /nodes --chain http://chain:8545 --public-chain http://127.0.0.1:8545 --public-api http://127.0.0.1:8606"
    )]
    Setup(Setup),
    /// Run the local chain alone
    #[command(after_help = "Example:\n  enigma chain --data-dir /chain --listen 0.0.0.0:8545")]
    Chain(Chain),
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
    #[command(flatten)]
    pub chaos: Chaos,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Harm on purpose.
#[derive(Args, Clone)]
pub struct Chaos {
    /// Do such harm to it while it runs, under load, and report what it did; the exit code is 4 if anything was lost
    #[arg(long, value_delimiter = ',', conflicts_with = "detach")]
    pub chaos: Vec<Kind>,
    /// Decides what is done to whom [default: any]
    #[arg(long, requires = "chaos")]
    pub chaos_seed: Option<u64>,
    /// Time from one harm to the next, such as 5s
    #[arg(long, requires = "chaos", default_value = "5s", value_parser = duration)]
    pub chaos_every: Duration,
    /// When it ends, such as 10m [default: at Ctrl-C]
    #[arg(long, requires = "chaos", value_parser = duration)]
    pub chaos_for: Option<Duration>,
    /// Tasks a second
    #[arg(long, requires = "chaos", default_value_t = 2.0, value_parser = rate)]
    pub chaos_load: f64,
}

/// Such as `500ms`, `5s`, `10m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number with ms, s or m, such as 5s".to_owned();
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(scale) {
        Some(milliseconds @ 100..=86_400_000) => Ok(Duration::from_millis(milliseconds)),
        _ => Err("expected 100ms to 1440m".into()),
    }
}

/// An address, in words if it is none.
fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "expected an address: 0x and 40 hex digits".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=50.0).contains(&rate) => Ok(rate),
        _ => Err("expected 0.01 to 50".into()),
    }
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
    /// Gas inside the sealed world [default: 5,000,000; to deploy 15,000,000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=MAX_GAS))]
    pub gas: Option<u64>,
    /// Bytes of output and state change that it pays for [default: 8,192; to deploy what the code takes]
    #[arg(long)]
    pub bytes: Option<u64>,
    /// Gas of outbound calls that it pays for: 75,000 for a transfer of ether, 90,000 and its own for a call [default: 200,000]
    #[arg(long)]
    pub outbound: Option<u64>,
    /// Pay from what the network owes the account, and send only what is short
    #[arg(long)]
    pub credit: bool,
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

impl Common {
    /// What the task may cost, which is `usual` but for what was asked for.
    ///
    /// # Errors
    /// No commit has room for that.
    pub fn limits(&self, usual: Limits) -> Result<Limits> {
        let limits = Limits {
            gas: self.gas.unwrap_or(usual.gas),
            bytes: self.bytes.unwrap_or(usual.bytes),
            outbound: self.outbound.unwrap_or(usual.outbound),
        };
        let asked = limits.commit_gas();
        if asked > fees::MAX_COMMIT_GAS {
            bail!(
                "{} bytes and {} gas of outbound calls take {asked} gas of the commit, which has {} for a task: \
                 ask for less --bytes or --outbound",
                limits.bytes,
                limits.outbound,
                fees::MAX_COMMIT_GAS
            );
        }
        Ok(limits)
    }
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
    /// Workers that must sign each receipt: 1 to the size of a group
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub signers: u8,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Call {
    /// The secret contract
    #[arg(value_parser = address)]
    pub address: Address,
    /// Its method, such as "transfer(address,uint256)(bool)"
    pub method: String,
    /// Its arguments; `-` reads one from a line of standard input, out of sight of the process list
    #[arg(allow_negative_numbers = true)]
    pub args: Vec<String>,
    /// Who sends and pays for it in the caller's name: one of the ten funded accounts, or for `authorise` an address
    #[arg(long)]
    pub relayer: Option<String>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Authorise {
    #[command(flatten)]
    pub call: Call,
    /// Where the task for the relayer goes [default: standard output]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The account's nonce of relayed tasks [default: asked of the network]
    #[arg(long)]
    pub nonce: Option<u64>,
    /// Seconds within which it must be on the chain; 0: no limit
    #[arg(long, default_value_t = 3_600)]
    pub lifetime: u64,
}

#[derive(Args)]
pub struct Relay {
    /// What `authorise` wrote
    pub task: PathBuf,
    /// Pay from what the network owes the account, and send only what is short
    #[arg(long)]
    pub credit: bool,
    /// Which of the ten funded accounts sends and pays
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Read {
    /// The secret contract
    #[arg(value_parser = address)]
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
    /// Which of the ten funded accounts reads its outcome, if not its sender: the author of a relayed task
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: Option<u32>,
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
    #[arg(value_parser = address)]
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
    Worker(Box<WorkerNode>),
    /// Keep a share of the network key
    Key(NodeDir),
}

#[derive(Args)]
pub struct WorkerNode {
    /// The node's data directory, with its node.json; made if the worker joins
    #[arg(long, visible_alias = "data", default_value = operator::DIRECTORY)]
    pub data_dir: PathBuf,
    #[command(flatten)]
    pub join: Join,
    #[command(flatten)]
    pub more: NodeMore,
}

/// How a worker joins a running network.
#[derive(Args)]
pub struct Join {
    /// Join the network of this node (the URL of its API) or of this network.json; done already, it only runs
    #[arg(long)]
    pub join: Option<String>,
    /// The network that it must be, 0x…: pins it, whatever the node says
    #[arg(long, requires = "join")]
    pub network: Option<B256>,
    /// Where it listens for peers [default: the first free port from 9000 on]
    #[arg(long, requires = "join")]
    pub listen: Option<SocketAddr>,
    /// host:port or multiaddress by which others reach it, if that is not where it listens
    #[arg(long, requires = "join")]
    pub external: Option<String>,
    /// Whole ENG that it stakes
    #[arg(long, requires = "join", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..1 << 30))]
    pub stake: u64,
    /// The operator's Ethereum key, hex in a file [default: a new one, kept in the data directory]
    #[arg(long, requires = "join")]
    pub operator_key: Option<PathBuf>,
    /// Print JSON once it has joined
    #[arg(long, requires = "join")]
    pub json: bool,
}

#[derive(Args)]
pub struct NodeDir {
    /// The node's data directory, with its node.json
    #[arg(long, visible_alias = "data")]
    pub data_dir: PathBuf,
    #[command(flatten)]
    pub more: NodeMore,
}

/// What the command line may say in place of node.json.
#[derive(Args)]
pub struct NodeMore {
    /// The chain's endpoint; several may be given, the preferred one first
    #[arg(long)]
    pub rpc: Vec<String>,
    /// Fields to put in place of those of node.json: JSON in a file
    #[arg(long, hide = true)]
    pub replace: Option<PathBuf>,
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

#[derive(Args)]
pub struct Worker {
    #[command(subcommand)]
    pub action: WorkerAction,
}

impl Worker {
    const fn json(&self) -> bool {
        match &self.action {
            WorkerAction::Status(target) | WorkerAction::Leave(target) => target.json,
            WorkerAction::Withdraw(withdraw) => withdraw.target.json,
        }
    }
}

#[derive(Subcommand)]
pub enum WorkerAction {
    /// Show stake, money, and whether it is drawn
    Status(WorkerTarget),
    /// Take it out of the lottery, from the epoch after the next
    Leave(WorkerTarget),
    /// Pay out what it earned and, once it is free, all of its stake
    Withdraw(Withdraw),
}

/// Which worker.
#[derive(Args)]
pub struct WorkerTarget {
    /// The worker's data directory
    #[arg(long, visible_alias = "data", default_value = operator::DIRECTORY)]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Withdraw {
    #[command(flatten)]
    pub target: WorkerTarget,
    /// Wait until the stake is free
    #[arg(long)]
    pub wait: bool,
}

#[derive(Args)]
pub struct Admit {
    /// Address of the enclave's signing key
    #[arg(long, value_parser = address)]
    pub signer: Address,
    /// The account that stakes for it and is paid
    #[arg(long, value_parser = address)]
    pub operator: Address,
    /// What runs there
    #[arg(long)]
    pub measurement: B256,
    /// The machine that it runs on
    #[arg(long)]
    pub platform: B256,
    /// Days for which it is admitted
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=36_500))]
    pub days: u64,
    #[command(flatten)]
    pub by: By,
}

#[derive(Args)]
pub struct Equivocation {
    /// The two receipts with their signatures, JSON
    pub proof: PathBuf,
    #[command(flatten)]
    pub by: By,
}

#[derive(Args)]
pub struct Recheck {
    /// The worker's id [default: all whose admission was not checked since]
    pub id: Option<u64>,
    #[command(flatten)]
    pub by: By,
}

/// Which network, and by whose account.
#[derive(Args)]
pub struct By {
    /// The Enigma contract [default: of the network in --data-dir]
    #[arg(long, requires = "rpc", value_parser = address)]
    pub enigma: Option<Address>,
    /// The chain's endpoint [default: of the network in --data-dir]
    #[arg(long)]
    pub rpc: Option<String>,
    /// The Ethereum key that sends, hex in a file [default on a local chain: that of the deployer]
    #[arg(long)]
    pub key: Option<PathBuf>,
    /// Where a local network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Skip {
    /// The secret contract
    #[arg(value_parser = address)]
    pub address: Address,
    /// Which of the ten funded accounts sends
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Credit {
    /// An address, or the number of a funded account
    #[arg(default_value = "0")]
    pub account: String,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct WithdrawCredit {
    /// Which of the ten funded accounts sends, and is paid
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// Where the ether goes: an address, or the number of a funded account [default: to the account]
    #[arg(long)]
    pub to: Option<String>,
    /// Whose credit is paid, to that account itself, if not that of --from: anybody may. Such as a secret contract's
    #[arg(long, conflicts_with = "to", value_parser = address)]
    pub of: Option<Address>,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Seat {
    /// One seat, from 1: that of key-1 [default: all]
    #[arg(value_parser = clap::value_parser!(u8).range(1..))]
    pub number: Option<u8>,
    /// Credit what it earned to who is paid for it; anybody may
    #[arg(long, requires = "number")]
    pub claim: bool,
    /// Which of the ten funded accounts sends
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    /// Where the network keeps its data
    #[arg(long, default_value = ".enigma", env = "ENIGMA_DATA_DIR")]
    pub data_dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Setup {
    /// Where the nodes' directories are made, and network.json
    #[arg(long)]
    pub data_dir: PathBuf,
    /// The chain's URL for the nodes; it must run
    #[arg(long)]
    pub chain: String,
    /// The chain's URL for clients
    #[arg(long)]
    pub public_chain: String,
    /// The URL for clients of the API of the node named rpc
    #[arg(long)]
    pub public_api: String,
    /// What follows a node's name in the other nodes' addresses, such as .peers
    #[arg(long, default_value = "")]
    pub domain: String,
    /// Workers
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub workers: u32,
    /// Key nodes; ⌊2n/3⌋+1 of them make a key
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..=19))]
    pub key_nodes: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Chain {
    /// Where the chain keeps its state
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Where its RPC listens
    #[arg(long, default_value = "127.0.0.1:8545")]
    pub listen: SocketAddr,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(
            (duration("500ms"), duration("2m")),
            (Ok(Duration::from_millis(500)), Ok(Duration::from_secs(120)))
        );
        for wrong in ["", "5", "s", "5h", "1ms", "99999999999m", "18446744073709551615s", "-5s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_makes_sense() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
