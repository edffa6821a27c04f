//! What a committee promises: t open, fewer do not, and a wrong member is named.

use enigma_primitives::{
    Decode, Encode,
    tags::{CURVE_BEACON, CURVE_INPUT},
};

use super::*;
use crate::{
    bls,
    testing::{scalar, seed},
};

const MSG: &[u8] = b"network, era, contract, epoch";

fn seeds(from: u64, count: u64) -> Vec<Secret<[u8; 64]>> {
    (from..from + count).map(seed).collect()
}

fn committee() -> (PublicPolynomial, Vec<KeyShare>) {
    deal(4, 3, &seeds(0, 3)).unwrap()
}

fn partials(shares: &[KeyShare]) -> Vec<Partial> {
    shares.iter().map(|share| partial(share, CURVE_INPUT, MSG)).collect()
}

fn index(i: u8) -> MemberIndex {
    MemberIndex::new(i).unwrap()
}

/// Every choice of `k` of the items.
fn choices<T: Clone>(items: &[T], k: usize) -> Vec<Vec<T>> {
    (0u32..1 << items.len())
        .filter(|set| set.count_ones() as usize == k)
        .map(|set| (0..items.len()).filter(|i| set >> i & 1 == 1).map(|i| items[i].clone()).collect())
        .collect()
}

#[test]
fn all_triples_open_and_agree() {
    let (public, shares) = committee();
    let all = partials(&shares);
    let expected = bls::evaluate(&scalar(0), CURVE_INPUT, MSG);
    let triples = choices(&all, 3);
    assert_eq!(triples.len(), 4);
    for mut triple in triples {
        assert_eq!(open(&public, CURVE_INPUT, MSG, &triple), Ok(expected.clone()));
        triple.reverse();
        assert_eq!(open(&public, CURVE_INPUT, MSG, &triple), Ok(expected.clone()));
    }
    assert_eq!(open(&public, CURVE_INPUT, MSG, &all), Ok(expected));
}

#[test]
fn no_pair_opens() {
    let (public, shares) = committee();
    let right = bls::evaluate(&scalar(0), CURVE_INPUT, MSG);
    let pairs = choices(&partials(&shares), 2);
    assert_eq!(pairs.len(), 6);
    for pair in pairs {
        assert_eq!(open(&public, CURVE_INPUT, MSG, &pair), Err(Error::TooFew { expected: 3, came: 2 }));
        let guess = combine(&pair).unwrap();
        assert_ne!(guess, right);
        assert!(bls::verify(&public.public_key(), CURVE_INPUT, MSG, &guess).is_err());
    }
}

#[test]
fn a_wrong_partial_names_its_member() {
    let (public, shares) = committee();
    for bad in 0..3 {
        let mut three = partials(&shares[..3]);
        three[bad] = partial(&shares[bad], CURVE_BEACON, MSG);
        let member = bad as u8 + 1;
        assert_eq!(open(&public, CURVE_INPUT, MSG, &three), Err(Error::WrongPartial { member }));
    }
    // Another member's partial under one's own number, and a pair that swapped numbers.
    let mut three = partials(&shares[..3]);
    three[1].signature = partials(&shares)[3].signature.clone();
    assert_eq!(open(&public, CURVE_INPUT, MSG, &three), Err(Error::WrongPartial { member: 2 }));
    let mut three = partials(&shares[..3]);
    (three[0].member, three[1].member) = (index(2), index(1));
    assert_eq!(open(&public, CURVE_INPUT, MSG, &three), Err(Error::WrongPartial { member: 2 }));
}

#[test]
fn a_partial_chosen_to_cancel_the_others_is_named() {
    // Member 3 answers such that the interpolation is infinity: λ1·p1 + λ2·p2 + λ3·p3 = 0.
    let (public, shares) = committee();
    let mut three = partials(&shares[..3]);
    let weights = lagrange_at_zero(&[index(1), index(2), index(3)]).unwrap();
    let rest = weights[0] * *shares[0].scalar().to_field() + weights[1] * *shares[1].scalar().to_field();
    let inverse: Option<Fr> = weights[2].invert_vartime().into();
    let cancelling = Scalar::from_field(&-(rest * inverse.unwrap())).unwrap();
    three[2].signature = bls::evaluate(&cancelling, CURVE_INPUT, MSG);
    assert_eq!(combine(&three), Err(Error::PointAtInfinity));
    assert_eq!(open(&public, CURVE_INPUT, MSG, &three), Err(Error::WrongPartial { member: 3 }));
}

#[test]
fn a_member_counts_once() {
    let (public, shares) = committee();
    let mut three = partials(&shares[..3]);
    three[2] = three[0].clone();
    assert_eq!(open(&public, CURVE_INPUT, MSG, &three), Err(Error::DuplicateMember { member: 1 }));
}

#[test]
fn member_numbers_and_thresholds_are_bounded() {
    assert_eq!(MemberIndex::new(0), Err(Error::MemberOutOfRange { index: 0 }));
    assert_eq!(MemberIndex::new(65), Err(Error::MemberOutOfRange { index: 65 }));
    assert!(MemberIndex::from_bytes(&[0]).is_err());
    for (members, threshold) in [(4, 0), (4, 5), (65, 3), (0, 0)] {
        let refused = Error::ThresholdOutOfRange { threshold: threshold.into(), members: members.into() };
        assert_eq!(deal(members, threshold, &seeds(0, 5)).unwrap_err(), refused);
    }
    assert_eq!(deal(4, 3, &seeds(0, 2)).unwrap_err(), Error::TooFew { expected: 3, came: 2 });
    assert!(PublicPolynomial::from_commitments(vec![]).is_err());
    assert!(PublicPolynomial::from_commitments(vec![scalar(1).public_key(); 65]).is_err());
}

#[test]
fn a_committee_of_one_and_of_sixty_four_work() {
    for (members, threshold) in [(1, 1), (64, 43)] {
        let (public, shares) = deal(members, threshold, &seeds(0, threshold.into())).unwrap();
        assert_eq!(shares.len(), usize::from(members));
        shares.iter().for_each(|share| public.verify_share(share).unwrap());
        let opened = open(&public, CURVE_INPUT, MSG, &partials(&shares)).unwrap();
        assert_eq!(opened, bls::evaluate(&scalar(0), CURVE_INPUT, MSG));
    }
}

#[test]
fn a_share_off_the_polynomial_is_refused() {
    let (public, shares) = committee();
    shares.iter().for_each(|share| public.verify_share(share).unwrap());
    let moved = KeyShare::from_bytes(index(2), &shares[0].to_bytes()).unwrap();
    assert_eq!(public.verify_share(&moved), Err(Error::WrongShare { member: 2 }));
    let (other, _) = deal(4, 3, &seeds(9, 3)).unwrap();
    assert_eq!(other.verify_share(&shares[0]), Err(Error::WrongShare { member: 1 }));
}

#[test]
fn dealings_of_several_add_up_to_one_key() {
    let dealings: Vec<_> = (0..4).map(|dealer| deal(4, 3, &seeds(dealer * 10, 3)).unwrap()).collect();
    let public = PublicPolynomial::sum(&dealings.iter().map(|d| &d.0).collect::<Vec<_>>()).unwrap();
    let shares: Vec<KeyShare> = (0..4)
        .map(|m| KeyShare::sum(&dealings.iter().map(|d| &d.1[m]).collect::<Vec<_>>()).unwrap())
        .collect();
    shares.iter().for_each(|share| public.verify_share(share).unwrap());
    for triple in choices(&partials(&shares), 3) {
        open(&public, CURVE_INPUT, MSG, &triple).unwrap();
    }
    assert_eq!(KeyShare::sum(&[&shares[0], &shares[1]]), Err(Error::MixedContributions));
    assert_eq!(KeyShare::sum(&[]), Err(Error::TooFew { expected: 1, came: 0 }));
}

#[test]
fn resharing_keeps_the_key_and_outdates_the_shares() {
    let (old, old_shares) = committee();
    let evaluation = open(&old, CURVE_INPUT, MSG, &partials(&old_shares)).unwrap();
    // Old members 1, 2 and 4 deal to a committee of 7 with threshold 5.
    let dealings: Vec<_> = [0, 1, 3]
        .map(|i: usize| {
            let dealt = reshare(old_shares[i].scalar(), 7, 5, &seeds(100 + 10 * i as u64, 4)).unwrap();
            assert_eq!(dealt.0.public_key(), old.member_key(old_shares[i].member()).unwrap());
            (old_shares[i].member(), dealt)
        })
        .into();
    let polynomials: Vec<_> = dealings.iter().map(|(m, d)| (*m, &d.0)).collect();
    let new = PublicPolynomial::from_reshared(&polynomials).unwrap();
    assert_eq!((new.public_key(), new.threshold()), (old.public_key(), 5));
    let new_shares: Vec<KeyShare> = (0..7)
        .map(|to| {
            let dealt: Vec<_> = dealings.iter().map(|(m, d)| (*m, &d.1[to])).collect();
            KeyShare::from_reshared(&dealt).unwrap()
        })
        .collect();
    new_shares.iter().for_each(|share| new.verify_share(share).unwrap());
    assert_eq!(open(&new, CURVE_INPUT, MSG, &partials(&new_shares)[2..]), Ok(evaluation));

    let mut mixed = partials(&new_shares)[..5].to_vec();
    mixed[0] = partial(&old_shares[0], CURVE_INPUT, MSG);
    assert_eq!(open(&new, CURVE_INPUT, MSG, &mixed), Err(Error::WrongPartial { member: 1 }));
    let twice = [polynomials[0], polynomials[1], polynomials[0]];
    assert!(matches!(PublicPolynomial::from_reshared(&twice), Err(Error::DuplicateMember { .. })));
}

#[test]
fn polynomials_and_partials_survive_their_encoding() {
    let (public, shares) = committee();
    assert_eq!(PublicPolynomial::from_bytes(&public.to_bytes()), Ok(public));
    let one = partials(&shares)[0].clone();
    assert_eq!(Partial::from_bytes(&one.to_bytes()), Ok(one));
    assert!(PublicPolynomial::from_bytes(&[0; 4]).is_err());
}
