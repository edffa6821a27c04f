//! The golden vectors that Rust, TypeScript and Solidity read alike: `vectors/crypto.json`.
//!
//! An ordinary test checks that this code still gives the file. After a wanted change, write it anew with
//! `cargo test -p enigma-crypto regenerate_vectors -- --ignored`, and read the difference.

use std::{fs, path::PathBuf};

use alloy_primitives::keccak256;
use enigma_primitives::{
    CurveTag, Secret, gas_class, pad, size_class,
    tags::{CURVE_INPUT, CURVE_TAGS, DEAL, HASH_TAGS, KDF_LABELS},
};
use serde_json::{Value, json};

use crate::{
    aead::{self, SingleUseKey},
    bls, ibe, kdf,
    scalar::Scalar,
    sealed_box::{self, BoxSecretKey},
    sign::{self, SigningKey},
    testing::{bytes32, scalar, seed},
    threshold::{KeyShare, combine, deal, open, partial},
};

/// network ‖ era ‖ contract ‖ epoch, the shape of an identity.
fn identity() -> Vec<u8> {
    let words =
        [bytes32(100).to_vec(), 1u64.to_be_bytes().to_vec(), vec![0x22; 20], 7u64.to_be_bytes().to_vec()];
    words.concat()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn reveal<T: AsRef<[u8]> + zeroize::Zeroize>(secret: &Secret<T>) -> String {
    secret.expose(|bytes| hex(bytes))
}

fn g1(point: &bls::Signature) -> Value {
    json!({ "compressed": hex(point.to_bytes()), "eip2537": hex(point.to_eip2537()) })
}

fn g2(point: &bls::PublicKey) -> Value {
    json!({ "compressed": hex(point.to_bytes()), "eip2537": hex(point.to_eip2537()) })
}

fn tags() -> Value {
    json!({
        "hash": HASH_TAGS.iter().map(|t| json!({ "name": t.name(), "word": hex(t.word()) })).collect::<Vec<_>>(),
        "kdf": KDF_LABELS.iter().map(|t| t.name()).collect::<Vec<_>>(),
        "curve": CURVE_TAGS.iter().map(|t| t.name()).collect::<Vec<_>>(),
    })
}

fn sizes() -> Value {
    let classes = [(0, 256), (256, 256), (257, 256), (1025, 256), (100_000, 1024)]
        .map(|(len, min)| json!({ "length": len, "min": min, "class": size_class(len, min) }));
    let gas = [0, 32_768, 32_769, 100_000, 16_777_216, 16_777_217]
        .map(|used| json!({ "gas": used, "class": gas_class(used) }));
    json!({
        "size_class": classes,
        "gas_class": gas,
        "pad": { "data": hex(b"abc"), "min": 16, "padded": hex(pad(b"abc", 16)) },
    })
}

fn hash_to_g1() -> Value {
    let messages: [&[u8]; 3] = [b"", b"abc", &identity()];
    let case = |tag: CurveTag, msg: &[u8]| json!({ "tag": tag.name(), "message": hex(msg), "point": g1(&bls::hash_to_g1(tag, msg).unwrap()) });
    CURVE_TAGS.iter().flat_map(|tag| messages.map(|msg| case(*tag, msg))).collect()
}

fn scalars() -> Value {
    let case = |n| json!({ "uniform": reveal(&seed(n)), "scalar": reveal(&scalar(n).to_bytes()) });
    (0..3).map(case).collect()
}

fn kem() -> Value {
    let (s, r, id) = (scalar(0), scalar(50), identity());
    let private = bls::evaluate(&s, CURVE_INPUT, &id);
    let session = ibe::Session::for_input(&r, &s.public_key(), &id);
    let gt = ibe::gt_bytes(&private, &r.public_key());
    assert_eq!(ibe::decapsulate(&Secret::new(private.clone()), &session.u, &id).unwrap(), session.key);
    json!({
        "tag": CURVE_INPUT.name(),
        "network_secret": reveal(&s.to_bytes()),
        "network_public_key": g2(&s.public_key()),
        "identity": hex(&id),
        "identity_private_key": g1(&private),
        "r": reveal(&r.to_bytes()),
        "u": g2(&r.public_key()),
        "gt": reveal(&gt),
        "key": reveal(&session.key),
        "refused_u": {
            "infinity": hex([&[0xc0][..], &[0; 95]].concat()),
            "outside_subgroup": hex(crate::testing::g2_outside_subgroup()),
        },
    })
}

fn threshold() -> Value {
    let seeds: Vec<_> = (0..3).map(seed).collect();
    let (public, shares) = deal(4, 3, &seeds).unwrap();
    let message = identity();
    let share_json = |share: &KeyShare| {
        json!({
            "member": share.member().get(),
            "share": reveal(&share.to_bytes()),
            "public_key": hex(share.public_key().to_bytes()),
        })
    };
    let evaluation = |tag: &CurveTag| {
        let tag = *tag;
        let partials: Vec<_> = shares.iter().map(|share| partial(share, tag, &message)).collect();
        let combined = open(&public, tag, &message, &partials).unwrap();
        assert_eq!(combine(&partials[1..]).unwrap(), combined);
        let list: Vec<_> = partials
            .iter()
            .map(|p| json!({ "member": p.member.get(), "partial": hex(p.signature.to_bytes()) }))
            .collect();
        json!({ "tag": tag.name(), "message": hex(&message), "partials": list, "combined": g1(&combined) })
    };
    let coefficient = |seed: &Secret<[u8; 64]>| reveal(&Scalar::from_uniform(seed).unwrap().to_bytes());
    json!({
        "members": 4,
        "threshold": 3,
        "coefficients": seeds.iter().map(coefficient).collect::<Vec<_>>(),
        "commitments": public.commitments().iter().map(|c| hex(c.to_bytes())).collect::<Vec<_>>(),
        "public_key": g2(&public.public_key()),
        "shares": shares.iter().map(share_json).collect::<Vec<_>>(),
        "evaluations": CURVE_TAGS.iter().map(evaluation).collect::<Vec<_>>(),
    })
}

fn derivations() -> Value {
    let input = Secret::from_bytes(bytes32(1));
    let case = |label: &enigma_primitives::KdfLabel| {
        let mut long = [0; 80];
        kdf::fill(*label, &input, b"context", &mut long).unwrap();
        json!({
            "label": label.name(),
            "input": reveal(&input),
            "context": hex(b"context"),
            "output_32": reveal(&kdf::derive(*label, &input, b"context")),
            "output_80": hex(long),
        })
    };
    KDF_LABELS.iter().map(case).collect()
}

fn ciphers() -> Value {
    const AAD: &[u8] = b"associated data";
    let messages: [&[u8]; 3] = [b"", b"a secret", &[0x5a; 300]];
    let nonce = [0x24; aead::NONCE_SIZE];
    let case = |key: &Secret<[u8; 32]>, nonce: &[u8], plaintext: &[u8], ciphertext: Vec<u8>| {
        json!({
            "key": reveal(key), "nonce": hex(nonce), "aad": hex(AAD),
            "plaintext": hex(plaintext), "ciphertext": hex(ciphertext),
        })
    };
    let keyed = || (2..).map(|n| Secret::from_bytes(bytes32(n))).zip(messages);
    let chacha = keyed()
        .map(|(key, msg)| case(&key, &nonce, msg, aead::seal_envelope(&key, &nonce, AAD, msg).unwrap()));
    let siv = keyed().map(|(key, msg)| {
        let once = SingleUseKey::new(key.dangerous_duplicate());
        case(&key, &[0; 12], msg, once.seal(AAD, msg).unwrap())
    });
    json!({
        "xchacha20_poly1305": chacha.collect::<Vec<_>>(),
        "aes_256_gcm_siv": siv.collect::<Vec<_>>(),
    })
}

fn signatures() -> Value {
    (10..14)
        .map(|n| {
            let private = Secret::from_bytes(bytes32(n));
            let key = SigningKey::from_bytes(&private).unwrap();
            let digest = keccak256(bytes32(n + 100));
            let signature = key.sign_digest(digest);
            assert_eq!(sign::recover(digest, &signature), Ok(key.address()));
            json!({
                "private_key": reveal(&private),
                "address": hex(key.address()),
                "digest": hex(digest),
                "signature": hex(signature),
            })
        })
        .collect()
}

fn boxes() -> Value {
    let secret = |n| BoxSecretKey::new(Secret::from_bytes(bytes32(n)));
    let (to, ephemeral) = (secret(20), secret(21));
    let mut case = json!({
        "label": DEAL.name(),
        "recipient_secret": reveal(to.as_secret()),
        "recipient_public": hex(to.public_key().0),
        "ephemeral_secret": reveal(ephemeral.as_secret()),
        "ephemeral_public": hex(ephemeral.public_key().0),
        "aad": hex(b"associated data"),
        "plaintext": hex(b"a secret"),
    });
    let sealed =
        sealed_box::seal(&to.public_key(), ephemeral, DEAL, b"associated data", b"a secret").unwrap();
    case["box"] = hex(sealed).into();
    json!([case])
}

fn vectors() -> Value {
    json!({
        "note": "Secrets here are test values. GT is blst_fp12::to_bendian; integers are big-endian.",
        "tags": tags(),
        "sizes": sizes(),
        "hash_to_g1": hash_to_g1(),
        "scalar_from_uniform": scalars(),
        "ibe_kem": kem(),
        "threshold": threshold(),
        "kdf": derivations(),
        "aead": ciphers(),
        "secp256k1": signatures(),
        "sealed_box": boxes(),
    })
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../vectors/crypto.json")
}

#[test]
fn golden_vectors_hold() {
    let stored: Value = serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
    let now = vectors();
    let sections = now.as_object().unwrap();
    assert_eq!(stored.as_object().unwrap().len(), sections.len());
    for (name, section) in sections {
        assert_eq!(&stored[name], section, "{name}");
    }
}

#[test]
#[ignore = "writes vectors/crypto.json anew"]
fn regenerate_vectors() {
    fs::create_dir_all(file().parent().unwrap()).unwrap();
    fs::write(file(), serde_json::to_string_pretty(&vectors()).unwrap() + "\n").unwrap();
}
