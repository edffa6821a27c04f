//! Secret scalars of BLS12-381, and the arithmetic of their field.
//!
//! The field's arithmetic is `crypto-bigint`'s (constant time); points are `blst`'s. The two meet as 32
//! big-endian bytes, so neither library's internal form is relied upon.

use blst::min_sig::SecretKey;
use crypto_bigint::{U256, const_monty_params, modular::ConstMontyForm};
use enigma_primitives::Secret;
use zeroize::Zeroizing;

use crate::{Error, Result, bls::PublicKey};

const_monty_params!(
    Order,
    U256,
    "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001",
    "The order r of the prime-order subgroups of BLS12-381."
);

/// An element of the scalar field. Plain arithmetic; whoever holds a secret one wraps it in [`Zeroizing`].
pub(crate) type Fr = ConstMontyForm<Order, { U256::LIMBS }>;

/// A secret, non-zero scalar below the group order.
#[derive(Debug)]
pub struct Scalar(Secret<SecretKey>);

impl Scalar {
    /// Reduces 64 uniformly random bytes (big-endian), which leaves a bias below 2^-256.
    ///
    /// # Errors
    /// [`Error::ScalarOutOfRange`] when the bytes reduce to zero, which random bytes never do.
    pub fn from_uniform(seed: &Secret<[u8; 64]>) -> Result<Self> {
        Self::from_field(&field_from_uniform(seed))
    }

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    /// [`Error::ScalarOutOfRange`] for zero and for anything from the group order up.
    pub fn from_bytes(bytes: &Secret<[u8; 32]>) -> Result<Self> {
        let key = bytes.expose(|b| SecretKey::from_bytes(b)).map_err(|_| Error::ScalarOutOfRange)?;
        Ok(Self(Secret::new(key)))
    }

    /// The scalar as 32 big-endian bytes.
    pub fn to_bytes(&self) -> Secret<[u8; 32]> {
        Secret::from_bytes(self.0.expose(SecretKey::to_bytes))
    }

    /// `s·G2`.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_valid(self.0.expose(SecretKey::sk_to_pk).into())
    }

    /// Lends the key to `f`.
    pub(crate) fn expose<R>(&self, f: impl FnOnce(&SecretKey) -> R) -> R {
        self.0.expose(f)
    }

    /// The same scalar for arithmetic.
    pub(crate) fn to_field(&self) -> Zeroizing<Fr> {
        Zeroizing::new(Fr::new(&self.to_bytes().expose(|b| U256::from_be_slice(b))))
    }

    /// The result of arithmetic as a scalar.
    pub(crate) fn from_field(element: &Fr) -> Result<Self> {
        Self::from_bytes(&Secret::from_bytes(element.retrieve().to_be_bytes().into()))
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Scalar {}

/// Reduces 64 uniformly random big-endian bytes.
pub(crate) fn field_from_uniform(seed: &Secret<[u8; 64]>) -> Zeroizing<Fr> {
    seed.expose(|bytes| {
        let (high, low) = bytes.split_at(32);
        // 2^256 mod r is what the Montgomery form of 1 holds.
        let shift = Fr::new(Fr::ONE.as_montgomery());
        let high = Zeroizing::new(Fr::new(&U256::from_be_slice(high)));
        let low = Zeroizing::new(Fr::new(&U256::from_be_slice(low)));
        Zeroizing::new(*high * shift + *low)
    })
}

/// A small public number as a field element.
pub(crate) fn field_from_index(index: u8) -> Fr {
    Fr::new(&U256::from_u8(index))
}

/// A public element as 32 little-endian bytes, as `blst`'s multi-scalar multiplication reads them.
pub(crate) fn to_le_bytes(element: &Fr) -> [u8; 32] {
    element.retrieve().to_le_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(hex: &str) -> Secret<[u8; 32]> {
        Secret::from_slice(&hex::decode(hex).unwrap()).unwrap()
    }

    #[test]
    fn zero_and_the_order_are_refused() {
        let order = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
        assert_eq!(Scalar::from_bytes(&Secret::from_bytes([0; 32])).unwrap_err(), Error::ScalarOutOfRange);
        assert_eq!(Scalar::from_bytes(&secret(order)).unwrap_err(), Error::ScalarOutOfRange);
        assert_eq!(Scalar::from_bytes(&Secret::from_bytes([0xff; 32])).unwrap_err(), Error::ScalarOutOfRange);
        let last = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000000";
        assert_eq!(Scalar::from_bytes(&secret(last)).unwrap().to_bytes(), secret(last));
    }

    #[test]
    fn wide_reduction_agrees_with_known_residues() {
        // 2^256 mod r and 2^512 - 1 mod r, computed independently.
        let mut seed = [0u8; 64];
        seed[31] = 1;
        let power = "1824b159acc5056f998c4fefecbc4ff55884b7fa0003480200000001fffffffe";
        assert_eq!(Scalar::from_uniform(&Secret::from_bytes(seed)).unwrap().to_bytes(), secret(power));
        let all_ones = "0748d9d99f59ff1105d314967254398f2b6cedcb87925c23c999e990f3f29c6c";
        assert_eq!(
            Scalar::from_uniform(&Secret::from_bytes([0xff; 64])).unwrap().to_bytes(),
            secret(all_ones)
        );
    }

    #[test]
    fn field_and_bytes_agree() {
        let bytes = secret("2a6f0b1c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142332415060708");
        let scalar = Scalar::from_bytes(&bytes).unwrap();
        assert_eq!(Scalar::from_field(&scalar.to_field()).unwrap(), scalar);
        assert_eq!(format!("{scalar:?}"), "Scalar(Secret(..))");
    }
}
