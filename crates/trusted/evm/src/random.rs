//! Confidential randomness: the `random_bytes` precompile of Oasis Sapphire, at the same address and with the
//! same ABI and gas, so that existing confidential Solidity runs unchanged.
//!
//! Input `abi.encode(uint256 num_bytes, bytes pers)`, output `num_bytes` raw bytes, at most [`MAX_BYTES`] (more
//! gives that many, as there). Source: oasis-sdk, runtime-sdk/modules/evm/src/precompile/confidential.rs.
//!
//! The bytes are HKDF-Expand(seed of the task, label ‖ number of the call ‖ keccak256(pers)). The number counts
//! every call of the task and is not taken back when a frame reverts: whoever undoes a call and tries again
//! gets other bytes, and no two calls ever share them.

use alloy_primitives::{Address, Bytes, U256, address, keccak256};
use enigma_primitives::{Reader, Secret, tags};
use hkdf::Hkdf;
use revm::interpreter::{Gas, InstructionResult, InterpreterResult};
use sha2::Sha256;

/// Address of the precompile.
pub const RANDOM_BYTES: Address = address!("0100000000000000000000000000000000000001");
/// The most bytes that one call gives.
pub const MAX_BYTES: usize = 1024;

const BASE_GAS: u64 = 10_000;
const OUTPUT_WORD_GAS: u64 = 240;
const PERS_WORD_GAS: u64 = 60;

/// The precompile's state over one task.
#[derive(Debug, Default)]
pub(crate) struct RandomBytes {
    calls: u64,
}

impl RandomBytes {
    /// Answers one call.
    pub(crate) fn run(&mut self, input: &[u8], gas_limit: u64, seed: &Secret<[u8; 32]>) -> InterpreterResult {
        let mut gas = Gas::new(gas_limit);
        let halt = |result| {
            let mut gas = Gas::new(gas_limit);
            gas.spend_all();
            InterpreterResult::new(result, Bytes::new(), gas)
        };
        let Some((num_bytes, pers)) = decode(input) else {
            return halt(InstructionResult::PrecompileError);
        };
        if !gas.record_regular_cost(cost(num_bytes, pers.len())) {
            return halt(InstructionResult::PrecompileOOG);
        }
        let call = self.calls.to_be_bytes();
        self.calls = self.calls.wrapping_add(1);
        let mut bytes = vec![0; num_bytes];
        let info = [tags::RANDOM.bytes(), &call, keccak256(pers).as_slice()].concat();
        let expanded = seed.expose(|seed| match Hkdf::<Sha256>::from_prk(seed) {
            Ok(hkdf) => hkdf.expand(&info, &mut bytes).is_ok(),
            Err(_) => false,
        });
        // A seed of 32 bytes and at most 1,024 bytes of output are always within HKDF's bounds.
        if !expanded {
            return halt(InstructionResult::PrecompileError);
        }
        InterpreterResult::new(InstructionResult::Return, bytes.into(), gas)
    }
}

fn cost(num_bytes: usize, pers: usize) -> u64 {
    let words = |len: usize| len.div_ceil(32) as u64;
    BASE_GAS
        .saturating_add(words(num_bytes).saturating_mul(OUTPUT_WORD_GAS))
        .saturating_add(words(pers).saturating_mul(PERS_WORD_GAS))
}

/// `abi.decode(input, (uint256, bytes))`, the number cut to [`MAX_BYTES`].
fn decode(input: &[u8]) -> Option<(usize, &[u8])> {
    let mut head = Reader::new(input);
    let num_bytes = head.get::<U256>().ok()?.min(U256::from(MAX_BYTES));
    let offset: usize = head.get::<U256>().ok()?.try_into().ok()?;
    let mut tail = Reader::new(input.get(offset..)?);
    let len: usize = tail.get::<U256>().ok()?.try_into().ok()?;
    Some((num_bytes.try_into().ok()?, tail.raw(len).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(num_bytes: u64, pers: &[u8]) -> Vec<u8> {
        let word = |n: usize| U256::from(n).to_be_bytes::<32>();
        let mut out = U256::from(num_bytes).to_be_bytes::<32>().to_vec();
        out.extend_from_slice(&word(64));
        out.extend_from_slice(&word(pers.len()));
        out.extend_from_slice(pers);
        out.resize(out.len().next_multiple_of(32), 0);
        out
    }

    fn seed(byte: u8) -> Secret<[u8; 32]> {
        Secret::from_bytes([byte; 32])
    }

    #[test]
    fn every_call_gives_other_bytes_and_a_task_replays_them() {
        let run = || {
            let mut random = RandomBytes::default();
            [0; 3].map(|_| random.run(&encode(64, b"x"), 100_000, &seed(1)).output)
        };
        let [a, b, c] = run();
        assert!(a != b && b != c && a != c);
        assert_eq!(a.len(), 64);
        assert_eq!(run(), [a, b, c]);
    }

    #[test]
    fn seed_and_personalisation_both_matter() {
        let first = |seed_byte, pers: &[u8]| {
            RandomBytes::default().run(&encode(32, pers), 100_000, &seed(seed_byte)).output
        };
        assert_ne!(first(1, b"a"), first(2, b"a"));
        assert_ne!(first(1, b"a"), first(1, b"b"));
    }

    #[test]
    fn gas_is_that_of_sapphire() {
        let spent = |num, pers: &[u8], limit| {
            let result = RandomBytes::default().run(&encode(num, pers), limit, &seed(1));
            (result.result, result.gas.limit() - result.gas.remaining())
        };
        assert_eq!(spent(32, b"", 20_000), (InstructionResult::Return, 10_240));
        assert_eq!(spent(33, b"p", 20_000), (InstructionResult::Return, 10_540));
        assert_eq!(spent(5_000, b"", 20_000), (InstructionResult::Return, 17_680));
        assert_eq!(spent(32, b"", 10_239), (InstructionResult::PrecompileOOG, 10_239));
    }

    #[test]
    fn malformed_input_is_refused_and_consumes_its_gas() {
        let good = encode(32, b"pers");
        for len in 0..100 {
            let result = RandomBytes::default().run(&good[..len], 50_000, &seed(1));
            assert_eq!(result.result, InstructionResult::PrecompileError, "length {len}");
            assert_eq!(result.gas.remaining(), 0);
        }
        let mut far = good;
        far[32..64].fill(0xff);
        let result = RandomBytes::default().run(&far, 50_000, &seed(1));
        assert_eq!(result.result, InstructionResult::PrecompileError);
    }
}
