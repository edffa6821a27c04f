//! The retrofitted EVM: one sealed world per secret contract.
