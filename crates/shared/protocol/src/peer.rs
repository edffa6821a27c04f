//! What nodes say to each other. Enclaves' messages pass through as opaque bytes.

use alloy_primitives::{Address, B256};

use crate::{
    keys::{KeyReply, KeyRequest},
    query::{QueryReply, QueryRequest},
    wire::{Blob, choice, record},
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
    }
}
