//! A committee whose machines are simulated, and so hold nothing back from their hosts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256};
use enigma_crypto::{
    bls::IdentityKey,
    ibe,
    threshold::{KeyShare, MemberIndex, PublicPolynomial, open, partial},
};
use enigma_platform::{Purpose as Seal, SimulatedPlatform};
use enigma_primitives::{Decode, Reader, Secret};
use enigma_protocol::{
    keys::Purpose,
    network::{Descriptor, ERA, key_message},
    state::StateKey,
};

/// As the key enclave seals its seat.
const SEAT: Seal = Seal("seat");

/// What an envelope's point encapsulates to a contract and epoch; `None` if it opens to nothing.
type Opened = BTreeMap<(Address, u64, [u8; 96]), Option<Secret<[u8; 32]>>>;

/// At least t shares of one network's key.
pub struct Committee {
    descriptor: Descriptor,
    polynomial: PublicPolynomial,
    shares: Vec<KeyShare>,
    keys: BTreeMap<(Purpose, Address, u64), IdentityKey>,
    opened: Opened,
}

impl Committee {
    /// Unseals the seats in these key nodes' directories.
    ///
    /// # Panics
    /// They are not the seats of one simulated network, or fewer than it takes.
    pub fn unsealed(directories: &[PathBuf]) -> Self {
        let mut seats: Vec<_> = directories.iter().map(|directory| unseal(directory)).collect();
        let (descriptor, polynomial, share) = seats.pop().expect("a seat");
        let mut shares = vec![share];
        for (other, same, share) in seats {
            assert_eq!((&other, &same), (&descriptor, &polynomial), "seats of one network");
            shares.push(share);
        }
        assert!(shares.len() >= polynomial.threshold(), "{} shares are too few", shares.len());
        assert_eq!(polynomial.public_key().to_bytes(), descriptor.public_key, "the pinned key");
        Self { descriptor, polynomial, shares, keys: BTreeMap::new(), opened: BTreeMap::new() }
    }

    /// The network.
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The key of a contract and an epoch; checked against the network's public key.
    ///
    /// # Panics
    /// The shares are not of one key.
    pub(super) fn key(&mut self, purpose: Purpose, contract: Address, epoch: u64) -> &IdentityKey {
        let Self { descriptor, polynomial, shares, keys, .. } = self;
        keys.entry((purpose, contract, epoch)).or_insert_with(|| {
            let (tag, message) =
                (purpose.curve_tag(), key_message(descriptor.network(), ERA, contract, epoch));
            let partials: Vec<_> = shares.iter().map(|share| partial(share, tag, &message)).collect();
            Secret::new(open(polynomial, tag, &message, &partials).expect("shares of one key"))
        })
    }

    /// What seals a contract's state in an epoch.
    pub(super) fn state_key(&mut self, contract: Address, epoch: u64) -> StateKey {
        let message = key_message(self.descriptor.network(), ERA, contract, epoch);
        self.key(Purpose::State, contract, epoch).expose(|point| StateKey::new(point, &message))
    }

    /// The key that an envelope's point encapsulates; `None` if it encapsulates none.
    pub(super) fn envelope_key(
        &mut self,
        contract: Address,
        epoch: u64,
        u: &[u8; 96],
    ) -> Option<&Secret<[u8; 32]>> {
        let place = (contract, epoch, *u);
        if !self.opened.contains_key(&place) {
            let message = key_message(self.descriptor.network(), ERA, contract, epoch);
            let key = ibe::decapsulate(self.key(Purpose::Input, contract, epoch), u, &message).ok();
            self.opened.insert(place, key);
        }
        self.opened.get(&place).and_then(Option::as_ref)
    }

    /// `prevrandao` and the seed of a task's randomness come from the input key of its inclusion.
    pub(super) fn random(&mut self, contract: Address, epoch: u64, ctx: B256) -> (B256, Secret<[u8; 32]>) {
        use enigma_crypto::kdf::derive;
        use enigma_primitives::tags::RANDOM;
        let point = self.key(Purpose::Input, contract, epoch).expose(|point| point.to_secret());
        let seed = derive(RANDOM, &point, &[ctx.as_slice(), b"seed"].concat());
        (derive(RANDOM, &point, ctx.as_slice()).expose(|bytes| B256::new(*bytes)), seed)
    }
}

fn unseal(directory: &Path) -> (Descriptor, PublicPolynomial, KeyShare) {
    let read = |name: &str| {
        let path = directory.join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let machine = read("machine.simulated").try_into().expect("a machine's secret has 32 bytes");
    // It only opens: it needs no randomness.
    let platform = SimulatedPlatform::boot("key", |_| Err(()))(machine);
    let seat = platform.unseal(SEAT, &read("seat.sealed")).expect("a seat of this machine");
    seat.expose(|bytes| decode(bytes)).expect("a seat")
}

fn decode(bytes: &[u8]) -> Option<(Descriptor, PublicPolynomial, KeyShare)> {
    let mut r = Reader::new(bytes);
    let descriptor = Descriptor::decode(&mut r).ok()?;
    let _generation = r.u32().ok()?;
    let member = MemberIndex::decode(&mut r).ok()?;
    let polynomial = PublicPolynomial::decode(&mut r).ok()?;
    let share = KeyShare::from_bytes(member, &Secret::from_bytes(r.array().ok()?)).ok()?;
    r.finish().ok()?;
    Some((descriptor, polynomial, share))
}
