//! The command line.

mod network;
mod node;
mod task;

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Parser, Subcommand};

pub use network::{Chain, Chaos, Setup, Up};
pub use node::{
    Admit, By, Equivocation, Join, Node, NodeApi, NodeMore, NodeRole, Recheck, Withdraw, Worker,
    WorkerAction, WorkerTarget,
};
pub use task::{
    Authorise, Call, Common, Credit, Deploy, Logs, New, Read, Relay, Seat, Skip, Task, WithdrawCredit,
};

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
            Command::Up(up) => up.target.json,
            Command::Down(target) | Command::Status(target) => target.json,
            Command::Deploy(deploy) => deploy.common.account.target.json,
            Command::Call(call) => call.common.account.target.json,
            Command::Authorise(authorise) => authorise.call.common.account.target.json,
            Command::Relay(relay) => relay.account.target.json,
            Command::Read(read) => read.account.target.json,
            Command::Task(task) => task.target.json,
            Command::Logs(logs) => logs.account.target.json,
            Command::New(new) => new.json,
            Command::Setup(setup) => setup.json,
            Command::Node(node) => matches!(&node.role, NodeRole::Worker(worker) if worker.join.json),
            Command::Worker(worker) => worker.json(),
            Command::Admit(admit) => admit.by.target.json,
            Command::Equivocation(equivocation) => equivocation.by.target.json,
            Command::Recheck(recheck) => recheck.by.target.json,
            Command::Skip(skip) => skip.account.target.json,
            Command::Credit(credit) => credit.target.json,
            Command::Withdraw(withdraw) => withdraw.account.target.json,
            Command::Seat(seat) => seat.account.target.json,
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

/// Which account of a local network.
#[derive(Args, Clone)]
pub struct Account {
    /// Which of the ten funded accounts acts
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: u32,
    #[command(flatten)]
    pub target: Target,
}

/// An address, in words if it is none.
fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "expected an address: 0x and 40 hex digits".to_owned())
}

/// A hash, in words if it is none.
fn hash(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| "expected a hash: 0x and 64 hex digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
