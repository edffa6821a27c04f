//! The chain of one network, as both enclaves hold it: headers go in, proven facts come out.

use alloy_primitives::B256;
use enigma_protocol::{
    door::{Code, Need, Refusal, Stop, UntrustedFacts, UntrustedHeaders, View},
    network::{Descriptor, RULESET, VERIFIER_DEV},
};

use crate::{Block, HeaderChain, Missing, ProvenSlots};

/// Follows the chain that a descriptor names.
#[derive(Clone, Debug)]
pub struct Follower {
    descriptor: Descriptor,
    network: B256,
    chain: HeaderChain,
}

impl Follower {
    /// Starts at the descriptor's checkpoint.
    ///
    /// # Errors
    /// `WrongNetwork` if this build knows no such verifier or ruleset.
    pub fn new(descriptor: Descriptor) -> Result<Self, Refusal> {
        if descriptor.verifier != VERIFIER_DEV || descriptor.ruleset != RULESET {
            return Err(Code::WrongNetwork.into());
        }
        let chain = HeaderChain::new(descriptor.checkpoint_number, descriptor.checkpoint_hash);
        Ok(Self { network: descriptor.network(), descriptor, chain })
    }

    /// The network's descriptor.
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The network's identity.
    pub const fn network(&self) -> B256 {
        self.network
    }

    /// The headers followed so far.
    pub const fn chain(&self) -> &HeaderChain {
        &self.chain
    }

    /// The tip; the checkpoint at first.
    pub fn view(&self) -> View {
        let number = self.chain.height();
        View { number, hash: self.chain.hash(number).unwrap_or_default() }
    }

    /// Extends the chain.
    ///
    /// # Errors
    /// `BrokenChain`; nothing has changed then.
    pub fn follow(&mut self, message: &UntrustedHeaders) -> Result<View, Refusal> {
        self.chain
            .extend(message.headers.0.iter().map(|h| h.0.as_slice()))
            .map_err(|e| Refusal { code: Code::BrokenChain, detail: e.0 })?;
        Ok(self.view())
    }

    /// The facts that hold at the tip.
    ///
    /// # Errors
    /// `UnknownBlock` before the first header, `BadProof`.
    pub fn prove(&self, facts: &UntrustedFacts) -> Result<(ProvenSlots, &Block), Refusal> {
        let tip =
            self.chain.tip().ok_or(Refusal { code: Code::UnknownBlock, detail: self.chain.height() })?;
        // Asking starts with no facts at all: everything is missing then, nothing is false.
        if facts.account.0.is_empty() && facts.slots.0.is_empty() {
            return Ok((ProvenSlots::default(), tip));
        }
        let slots = ProvenSlots::verify(facts, self.descriptor.enigma, tip.state_root)
            .map_err(|e| Refusal { code: Code::BadProof, detail: e.0 })?;
        Ok((slots, tip))
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Need(Need { slots: missing.0.into(), keys: Vec::new().into(), state: false })
    }
}
