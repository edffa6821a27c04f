//! The contract of these tests, whose state depends on everything that a task can see.

use alloy_primitives::{Address, U256, keccak256};
use enigma_evm::World;
use enigma_tests::network::binary;

/// Its creation code, compiled as a user's would be.
pub fn code() -> Vec<u8> {
    let mut compiler = std::process::Command::new("node");
    compiler.arg(binary::root().join("tools/compile.mjs")).arg("tests/fixtures/Mill.sol:Mill");
    let told = compiler.current_dir(binary::root()).output().expect("node runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    hex::decode(told["bytecode"].as_str().unwrap().trim_start_matches("0x")).expect("hex")
}

/// Calldata that grinds `amount`.
pub fn grind(amount: u64) -> Vec<u8> {
    [&keccak256("grind(uint256)")[..4], &U256::from(amount).to_be_bytes::<32>()].concat()
}

/// What an amount adds to the total.
pub fn adds(amount: u64) -> u64 {
    if amount % 16 == 13 { 0 } else { amount }
}

/// The total in a world.
pub fn total(world: &World, contract: Address) -> u64 {
    u64::try_from(world.storage(contract, U256::ZERO)).expect("a small total")
}
