//! What an enclave asks of its hardware: evidence, sealing, randomness.
