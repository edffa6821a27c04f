//! secp256k1 signatures as Ethereum checks them: deterministic (RFC 6979), low `s`, recoverable.

use core::fmt;

use alloy_primitives::{Address, B256, keccak256};
use enigma_primitives::Secret;
use k256::ecdsa::{RecoveryId, Signature, SigningKey as EcdsaKey, VerifyingKey};

use crate::{Error, Result};

/// Size of a signature in bytes: r (32) ‖ s (32) ‖ v (1, 27 or 28).
pub const SIGNATURE_SIZE: usize = 65;

/// An enclave's signing key. It is wiped when dropped, and shows only its address.
pub struct SigningKey {
    key: EcdsaKey,
    address: Address,
}

impl SigningKey {
    /// Takes 32 big-endian bytes.
    ///
    /// # Errors
    /// [`Error::ScalarOutOfRange`] for zero and for anything from the group order up.
    pub fn from_bytes(bytes: &Secret<[u8; 32]>) -> Result<Self> {
        let key = bytes.expose(|b| EcdsaKey::from_bytes(b.into())).map_err(|_| Error::ScalarOutOfRange)?;
        let address = address_of(key.verifying_key());
        Ok(Self { key, address })
    }

    /// The key as 32 big-endian bytes, for sealing.
    pub fn to_bytes(&self) -> Secret<[u8; 32]> {
        Secret::from_bytes(self.key.to_bytes().into())
    }

    /// The Ethereum address of the key.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a 32-byte digest (of a tagged or EIP-712 message, never of raw input).
    pub fn sign_digest(&self, digest: B256) -> [u8; SIGNATURE_SIZE] {
        let (signature, recovery) = self.key.sign_prehash_recoverable(digest.as_slice());
        let mut bytes = [0; SIGNATURE_SIZE];
        let (rs, v) = bytes.split_at_mut(SIGNATURE_SIZE - 1);
        rs.copy_from_slice(&signature.to_bytes());
        v.fill(27 + u8::from(recovery.is_y_odd()));
        bytes
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.address)
    }
}

/// Who signed `digest`. Agrees with `ecrecover`, but takes one form only: v is 27 or 28 and s is in the lower
/// half of the order.
///
/// # Errors
/// [`Error::WrongSignature`].
pub fn recover(digest: B256, signature: &[u8; SIGNATURE_SIZE]) -> Result<Address> {
    let [rs @ .., v] = signature;
    let is_y_odd = match v {
        27 => false,
        28 => true,
        _ => return Err(Error::WrongSignature),
    };
    let parsed = Signature::from_slice(rs).map_err(|_| Error::WrongSignature)?;
    if parsed.normalize_s() != parsed {
        return Err(Error::WrongSignature);
    }
    let id = RecoveryId::new(is_y_odd, false);
    VerifyingKey::recover_from_prehash(digest.as_slice(), &parsed, id)
        .map(|key| address_of(&key))
        .map_err(|_| Error::WrongSignature)
}

fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    // The first byte only says that the point is uncompressed.
    Address::from_word(keccak256(point.as_bytes().get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256};
    use proptest::prelude::*;

    use super::*;

    /// The first account of every local chain.
    fn known() -> SigningKey {
        let key = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
        SigningKey::from_bytes(&Secret::from_bytes(key.0)).unwrap()
    }

    #[test]
    fn a_known_key_has_its_known_address() {
        assert_eq!(known().address(), address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
    }

    #[test]
    fn keys_out_of_range_are_refused() {
        let order = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
        for bytes in [[0; 32], order.0, [0xff; 32]] {
            let refused = SigningKey::from_bytes(&Secret::from_bytes(bytes)).unwrap_err();
            assert_eq!(refused, Error::ScalarOutOfRange);
        }
    }

    #[test]
    fn the_malleated_twin_is_refused() {
        let order =
            alloy_primitives::uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
        let digest = keccak256(b"digest");
        let mut twin = known().sign_digest(digest);
        let s = alloy_primitives::U256::from_be_slice(&twin[32..64]);
        twin[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
        twin[64] = 27 + 28 - twin[64];
        assert_eq!(recover(digest, &twin), Err(Error::WrongSignature));
    }

    #[test]
    fn other_forms_of_v_and_empty_signatures_are_refused() {
        let digest = keccak256(b"digest");
        for v in [0, 1, 26, 29, 30, 255] {
            let mut signature = known().sign_digest(digest);
            signature[64] = v;
            assert_eq!(recover(digest, &signature), Err(Error::WrongSignature), "v {v}");
        }
        let mut zero = [0; SIGNATURE_SIZE];
        zero[64] = 27;
        assert_eq!(recover(digest, &zero), Err(Error::WrongSignature));
    }

    #[test]
    fn debug_shows_the_address_only() {
        assert_eq!(format!("{:?}", known()), "SigningKey(0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266)");
    }

    proptest! {
        #[test]
        fn the_signer_is_recovered(key in 1..u128::MAX, digest: [u8; 32]) {
            let mut bytes = [0; 32];
            bytes[16..].copy_from_slice(&key.to_be_bytes());
            let key = SigningKey::from_bytes(&Secret::from_bytes(bytes)).unwrap();
            let signature = key.sign_digest(digest.into());
            prop_assert_eq!(recover(digest.into(), &signature), Ok(key.address()));
            prop_assert_eq!(key.sign_digest(digest.into()), signature);
            prop_assert_ne!(recover(keccak256(digest), &signature), Ok(key.address()));
        }

        #[test]
        fn recovering_from_anything_never_panics(digest: [u8; 32], rs: [u8; 32], s: [u8; 32], v: u8) {
            let mut signature = [0; SIGNATURE_SIZE];
            signature[..32].copy_from_slice(&rs);
            signature[32..64].copy_from_slice(&s);
            signature[64] = v;
            let _ = recover(digest.into(), &signature);
        }
    }
}
