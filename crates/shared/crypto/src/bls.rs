//! BLS12-381 with signatures in G1 (48 bytes) and public keys in G2 (96 bytes), both compressed.
//!
//! The network's one operation is the evaluation `s·H(m)`: a signature on `m` (the beacon), or a private key
//! for the identity `m` (input and state keys). Hash to curve: RFC 9380, `BLS12381G1_XMD:SHA-256_SSWU_RO_`.

use core::fmt;

use blst::{BLST_ERROR, Pairing, blst_p1_affine, blst_p2_affine, min_sig};
use enigma_primitives::{CurveTag, Decode, DecodeError, Encode, Reader, Secret, Writer};
use zeroize::Zeroize;

use crate::{Error, Result, scalar::Scalar};

/// Size of a compressed point of G1, in bytes.
pub const SIGNATURE_SIZE: usize = 48;

/// Size of a compressed point of G2, in bytes.
pub const PUBLIC_KEY_SIZE: usize = 96;

/// A point of G1 in the prime-order subgroup, not infinity: a signature, a hash, or an identity's private key.
///
/// As it may be a key, it is neither `Copy` nor shown by `Debug`; as a key it lives in [`IdentityKey`].
#[derive(Clone)]
pub struct Signature(blst_p1_affine);

/// An evaluation that opens something: the input key or the state key of a contract and epoch.
pub type IdentityKey = Secret<Signature>;

impl Signature {
    /// Reads a compressed point.
    ///
    /// # Errors
    /// [`Error::PointEncoding`], [`Error::PointAtInfinity`], [`Error::PointOutsideSubgroup`].
    pub fn from_bytes(bytes: &[u8; SIGNATURE_SIZE]) -> Result<Self> {
        let point = min_sig::Signature::uncompress(bytes).map_err(|_| Error::PointEncoding)?;
        point.validate(true).map_err(point_error)?;
        Ok(Self(point.into()))
    }

    /// The compressed point.
    pub fn to_bytes(&self) -> [u8; SIGNATURE_SIZE] {
        min_sig::Signature::from(self.0).compress()
    }

    /// The point as Ethereum's precompiles read it (EIP-2537): x and y, each padded to 64 bytes.
    pub fn to_eip2537(&self) -> [u8; 128] {
        pad_coordinates(&min_sig::Signature::from(self.0).serialize(), [0, 1])
    }

    /// The compressed point as input for a key derivation.
    pub fn to_secret(&self) -> Secret<[u8; SIGNATURE_SIZE]> {
        Secret::from_bytes(self.to_bytes())
    }

    pub(crate) const fn from_valid(point: blst_p1_affine) -> Self {
        Self(point)
    }

    pub(crate) const fn point(&self) -> &blst_p1_affine {
        &self.0
    }
}

impl Zeroize for Signature {
    fn zeroize(&mut self) {
        self.0.x.l.zeroize();
        self.0.y.l.zeroize();
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        self.to_secret() == other.to_secret()
    }
}

impl Eq for Signature {}

impl Encode for Signature {
    fn encode(&self, w: &mut Writer) {
        w.raw(&self.to_bytes());
    }
}

impl Decode for Signature {
    fn decode(r: &mut Reader<'_>) -> core::result::Result<Self, DecodeError> {
        Self::from_bytes(&r.array()?).map_err(|_| DecodeError::Invalid { what: "point of G1" })
    }
}

/// A point of G2 in the prime-order subgroup, not infinity: `s·G2`, or an envelope's `U = r·G2`.
#[derive(Clone, Copy)]
pub struct PublicKey(blst_p2_affine);

impl PublicKey {
    /// Reads a compressed point.
    ///
    /// # Errors
    /// [`Error::PointEncoding`], [`Error::PointAtInfinity`], [`Error::PointOutsideSubgroup`].
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_SIZE]) -> Result<Self> {
        let point = min_sig::PublicKey::uncompress(bytes).map_err(|_| Error::PointEncoding)?;
        point.validate().map_err(point_error)?;
        Ok(Self(point.into()))
    }

    /// The compressed point.
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_SIZE] {
        min_sig::PublicKey::from(self.0).compress()
    }

    /// The point as Ethereum's precompiles read it (EIP-2537): x.c0, x.c1, y.c0, y.c1, each padded to 64 bytes.
    pub fn to_eip2537(&self) -> [u8; 256] {
        pad_coordinates(&min_sig::PublicKey::from(self.0).serialize(), [1, 0, 3, 2])
    }

    /// Takes the result of group arithmetic, which can only be wrong by being infinity.
    pub(crate) fn from_sum(point: blst_p2_affine) -> Result<Self> {
        min_sig::PublicKey::from(point).validate().map_err(point_error)?;
        Ok(Self(point))
    }

    pub(crate) const fn from_valid(point: blst_p2_affine) -> Self {
        Self(point)
    }

    pub(crate) const fn point(&self) -> &blst_p2_affine {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(0x")?;
        self.to_bytes().iter().try_for_each(|b| write!(f, "{b:02x}"))?;
        f.write_str(")")
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for PublicKey {}

impl Encode for PublicKey {
    fn encode(&self, w: &mut Writer) {
        w.raw(&self.to_bytes());
    }
}

impl Decode for PublicKey {
    fn decode(r: &mut Reader<'_>) -> core::result::Result<Self, DecodeError> {
        Self::from_bytes(&r.array()?).map_err(|_| DecodeError::Invalid { what: "point of G2" })
    }
}

/// `H(msg)`: hashes to a point of G1 under `tag`.
///
/// # Errors
/// Never in practice: [`Error::ScalarOutOfRange`] could only mean that 1 is no scalar.
pub fn hash_to_g1(tag: CurveTag, msg: &[u8]) -> Result<Signature> {
    let mut one = [0; 32];
    if let Some(last) = one.last_mut() {
        *last = 1;
    }
    Ok(evaluate(&Scalar::from_bytes(&Secret::from_bytes(one))?, tag, msg))
}

/// `s·H(msg)` under `tag`.
pub fn evaluate(scalar: &Scalar, tag: CurveTag, msg: &[u8]) -> Signature {
    evaluate_under(scalar, tag.bytes(), msg)
}

/// [`evaluate`] under any bytes: published test vectors use tags that are not ours.
pub(crate) fn evaluate_under(scalar: &Scalar, tag: &[u8], msg: &[u8]) -> Signature {
    Signature(scalar.expose(|key| key.sign(msg, tag, &[])).into())
}

/// Checks by one multi-pairing that `signature` is the evaluation of `public`'s secret on `msg`:
/// `e(signature, G2) = e(H(msg), public)`.
///
/// # Errors
/// [`Error::WrongSignature`].
pub fn verify(public: &PublicKey, tag: CurveTag, msg: &[u8], signature: &Signature) -> Result<()> {
    let mut pairing = Pairing::new(true, tag.bytes());
    // Both points were validated when they were made, so neither check is repeated here.
    let outcome = pairing.aggregate(public.point(), false, signature.point(), false, msg, &[]);
    if outcome != BLST_ERROR::BLST_SUCCESS {
        return Err(Error::WrongSignature);
    }
    pairing.commit();
    if pairing.finalverify(None) { Ok(()) } else { Err(Error::WrongSignature) }
}

/// Pads each 48-byte coordinate to 64 bytes, in this order.
fn pad_coordinates<const SIZE: usize, const PARTS: usize>(flat: &[u8], order: [usize; PARTS]) -> [u8; SIZE] {
    let mut padded = [0; SIZE];
    for (to, from) in padded.chunks_exact_mut(64).zip(order) {
        if let (Some(to), Some(from)) = (to.get_mut(16..), flat.chunks_exact(48).nth(from)) {
            to.copy_from_slice(from);
        }
    }
    padded
}

fn point_error(err: BLST_ERROR) -> Error {
    match err {
        BLST_ERROR::BLST_PK_IS_INFINITY => Error::PointAtInfinity,
        BLST_ERROR::BLST_POINT_NOT_IN_GROUP => Error::PointOutsideSubgroup,
        _ => Error::PointEncoding,
    }
}

#[cfg(test)]
mod tests {
    use enigma_primitives::tags::{CURVE_BEACON, CURVE_INPUT};

    use super::*;
    use crate::testing::{g1_outside_subgroup, g2_outside_subgroup, scalar};

    #[test]
    fn an_evaluation_verifies_under_its_key_tag_and_message_only() {
        let (s, other) = (scalar(1), scalar(2));
        let sig = evaluate(&s, CURVE_BEACON, b"message");
        assert_eq!(verify(&s.public_key(), CURVE_BEACON, b"message", &sig), Ok(()));
        let wrong = Err(Error::WrongSignature);
        assert_eq!(verify(&other.public_key(), CURVE_BEACON, b"message", &sig), wrong);
        assert_eq!(verify(&s.public_key(), CURVE_INPUT, b"message", &sig), wrong);
        assert_eq!(verify(&s.public_key(), CURVE_BEACON, b"messagf", &sig), wrong);
        let another = evaluate(&s, CURVE_BEACON, b"another");
        assert_eq!(verify(&s.public_key(), CURVE_BEACON, b"message", &another), wrong);
    }

    #[test]
    fn points_outside_the_subgroup_are_refused() {
        assert_eq!(PublicKey::from_bytes(&g2_outside_subgroup()), Err(Error::PointOutsideSubgroup));
        assert_eq!(Signature::from_bytes(&g1_outside_subgroup()), Err(Error::PointOutsideSubgroup));
    }

    #[test]
    fn infinity_is_refused() {
        let mut g2 = [0; PUBLIC_KEY_SIZE];
        g2[0] = 0xc0;
        assert_eq!(PublicKey::from_bytes(&g2), Err(Error::PointAtInfinity));
        let mut g1 = [0; SIGNATURE_SIZE];
        g1[0] = 0xc0;
        assert_eq!(Signature::from_bytes(&g1), Err(Error::PointAtInfinity));
    }

    #[test]
    fn other_encodings_are_refused() {
        assert_eq!(PublicKey::from_bytes(&[0; PUBLIC_KEY_SIZE]), Err(Error::PointEncoding));
        assert_eq!(PublicKey::from_bytes(&[0xff; PUBLIC_KEY_SIZE]), Err(Error::PointEncoding));
        assert_eq!(Signature::from_bytes(&[0x12; SIGNATURE_SIZE]), Err(Error::PointEncoding));
        assert!(PublicKey::decode(&mut Reader::new(&[0x80; 95])).is_err());
    }

    #[test]
    fn points_survive_their_encoding() {
        let s = scalar(3);
        let public = s.public_key();
        assert_eq!(PublicKey::decode(&mut Reader::new(&public.to_bytes())), Ok(public));
        let sig = evaluate(&s, CURVE_INPUT, b"x");
        assert_eq!(Signature::decode(&mut Reader::new(&sig.to_bytes())), Ok(sig.clone()));
        assert_eq!(format!("{sig:?}"), "Signature(..)");
    }
}
