//! What nodes say to each other. Enclaves' messages pass through as opaque bytes.

use alloy_primitives::{Address, B256};

use crate::{
    keys::{KeyReply, KeyRequest},
    query::{QueryReply, QueryRequest},
    wire::{Blob, List, choice, record},
};

/// Largest sealed snapshot, bytes: the size class of 16 MiB and the cipher's tag.
pub const MAX_SNAPSHOT: usize = (16 << 20) + crate::state::TAG;

record! {
    /// Asks for a sealed snapshot.
    pub struct SnapshotRequest {
        /// The secret contract.
        pub contract: Address,
        /// keccak256 of the snapshot.
        pub hash: B256,
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
        1 => Key(KeyRequest),
        /// Between key nodes.
        2 => Beacon(BeaconRequest),
        /// Between workers.
        3 => Snapshot(SnapshotRequest),
        /// To a worker, from any node.
        4 => Query(QueryRequest),
        /// To any node, from any node.
        5 => Status(StatusRequest),
    }
}

choice! {
    /// A node's answer.
    pub enum PeerReply {
        /// To [`PeerRequest::Key`].
        1 => Key(KeyReply),
        /// To [`PeerRequest::Beacon`].
        2 => Beacon(BeaconPartial),
        /// To [`PeerRequest::Snapshot`].
        3 => Snapshot(Blob<MAX_SNAPSHOT>),
        /// No.
        4 => Declined(Declined),
        /// To [`PeerRequest::Query`].
        5 => Query(QueryReply),
        /// To [`PeerRequest::Status`].
        6 => Status(NodeStatus),
    }
}
