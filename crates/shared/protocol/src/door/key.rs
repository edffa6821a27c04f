//! The key enclave's door.

use super::common::{Identity, Need, Refusal, Start, UntrustedFacts, UntrustedHeaders, View};
use crate::{
    genesis::{Dealing, GenesisSetup, MAX_MEMBERS},
    keys::{KeyReply, KeyRequest},
    network::Descriptor,
    peer::BeaconPartial,
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
        /// Storage at the enclave's tip.
        pub facts: UntrustedFacts,
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
    }
}
