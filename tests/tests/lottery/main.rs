//! The lottery: Solidity and Rust agree on random histories of stakes, and what they draw follows the stakes.
//!
//! ```text
//! memory     storage of the Enigma contract, written by the Rust writer, read by the Rust lottery
//! history    random changes of stakes over epochs, and draws in between
//! agreement  the same histories in `contracts/test/LotteryHarness.sol` on a local chain
//! fairness   chi-square tests, and samplers with a planted bias that must fail them
//! ```
//!
//! `ENIGMA_SEED` replays a run, `ENIGMA_TREES` sets its length. The chain and the compiler come with `npm ci`.
//! `vectors/lottery.json` is read by the tests of `enigma-protocol`.

mod agreement;
mod fairness;
mod history;
mod memory;
