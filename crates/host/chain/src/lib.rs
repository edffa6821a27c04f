//! The only user of the Ethereum provider library.
