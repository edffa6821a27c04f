//! Every message of both doors and of the network: what is written comes back, a value has one form, and whatever
//! else comes is refused without a panic.

mod sample;

use enigma_protocol::{
    Decode, Encode,
    door::{
        KeyEnclaveReply, UntrustedKeyRequest, UntrustedWorkerRequest, VERSION, WorkerReply, frame, unframe,
    },
    peer::{PeerReply, PeerRequest},
};
use proptest::prelude::*;
use sample::{Choice, Entropy};

/// Truncations of a message that are tried; all of them if it is shorter.
const CUTS: usize = 64;
const FLIPS: usize = 64;

/// Checks variant `variant` of a message type, with content from `seed`.
fn check<T: Choice + Encode + Decode + PartialEq + std::fmt::Debug>(variant: usize, seed: u64) {
    let mut entropy = Entropy::new(seed);
    let message = T::variant(variant, &mut entropy);
    let bytes = message.to_bytes();
    assert_eq!(usize::from(bytes[0]), variant + 1, "variants are numbered from 1, in order");
    assert_eq!(T::from_bytes(&bytes).as_ref(), Ok(&message));
    for _ in 0..CUTS {
        let len = entropy.below(bytes.len());
        assert!(T::from_bytes(&bytes[..len]).is_err(), "cut to {len} of {}", bytes.len());
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(T::from_bytes(&longer).is_err(), "a byte too many");
    for _ in 0..FLIPS {
        let mut flipped = bytes.clone();
        let bit = entropy.below(8 * bytes.len());
        flipped[bit / 8] ^= 1 << (bit % 8);
        // Another value perhaps, but then these bytes are its one form.
        if let Ok(other) = T::from_bytes(&flipped) {
            assert_ne!(other, message, "bit {bit}");
            assert_eq!(other.to_bytes(), flipped, "bit {bit}");
        }
    }
}

macro_rules! messages {
    ($($name:ident: $type:ty,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(
                #[test]
                fn $name(seed: u64, noise: Vec<u8>) {
                    for variant in 0..<$type as Choice>::VARIANTS {
                        check::<$type>(variant, seed);
                        // Noise behind a known first byte reaches further than noise alone.
                        let known = [&[variant as u8 + 1][..], &noise].concat();
                        if let Ok(message) = <$type>::from_bytes(&known) {
                            prop_assert_eq!(message.to_bytes(), known);
                        }
                    }
                    let unknown = <$type as Choice>::VARIANTS as u8 + 1;
                    prop_assert!(<$type>::from_bytes(&[unknown]).is_err());
                    prop_assert!(<$type>::from_bytes(&[0]).is_err());
                }
            )*
        }
    };
}

messages! {
    requests_to_a_key_enclave_have_one_form: UntrustedKeyRequest,
    replies_of_a_key_enclave_have_one_form: KeyEnclaveReply,
    requests_to_a_worker_enclave_have_one_form: UntrustedWorkerRequest,
    replies_of_a_worker_enclave_have_one_form: WorkerReply,
    questions_of_peers_have_one_form: PeerRequest,
    answers_of_peers_have_one_form: PeerReply,
}

proptest! {
    #[test]
    fn a_frame_has_a_version_and_one_message(seed: u64, version: u8, noise: Vec<u8>) {
        let message = UntrustedWorkerRequest::variant(seed as usize % 5, &mut Entropy::new(seed));
        let framed = frame(&message);
        prop_assert_eq!(unframe::<UntrustedWorkerRequest>(&framed), Ok(message));
        let mut other = framed.clone();
        other[0] = version;
        prop_assert_eq!(unframe::<UntrustedWorkerRequest>(&other).is_ok(), version == VERSION);
        let _ = unframe::<UntrustedKeyRequest>(&noise);
        let _ = unframe::<UntrustedWorkerRequest>(&noise);
    }
}
