//! An enclave's view of the chain: believes nothing that a host says, follows headers, and reads the Enigma
//! contract's storage through Merkle proofs.
//!
//! ```text
//! headers   HeaderChain: parent-hash continuity from the descriptor's checkpoint (the `dev` verifier)
//! facts     ProvenSlots: storage words proven against a header's state root
//! follower  the chain and the contract of one network: what both enclaves hold
//! view      typed reads of what is stored: epochs, workers, secret contracts
//! ```
//!
//! Invariants: a fact is used only if its proof ends in the tip of a followed chain; what was not proven is
//! reported as missing, never assumed to be zero. Deliberately absent: fetching (hosts do that) and the
//! sync-committee verifier (later; it replaces `headers` alone).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod facts;
mod follower;
mod headers;
mod view;

pub use facts::{BadProof, Missing, ProvenSlots};
pub use follower::Follower;
pub use headers::{Block, BrokenChain, HeaderChain, REMEMBERED};
pub use view::{EnigmaView, Epochs, SecretContract, Worker};
