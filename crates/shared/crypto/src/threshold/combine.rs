//! From partial evaluations to the evaluation.

use blst::{MultiPoint, blst_p1_affine, min_sig};
use enigma_primitives::{CurveTag, Decode, DecodeError, Encode, Reader, Writer};

use super::{KeyShare, MemberIndex, PublicPolynomial, lagrange_at_zero};
use crate::{
    Error, Result,
    bls::{self, Signature},
    scalar::to_le_bytes,
};

/// One member's evaluation `f(index)·H(m)`. t of them make the evaluation, so keep those of keys secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// Whose.
    pub member: MemberIndex,
    /// The evaluation.
    pub signature: Signature,
}

impl Encode for Partial {
    fn encode(&self, w: &mut Writer) {
        w.put(&self.member).put(&self.signature);
    }
}

impl Decode for Partial {
    fn decode(r: &mut Reader<'_>) -> core::result::Result<Self, DecodeError> {
        Ok(Self { member: r.get()?, signature: r.get()? })
    }
}

/// Evaluates `share` on `msg` under `tag`.
pub fn partial(share: &KeyShare, tag: CurveTag, msg: &[u8]) -> Partial {
    Partial { member: share.member(), signature: bls::evaluate(share.scalar(), tag, msg) }
}

/// Interpolates at 0, from exactly these partials. The result is unchecked: [`open`] is what one calls.
///
/// # Errors
/// [`Error::TooFew`] for none, [`Error::DuplicateMember`], [`Error::PointAtInfinity`].
pub fn combine(partials: &[Partial]) -> Result<Signature> {
    if partials.is_empty() {
        return Err(Error::TooFew { expected: 1, came: 0 });
    }
    let members: Vec<MemberIndex> = partials.iter().map(|p| p.member).collect();
    let scalars: Vec<u8> = lagrange_at_zero(&members)?.iter().flat_map(to_le_bytes).collect();
    let points: Vec<blst_p1_affine> = partials.iter().map(|p| *p.signature.point()).collect();
    let sum = points.as_slice().mult(&scalars, 255);
    let sum = min_sig::AggregateSignature::from(sum).to_signature();
    sum.validate(true).map_err(|_| Error::PointAtInfinity)?;
    Ok(Signature::from_valid(sum.into()))
}

/// Combines the first t of `partials` and checks the result by one pairing; only if that fails is each partial
/// checked, to name a wrong one. Partials above t are not looked at.
///
/// # Errors
/// [`Error::TooFew`] below the threshold, [`Error::DuplicateMember`], [`Error::WrongPartial`] with the first
/// member whose partial is wrong: drop it, take another, and call again.
pub fn open(public: &PublicPolynomial, tag: CurveTag, msg: &[u8], partials: &[Partial]) -> Result<Signature> {
    let threshold = public.threshold();
    let chosen =
        partials.get(..threshold).ok_or(Error::TooFew { expected: threshold, came: partials.len() })?;
    let combined = combine(chosen);
    if let Err(Error::DuplicateMember { .. }) = combined {
        return combined;
    }
    if let Ok(signature) = &combined
        && bls::verify(&public.public_key(), tag, msg, signature).is_ok()
    {
        return combined;
    }
    for p in chosen {
        let wrong = Error::WrongPartial { member: p.member.get() };
        let key = public.member_key(p.member).map_err(|_| wrong)?;
        bls::verify(&key, tag, msg, &p.signature).map_err(|_| wrong)?;
    }
    // Right partials of t different members interpolate to the right evaluation, so this is not reached.
    Err(Error::WrongSignature)
}
