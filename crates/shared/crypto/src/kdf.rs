//! HKDF-SHA256 (RFC 5869) without salt, `info` = label ‖ context.
//!
//! The label comes first and no label opens another, so two purposes never share an `info`. What stands in the
//! context is the caller's: fixed width, or self-delimiting.

use enigma_primitives::{KdfLabel, Secret};
use hkdf::{Hkdf, HkdfExtract};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, Result, aead::SingleUseKey};

/// The most bytes that one derivation gives: 255 blocks of 32 bytes.
pub const MAX_OUTPUT: usize = 255 * 32;

/// 32 bytes for one purpose and context.
pub fn derive<T: AsRef<[u8]> + Zeroize>(
    label: KdfLabel,
    input: &Secret<T>,
    context: &[u8],
) -> Secret<[u8; 32]> {
    let prk: Zeroizing<[u8; 32]> =
        Zeroizing::new(input.expose(|ikm| Hkdf::<Sha256>::extract(None, ikm.as_ref())).0.into());
    // The first block of HKDF-Expand is HMAC(prk, info ‖ 1), and HKDF-Extract is HMAC(salt, input): written
    // this way there is no error to handle, where `expand` could refuse a length.
    let mut block = HkdfExtract::<Sha256>::new(Some(&*prk));
    block.input_ikm(label.bytes());
    block.input_ikm(context);
    block.input_ikm(&[1]);
    Secret::from_bytes(block.finalize().0.into())
}

/// [`derive()`] for a key that encrypts one message.
pub fn derive_single_use<T: AsRef<[u8]> + Zeroize>(
    label: KdfLabel,
    input: &Secret<T>,
    context: &[u8],
) -> SingleUseKey {
    SingleUseKey::new(derive(label, input, context))
}

/// Fills `output`; its first 32 bytes are those of [`derive()`].
///
/// # Errors
/// [`Error::TooLong`] above [`MAX_OUTPUT`] bytes.
pub fn fill<T: AsRef<[u8]> + Zeroize>(
    label: KdfLabel,
    input: &Secret<T>,
    context: &[u8],
    output: &mut [u8],
) -> Result<()> {
    input
        .expose(|ikm| Hkdf::<Sha256>::new(None, ikm.as_ref()))
        .expand_multi_info(&[label.bytes(), context], output)
        .map_err(|_| Error::TooLong)
}

#[cfg(test)]
mod tests {
    use enigma_primitives::tags::{DELTA, KDF_LABELS, SNAPSHOT};

    use super::*;

    #[test]
    fn derive_and_fill_are_one_function() {
        let input = Secret::from_bytes([7u8; 32]);
        for label in KDF_LABELS {
            let mut long = [0u8; 100];
            fill(*label, &input, b"context", &mut long).unwrap();
            assert_eq!(derive(*label, &input, b"context"), Secret::from_slice(&long[..32]).unwrap());
        }
    }

    #[test]
    fn label_input_and_context_all_matter() {
        let input = Secret::from_bytes([7u8; 32]);
        let base = derive(DELTA, &input, b"context");
        assert_ne!(base, derive(SNAPSHOT, &input, b"context"));
        assert_ne!(base, derive(DELTA, &input, b"contexu"));
        assert_ne!(base, derive(DELTA, &Secret::from_bytes([8u8; 32]), b"context"));
        assert_eq!(base, derive(DELTA, &Secret::new(vec![7u8; 32]), b"context"));
    }

    #[test]
    fn more_than_the_standard_allows_is_refused() {
        let input = Secret::from_bytes([7u8; 32]);
        assert_eq!(fill(DELTA, &input, b"", &mut [0; MAX_OUTPUT]), Ok(()));
        assert_eq!(fill(DELTA, &input, b"", &mut [0; MAX_OUTPUT + 1]), Err(Error::TooLong));
    }
}
