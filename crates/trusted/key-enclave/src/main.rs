//! The key enclave as a process: frames on standard input and output, until the input ends.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use enigma_key_enclave::KeyEnclave;
use enigma_platform::{SimulatedPlatform, serve};

fn main() -> ExitCode {
    let mut enclave = KeyEnclave::new(SimulatedPlatform::boot("key", getrandom::fill));
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock(), |frame| enclave.handle(frame))
}
