//! Authenticated encryption: two ciphers, one for each way a nonce can be right.
//!
//! - XChaCha20-Poly1305 with a 24-byte nonce that the client draws: the envelope, whose key may serve a session.
//! - AES-256-GCM-SIV (RFC 8452) with the zero nonce under a [`SingleUseKey`]: deltas, snapshots, outputs. Every
//!   executor gets the same bytes, and a replay on a fork repeats the same message under the same key, at worst.
//!
//! Both append a tag of [`TAG_SIZE`] bytes.

use aes_gcm_siv::{Aes256GcmSiv, aead::AeadInOut, aead::KeyInit};
use chacha20poly1305::XChaCha20Poly1305;
use enigma_primitives::Secret;

use crate::{Error, Result};

/// Bytes that a ciphertext is longer than its plaintext, for both ciphers.
pub const TAG_SIZE: usize = 16;

/// Size of an envelope's nonce in bytes.
pub const NONCE_SIZE: usize = 24;

/// A key that encrypts one message: sealing and opening consume it.
#[derive(Debug)]
pub struct SingleUseKey(Secret<[u8; 32]>);

impl SingleUseKey {
    /// Promises that `key` was derived for one message and serves no other.
    pub const fn new(key: Secret<[u8; 32]>) -> Self {
        Self(key)
    }

    /// Encrypts `plaintext` (AES-256-GCM-SIV, zero nonce) and binds `aad`.
    ///
    /// # Errors
    /// [`Error::TooLong`] above 64 GiB.
    pub fn seal(self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        seal(&self.cipher(), &[0; 12], aad, plaintext)
    }

    /// Decrypts what [`SingleUseKey::seal`] made.
    ///
    /// # Errors
    /// [`Error::Unopenable`].
    pub fn open(self, aad: &[u8], ciphertext: &[u8]) -> Result<Secret<Vec<u8>>> {
        open(&self.cipher(), &[0; 12], aad, ciphertext)
    }

    fn cipher(&self) -> Aes256GcmSiv {
        self.0.expose(|key| Aes256GcmSiv::new(key.into()))
    }
}

/// Encrypts an envelope's plaintext (XChaCha20-Poly1305) and binds `aad`. Never the same nonce twice under
/// one key.
///
/// # Errors
/// [`Error::TooLong`] above 256 GiB.
pub fn seal_envelope(
    key: &Secret<[u8; 32]>,
    nonce: &[u8; NONCE_SIZE],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>> {
    seal(&key.expose(|key| XChaCha20Poly1305::new(key.into())), nonce, aad, plaintext)
}

/// Decrypts what [`seal_envelope`] made.
///
/// # Errors
/// [`Error::Unopenable`].
pub fn open_envelope(
    key: &Secret<[u8; 32]>,
    nonce: &[u8; NONCE_SIZE],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Secret<Vec<u8>>> {
    open(&key.expose(|key| XChaCha20Poly1305::new(key.into())), nonce, aad, ciphertext)
}

fn seal<C: AeadInOut>(cipher: &C, nonce: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    let nonce = nonce.try_into().map_err(|_| Error::TooLong)?;
    // The tag's room is reserved first: growing later would leave the plaintext behind in freed memory.
    let mut buffer = Vec::with_capacity(plaintext.len().saturating_add(TAG_SIZE));
    buffer.extend_from_slice(plaintext);
    cipher.encrypt_in_place(nonce, aad, &mut buffer).map_err(|_| Error::TooLong)?;
    Ok(buffer)
}

fn open<C: AeadInOut>(cipher: &C, nonce: &[u8], aad: &[u8], ciphertext: &[u8]) -> Result<Secret<Vec<u8>>> {
    let nonce = nonce.try_into().map_err(|_| Error::Unopenable)?;
    let mut buffer = ciphertext.to_vec();
    cipher.decrypt_in_place(nonce, aad, &mut buffer).map_err(|_| Error::Unopenable)?;
    Ok(Secret::new(buffer))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn single_use() -> SingleUseKey {
        SingleUseKey::new(Secret::from_bytes([5; 32]))
    }

    #[test]
    fn any_change_keeps_a_message_shut() {
        let key = Secret::from_bytes([5; 32]);
        let nonce = [9; NONCE_SIZE];
        let envelope = seal_envelope(&key, &nonce, b"aad", b"secret").unwrap();
        let sealed = single_use().seal(b"aad", b"secret").unwrap();
        assert_eq!(envelope.len(), 6 + TAG_SIZE);
        assert_eq!(sealed.len(), 6 + TAG_SIZE);
        for i in 0..envelope.len() {
            let (mut a, mut b) = (envelope.clone(), sealed.clone());
            a[i] ^= 1;
            b[i] ^= 1;
            assert_eq!(open_envelope(&key, &nonce, b"aad", &a), Err(Error::Unopenable));
            assert_eq!(single_use().open(b"aad", &b), Err(Error::Unopenable));
        }
        assert_eq!(open_envelope(&key, &nonce, b"aae", &envelope), Err(Error::Unopenable));
        assert_eq!(open_envelope(&key, &[8; NONCE_SIZE], b"aad", &envelope), Err(Error::Unopenable));
        let other = Secret::from_bytes([6; 32]);
        assert_eq!(open_envelope(&other, &nonce, b"aad", &envelope), Err(Error::Unopenable));
        assert_eq!(single_use().open(b"aae", &sealed), Err(Error::Unopenable));
        assert_eq!(SingleUseKey::new(other).open(b"aad", &sealed), Err(Error::Unopenable));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(aad: Vec<u8>, plaintext: Vec<u8>, nonce: [u8; NONCE_SIZE]) {
            let key = Secret::from_bytes([5; 32]);
            let envelope = seal_envelope(&key, &nonce, &aad, &plaintext).unwrap();
            prop_assert_eq!(open_envelope(&key, &nonce, &aad, &envelope), Ok(Secret::new(plaintext.clone())));
            let sealed = single_use().seal(&aad, &plaintext).unwrap();
            prop_assert_eq!(single_use().open(&aad, &sealed), Ok(Secret::new(plaintext)));
        }

        #[test]
        fn opening_anything_never_panics(bytes: Vec<u8>) {
            prop_assert!(single_use().open(b"", &bytes).is_err());
            prop_assert!(open_envelope(&Secret::from_bytes([1; 32]), &[0; NONCE_SIZE], b"", &bytes).is_err());
        }
    }
}
