//! Brings the proofs that an enclave asks for.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::B256;
use enigma_chain::Chain;
use enigma_protocol::door::{MAX_SLOTS, UntrustedFacts};

use crate::Result;

/// How long a block takes to be made, where proofs are mixed up meanwhile; twice as long at each try.
const SETTLES: Duration = Duration::from_millis(10);
/// Times that proofs are asked for again: a chain that is just making a block mixes them up now and then.
pub(crate) const MIXED_UP: u32 = 5;

/// Lets the chain finish its block before the next try.
pub(crate) async fn let_settle(tries: u32) {
    tokio::time::sleep(SETTLES.saturating_mul(1 << tries.min(MIXED_UP))).await;
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
