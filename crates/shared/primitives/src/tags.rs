//! Every domain tag of the project. Hashing, deriving or signing takes one of these types, so doing it without
//! a tag does not compile; a new purpose gets a new line here and nowhere else.
//!
//! Solidity and TypeScript use the same strings: `vectors/crypto.json` lists them.

use alloy_primitives::{B256, keccak256};

/// First word of everything that is hashed with Keccak-256: its own hash stands for the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashTag(&'static str);

impl HashTag {
    /// Keccak-256 of the tag's ASCII string: the word that goes in front of what is hashed.
    pub fn word(self) -> B256 {
        keccak256(self.0.as_bytes())
    }

    /// The ASCII string itself.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Start of the `info` of an HKDF-SHA256 derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfLabel(&'static str);

impl KdfLabel {
    /// The ASCII bytes that open `info`.
    pub const fn bytes(self) -> &'static [u8] {
        self.0.as_bytes()
    }

    /// The ASCII string itself.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Domain separation tag of a hash to G1 (RFC 9380), a suite identifier included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurveTag(&'static str);

impl CurveTag {
    /// The ASCII bytes of the tag (at most 255, as RFC 9380 wants).
    pub const fn bytes(self) -> &'static [u8] {
        self.0.as_bytes()
    }

    /// The ASCII string itself.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// First bytes of an associated data: what a ciphertext is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AadTag(&'static str);

impl AadTag {
    /// The ASCII bytes that open the associated data.
    pub const fn bytes(self) -> &'static [u8] {
        self.0.as_bytes()
    }

    /// The ASCII string itself.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Declares constants of one tag type and lists them, so that tests can see all of them.
macro_rules! tags {
    ($type:ident, $all:ident: $($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: $type = $type($value);)*
        #[doc = concat!("Every [`", stringify!($type), "`], in the order of this file.")]
        pub const $all: &[$type] = &[$($name),*];
    };
}

tags! { HashTag, HASH_TAGS:
    /// The network descriptor: its hash is `network`.
    NETWORK = "enigma/v1/network";
    /// One input: kind, index, sender, value, limits, block, envelope.
    INPUT = "enigma/v1/input";
    /// Where a contract's input chain starts.
    INPUT_HEAD_GENESIS = "enigma/v1/input-head-genesis";
    /// One step of the input chain.
    INPUT_HEAD = "enigma/v1/input-head";
    /// Where a contract's state chain starts.
    STATE_HEAD_GENESIS = "enigma/v1/state-head-genesis";
    /// One step of the state chain: a task.
    STATE_HEAD = "enigma/v1/state-head";
    /// One step of the state chain: the snapshot that opens an epoch.
    STATE_HEAD_SNAPSHOT = "enigma/v1/state-head-snapshot";
    /// A sealed snapshot: its length and the hashes of its chunks.
    SNAPSHOT_HASH = "enigma/v1/snapshot";
    /// One outbound call.
    OUTBOUND_CALL = "enigma/v1/outbound-call";
    /// The context of a task: input head and block hash.
    CONTEXT = "enigma/v1/context";
    /// The seed of an epoch, from its beacon.
    SEED = "enigma/v1/seed";
    /// One draw of the lottery.
    DRAW = "enigma/v1/draw";
    /// A worker's request for a key.
    KEY_REQUEST = "enigma/v1/key-request";
    /// A key enclave's answer to it.
    KEY_REPLY = "enigma/v1/key-reply";
    /// The parameters inside the network descriptor.
    DESCRIPTOR_PARAMS = "enigma/v1/descriptor-params";
    /// The `CREATE2` salt of a portal.
    PORTAL = "enigma/v1/portal";
    /// What a newcomer asks the committee to admit.
    ADMISSION_REQUEST = "enigma/v1/admission-request";
    /// The report data of an enclave's evidence.
    EVIDENCE = "enigma/v1/evidence";
    /// A key committee: its members and its public polynomial.
    COMMITTEE = "enigma/v1/committee";
    /// What a session key signs of one query.
    QUERY = "enigma/v1/query";
    /// The context of a query's answer: its envelope, the state and the block it was answered at.
    QUERY_CONTEXT = "enigma/v1/query-context";
    /// What an enclave signs of its answer.
    QUERY_REPLY = "enigma/v1/query-reply";
    /// Under what a worker's node is found among peers.
    PEER_WORKER = "enigma/v1/peer-worker";
    /// Under what key nodes are found among peers.
    PEER_KEY_NODE = "enigma/v1/peer-key-node";
}

tags! { KdfLabel, KDF_LABELS:
    /// From the pairing to the envelope's key.
    IBE_KEM = "enigma/v1/ibe-kem";
    /// From the threshold evaluation to a contract's state key of one epoch.
    STATE_KEY = "enigma/v1/state-key";
    /// The key that seals one task's delta.
    DELTA = "enigma/v1/delta";
    /// The key that seals one snapshot.
    SNAPSHOT = "enigma/v1/snapshot";
    /// The key that encrypts one task's output.
    OUTPUT = "enigma/v1/output";
    /// The key that encrypts one query's output.
    QUERY_OUTPUT = "enigma/v1/query-output";
    /// From an account's signature to what its reply keys derive from.
    VIEW_KEY = "enigma/v1/view-key";
    /// The reply key of one envelope.
    REPLY_KEY = "enigma/v1/reply-key";
    /// The randomness of one task.
    RANDOM = "enigma/v1/random";
    /// The box around a key enclave's answer.
    KEY_REPLY_BOX = "enigma/v1/key-reply";
    /// The box around a dealt share.
    DEAL = "enigma/v1/deal";
    /// An enclave's own sealed storage.
    SEALING = "enigma/v1/sealing";
    /// The tag on the evidence of a simulated platform, which proves nothing.
    SIMULATED_EVIDENCE = "enigma/v1/simulated-evidence";
    /// The name of a simulated machine, which its evidence tells.
    SIMULATED_PLATFORM = "enigma/v1/simulated-platform";
}

tags! { AadTag, AAD_TAGS:
    /// The envelope of a task, deploy or query.
    ENVELOPE = "enigma/v1/envelope";
}

tags! { CurveTag, CURVE_TAGS:
    /// The beacon of an epoch.
    CURVE_BEACON = "ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_";
    /// The input key of a contract and epoch (identity-based encryption).
    CURVE_INPUT = "ENIGMA_V1_INPUT_BLS12381G1_XMD:SHA-256_SSWU_RO_";
    /// The state key of a contract and epoch.
    CURVE_STATE = "ENIGMA_V1_STATE_BLS12381G1_XMD:SHA-256_SSWU_RO_";
    /// Which block a key enclave is at, for another member that has restarted.
    CURVE_HEAD = "ENIGMA_V1_HEAD_BLS12381G1_XMD:SHA-256_SSWU_RO_";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_tags_of_a_kind_are_alike() {
        let hash: BTreeSet<_> = HASH_TAGS.iter().map(|t| t.name()).collect();
        let kdf: BTreeSet<_> = KDF_LABELS.iter().map(|t| t.name()).collect();
        let curve: BTreeSet<_> = CURVE_TAGS.iter().map(|t| t.name()).collect();
        assert_eq!(hash.len(), HASH_TAGS.len());
        assert_eq!(kdf.len(), KDF_LABELS.len());
        assert_eq!(curve.len(), CURVE_TAGS.len());
        let aad: BTreeSet<_> = AAD_TAGS.iter().map(|t| t.name()).collect();
        assert_eq!(aad.len(), AAD_TAGS.len());
        assert!(hash.iter().chain(&kdf).chain(&aad).all(|t| t.starts_with("enigma/v1/")));
        assert!(curve.iter().all(|t| t.starts_with("ENIGMA_V1_") && t.len() <= 255));
    }

    #[test]
    fn no_kdf_label_is_the_start_of_another() {
        // `info` is label ‖ context without a separator, so a prefix would let two purposes meet.
        for a in KDF_LABELS {
            for b in KDF_LABELS {
                assert!(a == b || !b.name().starts_with(a.name()), "{} opens {}", a.name(), b.name());
            }
        }
    }

    #[test]
    fn a_word_is_the_keccak_of_the_string() {
        assert_eq!(NETWORK.word(), keccak256(b"enigma/v1/network"));
    }
}
