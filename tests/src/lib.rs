//! End-to-end tests: the only place where red and blue meet.

pub mod anvil;
pub mod at_end;
pub mod audit;
pub mod network;
pub mod proxy;
pub mod rig;
pub mod scan;
pub mod sealed;
