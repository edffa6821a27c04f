//! Messages that both doors share.

use alloy_primitives::{Address, B256, U256};
use enigma_primitives::codec::{Decode, DecodeError, Encode, Reader, Writer};

use crate::{
    keys::KeyRequest,
    wire::{Blob, List, record},
};

/// Most headers in one message.
pub const MAX_HEADERS: usize = 4_096;
/// Most storage slots in one message.
pub const MAX_SLOTS: usize = 1_024;

record! {
    /// First message: wakes the enclave up.
    pub struct Start {
        /// Secret of the simulated machine, which stands in for the fuse key of a real one. Its host knows it:
        /// that is what `SIMULATED` means.
        pub machine_secret: [u8; 32],
        /// What an earlier life of this enclave returned in [`Identity::sealed`].
        pub sealed: Option<Blob<4_096>>,
    }
}

record! {
    /// Who the enclave is.
    pub struct Identity {
        /// Address of its signing key.
        pub address: Address,
        /// X25519 key for what is encrypted to it at genesis.
        pub box_key: [u8; 32],
        /// What it is.
        pub measurement: B256,
        /// The machine that it runs on.
        pub platform: B256,
        /// Its keys, sealed; to be kept by the host.
        pub sealed: Blob<4_096>,
        /// Evidence for the platform and the measurement; opaque.
        pub evidence: Blob<16_384>,
    }
}

record! {
    /// Consecutive headers, each RLP-encoded, oldest first.
    pub struct UntrustedHeaders {
        /// The headers.
        pub headers: List<Blob<4_096>, MAX_HEADERS>,
    }
}

record! {
    /// The tip that the enclave follows.
    pub struct View {
        /// Block number.
        pub number: u64,
        /// Its hash.
        pub hash: B256,
    }
}

record! {
    /// A storage word of the Enigma contract with its Merkle proof.
    pub struct UntrustedSlot {
        /// Its key.
        pub slot: B256,
        /// Its value; zero if absent.
        pub value: U256,
        /// RLP nodes from the storage root down.
        pub proof: List<Blob<2_048>, 64>,
    }
}

record! {
    /// Storage of the Enigma contract at the enclave's tip.
    pub struct UntrustedFacts {
        /// The contract's account, RLP-encoded.
        pub account: Blob<256>,
        /// RLP nodes from the state root down.
        pub account_proof: List<Blob<2_048>, 64>,
        /// The words.
        pub slots: List<UntrustedSlot, MAX_SLOTS>,
    }
}

record! {
    /// Done, nothing to say.
    pub struct Done {}
}

record! {
    /// What the enclave lacks. The host brings it and asks again.
    pub struct Need {
        /// Storage slots of the Enigma contract.
        pub slots: List<B256, MAX_SLOTS>,
        /// Keys, as requests to key enclaves.
        pub keys: List<KeyRequest, MAX_SLOTS>,
        /// The contract's sealed state, by `Replay`.
        pub state: bool,
    }
}

record! {
    /// No, as a number, and one more that says where. Never text from inputs.
    pub struct Refusal {
        /// Why.
        pub code: Code,
        /// Depends on the code: a member, an index, a block number.
        pub detail: u64,
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, detail: 0 }
    }
}

/// Why an enclave does not do what was asked: it lacks something, or it will not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Bring this and ask again.
    Need(Need),
    /// No.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        /// Why an enclave refuses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name = $value,)* }

        impl Decode for Code {
            fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                match r.u16()? {
                    $($value => Ok(Self::$name),)*
                    tag => Err(DecodeError::UnknownTag { what: "refusal code", tag: tag.into() }),
                }
            }
        }
    };
}

codes! {
    /// The frame is no message.
    Malformed = 1,
    /// The message came before what it needs (`Start`, then `Join` or `Resume`), or twice.
    OutOfOrder = 2,
    /// Sealed bytes are not this enclave's.
    NotSealedHere = 3,
    /// The platform has no randomness.
    NoRandomness = 4,
    /// Another network, verifier, ruleset or public key.
    WrongNetwork = 5,
    /// A header does not follow from what is known. Detail: its place in the message.
    BrokenChain = 6,
    /// A Merkle proof does not hold. Detail: its place in the message, or `u64::MAX` for the account.
    BadProof = 7,
    /// The inputs are not the next ones of the chain. Detail: the index that was expected first.
    WrongInputs = 8,
    /// A block that a task needs is not among those remembered. Detail: its number.
    UnknownBlock = 9,
    /// The state offered is not what the chain recorded.
    WrongState = 10,
    /// A partial is wrong. Detail: the member's seat.
    WrongPartial = 11,
    /// A key answer fits no request, or fewer than the threshold came.
    UnusableReplies = 12,
    /// A key answer saw a block that this chain does not have. Detail: its number.
    ForeignBlock = 13,
    /// The worker is not admitted, or no longer.
    NotAdmitted = 14,
    /// The worker is not the one that the lottery chose.
    NotDrawn = 15,
    /// The key's epoch is not one that may be released. Detail: the current epoch.
    EpochNotReleased = 16,
    /// The signature is not that of a worker.
    BadSignature = 17,
    /// A dealing that does not fit its setup or its commitments.
    BadDealing = 18,
    /// The input is not deep enough yet. Detail: the block to wait for.
    NotDeepEnough = 19,
    /// No lottery runs yet.
    NotStarted = 20,
    /// The contract is unknown on chain.
    UnknownContract = 21,
    /// Something that should not be possible; nothing left the enclave.
    Internal = 22,
    /// A query's envelope does not open: another kind, contract, epoch or network, or it is damaged.
    NotOpened = 23,
    /// A query proves no right to read for the account that it names.
    NotAuthorised = 24,
    /// A query or its authorisation is over, or would live too long. Detail: the enclave's time, unix seconds.
    Expired = 25,
    /// A query was answered already.
    Replayed = 26,
    /// The worker's turn has not come. Detail: the block from which it has.
    NotYourTurn = 27,
    /// This key enclave has not shown yet that it is where the others are. Detail: the block that it lacks, or 0.
    Behind = 28,
    /// A statement of another member about its head does not hold. Detail: the member's seat.
    WrongStatement = 29,
    /// The anchor asked for is not a block that the inputs can be executed at. Detail: the oldest that is.
    WrongAnchor = 30,
}

impl Encode for Code {
    fn encode(&self, w: &mut Writer) {
        w.u16(*self as u16);
    }
}
