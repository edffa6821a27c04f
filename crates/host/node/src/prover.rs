//! Brings the proofs that an enclave asks for.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::B256;
use enigma_chain::Chain;
use enigma_protocol::door::{Code, MAX_SLOTS, Refusal, UntrustedFacts};

use crate::{Error, Result};

/// How long a block takes to be made, where proofs are mixed up meanwhile; twice as long at each try.
const SETTLES: Duration = Duration::from_millis(10);
/// Times that proofs are asked for again.
const TRIES: u32 = 5;

/// A chain that is just making a block mixes proofs up now and then: within one question they are asked for again.
#[derive(Default)]
pub(crate) struct MixedUp(u32);

impl MixedUp {
    /// Lets the chain finish its block, if that is what a refusal calls for.
    ///
    /// # Errors
    /// The refusal, if it is another one or has come too often.
    pub(crate) async fn settle(&mut self, refusal: Refusal) -> Result<()> {
        if refusal.code != Code::BadProof || self.0 >= TRIES {
            return Err(Error::Refused(refusal));
        }
        tokio::time::sleep(SETTLES.saturating_mul(1 << self.0)).await;
        self.0 += 1;
        Ok(())
    }
}

/// Slots asked for before that are worth proving ahead the next time.
const REMEMBERED: usize = 256;

/// Remembers which slots enclaves ask for, so that the next question needs fewer rounds.
#[derive(Default)]
pub(crate) struct Prover {
    usual: BTreeSet<B256>,
}

impl Prover {
    /// The slots to begin a question with.
    pub(crate) fn begin(&self, guess: impl IntoIterator<Item = B256>) -> BTreeSet<B256> {
        self.usual.iter().copied().chain(guess).collect()
    }

    /// Notes that an enclave asked for `slots`.
    pub(crate) fn note(&mut self, slots: &[B256]) {
        if self.usual.len() > REMEMBERED {
            self.usual.clear();
        }
        self.usual.extend(slots);
    }
}

/// Proofs of `slots` at block `number`.
pub(crate) async fn prove(chain: &Chain, slots: &BTreeSet<B256>, number: u64) -> Result<UntrustedFacts> {
    let slots: Vec<B256> = slots.iter().copied().take(MAX_SLOTS).collect();
    Ok(chain.prove(&slots, number).await?)
}
