//! A one-shot box to an X25519 key (RFC 7748): what only the holder of one key may read.
//!
//! `box = E ‖ XChaCha20-Poly1305(key, nonce 0, aad, plaintext)` with a fresh pair (e, E) for each box and
//! `key = HKDF-SHA256(e·To, info = label ‖ E ‖ To)`. The zero nonce is right because the key serves one box.
//! The box hides the plaintext but does not say who wrote it: the sender signs, or speaks inside an
//! authenticated exchange.

use enigma_primitives::{KdfLabel, Secret};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::{
    Error, Result,
    aead::{NONCE_SIZE, open_envelope, seal_envelope},
    kdf,
};

/// Size of an X25519 public key in bytes.
pub const KEY_SIZE: usize = 32;

/// Bytes that a box is longer than its plaintext.
pub const OVERHEAD: usize = KEY_SIZE + crate::aead::TAG_SIZE;

/// An X25519 public key. Any 32 bytes are one; those that contribute nothing are refused when used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BoxPublicKey(pub [u8; KEY_SIZE]);

/// An X25519 secret key: 32 uniform bytes.
#[derive(Debug)]
pub struct BoxSecretKey(Secret<[u8; 32]>);

impl BoxSecretKey {
    /// From 32 uniformly random bytes.
    pub const fn new(bytes: Secret<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The public key.
    pub fn public_key(&self) -> BoxPublicKey {
        BoxPublicKey(PublicKey::from(&self.to_static()).to_bytes())
    }

    /// The 32 bytes, for sealing.
    pub const fn as_secret(&self) -> &Secret<[u8; 32]> {
        &self.0
    }

    fn to_static(&self) -> StaticSecret {
        self.0.expose(|bytes| StaticSecret::from(*bytes))
    }

    /// The key of the box from `ephemeral` to `to`; `self` is one of the two, `other` the other's public key.
    fn box_key(
        &self,
        other: &BoxPublicKey,
        label: KdfLabel,
        ephemeral: &BoxPublicKey,
        to: &BoxPublicKey,
    ) -> Result<Secret<[u8; 32]>> {
        let shared = self.to_static().diffie_hellman(&PublicKey::from(other.0));
        if !shared.was_contributory() {
            return Err(Error::NonContributoryKey);
        }
        let shared = Secret::from_bytes(shared.to_bytes());
        Ok(kdf::derive(label, &shared, &[ephemeral.0, to.0].concat()))
    }
}

/// Puts `plaintext` into a box that only the holder of `to` opens, and binds `aad`. `ephemeral` is fresh and
/// consumed.
///
/// # Errors
/// [`Error::NonContributoryKey`], [`Error::TooLong`].
pub fn seal(
    to: &BoxPublicKey,
    ephemeral: BoxSecretKey,
    label: KdfLabel,
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>> {
    let public = ephemeral.public_key();
    let key = ephemeral.box_key(to, label, &public, to)?;
    let ciphertext = seal_envelope(&key, &[0; NONCE_SIZE], aad, plaintext)?;
    Ok([&public.0[..], &ciphertext].concat())
}

/// Opens a box that was sealed to `own` under the same label and `aad`.
///
/// # Errors
/// [`Error::Unopenable`], [`Error::NonContributoryKey`].
pub fn open(own: &BoxSecretKey, label: KdfLabel, aad: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>> {
    let (ephemeral, ciphertext) = sealed.split_first_chunk::<KEY_SIZE>().ok_or(Error::Unopenable)?;
    let ephemeral = BoxPublicKey(*ephemeral);
    let key = own.box_key(&ephemeral, label, &ephemeral, &own.public_key())?;
    open_envelope(&key, &[0; NONCE_SIZE], aad, ciphertext)
}

#[cfg(test)]
mod tests {
    use enigma_primitives::tags::{DEAL, KEY_REPLY_BOX};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::bytes32;

    fn key(n: u64) -> BoxSecretKey {
        BoxSecretKey::new(Secret::from_bytes(bytes32(n)))
    }

    #[test]
    fn only_the_addressee_opens_and_only_as_it_was_meant() {
        let sealed = seal(&key(1).public_key(), key(2), DEAL, b"aad", b"share").unwrap();
        assert_eq!(sealed.len(), 5 + OVERHEAD);
        assert_eq!(open(&key(1), DEAL, b"aad", &sealed), Ok(Secret::new(b"share".to_vec())));
        assert_eq!(open(&key(3), DEAL, b"aad", &sealed), Err(Error::Unopenable));
        assert_eq!(open(&key(1), KEY_REPLY_BOX, b"aad", &sealed), Err(Error::Unopenable));
        assert_eq!(open(&key(1), DEAL, b"aae", &sealed), Err(Error::Unopenable));
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(open(&key(1), DEAL, b"aad", &changed).is_err(), "byte {i}");
        }
    }

    #[test]
    fn keys_of_small_order_are_refused_on_both_sides() {
        let mut one = [0; 32];
        one[0] = 1;
        for low in [[0; 32], one] {
            let refused = seal(&BoxPublicKey(low), key(2), DEAL, b"", b"share").unwrap_err();
            assert_eq!(refused, Error::NonContributoryKey);
            let mut forged = low.to_vec();
            forged.extend_from_slice(&[0; 21]);
            assert_eq!(open(&key(1), DEAL, b"", &forged), Err(Error::NonContributoryKey));
        }
    }

    proptest! {
        #[test]
        fn opening_anything_never_panics(bytes: Vec<u8>) {
            prop_assert!(open(&key(1), DEAL, b"", &bytes).is_err());
        }
    }
}
