//! What the tests of several files share. Deterministic, so a failure replays.

use enigma_primitives::Secret;
use sha2::{Digest, Sha256, Sha512};

use crate::{
    bls::{PUBLIC_KEY_SIZE, SIGNATURE_SIZE},
    scalar::Scalar,
};

/// 64 bytes that depend on `n`: SHA-512 of a fixed word and `n`.
pub(crate) fn seed(n: u64) -> Secret<[u8; 64]> {
    let mut hash = Sha512::new();
    hash.update(b"enigma test seed");
    hash.update(n.to_be_bytes());
    Secret::from_bytes(hash.finalize().into())
}

/// 32 bytes that depend on `n`.
pub(crate) fn bytes32(n: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"enigma test bytes");
    hash.update(n.to_be_bytes());
    hash.finalize().into()
}

/// A scalar that depends on `n`.
pub(crate) fn scalar(n: u64) -> Scalar {
    Scalar::from_uniform(&seed(n)).unwrap()
}

/// A point of the curve over Fp2 that is outside the subgroup: the first small x with a y will do, since the
/// cofactor is about 2^508.
pub(crate) fn g2_outside_subgroup() -> [u8; PUBLIC_KEY_SIZE] {
    (1..=255)
        .map(|x| {
            let mut bytes = [0; PUBLIC_KEY_SIZE];
            bytes[0] = 0x80;
            bytes[PUBLIC_KEY_SIZE - 1] = x;
            bytes
        })
        .find(|bytes| blst::min_sig::PublicKey::uncompress(bytes).is_ok_and(|p| p.validate().is_err()))
        .unwrap()
}

/// The same for the curve over Fp, whose cofactor is about 2^126.
pub(crate) fn g1_outside_subgroup() -> [u8; SIGNATURE_SIZE] {
    (1..=255)
        .map(|x| {
            let mut bytes = [0; SIGNATURE_SIZE];
            bytes[0] = 0x80;
            bytes[SIGNATURE_SIZE - 1] = x;
            bytes
        })
        .find(|bytes| blst::min_sig::Signature::uncompress(bytes).is_ok_and(|p| p.validate(true).is_err()))
        .unwrap()
}
