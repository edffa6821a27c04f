//! The logic of workers' hosts (`enigma-worker`, the code that a node runs) on a model of everything that it touches. A seed
//! fixes a run: who takes part, what is sent, what goes wrong and when, how long every call takes. Time is tokio's paused
//! clock: it jumps to the next timer, so hours pass in milliseconds. One thread; a failing seed replays to the same hash.
//!
//! ```text
//! dice      the only source of chance
//! schedule  what a seed stands for
//! run       blocks, troubles, healing, and the checks between
//! check     what must hold, block by block, from the chain alone
//! books     who must have which money, from the chain alone
//! chain     blocks, pool, forks          contract  the Enigma contract's rules and money
//! enclave   a worker's enclave, and the release rule of key nodes
//! app       what a secret contract does
//! network   messages: delayed, lost, cut off
//! world     enigma_worker::World of one life of a worker; each call may be its last
//! sim       what they share
//! trace     what happened, as a hash and as text
//! ```
//!
//! Deliberately absent: cryptography (a signature is a hash, sealed bytes are tagged), Merkle proofs, gas limits, nonces.

mod app;
mod books;
mod chain;
mod check;
mod contract;
mod dice;
mod enclave;
mod network;
mod run;
mod schedule;
mod sim;
mod trace;
mod world;

pub use chain::Chain;
pub use check::{Invariant, Sums, Violation};
pub use dice::Dice;
pub use run::{Plan, Report, run};
pub use schedule::Schedule;
pub use trace::Trace;

/// A mistake made on purpose, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Enclaves believe any state that opens, whatever its heads lead to.
    EnclaveForgetsHead,
    /// Stand-bys do not wait for their turn, and neither chain nor key nodes mind.
    ForgetsClock,
    /// The contract does not remember who was passed over.
    ForgetsSilent,
    /// A skip refunds twice.
    RefundsTwice,
    /// Hosts believe chunks of snapshots that do not hash to what the manifest says.
    SyncBelieves,
    /// The contract takes receipts for inputs that are final.
    CommitsAgain,
    /// The contract slashes a part of what is left of a stake, not of what it was when the epoch's first slash came.
    SlashesTheRest,
    /// The contract charges the price that a sender would pay at most.
    ChargesTheCap,
    /// A hold begins the clock anew.
    HoldsBeginAnew,
}
