//! What nodes say to each other. Enclaves' messages pass through as opaque bytes.

use alloy_primitives::{Address, B256};

use enigma_primitives::tags;

use crate::{
    hash::Words,
    input::Input,
    keys::{KeyReply, KeyRequest},
    query::{QueryReply, QueryRequest},
    snapshot::{CHUNK, Manifest},
    wire::{Blob, List, choice, record},
};

/// Largest sealed snapshot, bytes: the size class of 16 MiB and the cipher's tag.
pub const MAX_SNAPSHOT: usize = (16 << 20) + crate::state::TAG;

/// Under what the node of the worker with this signing key is found.
pub fn worker_key(network: B256, signer: Address) -> B256 {
    Words::tagged(tags::PEER_WORKER).word(network).address(signer).hash()
}

/// Under what the key nodes of a network are found.
pub fn key_node_key(network: B256) -> B256 {
    Words::tagged(tags::PEER_KEY_NODE).word(network).hash()
}

record! {
    /// Asks a key node for its part of a key.
    pub struct KeyAsk {
        /// What the worker's enclave signed.
        pub request: KeyRequest,
        /// The contract's oldest pending input: a worker that is not among the first signers is entitled by the time
        /// that it has waited.
        pub pending: Option<Input>,
    }
}

record! {
    /// Asks for the manifest of a sealed snapshot.
    pub struct SnapshotRequest {
        /// The secret contract.
        pub contract: Address,
        /// The snapshot's hash.
        pub hash: B256,
    }
}

record! {
    /// Asks for a part of a sealed snapshot.
    pub struct ChunkRequest {
        /// The secret contract.
        pub contract: Address,
        /// The snapshot's hash.
        pub hash: B256,
        /// Which chunk, from 0.
        pub index: u32,
    }
}

record! {
    /// Asks a worker of the group to execute the same inputs and sign the same receipt.
    pub struct CosignRequest {
        /// The secret contract.
        pub contract: Address,
        /// The receipt's epoch.
        pub epoch: u64,
        /// Index of its first input.
        pub first_index: u64,
        /// How many inputs.
        pub count: u32,
        /// Its anchor.
        pub anchor: u64,
        /// The state head before.
        pub state_head: B256,
    }
}

record! {
    /// A signature of a receipt that the signer made by itself.
    pub struct Cosigned {
        /// EIP-712 digest of the receipt.
        pub digest: B256,
        /// Signature of it.
        pub signature: [u8; 65],
    }
}

record! {
    /// Asks a key node which block its enclave is at.
    pub struct HeadRequest {
        /// Chosen by the enclave that wants to know.
        pub challenge: B256,
    }
}

record! {
    /// Which block a key enclave is at, proven by its share (`network::head_message`).
    pub struct HeadStatement {
        /// Seat of the key enclave, from 1.
        pub member: u8,
        /// Block number.
        pub number: u64,
        /// Its hash.
        pub hash: B256,
        /// Partial evaluation, a point in G1, compressed.
        pub partial: [u8; 48],
    }
}

record! {
    /// Asks for a partial of a beacon.
    pub struct BeaconRequest {
        /// The epoch to be opened.
        pub epoch: u64,
    }
}

record! {
    /// One member's part of a beacon: public.
    pub struct BeaconPartial {
        /// Seat of the key enclave, from 1.
        pub member: u8,
        /// Point in G1, compressed.
        pub partial: [u8; 48],
    }
}

record! {
    /// Why a peer did not answer, as a number.
    pub struct Declined {
        /// A refusal code of an enclave (`door::Code`), or 0: not known here.
        pub code: u16,
    }
}

record! {
    /// Asks a node about itself.
    pub struct StatusRequest {}
}

record! {
    /// A node's connection to one of its peers, as it tells it.
    pub struct Link {
        /// The peer's libp2p id, as text.
        pub peer: Blob<128>,
        /// Whether there is a connection.
        pub connected: bool,
        /// Messages to it.
        pub sent: u64,
        /// Messages from it.
        pub received: u64,
    }
}

record! {
    /// What a node tells of itself: for people, and nobody's proof.
    pub struct NodeStatus {
        /// Its name.
        pub name: Blob<64>,
        /// 1 worker, 2 key node.
        pub role: u8,
        /// Its peers.
        pub peers: List<Link, 256>,
    }
}

choice! {
    /// A node's question.
    pub enum PeerRequest {
        /// To a key node, from a worker.
        1 => Key(KeyAsk),
        /// Between key nodes.
        2 => Beacon(BeaconRequest),
        /// Between workers.
        3 => Manifest(SnapshotRequest),
        /// To a worker, from any node.
        4 => Query(QueryRequest),
        /// To any node, from any node.
        5 => Status(StatusRequest),
        /// Between workers.
        6 => Chunk(ChunkRequest),
        /// Between workers of a group.
        7 => Cosign(CosignRequest),
        /// Between key nodes.
        8 => Head(HeadRequest),
    }
}

choice! {
    /// A node's answer.
    pub enum PeerReply {
        /// To [`PeerRequest::Key`].
        1 => Key(KeyReply),
        /// To [`PeerRequest::Beacon`].
        2 => Beacon(BeaconPartial),
        /// To [`PeerRequest::Manifest`].
        3 => Manifest(Manifest),
        /// No.
        4 => Declined(Declined),
        /// To [`PeerRequest::Query`].
        5 => Query(QueryReply),
        /// To [`PeerRequest::Status`].
        6 => Status(NodeStatus),
        /// To [`PeerRequest::Chunk`].
        7 => Chunk(Blob<CHUNK>),
        /// To [`PeerRequest::Cosign`].
        8 => Cosigned(Cosigned),
        /// To [`PeerRequest::Head`].
        9 => Head(HeadStatement),
    }
}
