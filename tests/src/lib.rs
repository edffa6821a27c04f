//! End-to-end tests: the only place where red and blue meet.

pub mod sealed;
