//! The first shares: dealt by one member until a distributed generation replaces it (`keys: dealt`).

use enigma_crypto::{
    bls::PublicKey,
    sealed_box::{self, BoxPublicKey, BoxSecretKey},
    threshold::{self, KeyShare, MemberIndex, PublicPolynomial},
};
use enigma_platform::{Awake, Platform, random_secret};
use enigma_primitives::{Secret, tags};
use enigma_protocol::{
    door::{Accepted, Code, Refusal, UntrustedAccept},
    genesis::{Dealing, GenesisSetup},
    keys::commitments_hash,
    network::ERA,
    receipt::{domain_separator, key_generation_digest},
};

use crate::seat::Seat;

/// Makes a polynomial, encrypts each member's share to that member, and erases the polynomial and the shares.
///
/// # Errors
/// `BadDealing` for a setup of fewer than two members or a threshold out of 2…n.
pub(crate) fn deal(platform: &mut dyn Platform, setup: &GenesisSetup) -> Result<Dealing, Refusal> {
    let members = u8::try_from(setup.members.0.len()).map_err(|_| Code::BadDealing)?;
    if setup.threshold < 2 {
        return Err(Code::BadDealing.into());
    }
    let seeds = (0..setup.threshold).map(|_| random_secret::<64>(platform)).collect::<Result<Vec<_>, _>>()?;
    let (polynomial, shares) =
        threshold::deal(members, setup.threshold, &seeds).map_err(|_| Code::BadDealing)?;
    let aad = setup.hash();
    let mut boxes = Vec::with_capacity(shares.len());
    for (member, share) in setup.members.0.iter().zip(&shares) {
        let ephemeral = BoxSecretKey::new(random_secret(platform)?);
        let sealed = share
            .to_bytes()
            .expose(|s| {
                sealed_box::seal(&BoxPublicKey(member.box_key), ephemeral, tags::DEAL, aad.as_slice(), s)
            })
            .map_err(|_| Code::BadDealing)?;
        boxes.push(sealed.into());
    }
    let commitments: Vec<[u8; 96]> = polynomial.commitments().iter().map(PublicKey::to_bytes).collect();
    Ok(Dealing { commitments: commitments.into(), shares: boxes.into() })
}

/// Takes this enclave's share, checks it against the commitments, seals it, and signs for the result.
///
/// # Errors
/// `BadDealing` if the dealing does not fit the setup or this member's share does not fit the commitments.
pub(crate) fn accept(awake: &mut Awake, message: &UntrustedAccept) -> Result<(Seat, Accepted), Refusal> {
    let UntrustedAccept { setup, dealing } = message;
    let own = (awake.identity.signer().address(), awake.identity.box_key().public_key().0);
    let place = setup.members.0.iter().position(|m| (m.address, m.box_key) == own).ok_or(Code::BadDealing)?;
    let fits = dealing.shares.0.len() == setup.members.0.len()
        && dealing.commitments.0.len() == usize::from(setup.threshold)
        && setup.threshold >= 2;
    let sealed = dealing.shares.0.get(place).filter(|_| fits).ok_or(Code::BadDealing)?;
    let polynomial = polynomial(&dealing.commitments.0)?;
    let member = u8::try_from(place.saturating_add(1))
        .ok()
        .and_then(|index| MemberIndex::new(index).ok())
        .ok_or(Code::BadDealing)?;
    let bytes = sealed_box::open(awake.identity.box_key(), tags::DEAL, setup.hash().as_slice(), &sealed.0)
        .map_err(|_| Code::BadDealing)?;
    let share = bytes.expose(|b| Secret::from_slice(b)).ok_or(Code::BadDealing)?;
    let share = KeyShare::from_bytes(member, &share).map_err(|_| Code::BadDealing)?;
    polynomial.verify_share(&share).map_err(|_| Code::BadDealing)?;

    let mut descriptor = setup.descriptor.clone();
    descriptor.public_key = polynomial.public_key().to_bytes();
    let domain = domain_separator(descriptor.chain_id, descriptor.enigma);
    let digest = key_generation_digest(
        domain,
        ERA,
        alloy_primitives::keccak256(descriptor.public_key),
        commitments_hash(&dealing.commitments.0),
    );
    let signature = awake.identity.signer().sign_digest(digest);
    let seat = Seat { descriptor, generation: 1, share, polynomial };
    let sealed = seat.seal(awake.platform.as_mut())?;
    Ok((seat, Accepted { member: member.get(), sealed: sealed.into(), signature }))
}

fn polynomial(commitments: &[[u8; 96]]) -> Result<PublicPolynomial, Refusal> {
    commitments
        .iter()
        .map(PublicKey::from_bytes)
        .collect::<Result<Vec<_>, _>>()
        .and_then(PublicPolynomial::from_commitments)
        .map_err(|_| Code::BadDealing.into())
}
