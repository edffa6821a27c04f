//! What a hostile client may put on the chain: envelopes that are wrong in one way each.

use alloy_primitives::{Address, B256};
use enigma_crypto::aead::seal_envelope;
use enigma_primitives::{
    Secret,
    tags::{ENVELOPE, IBE_KEM},
};
use enigma_protocol::{
    envelope::{Binding, HEADER, LARGEST, SMALLEST},
    input::Kind,
    network::{ERA, key_message},
};
use enigma_tests::rig::Rig;

/// One hostile input.
pub(crate) struct Letter {
    /// In which way it is wrong.
    pub(crate) what: String,
    /// The epoch that the input names.
    pub(crate) epoch: u64,
    pub(crate) on_behalf_of: B256,
    pub(crate) envelope: Vec<u8>,
}

/// Where a sender writes, and as whom.
pub(crate) struct Place {
    pub(crate) contract: Address,
    pub(crate) other_contract: Address,
    pub(crate) sender: Address,
    pub(crate) other_sender: Address,
    pub(crate) epoch: u64,
    /// What the contract logs it as.
    pub(crate) kind: Kind,
}

impl Place {
    fn letter(&self, what: impl Into<String>, envelope: Vec<u8>) -> Letter {
        Letter { what: what.into(), epoch: self.epoch, on_behalf_of: B256::ZERO, envelope }
    }
}

const U: usize = 1 + 4 + 8;
const NONCE: usize = U + 96;
/// A body whose plaintext takes the second size class, so that a cut one is still above the contract's minimum.
const BODY: [u8; 150] = [0; 150];

/// All of them: each must end unopened.
pub(crate) fn all(rig: &mut Rig, place: &Place) -> Vec<Letter> {
    let binding = rig.binding(place.kind, place.contract, place.epoch, place.sender);
    let honest = rig.seal(&binding, &BODY, 0).envelope;
    assert_eq!(honest.len(), SMALLEST + 128);
    let mut letters = Vec::new();
    truncated(place, &honest, &mut letters);
    flipped(place, &honest, &mut letters);
    bound_elsewhere(rig, place, &binding, &mut letters);
    epochs(rig, place, &binding, &mut letters);
    points(rig, place, &binding, &honest, &mut letters);
    plaintexts(rig, place, &binding, &mut letters);
    letters
}

fn truncated(place: &Place, honest: &[u8], letters: &mut Vec<Letter>) {
    for len in
        [honest.len() - 1, honest.len() - 15, honest.len() - 16, honest.len() - 17, SMALLEST + 1, SMALLEST]
    {
        letters.push(place.letter(format!("cut to {len}"), honest[..len].to_vec()));
    }
    for more in [1, 128] {
        letters.push(place.letter(format!("{more} zeros behind"), [honest, &vec![0; more]].concat()));
    }
    letters.push(place.letter("as large as may be", [honest, &vec![0; LARGEST - honest.len()]].concat()));
    letters.push(place.letter("zeros", vec![0; SMALLEST]));
    letters.push(place.letter("ones", vec![0xff; SMALLEST]));
    letters.push(place.letter("a header and zeros", [&honest[..HEADER], &[0; 144]].concat()));
}

/// One bit in every part: all of version, era and epoch, the flags of U, and one bit of every other byte.
fn flipped(place: &Place, honest: &[u8], letters: &mut Vec<Letter>) {
    let parts = [
        ("version", 0..1, 1),
        ("era", 1..5, 1),
        ("epoch", 5..U, 1),
        ("U", U..NONCE, 5),
        ("nonce", NONCE..HEADER, 5),
        ("ciphertext", HEADER..honest.len() - 16, 31),
        ("tag", honest.len() - 16..honest.len(), 3),
    ];
    for (part, bytes, step) in parts {
        for byte in bytes.step_by(step) {
            let bits: &[u8] =
                if byte == U || byte == 0 { &[1, 0x20, 0x40, 0x80] } else { &[1 << (byte % 8)] };
            for bit in bits {
                let mut changed = honest.to_vec();
                changed[byte] ^= bit;
                letters.push(place.letter(format!("{part}: byte {byte}, bit {bit:#x}"), changed));
            }
        }
    }
}

/// Sealed well, for something else.
fn bound_elsewhere(rig: &mut Rig, place: &Place, binding: &Binding, letters: &mut Vec<Letter>) {
    let mut add = |what: &str, binding: Binding| {
        let envelope = rig.seal(&binding, &BODY, 0).envelope;
        letters.push(place.letter(what, envelope));
    };
    for kind in [Kind::Task, Kind::Deploy, Kind::Query] {
        if kind != place.kind {
            add(&format!("sealed as a {kind:?}"), Binding { kind, ..*binding });
        }
    }
    add("copied from another sender", Binding { sender: place.other_sender, ..*binding });
    add("copied from another contract", Binding { contract: place.other_contract, ..*binding });
    add("of another network", Binding { network: B256::repeat_byte(1), ..*binding });
    add(
        "on behalf of somebody, who is not named",
        Binding { on_behalf_of: B256::repeat_byte(2), ..*binding },
    );
    let named = B256::repeat_byte(3);
    let mut letter =
        place.letter("on behalf of nobody, but somebody is named", rig.seal(binding, &BODY, 0).envelope);
    letter.on_behalf_of = named;
    letters.push(letter);
}

/// Header, input and seal do not name the same epoch.
fn epochs(rig: &mut Rig, place: &Place, binding: &Binding, letters: &mut Vec<Letter>) {
    let (now, before) = (place.epoch, place.epoch - 1);
    let earlier = Binding { epoch: before, ..*binding };
    let mut add = |what: &str, sealed: &Binding, header: u64, epoch: u64| {
        let mut envelope = rig.seal(sealed, &BODY, 0).envelope;
        envelope[5..U].copy_from_slice(&header.to_be_bytes());
        letters.push(Letter { what: what.to_owned(), epoch, on_behalf_of: B256::ZERO, envelope });
    };
    add("sealed for the epoch before, logged for this", &earlier, before, now);
    add("sealed for this epoch, logged for the one before", binding, now, before);
    add("sealed for the epoch before, header of this", &earlier, now, now);
    add("sealed for this epoch, header of the one before", binding, before, before);
    for header in [0, 1, now + 1, u64::MAX] {
        add(&format!("header of epoch {header}"), binding, header, now);
    }
}

/// U is no point, or one that betrays the key of whoever uses it.
fn points(rig: &mut Rig, place: &Place, binding: &Binding, honest: &[u8], letters: &mut Vec<Letter>) {
    let mut add = |what: String, u: [u8; 96]| {
        let mut envelope = honest.to_vec();
        envelope[U..NONCE].copy_from_slice(&u);
        letters.push(place.letter(what, envelope));
    };
    let point = |first: u8, last: u8| {
        let mut u = [0; 96];
        (u[0], u[95]) = (first, last);
        u
    };
    add("U of zeros".to_owned(), [0; 96]);
    add("U of ones".to_owned(), [0xff; 96]);
    add("U at infinity".to_owned(), point(0xc0, 0));
    add("U at infinity, not in its form".to_owned(), point(0xc0, 1));
    add("U at infinity, of a sign".to_owned(), point(0xe0, 0));
    // The cofactor is about 2^508: of small x, half are on the curve and none is in the subgroup.
    for x in 1..=12 {
        add(format!("U of x = {x}: off the curve or outside the subgroup"), point(0x80, x));
    }
    // If infinity were taken, the shared key would be that of the pairing's 1, which everybody knows. Its 576 bytes
    // are zeros and a one at the end of a coefficient: all twelve are tried.
    let infinity = point(0xc0, 0);
    let message = key_message(binding.network, ERA, binding.contract, binding.epoch);
    for coefficient in 1..=12 {
        let mut one = [0; 576];
        one[48 * coefficient - 1] = 1;
        let context = [&infinity[..], &message].concat();
        let key = enigma_crypto::kdf::derive(IBE_KEM, &Secret::from_bytes(one), &context);
        let envelope = raw(&key, &infinity, rig.random(), binding, &plaintext(0, 0, &BODY, 0));
        letters.push(place.letter(format!("U at infinity under the known key, {coefficient}"), envelope));
    }
}

/// Sealed well, around something that is no plaintext.
fn plaintexts(rig: &mut Rig, place: &Place, binding: &Binding, letters: &mut Vec<Letter>) {
    let mut add = |what: &str, content: Vec<u8>| {
        let session = rig.session(binding);
        let envelope = raw(&session.key, &session.u, rig.random(), binding, &content);
        letters.push(place.letter(what, envelope));
    };
    add("an authorisation that does not exist yet", plaintext(1, 0, &BODY, 0));
    add("a body longer than the plaintext", plaintext(0, 1_000, &BODY, 0));
    add("a body of four gigabytes", plaintext(0, u32::MAX - 150, &BODY, 0));
    add("padding that is not zero", plaintext(0, 0, &BODY, 1));
    add("a plaintext of zeros but for its padding", [vec![0; 255], vec![1]].concat());
    add("a plaintext of ones", vec![0xff; 256]);
}

/// reply key ‖ expiry ‖ authorisation ‖ length of the body, and more ‖ body ‖ padding.
fn plaintext(authorisation: u8, more: u32, body: &[u8], padding: u8) -> Vec<u8> {
    let mut bytes = [[7; 32].as_slice(), &[0; 8], &[authorisation]].concat();
    bytes.extend((body.len() as u32 + more).to_be_bytes());
    bytes.extend(body);
    bytes.resize(256, padding);
    bytes
}

fn raw(key: &Secret<[u8; 32]>, u: &[u8; 96], nonce: [u8; 24], binding: &Binding, content: &[u8]) -> Vec<u8> {
    let data = [
        ENVELOPE.bytes(),
        &[binding.kind as u8],
        binding.network.as_slice(),
        binding.contract.as_slice(),
        &binding.epoch.to_be_bytes(),
        binding.sender.as_slice(),
        binding.on_behalf_of.as_slice(),
    ]
    .concat();
    let ciphertext = seal_envelope(key, &nonce, &data, content).expect("a small plaintext");
    let header = [&[1][..], &ERA.to_be_bytes(), &binding.epoch.to_be_bytes()].concat();
    [&header, &u[..], &nonce, &ciphertext].concat()
}

/// The same by hand and right: what shows that the wrong ones are wrong in one way only.
pub(crate) fn right(rig: &mut Rig, place: &Place) -> Letter {
    let binding = rig.binding(place.kind, place.contract, place.epoch, place.sender);
    let session = rig.session(&binding);
    let envelope = raw(&session.key, &session.u, rig.random(), &binding, &plaintext(0, 0, &BODY, 0));
    place.letter("right", envelope)
}
