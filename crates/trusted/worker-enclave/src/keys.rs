//! Keys: asking key enclaves for them, combining what they answer, forgetting.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use enigma_crypto::{
    bls::{IdentityKey, PublicKey, Signature},
    ibe,
    sealed_box::{self, BoxSecretKey},
    sign::SigningKey,
    threshold::{MemberIndex, Partial, PublicPolynomial, open},
};
use enigma_lightclient::HeaderChain;
use enigma_platform::Platform;
use enigma_primitives::{Secret, tags};
use enigma_protocol::{
    door::{Code, Refusal, UntrustedKeys},
    keys::{KeyReply, KeyRequest, Purpose},
    network::{Descriptor, ERA, key_message},
    state::StateKey,
};

use crate::{facts::Ground, sessions::Sessions};

/// Most requests that wait for answers. Which epochs a state needs is a host's word: it must not fill the memory.
const ASKED: usize = 4_096;

/// Names one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyId {
    pub(crate) purpose: Purpose,
    pub(crate) contract: Address,
    pub(crate) epoch: u64,
}

/// A key and what it hangs on.
struct Ready {
    point: IdentityKey,
    /// In whose group the worker was when it got the key; the key goes when that epoch goes.
    group_epoch: u64,
    /// Blocks that the key enclaves saw: the key serves only a chain that contains them all.
    seen: Vec<(u64, B256)>,
    /// What was decapsulated with it.
    sessions: Sessions,
}

struct Asked {
    request: KeyRequest,
    reply_to: BoxSecretKey,
}

/// The keys of one network that this enclave holds or has asked for. They live in memory alone.
pub(crate) struct KeyRing {
    network: B256,
    polynomial: PublicPolynomial,
    ready: BTreeMap<KeyId, Ready>,
    asked: BTreeMap<KeyId, Asked>,
}

impl KeyRing {
    /// An empty ring. The polynomial comes from the host; that its constant term is the pinned key is what counts:
    /// a polynomial that lies elsewhere can only blame the wrong member.
    pub(crate) fn new(descriptor: &Descriptor, commitments: &[[u8; 96]]) -> Result<Self, Refusal> {
        let points = commitments.iter().map(PublicKey::from_bytes).collect::<Result<Vec<_>, _>>();
        let polynomial =
            points.and_then(PublicPolynomial::from_commitments).map_err(|_| Code::WrongNetwork)?;
        if polynomial.public_key().to_bytes() != descriptor.public_key {
            return Err(Code::WrongNetwork.into());
        }
        Ok(Self { network: descriptor.network(), polynomial, ready: BTreeMap::new(), asked: BTreeMap::new() })
    }

    /// Drops every key of an epoch that is over, or whose witnesses the chain no longer has.
    pub(crate) fn forget(&mut self, current: u64, chain: &HeaderChain) {
        self.ready.retain(|_, key| {
            key.group_epoch >= current
                && key.seen.iter().all(|&(number, hash)| chain.hash(number) == Some(hash))
        });
        self.asked.retain(|_, asked| asked.request.group_epoch >= current);
    }

    /// The key, if it is here.
    pub(crate) fn get(&self, id: &KeyId) -> Option<&IdentityKey> {
        self.ready.get(id).map(|ready| &ready.point)
    }

    /// The key that seals a contract's state in `epoch`.
    ///
    /// # Errors
    /// `Internal` if it is not here: who calls has asked for it.
    pub(crate) fn state_key(&self, ground: &Ground, epoch: u64) -> Result<StateKey, Refusal> {
        let point = self.get(&ground.key(Purpose::State, epoch)).ok_or(Code::Internal)?;
        let message = key_message(self.network, ERA, ground.contract, epoch);
        Ok(point.expose(|p| StateKey::new(p, &message)))
    }

    /// The key that `u` encapsulates to an input key; remembered as long as that key is. `None` if the key is not here.
    pub(crate) fn session(
        &mut self,
        id: &KeyId,
        u: &[u8; 96],
    ) -> Option<Result<&Secret<[u8; 32]>, enigma_crypto::Error>> {
        let message = key_message(self.network, ERA, id.contract, id.epoch);
        let Ready { point, sessions, .. } = self.ready.get_mut(id)?;
        Some(sessions.key(u, || ibe::decapsulate(point, u, &message)))
    }

    /// The request for a key that is not here; the same one until it is answered.
    pub(crate) fn ask(
        &mut self,
        id: KeyId,
        group_epoch: u64,
        signer: &SigningKey,
        platform: &mut dyn Platform,
    ) -> Result<KeyRequest, Refusal> {
        if let Some(asked) = self.asked.get(&id)
            && asked.request.group_epoch == group_epoch
        {
            return Ok(asked.request.clone());
        }
        if self.asked.len() >= ASKED {
            self.asked.clear();
        }
        let secret = enigma_platform::random_secret(platform)?;
        let reply_to = BoxSecretKey::new(secret);
        let mut request = KeyRequest {
            network: self.network,
            purpose: id.purpose,
            contract: id.contract,
            key_epoch: id.epoch,
            group_epoch,
            reply_to: reply_to.public_key().0,
            signature: [0; 65],
        };
        request.signature = signer.sign_digest(request.digest());
        self.asked.insert(id, Asked { request: request.clone(), reply_to });
        Ok(request)
    }

    /// Opens and combines answers to a request that was made here.
    ///
    /// # Errors
    /// `UnusableReplies`, `ForeignBlock` (perhaps only: not followed yet), `WrongPartial` with the member.
    pub(crate) fn take(&mut self, chain: &HeaderChain, keys: &UntrustedKeys) -> Result<(), Refusal> {
        let UntrustedKeys { request, replies } = keys;
        let id = KeyId { purpose: request.purpose, contract: request.contract, epoch: request.key_epoch };
        let asked = self.asked.get(&id).filter(|a| a.request == *request).ok_or(Code::UnusableReplies)?;
        let replies = one_generation(&replies.0, self.polynomial.threshold())?;
        let seen: Vec<(u64, B256)> = replies.iter().map(|r| (r.block_number, r.block_hash)).collect();
        for &(number, hash) in &seen {
            if chain.hash(number) != Some(hash) {
                return Err(Refusal { code: Code::ForeignBlock, detail: number });
            }
        }
        let digest = request.digest();
        let partials = replies
            .iter()
            .map(|r| open_partial(&asked.reply_to, digest, r))
            .collect::<Result<Vec<_>, _>>()?;
        let message = key_message(self.network, ERA, id.contract, id.epoch);
        let point = open(&self.polynomial, id.purpose.curve_tag(), &message, &partials).map_err(refusal)?;
        let group_epoch = request.group_epoch;
        self.asked.remove(&id);
        self.ready.insert(
            id,
            Ready { point: Secret::new(point), group_epoch, seen, sessions: Sessions::default() },
        );
        Ok(())
    }
}

/// The first `threshold` replies of the newest generation among them.
fn one_generation(replies: &[KeyReply], threshold: usize) -> Result<Vec<&KeyReply>, Refusal> {
    let newest = replies.iter().map(|r| r.generation).max().unwrap_or_default();
    let chosen: Vec<&KeyReply> = replies.iter().filter(|r| r.generation == newest).take(threshold).collect();
    if chosen.len() < threshold { Err(Code::UnusableReplies.into()) } else { Ok(chosen) }
}

fn open_partial(own: &BoxSecretKey, digest: B256, reply: &KeyReply) -> Result<Partial, Refusal> {
    let wrong = || Refusal { code: Code::WrongPartial, detail: reply.member.into() };
    let member = MemberIndex::new(reply.member).map_err(|_| wrong())?;
    let aad = reply.associated_data(digest);
    let bytes =
        sealed_box::open(own, tags::KEY_REPLY_BOX, aad.as_slice(), &reply.sealed.0).map_err(|_| wrong())?;
    let signature = bytes
        .expose(|b| b.as_slice().try_into().ok().and_then(|b: &[u8; 48]| Signature::from_bytes(b).ok()))
        .ok_or_else(wrong)?;
    Ok(Partial { member, signature })
}

fn refusal(error: enigma_crypto::Error) -> Refusal {
    match error {
        enigma_crypto::Error::WrongPartial { member } | enigma_crypto::Error::DuplicateMember { member } => {
            Refusal { code: Code::WrongPartial, detail: member.into() }
        }
        _ => Code::UnusableReplies.into(),
    }
}
