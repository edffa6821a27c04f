//! A platform without hardware: the same calls, no protection. Whoever reads this process reads everything.
//!
//! The machine secret stands for the key that SGX derives from its fuses. A network whose attestation root is
//! a simulated one shows that everywhere; no other network accepts this evidence.

use alloy_primitives::B256;
use enigma_crypto::kdf;
use enigma_primitives::{
    Decode, DecodeError, Encode, Reader, Secret, Writer,
    tags::{SEALING, SIMULATED_EVIDENCE, SIMULATED_PLATFORM},
};

use crate::{Error, Evidence, Platform, Purpose, Result, Sealed};

/// Fills a buffer with uniformly random bytes, or fails. The enclave's binary passes the operating system's.
pub type RandomSource = Box<dyn FnMut(&mut [u8]) -> Result<()> + Send>;

/// First bytes of simulated evidence.
pub const EVIDENCE_PREFIX: &[u8; 25] = b"ENIGMA-SIMULATED-EVIDENCE";

const SALT_SIZE: usize = 32;

/// A machine that only pretends to be one.
pub struct SimulatedPlatform {
    machine_secret: Secret<[u8; 32]>,
    measurement: B256,
    random: RandomSource,
}

impl SimulatedPlatform {
    /// A machine with this secret, running an enclave that claims this measurement.
    pub const fn new(machine_secret: Secret<[u8; 32]>, measurement: B256, random: RandomSource) -> Self {
        Self { machine_secret, measurement, random }
    }

    /// The key of one sealed blob. Measurement and salt have fixed widths, so the purpose needs no length.
    fn sealing_key(&self, purpose: Purpose, salt: &[u8; SALT_SIZE]) -> enigma_crypto::aead::SingleUseKey {
        let context = [self.measurement.as_slice(), salt, purpose.0.as_bytes()].concat();
        kdf::derive_single_use(SEALING, &self.machine_secret, &context)
    }
}

impl Platform for SimulatedPlatform {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn key_label(&self) -> &'static [u8] {
        b"simulated"
    }

    fn measurement(&self) -> B256 {
        self.measurement
    }

    fn random(&mut self, buffer: &mut [u8]) -> Result<()> {
        (self.random)(buffer)
    }

    /// Follows from the machine secret, and says nothing of it.
    fn machine(&self) -> B256 {
        kdf::derive(SIMULATED_PLATFORM, &self.machine_secret, &[]).expose(|name| B256::new(*name))
    }

    /// `salt ‖ AES-256-GCM-SIV`, under a key that the fresh salt makes its own.
    fn seal(&mut self, purpose: Purpose, plaintext: &[u8]) -> Result<Sealed> {
        let mut salt = [0; SALT_SIZE];
        self.random(&mut salt)?;
        let key = self.sealing_key(purpose, &salt);
        let ciphertext = key.seal(purpose.0.as_bytes(), plaintext).map_err(|_| Error::TooMuchToSeal)?;
        Ok(Sealed([&salt[..], &ciphertext].concat()))
    }

    fn unseal(&self, purpose: Purpose, sealed: &[u8]) -> Result<Secret<Vec<u8>>> {
        let (salt, ciphertext) = sealed.split_first_chunk().ok_or(Error::Unsealable)?;
        let key = self.sealing_key(purpose, salt);
        key.open(purpose.0.as_bytes(), ciphertext).map_err(|_| Error::Unsealable)
    }

    fn evidence(&self, report_data: [u8; 64]) -> Result<Evidence> {
        let claim = SimulatedClaim { measurement: self.measurement, platform: self.machine(), report_data };
        let mut w = Writer::new();
        w.put(&claim).raw(&claim.tag(&self.machine_secret));
        Ok(Evidence(w.finish()))
    }
}

/// What simulated evidence claims. Anybody can write such a claim: its tag is checked by nobody but the machine
/// that made it, and reading one proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedClaim {
    /// The measurement that is claimed.
    pub measurement: B256,
    /// The machine that is claimed.
    pub platform: B256,
    /// What the enclave says.
    pub report_data: [u8; 64],
}

impl SimulatedClaim {
    /// Takes simulated evidence apart **without believing it**: on a simulated network that is all there is.
    ///
    /// # Errors
    /// The bytes are no simulated evidence.
    pub fn dangerous_read_unverified(evidence: &[u8]) -> core::result::Result<Self, DecodeError> {
        let mut r = Reader::new(evidence);
        let claim = Self::decode(&mut r)?;
        r.array::<32>()?;
        r.finish()?;
        Ok(claim)
    }

    fn tag(&self, machine_secret: &Secret<[u8; 32]>) -> [u8; 32] {
        kdf::derive(SIMULATED_EVIDENCE, machine_secret, &self.to_bytes()).expose(|tag| *tag)
    }
}

impl Encode for SimulatedClaim {
    fn encode(&self, w: &mut Writer) {
        w.raw(EVIDENCE_PREFIX).put(&self.measurement).put(&self.platform).raw(&self.report_data);
    }
}

impl Decode for SimulatedClaim {
    fn decode(r: &mut Reader<'_>) -> core::result::Result<Self, DecodeError> {
        if r.array()? != *EVIDENCE_PREFIX {
            return Err(DecodeError::Invalid { what: "simulated evidence" });
        }
        Ok(Self { measurement: r.get()?, platform: r.get()?, report_data: r.array()? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random_secret;

    const SHARE: Purpose = Purpose("share");

    /// Counts up: different bytes for every call, the same in every run.
    fn machine(secret: u8, measurement: u8) -> SimulatedPlatform {
        let mut next = 0u8;
        let random = move |buffer: &mut [u8]| {
            next += 1;
            buffer.fill(next);
            Ok(())
        };
        SimulatedPlatform::new(
            Secret::from_bytes([secret; 32]),
            B256::repeat_byte(measurement),
            Box::new(random),
        )
    }

    #[test]
    fn a_blob_opens_on_the_same_machine_for_the_same_enclave_and_purpose_only() {
        let sealed = machine(1, 1).seal(SHARE, b"secret").unwrap().0;
        assert_eq!(machine(1, 1).unseal(SHARE, &sealed), Ok(Secret::new(b"secret".to_vec())));
        assert_eq!(machine(2, 1).unseal(SHARE, &sealed), Err(Error::Unsealable));
        assert_eq!(machine(1, 2).unseal(SHARE, &sealed), Err(Error::Unsealable));
        assert_eq!(machine(1, 1).unseal(Purpose("identity"), &sealed), Err(Error::Unsealable));
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert_eq!(machine(1, 1).unseal(SHARE, &changed), Err(Error::Unsealable), "byte {i}");
        }
    }

    #[test]
    fn sealing_the_same_twice_gives_different_blobs() {
        let mut machine = machine(1, 1);
        assert_ne!(machine.seal(SHARE, b"secret").unwrap(), machine.seal(SHARE, b"secret").unwrap());
    }

    #[test]
    fn nothing_is_sealed_or_drawn_without_randomness() {
        let mut broken = SimulatedPlatform::new(
            Secret::from_bytes([1; 32]),
            B256::ZERO,
            Box::new(|_| Err(Error::RandomnessUnavailable)),
        );
        assert_eq!(broken.seal(SHARE, b"secret"), Err(Error::RandomnessUnavailable));
        assert_eq!(random_secret::<32>(&mut broken), Err(Error::RandomnessUnavailable));
        let mut working: Box<dyn Platform> = Box::new(machine(1, 1));
        assert_eq!(random_secret::<4>(&mut *working), Ok(Secret::from_bytes([1; 4])));
    }

    #[test]
    fn a_machine_has_one_name_whatever_runs_there() {
        assert_eq!(machine(1, 1).machine(), machine(1, 2).machine());
        assert_ne!(machine(1, 1).machine(), machine(2, 1).machine());
        assert_ne!(machine(1, 1).machine(), B256::repeat_byte(1), "the secret stays one");
    }

    #[test]
    fn evidence_says_what_it_is_and_what_it_claims() {
        let evidence = machine(1, 7).evidence([9; 64]).unwrap().0;
        assert!(evidence.starts_with(b"ENIGMA-SIMULATED-EVIDENCE"));
        let platform = machine(1, 7).machine();
        let claim = SimulatedClaim { measurement: B256::repeat_byte(7), platform, report_data: [9; 64] };
        assert_eq!(SimulatedClaim::dangerous_read_unverified(&evidence), Ok(claim));
        assert_ne!(machine(2, 7).evidence([9; 64]).unwrap().0, evidence);
        let mut other = evidence;
        other[0] ^= 1;
        assert!(SimulatedClaim::dangerous_read_unverified(&other).is_err());
    }

    proptest! {
        #[test]
        fn unsealing_or_reading_anything_never_panics(bytes: Vec<u8>) {
            prop_assert!(machine(1, 1).unseal(SHARE, &bytes).is_err());
            prop_assert!(SimulatedClaim::dangerous_read_unverified(&bytes).is_err());
        }
    }
}
