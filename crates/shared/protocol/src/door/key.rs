//! The key enclave's door.

use alloy_primitives::B256;

use super::common::{Done, Identity, Need, Refusal, Start, UntrustedFacts, UntrustedHeaders, View};
use crate::{
    genesis::{Dealing, GenesisSetup, MAX_MEMBERS},
    input::Input,
    keys::{KeyReply, KeyRequest},
    network::Descriptor,
    peer::{BeaconPartial, HeadStatement},
    wire::{Blob, List, choice, record},
};

record! {
    /// Be the dealer of a network.
    pub struct UntrustedDeal {
        /// What all members agree to.
        pub setup: GenesisSetup,
    }
}

record! {
    /// Take the share that was dealt.
    pub struct UntrustedAccept {
        /// What all members agree to.
        pub setup: GenesisSetup,
        /// The dealer's result.
        pub dealing: Dealing,
    }
}

record! {
    /// The share is in place.
    pub struct Accepted {
        /// Seat of this enclave, from 1.
        pub member: u8,
        /// Share and network, sealed; to be kept by the host.
        pub sealed: Blob<16_384>,
        /// Over the EIP-712 KeyGeneration: this member accepts `S`.
        pub signature: [u8; 65],
    }
}

record! {
    /// Go on with a share that was accepted in an earlier life.
    pub struct UntrustedResume {
        /// As it came in [`Accepted::sealed`].
        pub sealed: Blob<16_384>,
    }
}

record! {
    /// The network that this enclave keeps a share of.
    pub struct Resumed {
        /// Its descriptor.
        pub descriptor: Descriptor,
        /// Seat of this enclave, from 1.
        pub member: u8,
        /// The committee's public polynomial.
        pub commitments: List<[u8; 96], MAX_MEMBERS>,
    }
}

record! {
    /// Sign the beacon of an epoch.
    pub struct UntrustedBeacon {
        /// The epoch that the beacon opens.
        pub epoch: u64,
        /// Storage at the enclave's tip.
        pub facts: UntrustedFacts,
    }
}

record! {
    /// Give a worker this member's part of a key.
    pub struct UntrustedRelease {
        /// What the worker signed.
        pub request: KeyRequest,
        /// The contract's oldest pending input, if the worker's turn depends on it.
        pub pending: Option<Input>,
        /// Storage at the enclave's tip.
        pub facts: UntrustedFacts,
    }
}

record! {
    /// Say which block this enclave is at.
    pub struct UntrustedStatement {
        /// Chosen by the enclave that wants to know.
        pub challenge: B256,
    }
}

record! {
    /// What this enclave has to see before it serves.
    pub struct CatchingUp {
        /// Its challenge to the other members; the same until it has caught up.
        pub challenge: B256,
        /// How many other members have to answer it.
        pub needed: u8,
    }
}

record! {
    /// Where the other members are.
    pub struct UntrustedStatements {
        /// Their answers to the challenge.
        pub statements: List<HeadStatement, MAX_MEMBERS>,
    }
}

choice! {
    /// What a host may ask of a key enclave.
    pub enum UntrustedKeyRequest {
        /// First.
        1 => Start(Start),
        /// At genesis, one member.
        2 => Deal(UntrustedDeal),
        /// At genesis, every member.
        3 => Accept(UntrustedAccept),
        /// In later lives, second.
        4 => Resume(UntrustedResume),
        /// Follow the chain.
        5 => Headers(UntrustedHeaders),
        /// A beacon.
        6 => Beacon(UntrustedBeacon),
        /// A key.
        7 => Release(UntrustedRelease),
        /// Where this enclave is, for another member.
        8 => State(UntrustedStatement),
        /// After `Resume`: what has to be shown before this enclave serves.
        9 => CatchUp(Done),
        /// Where the other members are.
        10 => Statements(UntrustedStatements),
    }
}

choice! {
    /// What a key enclave answers.
    pub enum KeyEnclaveReply {
        /// To `Start`.
        1 => Started(Identity),
        /// To `Deal`.
        2 => Dealt(Dealing),
        /// To `Accept`.
        3 => Accepted(Accepted),
        /// To `Resume`.
        4 => Resumed(Resumed),
        /// To `Headers`.
        5 => View(View),
        /// To `Beacon`.
        6 => Beacon(BeaconPartial),
        /// To `Release`.
        7 => Released(KeyReply),
        /// To `Beacon` and `Release`: something is missing.
        8 => Need(Need),
        /// To anything.
        9 => Refused(Refusal),
        /// To `State`.
        10 => Statement(HeadStatement),
        /// To `CatchUp`: not yet.
        11 => CatchingUp(CatchingUp),
        /// To `CatchUp` and `Statements`: this enclave serves.
        12 => CaughtUp(Done),
    }
}
