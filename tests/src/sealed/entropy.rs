//! Randomness that replays.

use alloy_primitives::{B256, keccak256};
use enigma_crypto::scalar::Scalar;
use enigma_platform::{Boot, SimulatedPlatform, simulated_measurement};
use enigma_primitives::Secret;

/// A stream of bytes that depends on a name alone: Keccak of the name's hash and a counter.
#[derive(Clone, Debug)]
pub struct Entropy {
    seed: B256,
    drawn: u64,
}

impl Entropy {
    /// The stream of this name.
    pub fn new(name: &str) -> Self {
        Self { seed: keccak256(name), drawn: 0 }
    }

    /// The next 32 bytes.
    pub fn word(&mut self) -> [u8; 32] {
        self.drawn += 1;
        keccak256([self.seed.as_slice(), &self.drawn.to_be_bytes()].concat()).0
    }

    /// Fills a buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for part in buffer.chunks_mut(32) {
            part.copy_from_slice(&self.word()[..part.len()]);
        }
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `bound`, which is small.
    pub fn below(&mut self, bound: usize) -> usize {
        (u64::from_be_bytes(self.bytes()) % bound as u64) as usize
    }

    /// A scalar of BLS12-381.
    ///
    /// # Panics
    /// Never: one in 2^255 draws is zero.
    pub fn scalar(&mut self) -> Scalar {
        Scalar::from_uniform(&Secret::from_bytes(self.bytes())).expect("a scalar")
    }
}

/// Boots an enclave of `role` ("worker", "key") whose randomness depends on `name` alone.
pub fn boot(role: &'static str, name: &str) -> Boot {
    let name = name.to_owned();
    Box::new(move |machine_secret| {
        let mut entropy = Entropy::new(&name);
        let random = move |buffer: &mut [u8]| {
            entropy.fill(buffer);
            Ok(())
        };
        let secret = Secret::from_bytes(machine_secret);
        Box::new(SimulatedPlatform::new(secret, simulated_measurement(role), Box::new(random)))
    })
}
