//! The key encapsulation of Boneh and Franklin ("Identity-Based Encryption from the Weil Pairing", 2001), on
//! BLS12-381: whoever holds `s·H(id)` shares a key with whoever knows `S = s·G2` and `id`.
//!
//! `U = r·G2`; `K = HKDF-SHA256(e(H(id), S)^r, info = "enigma/v1/ibe-kem" ‖ U ‖ id)`. The client computes the
//! pairing as `e(r·H(id), S)`, the worker as `e(s·H(id), U)`. GT has no standard encoding; ours is the 576
//! bytes of `blst_fp12::to_bendian`.

use blst::blst_fp12;
use enigma_primitives::{
    CurveTag, Secret,
    tags::{CURVE_INPUT, IBE_KEM},
};
use zeroize::Zeroize;

use crate::{
    Result,
    bls::{IdentityKey, PUBLIC_KEY_SIZE, PublicKey, Signature, evaluate_under},
    kdf,
    scalar::Scalar,
};

/// What a client keeps of one encapsulation. One `r` may serve several envelopes of one contract, epoch and
/// sender, each with a nonce of its own.
#[derive(Debug)]
pub struct Session {
    /// `U = r·G2`: travels in the envelope.
    pub u: [u8; PUBLIC_KEY_SIZE],
    /// `K`: the envelope's key.
    pub key: Secret<[u8; 32]>,
}

impl Session {
    /// Encapsulates a key to the identity `id` (hashed under `tag`) of the network with key `public`. `r` must
    /// be random and fresh.
    pub fn new(r: &Scalar, public: &PublicKey, tag: CurveTag, id: &[u8]) -> Self {
        Self::under(r, public, tag.bytes(), id)
    }

    /// [`Session::new`] for an input key, the only identity that envelopes are encrypted to.
    pub fn for_input(r: &Scalar, public: &PublicKey, id: &[u8]) -> Self {
        Self::new(r, public, CURVE_INPUT, id)
    }

    pub(crate) fn under(r: &Scalar, public: &PublicKey, tag: &[u8], id: &[u8]) -> Self {
        let u = r.public_key().to_bytes();
        let point = Secret::new(evaluate_under(r, tag, id));
        let key = point.expose(|point| shared_key(point, public, &u, id));
        Self { u, key }
    }
}

/// The key that `u` encapsulates to the identity `id`, whose private key is `private`.
///
/// # Errors
/// `u` is no point, infinity, or outside the subgroup (which would reveal `private` modulo small primes).
pub fn decapsulate(private: &IdentityKey, u: &[u8; PUBLIC_KEY_SIZE], id: &[u8]) -> Result<Secret<[u8; 32]>> {
    let point = PublicKey::from_bytes(u)?;
    Ok(private.expose(|private| shared_key(private, &point, u, id)))
}

fn shared_key(g1: &Signature, g2: &PublicKey, u: &[u8; PUBLIC_KEY_SIZE], id: &[u8]) -> Secret<[u8; 32]> {
    let gt = gt_bytes(g1, g2);
    let mut context = Vec::with_capacity(PUBLIC_KEY_SIZE.saturating_add(id.len()));
    context.extend_from_slice(u);
    context.extend_from_slice(id);
    kdf::derive(IBE_KEM, &gt, &context)
}

/// `e(g1, g2)` as 576 bytes.
pub(crate) fn gt_bytes(g1: &Signature, g2: &PublicKey) -> Secret<[u8; 576]> {
    let mut miller = blst_fp12::miller_loop(g2.point(), g1.point());
    let mut gt = miller.final_exp();
    let bytes = Secret::from_bytes(gt.to_bendian());
    wipe(&mut miller);
    wipe(&mut gt);
    bytes
}

fn wipe(element: &mut blst_fp12) {
    for fp in element.fp6.iter_mut().flat_map(|fp6| &mut fp6.fp2).flat_map(|fp2| &mut fp2.fp) {
        fp.l.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{
        Error,
        bls::evaluate,
        testing::{g2_outside_subgroup, scalar},
    };

    #[test]
    fn both_sides_reach_the_same_key() {
        let (s, r) = (scalar(1), scalar(2));
        let session = Session::for_input(&r, &s.public_key(), b"identity");
        let private = Secret::new(evaluate(&s, CURVE_INPUT, b"identity"));
        assert_eq!(decapsulate(&private, &session.u, b"identity").unwrap(), session.key);
    }

    #[test]
    fn another_identity_key_or_point_reaches_another_key() {
        let (s, r) = (scalar(1), scalar(2));
        let session = Session::for_input(&r, &s.public_key(), b"identity");
        let private = Secret::new(evaluate(&s, CURVE_INPUT, b"identity"));
        let other_id = Secret::new(evaluate(&s, CURVE_INPUT, b"identitz"));
        let other_s = Secret::new(evaluate(&scalar(3), CURVE_INPUT, b"identity"));
        let other_u = scalar(4).public_key().to_bytes();
        assert_ne!(decapsulate(&other_id, &session.u, b"identity").unwrap(), session.key);
        assert_ne!(decapsulate(&other_s, &session.u, b"identity").unwrap(), session.key);
        assert_ne!(decapsulate(&private, &session.u, b"identitz").unwrap(), session.key);
        assert_ne!(decapsulate(&private, &other_u, b"identity").unwrap(), session.key);
    }

    #[test]
    fn a_u_outside_the_subgroup_or_at_infinity_is_refused() {
        let private = Secret::new(evaluate(&scalar(1), CURVE_INPUT, b"identity"));
        let mut infinity = [0; PUBLIC_KEY_SIZE];
        infinity[0] = 0xc0;
        assert_eq!(decapsulate(&private, &infinity, b"identity"), Err(Error::PointAtInfinity));
        let outside = g2_outside_subgroup();
        assert_eq!(decapsulate(&private, &outside, b"identity"), Err(Error::PointOutsideSubgroup));
        assert_eq!(decapsulate(&private, &[0x7f; PUBLIC_KEY_SIZE], b"identity"), Err(Error::PointEncoding));
    }

    /// A vector on which blst, noble-curves and a Solidity library agreed, under the generic tag of the
    /// signature standard.
    #[test]
    fn the_cross_language_vector_holds() {
        const TAG: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
        let from_hex =
            |hex: &str| Scalar::from_bytes(&Secret::from_slice(&hex::decode(hex).unwrap()).unwrap()).unwrap();
        let s = from_hex("2a6f0b1c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142332415060708");
        let r = from_hex("123456789abcdef0fedcba98765432100f1e2d3c4b5a69788796a5b4c3d2e1f0");
        let mut id = b"input".to_vec();
        id.extend_from_slice(&[0; 30]);
        id.extend_from_slice(&31337u16.to_be_bytes());
        id.extend_from_slice(&[0x11; 20]);
        id.extend_from_slice(&[0x22; 20]);
        id.extend_from_slice(&7u64.to_be_bytes());

        let gt = gt_bytes(&evaluate_under(&r, TAG, &id), &s.public_key());
        let digest: [u8; 32] = gt.expose(|gt| Sha256::digest(gt)).into();
        assert_eq!(hex::encode(digest), "31458ba96470214abd75d97ae189765514c1a8c354caacb7a198f8a0cc0af615");

        let session = Session::under(&r, &s.public_key(), TAG, &id);
        let expected = "a43a878096fd31f0b1ad1e3cf125078148d9423c4c620e1a3c3bbf6469b71793";
        session.key.expose(|key| assert_eq!(hex::encode(key), expected));
        let private = Secret::new(evaluate_under(&s, TAG, &id));
        assert_eq!(decapsulate(&private, &session.u, &id).unwrap(), session.key);
    }
}
