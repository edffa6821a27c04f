//! A seat: one share of the network key, and the network it belongs to.

use enigma_crypto::threshold::{KeyShare, MemberIndex, PublicPolynomial};
use enigma_platform::{Platform, Purpose};
use enigma_primitives::{
    Secret,
    codec::{Decode, Reader, Writer},
};
use enigma_protocol::{
    door::{Code, Refusal},
    network::Descriptor,
};

const PURPOSE: Purpose = Purpose("seat");

/// What makes this enclave a member of a committee.
pub(crate) struct Seat {
    pub(crate) descriptor: Descriptor,
    pub(crate) generation: u32,
    pub(crate) share: KeyShare,
    pub(crate) polynomial: PublicPolynomial,
}

impl Seat {
    /// The commitments of the public polynomial, compressed.
    pub(crate) fn commitments(&self) -> Vec<[u8; 96]> {
        self.polynomial.commitments().iter().map(|c| c.to_bytes()).collect()
    }

    /// Sealed for this enclave on this machine alone.
    pub(crate) fn seal(&self, platform: &mut dyn Platform) -> Result<Vec<u8>, Refusal> {
        let mut w = Writer::new();
        w.put(&self.descriptor).u32(self.generation).put(&self.share.member()).put(&self.polynomial);
        self.share.to_bytes().expose(|share| {
            w.raw(share);
        });
        let plaintext = Secret::new(w.finish());
        Ok(plaintext.expose(|p| platform.seal(PURPOSE, p))?.0)
    }

    /// Opens what [`Seat::seal`] made.
    pub(crate) fn unseal(platform: &dyn Platform, sealed: &[u8]) -> Result<Self, Refusal> {
        let plaintext = platform.unseal(PURPOSE, sealed).map_err(|_| Code::NotSealedHere)?;
        plaintext.expose(|bytes| Self::decode(bytes)).ok_or(Code::NotSealedHere.into())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let descriptor = Descriptor::decode(&mut r).ok()?;
        let generation = r.u32().ok()?;
        let member = MemberIndex::decode(&mut r).ok()?;
        let polynomial = PublicPolynomial::decode(&mut r).ok()?;
        let share = KeyShare::from_bytes(member, &Secret::from_bytes(r.array().ok()?)).ok()?;
        r.finish().ok()?;
        Some(Self { descriptor, generation, share, polynomial })
    }
}
