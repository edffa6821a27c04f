//! What every platform gives an enclave.

use alloy_primitives::B256;
use enigma_primitives::Secret;

use crate::Result;

/// What a sealed blob is for: a blob of one purpose does not open as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(pub &'static str);

/// A sealed blob: opaque to the host that keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// Evidence of what an enclave is: a DCAP quote, or its simulated stand-in. Opaque to everybody but its
/// verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence(pub Vec<u8>);

/// An enclave's view of the machine under it.
pub trait Platform: Send {
    /// "simulated" or "sgx": for people and logs.
    fn name(&self) -> &'static str;

    /// Mixed into every key derivation, so that a simulated enclave never holds a key of a real one.
    fn key_label(&self) -> &'static [u8];

    /// What runs: MRENCLAVE.
    fn measurement(&self) -> B256;

    /// The machine under it, by a name that only its evidence vouches for: what is barred if an enclave on it is broken.
    fn machine(&self) -> B256;

    /// Fills `buffer` with uniformly random bytes.
    ///
    /// # Errors
    /// [`crate::Error::RandomnessUnavailable`]; what `buffer` then holds must not be used.
    fn random(&mut self, buffer: &mut [u8]) -> Result<()>;

    /// Encrypts `plaintext` to this machine, measurement and `purpose`.
    ///
    /// # Errors
    /// [`crate::Error::RandomnessUnavailable`], [`crate::Error::TooMuchToSeal`].
    fn seal(&mut self, purpose: Purpose, plaintext: &[u8]) -> Result<Sealed>;

    /// Decrypts what [`Platform::seal`] made. Says nothing about the blob's age.
    ///
    /// # Errors
    /// [`crate::Error::Unsealable`].
    fn unseal(&self, purpose: Purpose, sealed: &[u8]) -> Result<Secret<Vec<u8>>>;

    /// Evidence that an enclave of this measurement says `report_data`.
    ///
    /// # Errors
    /// The hardware refuses.
    fn evidence(&self, report_data: [u8; 64]) -> Result<Evidence>;
}

/// `N` fresh random bytes, written where they will stay.
///
/// # Errors
/// [`crate::Error::RandomnessUnavailable`].
pub fn random_secret<const N: usize>(platform: &mut (impl Platform + ?Sized)) -> Result<Secret<[u8; N]>> {
    Secret::try_fill(|buffer| platform.random(buffer))
}
