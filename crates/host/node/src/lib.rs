//! Worker and key node: actors over chain, network, store and enclave.
