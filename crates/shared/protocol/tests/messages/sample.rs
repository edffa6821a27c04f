//! A value of every message type from a seed.

use alloy_primitives::{Address, B256, U256};
use enigma_protocol::{
    door::*,
    genesis::{Dealing, GenesisSetup, Member},
    input::{Input, Kind},
    keys::{KeyReply, KeyRequest, Purpose},
    network::Descriptor,
    outbound::{OutboundCall, OutboundKind},
    peer::{
        BeaconPartial, BeaconRequest, ChunkRequest, CosignRequest, Cosigned, Declined, HeadRequest,
        HeadStatement, KeyAsk, Link, NodeStatus, PeerReply, PeerRequest, SnapshotRequest, StatusRequest,
    },
    query::{QueryReply, QueryRequest},
    receipt::{Receipt, Status, TaskResult},
    snapshot::Manifest,
    wire::{Blob, List},
};

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Entropy(u64);

impl Entropy {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

pub(crate) trait Sample {
    fn sample(e: &mut Entropy) -> Self;
}

/// A message type: one of several variants, numbered from 1 on the wire.
pub(crate) trait Choice {
    const VARIANTS: usize;
    fn variant(variant: usize, e: &mut Entropy) -> Self;
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Sample for $type {
            fn sample(e: &mut Entropy) -> Self {
                // Edges now and then.
                match e.below(8) {
                    0 => 0,
                    1 => <$type>::MAX,
                    _ => (u128::from(e.next()) << 64 | u128::from(e.next())) as $type,
                }
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 u128);

impl Sample for bool {
    fn sample(e: &mut Entropy) -> Self {
        e.below(2) == 1
    }
}

impl<const N: usize> Sample for [u8; N] {
    fn sample(e: &mut Entropy) -> Self {
        std::array::from_fn(|_| e.next() as u8)
    }
}

impl Sample for B256 {
    fn sample(e: &mut Entropy) -> Self {
        Self::new(Sample::sample(e))
    }
}

impl Sample for Address {
    fn sample(e: &mut Entropy) -> Self {
        Self::new(Sample::sample(e))
    }
}

impl Sample for U256 {
    fn sample(e: &mut Entropy) -> Self {
        Self::from_be_bytes::<32>(Sample::sample(e))
    }
}

impl<const MAX: usize> Sample for Blob<MAX> {
    fn sample(e: &mut Entropy) -> Self {
        let len = e.below(MAX.min(80));
        Self((0..len).map(|_| e.next() as u8).collect())
    }
}

impl<T: Sample, const MAX: usize> Sample for List<T, MAX> {
    fn sample(e: &mut Entropy) -> Self {
        let len = e.below(MAX.min(4));
        Self((0..len).map(|_| T::sample(e)).collect())
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(e: &mut Entropy) -> Self {
        bool::sample(e).then(|| T::sample(e))
    }
}

macro_rules! units {
    ($($type:ident: $($variant:ident)*;)*) => {$(
        impl Sample for $type {
            fn sample(e: &mut Entropy) -> Self {
                let all = [$(Self::$variant),*];
                all[e.below(all.len())]
            }
        }
    )*};
}

units! {
    Kind: Task Deploy Query;
    Purpose: Input State;
    Status: Completed ValueReturned Unopened;
    OutboundKind: Transfer Call;
    Code: Malformed OutOfOrder NotSealedHere NoRandomness WrongNetwork BrokenChain BadProof WrongInputs UnknownBlock
        WrongState WrongPartial UnusableReplies ForeignBlock NotAdmitted NotDrawn EpochNotReleased BadSignature
        BadDealing NotDeepEnough NotStarted UnknownContract Internal;
}

macro_rules! records {
    ($($type:ident { $($field:ident)* })*) => {$(
        impl Sample for $type {
            fn sample(_e: &mut Entropy) -> Self {
                Self { $($field: Sample::sample(_e)),* }
            }
        }
    )*};
}

records! {
    Descriptor { chain_id enigma checkpoint_number checkpoint_hash verifier attestation_root ruleset public_key }
    Input { kind sender on_behalf_of value gas_limit commit_gas price_cap tip epoch inclusion_epoch block_number timestamp
        base_fee inflow code_hash envelope_hash }
    KeyRequest { network purpose contract key_epoch group_epoch reply_to signature }
    KeyReply { member generation block_number block_hash sealed }
    Receipt { network ruleset secret_contract epoch first_index last_index input_head state_head_before state_head_after
        anchor_number anchor_hash results snapshot_hash outbound_hash }
    TaskResult { status gas_charged output_hash delta_hash }
    Member { address box_key }
    GenesisSetup { descriptor members threshold }
    Dealing { commitments shares }
    Start { machine_secret sealed }
    Identity { address box_key measurement platform sealed evidence }
    UntrustedHeaders { headers }
    View { number hash }
    UntrustedSlot { slot value proof }
    UntrustedFacts { account account_proof slots }
    Need { slots keys state }
    Refusal { code detail }
    UntrustedDeal { setup }
    UntrustedAccept { setup dealing }
    Accepted { member sealed signature }
    UntrustedResume { sealed }
    Resumed { descriptor member commitments }
    UntrustedBeacon { epoch facts }
    UntrustedRelease { request pending facts }
    UntrustedStatement { challenge }
    CatchingUp { challenge needed }
    UntrustedStatements { statements }
    Join { descriptor commitments }
    UntrustedInput { input envelope code }
    UntrustedDelta { input_hash input_head block_hash delta }
    UntrustedSkip { input_hash }
    UntrustedFold { epoch snapshot_hash }
    UntrustedBase { head_before epoch snapshot }
    UntrustedPlace { state_head epoch }
    UntrustedPiece { after base steps is_last }
    UntrustedReplay { contract facts piece }
    UntrustedExecute { contract facts inputs anchor }
    UntrustedKeys { request replies }
    OutboundCall { index kind target value gas data }
    Executed { receipt signature outputs deltas outbound snapshot }
    Done { }
    KeyAsk { request pending }
    SnapshotRequest { contract hash }
    ChunkRequest { contract hash index }
    CosignRequest { contract epoch first_index count anchor state_head }
    Cosigned { digest signature }
    HeadRequest { challenge }
    HeadStatement { member number hash partial }
    Manifest { length hashes }
    BeaconRequest { epoch }
    BeaconPartial { member partial }
    Declined { code }
    QueryRequest { contract envelope }
    QueryReply { epoch state_head block_number block_hash salt output signature }
    UntrustedQuery { contract facts envelope }
    StatusRequest { }
    Link { peer connected sent received }
    NodeStatus { name role peers }
}

macro_rules! choices {
    ($($type:ident: $($variant:ident)*;)*) => {$(
        impl Choice for $type {
            const VARIANTS: usize = [$(stringify!($variant)),*].len();
            fn variant(variant: usize, e: &mut Entropy) -> Self {
                let makers: &[fn(&mut Entropy) -> Self] = &[$(|e| Self::$variant(Sample::sample(e))),*];
                makers[variant](e)
            }
        }
    )*};
}

choices! {
    UntrustedKeyRequest: Start Deal Accept Resume Headers Beacon Release State CatchUp Statements;
    KeyEnclaveReply: Started Dealt Accepted Resumed View Beacon Released Need Refused Statement CatchingUp CaughtUp;
    UntrustedWorkerRequest: Start Join Headers Keys Execute Query Replay;
    WorkerReply: Started Done View Need Executed Refused Answered;
    UntrustedStep: Delta Skipped Folded;
    PeerRequest: Key Beacon Manifest Query Status Chunk Cosign Head;
    PeerReply: Key Beacon Manifest Declined Query Status Chunk Cosigned Head;
}

/// A choice within a message.
impl Sample for UntrustedStep {
    fn sample(e: &mut Entropy) -> Self {
        let variant = e.below(Self::VARIANTS);
        Self::variant(variant, e)
    }
}
