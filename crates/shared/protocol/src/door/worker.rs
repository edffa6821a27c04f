//! The worker enclave's door.

use alloy_primitives::{Address, B256};

use super::common::{Done, Identity, Need, Refusal, Start, UntrustedFacts, UntrustedHeaders, View};
use crate::{
    envelope,
    genesis::MAX_MEMBERS,
    input::Input,
    keys::{KeyReply, KeyRequest},
    network::Descriptor,
    outbound::{MAX_OUTBOUND, OutboundCall},
    peer::MAX_SNAPSHOT,
    query::QueryReply,
    receipt::{MAX_TASKS, Receipt},
    wire::{Blob, List, choice, record},
};

/// Largest clear code of a deploy, bytes.
pub const MAX_CODE: usize = 49_152;
/// Largest sealed delta or encrypted output, bytes.
pub const MAX_SEALED: usize = 2 << 20;
/// Most steps of a piece of a state.
pub const MAX_STEPS: usize = 65_536;
/// Most outbound calls of one receipt.
pub const MAX_CALLS: usize = MAX_TASKS * MAX_OUTBOUND;

record! {
    /// The network to work for.
    pub struct Join {
        /// Its descriptor.
        pub descriptor: Descriptor,
        /// The committee's public polynomial: names the member behind a wrong partial.
        pub commitments: List<[u8; 96], MAX_MEMBERS>,
    }
}

record! {
    /// An input with what its hashes stand for.
    pub struct UntrustedInput {
        /// As on chain.
        pub input: Input,
        /// As on chain.
        pub envelope: Blob<{ envelope::LARGEST }>,
        /// A deploy's clear code.
        pub code: Blob<MAX_CODE>,
    }
}

record! {
    /// A committed task, to be applied again.
    pub struct UntrustedDelta {
        /// Hash of its input.
        pub input_hash: B256,
        /// Input head after it.
        pub input_head: B256,
        /// Hash of its block.
        pub block_hash: B256,
        /// Its sealed delta.
        pub delta: Blob<MAX_SEALED>,
    }
}

record! {
    /// An input that was skipped.
    pub struct UntrustedSkip {
        /// Its hash.
        pub input_hash: B256,
    }
}

record! {
    /// A snapshot that was folded in and is not here: what follows is sealed under its epoch's key.
    pub struct UntrustedFold {
        /// Its epoch.
        pub epoch: u64,
        /// Its hash.
        pub snapshot_hash: B256,
    }
}

choice! {
    /// One step of the chain of state heads.
    pub enum UntrustedStep {
        /// A task.
        1 => Delta(UntrustedDelta),
        /// An input that nobody executed.
        2 => Skipped(UntrustedSkip),
        /// An epoch's first commit, before its first task.
        3 => Folded(UntrustedFold),
    }
}

record! {
    /// A snapshot to start from.
    pub struct UntrustedBase {
        /// State head before the snapshot was folded in.
        pub head_before: B256,
        /// The epoch whose state key seals it.
        pub epoch: u64,
        /// The sealed snapshot.
        pub snapshot: Blob<MAX_SNAPSHOT>,
    }
}

record! {
    /// A place in the chain of state heads.
    pub struct UntrustedPlace {
        /// The head.
        pub state_head: B256,
        /// The epoch whose state key seals what comes next.
        pub epoch: u64,
    }
}

record! {
    /// A part of a state that fits a frame: states do not.
    pub struct UntrustedPiece {
        /// Where the piece before it ended; none of the first.
        pub after: Option<UntrustedPlace>,
        /// The snapshot that the first piece starts from; without one, the empty world before the first input.
        pub base: Option<UntrustedBase>,
        /// What happened since, in order.
        pub steps: List<UntrustedStep, MAX_STEPS>,
        /// Whether it ends where the chain is.
        pub is_last: bool,
    }
}

record! {
    /// Replay a piece of a contract's state.
    pub struct UntrustedReplay {
        /// The secret contract.
        pub contract: Address,
        /// Storage at the enclave's tip.
        pub facts: UntrustedFacts,
        /// The piece.
        pub piece: UntrustedPiece,
    }
}

record! {
    /// Run the next inputs of a contract and sign a receipt.
    pub struct UntrustedExecute {
        /// The secret contract.
        pub contract: Address,
        /// Storage at the enclave's tip.
        pub facts: UntrustedFacts,
        /// The next inputs, from the chain's cursor on.
        pub inputs: List<UntrustedInput, MAX_TASKS>,
        /// The block to name as anchor, so that all signers of a receipt name the same; the tip without it.
        pub anchor: Option<u64>,
    }
}

record! {
    /// Read a contract on somebody's behalf.
    pub struct UntrustedQuery {
        /// The secret contract.
        pub contract: Address,
        /// Storage at the enclave's tip.
        pub facts: UntrustedFacts,
        /// An envelope of kind query.
        pub envelope: Blob<{ envelope::LARGEST }>,
    }
}

record! {
    /// Answers of key enclaves to one request of this enclave.
    pub struct UntrustedKeys {
        /// The request.
        pub request: KeyRequest,
        /// The answers.
        pub replies: List<KeyReply, MAX_MEMBERS>,
    }
}

record! {
    /// A signed receipt and what its hashes stand for.
    pub struct Executed {
        /// What happened.
        pub receipt: Receipt,
        /// By the enclave's signing key.
        pub signature: [u8; 65],
        /// Encrypted outputs, one a task.
        pub outputs: List<Blob<MAX_SEALED>, MAX_TASKS>,
        /// Sealed deltas, one a task.
        pub deltas: List<Blob<MAX_SEALED>, MAX_TASKS>,
        /// What the portal is to do, in order.
        pub outbound: List<OutboundCall, MAX_CALLS>,
        /// The sealed snapshot, in an epoch's first commit.
        pub snapshot: Option<Blob<MAX_SNAPSHOT>>,
    }
}

choice! {
    /// What a host may ask of a worker enclave.
    pub enum UntrustedWorkerRequest {
        /// First.
        1 => Start(Start),
        /// Second.
        2 => Join(Join),
        /// Follow the chain.
        3 => Headers(UntrustedHeaders),
        /// Take keys.
        4 => Keys(UntrustedKeys),
        /// Execute.
        5 => Execute(UntrustedExecute),
        /// Answer a query.
        6 => Query(UntrustedQuery),
        /// Replay a piece of a state that the enclave asked for.
        7 => Replay(UntrustedReplay),
    }
}

choice! {
    /// What a worker enclave answers.
    pub enum WorkerReply {
        /// To `Start`.
        1 => Started(Identity),
        /// To `Join`, `Keys` and `Replay`.
        2 => Done(Done),
        /// To `Headers`.
        3 => View(View),
        /// To `Execute`, `Query` and `Replay`: something is missing.
        4 => Need(Need),
        /// To `Execute`.
        5 => Executed(Executed),
        /// To anything.
        6 => Refused(Refusal),
        /// To `Query`.
        7 => Answered(QueryReply),
    }
}
