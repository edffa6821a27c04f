//! What the enclaves promise, tried on the real ones, frame by frame, on a chain that is only a map
//! (`enigma_tests::sealed`). Every file is a group of promises or threats.

mod abi;
mod beacons;
mod cosign;
mod envelopes;

mod foreign;
mod frames;
mod garbage;
mod heads;
mod identities;
mod keys;
mod pieces;
mod queries;
mod rebuilt;
mod relayed;
mod release;
mod states;
mod takeover;
mod tasks;
mod threshold;
mod turns;
