//! The key enclave: one share of the network key.
