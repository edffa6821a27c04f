//! The retrofitted EVM: one sealed world per secret contract.
//!
//! A [`World`] is everything a secret contract owns: the root contract, which has the address of its portal on
//! Ethereum, and whatever the root creates. [`execute()`] runs one [`Task`] on it under Osaka rules and gives an
//! [`Outcome`]: status, gas, output, logs, what shall happen on Ethereum, and the [`WorldDelta`] that leads to the
//! next world. The caller seals the delta, encrypts the output and calls [`World::apply`].
//!
//! Layout:
//! - [`task`]: what goes in: kind, sender, money, block fields, limits.
//! - [`outcome`]: what comes out: status with numeric halt codes, output, logs, delta.
//! - [`execute()`]: the rules around one run: admission, deposits, limits.
//! - [`world`], [`delta`]: the state and its changes, each with one canonical encoding.
//! - [`border`]: where the world ends; plain ether may cross it, other calls revert with `OutsideCall(address)`.
//! - [`outbound`]: ether and calls on their way to Ethereum, and the precompile for such calls.
//! - [`random`]: the confidential randomness precompile.
//! - [`whose`]: the precompile that tells who sent the task and on whose behalf.
//! - `machine`, `db`, `compact`: the wiring of revm, its read-only view of a world, and small numbers.
//!
//! Invariants:
//! - The same world and task give the same bytes, everywhere and at any time. Every limit is a count.
//! - [`execute()`] and every decoder are total: no input makes them panic.
//! - A task that does not succeed changes nothing but the plain deposits it brings to the root's balance, and the
//!   nonce of its author if it was relayed. So an authorisation is good for one run at most.
//! - Money: the balances of the world add up to `inflow` plus the values of successful tasks minus the values of
//!   outbound calls; only ether that a contract burns on purpose is missing (in the transaction that created it, a
//!   self-destruct to itself, or ether sent to it after its self-destruct). A run whose outbound calls do not carry
//!   exactly what left is no success: it halts with [`HaltCode::Machine`].
//! - What a frame that reverts had sent out never left.
//! - What is confidential (state, inputs, outputs) does not print: `Debug` shows the name of the type.
//! - Accounts outside the world never enter it: the sender's account exists for the length of the run.
//!
//! Where it differs from Ethereum: gas price is 0 and `coinbase` the zero address, as no fee is charged inside;
//! `gaslimit` is [`BLOCK_GAS_LIMIT`], `blobbasefee` 1; `blockhash` knows the hashes that the task brings, any
//! other is zero; the world's accounts are all that exists, so outside addresses look empty and calls to them
//! revert, system contracts (EIP-4788, EIP-2935) included; ether that is sent there leaves at once.
//!
//! Deliberately absent: reading Ethereum, the other confidential precompiles, the fees and limits of outbound
//! calls (the enclave has them), cryptography of the envelope, I/O, clocks.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

/// `Debug` for types that hold plaintext. Tests of this crate see everything.
macro_rules! redacted {
    ($($name:ident $(<$life:lifetime>)?),*) => {$(
        #[cfg(not(test))]
        impl core::fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

pub mod border;
mod compact;
mod db;
pub mod delta;
pub mod execute;
mod machine;
pub mod outbound;
pub mod outcome;
pub mod random;
pub mod task;
#[cfg(test)]
mod tests;
pub mod whose;
pub mod world;

pub use delta::{AccountDelta, WorldDelta};
pub use execute::execute;
pub use outbound::{OutboundCall, OutboundKind};
pub use outcome::{HaltCode, Log, Outcome, Status};
pub use task::{BLOCK_GAS_LIMIT, BlockContext, Kind, Limits, TASK_GAS_CAP, Task};
pub use world::{Account, World};
