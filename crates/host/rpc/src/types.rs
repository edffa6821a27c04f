//! The answers, as they are written in JSON: `docs/rpc.md`. Numbers are heights, indices, counts and bytes.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize, Serializer};

/// An amount, written as a decimal string: JSON's numbers are too short for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wei(pub U256);

impl Serialize for Wei {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The network's descriptor and what else a client needs once.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // the names are the descriptor's, see docs/bytes.md
pub struct Network {
    pub network: B256,
    pub chain_id: u64,
    pub enigma: Address,
    pub checkpoint_number: u64,
    pub checkpoint_hash: B256,
    pub verifier: u8,
    pub attestation_root: B256,
    pub ruleset: u64,
    pub public_key: Bytes,
    /// Nothing protects the enclaves but the operating system.
    pub simulated: bool,
    /// How the network key came to be: "dealt".
    pub keys: &'static str,
    /// The stake token.
    pub token: Address,
    pub parameters: Parameters,
}

/// What a node that joins the network needs besides [`Network`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// Commitments of the committee's public polynomial, 96 bytes each.
    pub commitments: Vec<Bytes>,
    /// Peers, at most 64: this node, and those that it was told of.
    pub peers: Vec<BootstrapPeer>,
    /// The chain's endpoints, if it is a local one; those of a public one are this node's own affair.
    pub rpc: Vec<String>,
}

/// A peer and where to find it.
#[derive(Clone, Debug, Serialize)]
pub struct BootstrapPeer {
    /// Its name, as this node was told.
    pub name: String,
    /// "worker" or "key".
    pub role: &'static str,
    /// Multiaddress with its peer id.
    pub address: String,
    /// A worker's enclave, by its signing key.
    pub signer: Option<Address>,
}

/// Parameters of a network, immutable once deployed.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// Blocks in an epoch.
    pub epoch_length: u64,
    /// Workers in a group.
    pub group_size: u8,
    /// Blocks until the next rank may take over.
    pub takeover: u16,
    /// Epochs until anybody may skip an input.
    pub skip_epochs: u8,
    /// Epochs before the current one to which envelopes may be encrypted.
    pub window: u8,
    /// Whole ENG that a worker must have staked to be drawn.
    pub min_stake: u32,
}

/// How a node is.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// The chain answers, the node keeps up with it, and its enclave lives.
    pub ok: bool,
    /// The node's name.
    pub name: String,
    /// "worker" or "key".
    pub role: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The newest block that the node has read.
    pub height: u64,
    /// That block's time, unix seconds.
    pub timestamp: u64,
    /// Blocks that the chain is ahead of the node.
    pub behind: u64,
    /// Its peers.
    pub peers: PeerCount,
    /// Its enclave.
    pub enclave: Enclave,
    /// Seconds since it started.
    pub uptime: u64,
}

/// How many peers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PeerCount {
    /// With a connection at this moment.
    pub connected: usize,
    /// Listed, or connected unlisted.
    pub known: usize,
}

/// A node's enclave, as it told it to its host.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Enclave {
    /// Address of its signing key.
    pub address: Address,
    /// What it is.
    pub measurement: B256,
}

/// An epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Epoch {
    /// Its number.
    pub epoch: u64,
    /// Its first block.
    pub start: u64,
    /// First block of the next one, if that has its seed.
    pub next_start: Option<u64>,
    /// Scheduled length, blocks.
    pub length: u64,
    /// The newest block.
    pub height: u64,
    /// Whether this epoch has a seed, and so a lottery.
    pub seeded: bool,
    /// Workers that are logged in.
    pub workers: u64,
    /// The lottery's total weight, whole ENG.
    pub weight: u64,
}

/// Who is drawn for a contract.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// In which epoch.
    pub epoch: u64,
    /// By rank: the group, and whoever serves in the place of those that were passed over.
    pub workers: Vec<Ranked>,
}

/// A worker of a group.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ranked {
    /// Place in the draw.
    pub rank: usize,
    /// Whether it was passed over in this epoch: then its turn comes after the others'.
    pub silent: bool,
    /// Who.
    #[serde(flatten)]
    pub worker: WorkerName,
}

/// A worker, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerName {
    /// Its id, which is its seat.
    pub id: u64,
    /// Address of its enclave's signing key.
    pub signer: Address,
    /// Who is paid.
    pub operator: Address,
}

/// An admitted worker.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    /// Who.
    #[serde(flatten)]
    pub name: WorkerName,
    /// Wei of ENG.
    pub stake: Wei,
    /// Whether it takes part.
    pub logged_in: bool,
    /// What runs there.
    pub measurement: B256,
    /// The machine that it runs on.
    pub platform: B256,
    /// Whether its admission was checked since something was last revoked: else nothing that it signs lands.
    pub checked: bool,
    /// Whether its platform is barred.
    pub barred: bool,
    /// Unix seconds until which it is admitted.
    pub expiry: u64,
}

/// A secret contract.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// Its address.
    pub address: Address,
    /// Who deployed it.
    pub deployer: Address,
    /// In which block.
    pub created_block: u64,
    /// Inputs ever created; the next index.
    pub inputs: u64,
    /// Index of the oldest pending input.
    pub committed: u64,
    /// Head over its sealed state.
    pub state_head: B256,
    /// Epoch whose key seals the last snapshot; 0 before the first commit.
    pub sealed_epoch: u64,
    /// Signatures that a receipt needs.
    pub signers: u8,
    /// Blocks above a task before it is executed.
    pub depth: u8,
    /// Hash of the last sealed snapshot; zero before the first commit.
    pub snapshot_hash: B256,
    /// Bytes of all sealed deltas.
    pub delta_bytes: u64,
    /// Bytes of all encrypted outputs.
    pub output_bytes: u64,
    /// Its ether.
    pub balance: Wei,
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Inputs before it are pending, or its block is not deep enough.
    Waiting,
    /// The worker drawn for it may execute it.
    Executing,
    /// Its receipt is on the chain.
    Committed,
}

/// A task, as everybody may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// The secret contract.
    pub contract: Address,
    /// Its place in the contract's log.
    pub index: u64,
    /// "task" or "deploy".
    pub kind: &'static str,
    /// How far it has come.
    pub stage: Stage,
    /// Inputs before it that are pending.
    pub ahead: u64,
    /// Who sent it.
    pub sender: Address,
    /// A word that a forwarding contract set.
    pub on_behalf_of: B256,
    /// Value for the secret contract, wei.
    pub value: Wei,
    /// Gas of the execution inside.
    pub gas_limit: u64,
    /// Gas of the commit that it pays for.
    pub commit_gas: u64,
    /// Highest price of gas, wei.
    pub price_cap: Wei,
    /// Above the base fee, wei.
    pub tip: Wei,
    /// Epoch of the envelope.
    pub epoch: u64,
    /// Epoch when it was included.
    pub inclusion_epoch: u64,
    /// Input head after it.
    pub input_head: B256,
    /// Size of its envelope.
    pub envelope_bytes: usize,
    /// Size of a deploy's clear code.
    pub code_bytes: usize,
    /// When it was created.
    pub created: Created,
    /// Whose turn is first; once committed the signer, where that was looked up.
    pub worker: Option<WorkerName>,
    /// Its outcome.
    pub committed: Option<Committed>,
    /// What its contract did on Ethereum for it, in order; once committed, where that was looked up.
    pub outbound: Option<Vec<Outbound>>,
}

/// What the portal of a secret contract did for a task, when that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outbound {
    /// "transfer" of plain ether, or "call" of another contract.
    pub kind: &'static str,
    /// Number of the contract's call; a transfer has none.
    pub number: Option<u64>,
    /// Who was paid or called.
    pub target: Address,
    /// Wei.
    pub value: Wei,
    /// Whether it succeeded. A transfer that did not is credited to the target, the value of a call comes back inside.
    pub success: bool,
}

/// Where and when a task was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// The transaction.
    pub transaction: B256,
    /// Number of its block.
    pub block: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Time of its block, unix seconds.
    pub time: u64,
}

/// What became of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Committed {
    /// The transaction.
    pub transaction: B256,
    /// Number of its block.
    pub block: u64,
    /// Time of its block, unix seconds.
    pub time: u64,
    /// Epoch whose key sealed the delta; 0 if it was skipped.
    pub epoch: u64,
    /// First task of the receipt.
    pub first_index: u64,
    /// Last task of the receipt.
    pub last_index: u64,
    /// "completed", "valueReturned", "unopened", or "skipped": nobody executed it, and its sender got everything back.
    pub status: &'static str,
    /// Gas charged, a class.
    pub gas_charged: u64,
    /// What it paid, wei.
    pub pay: Wei,
    /// What was credited back to its sender, wei: what it paid ahead and did not need, and a value that was returned.
    pub refund: Wei,
    /// Size of its encrypted output.
    pub output_bytes: usize,
    /// Size of its sealed delta.
    pub delta_bytes: usize,
    /// State head after the receipt.
    pub state_head: B256,
    /// Hash of the receipt's snapshot, or zero.
    pub snapshot_hash: B256,
}

/// Which tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TasksQuery {
    /// Of one contract.
    pub contract: Option<Address>,
    /// By one sender.
    pub sender: Option<Address>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Older than this one.
    pub before: Option<Before>,
}

/// The last task of the page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// Block in which it was created.
    pub block: u64,
    /// Its contract.
    pub contract: Address,
    /// Its index.
    pub index: u64,
}

/// Who talks to whom.
#[derive(Clone, Debug, Serialize)]
pub struct Topology {
    /// This node and its peers.
    pub nodes: Vec<Node>,
}

/// A node, as it tells of itself; one that does not answer as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// "worker" or "key".
    pub role: &'static str,
    /// Its libp2p id.
    pub peer: String,
    /// Whether it is the node that answers.
    #[serde(rename = "self")]
    pub own: bool,
    /// Whether it answered.
    pub reachable: bool,
    /// Its peers.
    pub peers: Vec<Link>,
}

/// A node's connection to a peer.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// The peer's libp2p id.
    pub peer: String,
    /// Whether there is one at this moment.
    pub connected: bool,
    /// Messages to it since the node started.
    pub sent: u64,
    /// Messages from it.
    pub received: u64,
}

/// An enclave's answer to a query: `docs/bytes.md`, "Queries".
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Epoch of the block after `block_number`.
    pub epoch: u64,
    /// State head that was read.
    pub state_head: B256,
    /// The enclave's newest block.
    pub block_number: u64,
    /// Its hash.
    pub block_hash: B256,
    /// Makes the answer's key its own.
    pub salt: B256,
    /// Encrypted for who asked.
    pub output: Bytes,
    /// By the enclave.
    pub signature: Bytes,
}

/// A new block.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Block {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Unix seconds.
    pub timestamp: u64,
}
