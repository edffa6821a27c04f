//! The key enclave as a process: frames on standard input and output, until the input ends.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use enigma_key_enclave::KeyEnclave;
use enigma_platform::{SimulatedPlatform, serve};

fn main() -> ExitCode {
    // A panic ends the enclave without a word: its message could hold what was being worked on.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let mut enclave = KeyEnclave::new(SimulatedPlatform::boot("key", getrandom::fill));
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock(), |frame| enclave.handle(frame))
}
