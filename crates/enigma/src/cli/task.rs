//! What an account of a local network does: tasks, reads, and the money that comes of them.

use std::path::PathBuf;

use alloy_primitives::Address;
use anyhow::{Result, bail};
use clap::Args;
use enigma_protocol::fees;
use enigma_sdk::{Client, Limits};

use super::{Account, Target, address};
use crate::abi::gwei;

/// How whoever sends a task pays for it.
#[derive(Args, Clone)]
pub struct Payment {
    /// Pay from what the network owes the account, and send only what is short
    #[arg(long)]
    pub credit: bool,
    /// Most gwei that a unit of gas may cost [default: four times the base fee, and 2]
    #[arg(long, value_name = "GWEI", value_parser = gwei)]
    pub price_cap: Option<u128>,
}

impl Payment {
    /// The client, paying so.
    #[must_use]
    pub fn of(&self, client: Client) -> Client {
        client.with_credit(self.credit).with_price_cap(self.price_cap)
    }
}

/// What every command that sends a task takes.
#[derive(Args, Clone)]
pub struct Common {
    /// Ether that the contract gets, such as 0.5
    #[arg(long, default_value = "0")]
    pub value: String,
    /// Gas inside the sealed world [default: 5,000,000; to deploy 15,000,000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=fees::MAX_GAS_LIMIT))]
    pub gas: Option<u64>,
    /// Bytes of output and state change that it pays for [default: 8,192; to deploy what the code takes]
    #[arg(long)]
    pub bytes: Option<u64>,
    /// Gas of outbound calls that it pays for: 75,000 for a transfer of ether, 90,000 and its own for a call [default: 200,000]
    #[arg(long)]
    pub outbound: Option<u64>,
    #[command(flatten)]
    pub payment: Payment,
    /// Seconds to wait for the commit
    #[arg(long, default_value_t = 120)]
    pub timeout: u64,
    #[command(flatten)]
    pub account: Account,
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
    /// Most ether that the account sends along: it goes where the task's author wants it
    #[arg(long, value_name = "ETHER", default_value = "0")]
    pub max_value: String,
    #[command(flatten)]
    pub payment: Payment,
    #[command(flatten)]
    pub account: Account,
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
    /// Read as nobody: `msg.sender` is zero, nothing is signed
    #[arg(long, conflicts_with = "from")]
    pub anonymous: bool,
    #[command(flatten)]
    pub account: Account,
}

#[derive(Args)]
pub struct Task {
    /// The secret contract, or the transaction that created the task
    #[arg(value_name = "TARGET")]
    pub task: String,
    /// The task's index in its contract, from 0; not with a transaction
    pub index: Option<u64>,
    /// What it called, to decode what it returned: such as "add(uint256)(uint256)"
    #[arg(long)]
    pub method: Option<String>,
    /// Which of the ten funded accounts reads its outcome, if not its sender: the author of a relayed task
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..10))]
    pub from: Option<u32>,
    #[command(flatten)]
    pub target: Target,
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
    /// First block of the commits [default: the network's first]
    #[arg(long)]
    pub from_block: Option<u64>,
    /// Last block of the commits [default: the newest]
    #[arg(long)]
    pub to_block: Option<u64>,
    /// Go on with every new commit until Ctrl-C; with --json one object a line
    #[arg(long, conflicts_with = "to_block")]
    pub follow: bool,
    #[command(flatten)]
    pub account: Account,
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
pub struct Skip {
    /// The secret contract
    #[arg(value_parser = address)]
    pub address: Address,
    /// Skip nothing: let the contract's clock go on, which a base fee above the input's price cap held
    #[arg(long)]
    pub resume: bool,
    #[command(flatten)]
    pub account: Account,
}

#[derive(Args)]
pub struct Credit {
    /// An address, or the number of a funded account
    #[arg(default_value = "0")]
    pub account: String,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Args)]
pub struct WithdrawCredit {
    /// Where the ether goes: an address, or the number of a funded account [default: to the account]
    #[arg(long)]
    pub to: Option<String>,
    /// Whose credit is paid, to that account itself, if not that of --from: anybody may. Such as a secret contract's
    #[arg(long, conflicts_with = "to", value_parser = address)]
    pub of: Option<Address>,
    #[command(flatten)]
    pub account: Account,
}

#[derive(Args)]
pub struct Seat {
    /// One seat, from 1: that of key-1 [default: all]
    #[arg(value_parser = clap::value_parser!(u8).range(1..))]
    pub number: Option<u8>,
    /// Credit what it earned to who is paid for it; anybody may
    #[arg(long, requires = "number")]
    pub claim: bool,
    #[command(flatten)]
    pub account: Account,
}
