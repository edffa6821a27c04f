//! The worker enclave: opens, executes, seals, signs.
