//! What the enclaves promise, tried on the real ones, frame by frame, on a chain that is only a map
//! (`enigma_tests::sealed`). Every file is a group of promises or threats.

mod abi;
mod beacons;
mod envelopes;
mod frames;
mod garbage;
mod identities;
mod keys;
mod queries;
mod release;
mod states;
mod tasks;
mod threshold;
