//! The life of an enclave process: wake, answer frames, end with the input.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use alloy_primitives::keccak256;
use enigma_primitives::Secret;

use crate::{Error, Platform, SimulatedPlatform, read_frame, write_frame};

/// Makes the platform once the host has said which machine this is.
pub type Boot = Box<dyn Fn([u8; 32]) -> Box<dyn Platform> + Send>;

impl SimulatedPlatform {
    /// Boots the simulated platform for the enclave called `role`. Its measurement is a name, not a hash of code:
    /// nothing measures a process.
    pub fn boot<E: 'static>(role: &'static str, fill: fn(&mut [u8]) -> Result<(), E>) -> Boot {
        Box::new(move |machine_secret| {
            let measurement = simulated_measurement(role);
            let random = move |buffer: &mut [u8]| fill(buffer).map_err(|_| Error::RandomnessUnavailable);
            Box::new(Self::new(Secret::from_bytes(machine_secret), measurement, Box::new(random)))
        })
    }
}

/// What a simulated enclave of `role` ("worker", "key") reports as its measurement.
pub fn simulated_measurement(role: &str) -> alloy_primitives::B256 {
    keccak256(["SIMULATED enigma ", role].concat())
}

/// Answers frames until the input ends. Standard error says nothing: a failed stream is an exit code.
pub fn serve(
    input: &mut impl Read,
    output: &mut impl Write,
    mut handle: impl FnMut(&[u8]) -> Vec<u8>,
) -> ExitCode {
    loop {
        match read_frame(input) {
            Ok(Some(request)) => {
                if write_frame(output, &handle(&request)).is_err() {
                    return ExitCode::FAILURE;
                }
            }
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
}
