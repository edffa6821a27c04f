//! Thin wrappers over the cryptography the protocol names.
