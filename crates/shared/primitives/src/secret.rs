//! The one container for key material.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that must not leave the enclave: not cloned, not serialised, not printed, wiped when dropped, and
/// compared in constant time.
///
/// It is reachable only through [`Secret::expose`], so that every place that touches the bytes can be found by
/// searching for one word. A move may leave the old stack bytes behind (Rust cannot prevent it), so keep
/// secrets where they are made and pass references.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` under protection. The caller wipes any other copy.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Lends the value to `f`. What `f` returns is no longer protected: return another [`Secret`], or
    /// something that is meant to be public.
    pub fn expose<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.0)
    }
}

impl<T: Zeroize + Clone> Secret<T> {
    /// A second copy. Each copy is one more place that the secret can leak from, hence the name.
    pub fn dangerous_duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<const N: usize> Secret<[u8; N]> {
    /// Takes `bytes` under protection and wipes the copy that was passed in.
    pub fn from_bytes(mut bytes: [u8; N]) -> Self {
        let secret = Self(bytes);
        bytes.zeroize();
        secret
    }

    /// Copies `slice` if it is exactly `N` bytes long. The caller still owns (and wipes) the original.
    pub fn from_slice(slice: &[u8]) -> Option<Self> {
        slice.try_into().ok().map(Self::from_bytes)
    }

    /// Lets `fill` write the bytes in place, for instance from a source of randomness.
    ///
    /// # Errors
    /// Whatever `fill` returns; the buffer is wiped then.
    pub fn try_fill<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self([0; N]);
        fill(&mut secret.0)?;
        Ok(secret)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> ZeroizeOnDrop for Secret<T> {}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<const N: usize> PartialEq for Secret<[u8; N]> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl<const N: usize> Eq for Secret<[u8; N]> {}

impl PartialEq for Secret<Vec<u8>> {
    /// Constant time in the content; a difference in length shows at once.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret<Vec<u8>> {}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from_bytes([0xabu8; 4])), "Secret(..)");
    }

    #[test]
    fn equality_compares_every_byte() {
        let a = Secret::from_bytes([7u8; 32]);
        assert_eq!(a, a.dangerous_duplicate());
        for i in 0..32 {
            let mut bytes = [7u8; 32];
            bytes[i] ^= 1;
            assert_ne!(a, Secret::from_bytes(bytes), "byte {i}");
        }
    }

    #[test]
    fn drop_wipes_the_value() {
        struct Probe(Rc<Cell<bool>>);
        impl Zeroize for Probe {
            fn zeroize(&mut self) {
                self.0.set(true);
            }
        }
        let wiped = Rc::new(Cell::new(false));
        drop(Secret::new(Probe(Rc::clone(&wiped))));
        assert!(wiped.get());
    }

    #[test]
    fn slices_of_the_wrong_length_are_refused() {
        assert!(Secret::<[u8; 32]>::from_slice(&[0; 31]).is_none());
        assert!(Secret::<[u8; 32]>::from_slice(&[0; 33]).is_none());
        assert_eq!(Secret::<[u8; 2]>::from_slice(&[1, 2]), Some(Secret::from_bytes([1, 2])));
    }

    #[test]
    fn a_failing_source_gives_no_secret() {
        assert!(Secret::<[u8; 4]>::try_fill(|_| Err(())).is_err());
        let filled = Secret::<[u8; 4]>::try_fill(|b| {
            b.fill(9);
            Ok::<(), ()>(())
        });
        assert_eq!(filled, Ok(Secret::from_bytes([9; 4])));
    }
}
