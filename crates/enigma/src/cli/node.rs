//! Nodes, and what their operators and everybody who watches over them do.

use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand};

use super::{Target, address, hash};
use crate::operator;

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
    #[arg(long, requires = "join", value_parser = hash)]
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
    pub(super) const fn json(&self) -> bool {
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
    /// Pay out what it earned and, if it is free, all of its stake
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
    #[command(flatten)]
    pub target: Target,
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
    #[arg(long, value_parser = hash)]
    pub measurement: B256,
    /// The machine that it runs on
    #[arg(long, value_parser = hash)]
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
