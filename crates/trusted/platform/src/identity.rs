//! Who an enclave is: a signing key that Ethereum can check and a box key that others encrypt to. Made inside,
//! kept sealed by the host, the same in both enclaves.

use enigma_crypto::{sealed_box::BoxSecretKey, sign::SigningKey};
use enigma_primitives::{
    Secret,
    codec::{Reader, Writer},
    tags,
};
use enigma_protocol::{
    door::{self, Code, Refusal},
    hash::Words,
};

use crate::{Boot, Platform, Purpose, random_secret};

const IDENTITY: Purpose = Purpose("identity");

/// An enclave after `Start`: its platform and who it is.
pub struct Awake {
    /// What the hardware gives.
    pub platform: Box<dyn Platform>,
    /// The enclave's own keys.
    pub identity: Identity,
}

impl Awake {
    /// Boots the platform and takes up the identity.
    ///
    /// # Errors
    /// As [`Identity::start`].
    pub fn start(boot: &Boot, start: door::Start) -> Result<(Self, door::Identity), Refusal> {
        let mut platform = boot(start.machine_secret);
        let (identity, reply) = Identity::start(platform.as_mut(), start.sealed.map(|s| s.0))?;
        Ok((Self { platform, identity }, reply))
    }
}

/// The keys of one enclave.
#[derive(Debug)]
pub struct Identity {
    signer: SigningKey,
    box_key: BoxSecretKey,
}

impl Identity {
    /// Opens the identity of an earlier life, or makes a new one, and tells what the host may know of it.
    ///
    /// # Errors
    /// `NotSealedHere`, `NoRandomness`.
    pub fn start(
        platform: &mut dyn Platform,
        sealed: Option<Vec<u8>>,
    ) -> Result<(Self, door::Identity), Refusal> {
        let (identity, sealed) = match sealed {
            Some(sealed) => (Self::unseal(platform, &sealed)?, sealed),
            None => Self::create(platform)?,
        };
        let address = identity.signer.address();
        let box_key = identity.box_key.public_key().0;
        let claim = Words::tagged(tags::EVIDENCE).address(address).word(box_key.into()).hash();
        let mut report_data = [0; 64];
        report_data[..32].copy_from_slice(claim.as_slice());
        let evidence = platform.evidence(report_data).map_err(|_| Code::Internal)?;
        let reply = door::Identity {
            address,
            box_key,
            measurement: platform.measurement(),
            platform: platform.machine(),
            sealed: sealed.into(),
            evidence: evidence.0.into(),
        };
        Ok((identity, reply))
    }

    /// Signs receipts, requests and results.
    pub const fn signer(&self) -> &SigningKey {
        &self.signer
    }

    /// Opens what is encrypted to this enclave.
    pub const fn box_key(&self) -> &BoxSecretKey {
        &self.box_key
    }

    fn create(platform: &mut dyn Platform) -> Result<(Self, Vec<u8>), Refusal> {
        let signing: Secret<[u8; 32]> = random_secret(platform).map_err(|_| Code::NoRandomness)?;
        let opening: Secret<[u8; 32]> = random_secret(platform).map_err(|_| Code::NoRandomness)?;
        let mut w = Writer::new();
        signing.expose(|s| {
            w.raw(s);
        });
        opening.expose(|s| {
            w.raw(s);
        });
        let plaintext = Secret::new(w.finish());
        let sealed = plaintext.expose(|p| platform.seal(IDENTITY, p)).map_err(|_| Code::NoRandomness)?;
        // One in 2^128 draws is no key: the host starts the enclave again.
        let signer = SigningKey::from_bytes(&signing).map_err(|_| Code::NoRandomness)?;
        Ok((Self { signer, box_key: BoxSecretKey::new(opening) }, sealed.0))
    }

    fn unseal(platform: &dyn Platform, sealed: &[u8]) -> Result<Self, Refusal> {
        let plaintext = platform.unseal(IDENTITY, sealed).map_err(|_| Code::NotSealedHere)?;
        plaintext
            .expose(|bytes| {
                let mut r = Reader::new(bytes);
                let signing = Secret::from_bytes(r.array().ok()?);
                let opening = Secret::from_bytes(r.array().ok()?);
                r.finish().ok()?;
                let signer = SigningKey::from_bytes(&signing).ok()?;
                Some(Self { signer, box_key: BoxSecretKey::new(opening) })
            })
            .ok_or(Code::NotSealedHere.into())
    }
}
