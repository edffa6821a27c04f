//! State heads over ciphertext, and what is sealed under a contract's state key.

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, keccak256};
use enigma_crypto::{Error, aead::SingleUseKey, bls::Signature, kdf};
use enigma_primitives::{
    Secret,
    codec::{Reader, Writer},
    size_class,
    tags::{self, KdfLabel},
};

use crate::{
    door::{MAX_STEPS, UntrustedBase, UntrustedPiece, UntrustedPlace, UntrustedStep},
    hash::Words,
    snapshot::snapshot_hash,
};

/// Smallest padded plaintext of a delta, snapshot or output, bytes.
pub const SMALLEST_CLASS: usize = 128;
/// Length of the authentication tag, bytes.
pub const TAG: usize = 16;

/// A delta that only a holder of the state key reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDelta(pub Vec<u8>);

/// A snapshot that only a holder of the state key reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSnapshot(pub Vec<u8>);

/// The state head before the first input of `contract`.
pub fn genesis_state_head(network: B256, contract: Address) -> B256 {
    Words::tagged(tags::STATE_HEAD_GENESIS).word(network).address(contract).hash()
}

/// The head after a task.
pub fn next_state_head(head: B256, input_hash: B256, delta_hash: B256) -> B256 {
    Words::tagged(tags::STATE_HEAD).word(head).word(input_hash).word(delta_hash).hash()
}

/// The head after the snapshot that opens an epoch.
pub fn fold_snapshot(head: B256, snapshot_hash: B256) -> B256 {
    Words::tagged(tags::STATE_HEAD_SNAPSHOT).word(head).word(snapshot_hash).hash()
}

/// A snapshot of a contract and all that the chain recorded since, as a host has it. It goes to an enclave in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntrustedState {
    /// The snapshot; without one, the empty world before the first input.
    pub base: Option<UntrustedBase>,
    /// What happened since, in order.
    pub steps: Vec<UntrustedStep>,
}

/// Where a state that a host offers leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led {
    /// The state head after its last step.
    pub head: B256,
    /// The epoch whose state key seals what comes next; 0 if nothing was ever folded in.
    pub epoch: u64,
    /// The epochs whose state keys open something of it.
    pub opening: BTreeSet<u64>,
}

impl Led {
    /// Behind `base`, or before the first input, whose head is `genesis`.
    fn begin(genesis: B256, base: Option<&UntrustedBase>) -> Self {
        let Some(base) = base else { return Self { head: genesis, epoch: 0, opening: BTreeSet::new() } };
        let head = fold_snapshot(base.head_before, snapshot_hash(&base.snapshot.0));
        Self { head, epoch: base.epoch, opening: BTreeSet::from([base.epoch]) }
    }

    /// One step on; `None` if the epochs do not rise.
    fn step(&mut self, step: &UntrustedStep) -> Option<()> {
        self.head = match step {
            UntrustedStep::Delta(delta) => {
                self.opening.insert(self.epoch);
                next_state_head(self.head, delta.input_hash, keccak256(&delta.delta.0))
            }
            UntrustedStep::Skipped(skip) => next_state_head(self.head, skip.input_hash, B256::ZERO),
            UntrustedStep::Folded(fold) if fold.epoch > self.epoch => {
                self.epoch = fold.epoch;
                fold_snapshot(self.head, fold.snapshot_hash)
            }
            UntrustedStep::Folded(_) => return None,
        };
        Some(())
    }

    fn along(mut self, steps: &[UntrustedStep]) -> Option<Self> {
        steps.iter().try_for_each(|step| self.step(step))?;
        Some(self)
    }
}

impl UntrustedState {
    /// Follows the chain of heads from the snapshot, or from `genesis`, the head before the first input. `None` if the
    /// epochs do not rise.
    pub fn lead(&self, genesis: B256) -> Option<Led> {
        Led::begin(genesis, self.base.as_ref()).along(&self.steps)
    }

    /// Cuts it, so that beside the snapshot no piece has more than `room` bytes of deltas, unless one alone is larger.
    /// `None` if the epochs do not rise.
    pub fn pieces(self, genesis: B256, room: usize) -> Option<Vec<UntrustedPiece>> {
        let mut led = Led::begin(genesis, self.base.as_ref());
        let (mut pieces, mut left) = (Vec::new(), room);
        let piece = |after, base| UntrustedPiece { after, base, steps: Vec::new().into(), is_last: false };
        let mut current = piece(None, self.base);
        for step in self.steps {
            let size = if let UntrustedStep::Delta(delta) = &step { delta.delta.0.len() } else { 0 };
            if !current.steps.0.is_empty() && (size > left || current.steps.0.len() == MAX_STEPS) {
                let place = UntrustedPlace { state_head: led.head, epoch: led.epoch };
                pieces.push(std::mem::replace(&mut current, piece(Some(place), None)));
                left = room;
            }
            led.step(&step)?;
            left = left.saturating_sub(size);
            current.steps.0.push(step);
        }
        pieces.push(UntrustedPiece { is_last: true, ..current });
        Some(pieces)
    }
}

impl UntrustedPiece {
    /// Follows the chain of heads from where the piece before it ended, or from where a state begins. `None` if the epochs
    /// do not rise, or it begins twice.
    pub fn lead(&self, genesis: B256) -> Option<Led> {
        let begin = match (&self.after, &self.base) {
            (Some(_), Some(_)) => return None,
            (Some(place), None) => {
                Led { head: place.state_head, epoch: place.epoch, opening: BTreeSet::new() }
            }
            (None, base) => Led::begin(genesis, base.as_ref()),
        };
        begin.along(&self.steps.0)
    }
}

/// A contract's state key of one epoch, from the committee's evaluation.
pub struct StateKey(Secret<[u8; 32]>);

impl StateKey {
    /// Derives it from the evaluated point; `message` is what was evaluated.
    pub fn new(point: &Signature, message: &[u8]) -> Self {
        Self(kdf::derive(tags::STATE_KEY, &point.to_secret(), message))
    }

    /// Seals a delta for the task of context `ctx`. Deterministic; `label` is the platform's.
    ///
    /// # Errors
    /// Only for absurd lengths (gibibytes).
    pub fn seal_delta(&self, label: &[u8], ctx: B256, delta: &[u8]) -> Result<SealedDelta, Error> {
        self.seal(tags::DELTA, label, ctx, delta).map(SealedDelta)
    }

    /// Opens a delta.
    ///
    /// # Errors
    /// [`NotOpened`]: other bytes, another key or another context.
    pub fn open_delta(&self, label: &[u8], ctx: B256, sealed: &[u8]) -> Result<Secret<Vec<u8>>, NotOpened> {
        self.open(tags::DELTA, label, ctx, sealed)
    }

    /// Seals the state that stands behind `head`.
    ///
    /// # Errors
    /// As [`StateKey::seal_delta`].
    pub fn seal_snapshot(&self, label: &[u8], head: B256, state: &[u8]) -> Result<SealedSnapshot, Error> {
        self.seal(tags::SNAPSHOT, label, head, state).map(SealedSnapshot)
    }

    /// Opens a snapshot.
    ///
    /// # Errors
    /// [`NotOpened`]: other bytes, another key or another head.
    pub fn open_snapshot(
        &self,
        label: &[u8],
        head: B256,
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, NotOpened> {
        self.open(tags::SNAPSHOT, label, head, sealed)
    }

    fn single_use(&self, purpose: KdfLabel, label: &[u8], context: B256) -> SingleUseKey {
        kdf::derive_single_use(purpose, &self.0, &[label, context.as_slice()].concat())
    }

    fn seal(&self, purpose: KdfLabel, label: &[u8], context: B256, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let padded = pad(bytes);
        padded.expose(|p| self.single_use(purpose, label, context).seal(context.as_slice(), p))
    }

    fn open(
        &self,
        purpose: KdfLabel,
        label: &[u8],
        context: B256,
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, NotOpened> {
        let padded = self
            .single_use(purpose, label, context)
            .open(context.as_slice(), sealed)
            .map_err(|_| NotOpened)?;
        padded.expose(|p| unpad(p)).ok_or(NotOpened)
    }
}

/// Sealed bytes that do not open under this key and context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes did not open: expected the key and context they were sealed under")]
pub struct NotOpened;

/// Length of a sealed plaintext of `len` bytes.
pub fn sealed_len(len: usize) -> usize {
    size_class(len.saturating_add(4), SMALLEST_CLASS).saturating_add(TAG)
}

/// `length ‖ bytes ‖ zeros` to a size class.
fn pad(bytes: &[u8]) -> Secret<Vec<u8>> {
    let mut w = Writer::new();
    w.bytes(bytes);
    Secret::new(zero_fill(w.finish()))
}

/// Zeros to the next size class.
pub(crate) fn zero_fill(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(size_class(bytes.len(), SMALLEST_CLASS), 0);
    bytes
}

/// Undoes [`pad`]; other padding than zeros is refused, so that one content has one form.
fn unpad(padded: &[u8]) -> Option<Secret<Vec<u8>>> {
    let mut r = Reader::new(padded);
    let bytes = Secret::new(r.bytes(padded.len()).ok()?.to_vec());
    r.rest().iter().all(|&b| b == 0).then_some(bytes)
}
