//! OpenZeppelin's ERC-20, compiled by the project's compiler.

use std::process::Command;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};
use anyhow::{Context, Result, ensure};
use enigma_tests::network::binary;

sol! {
    function transfer(address to, uint256 value) returns (bool);
    function fill(uint256 from, uint256 count);
}

/// The compiled token.
#[derive(Debug)]
pub struct Token {
    /// Creation code; its constructor takes nothing.
    pub creation: Vec<u8>,
}

impl Token {
    /// Runs the compiler.
    pub fn compile() -> Result<Self> {
        let root = binary::root();
        let output = Command::new("node")
            .arg(root.join("tools/compile.mjs"))
            .arg(root.join("benches/fixtures/Token.sol"))
            .output()
            .context("the compiler runs on Node.js: is `node` installed?")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let compiled: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let code = compiled["bytecode"].as_str().context("the compiler's bytecode")?;
        Ok(Self { creation: hex::decode(code.trim_start_matches("0x"))? })
    }

    /// Calldata that writes `count` slots, which nothing reads.
    pub fn fill(from: usize, count: usize) -> Vec<u8> {
        fillCall { from: U256::from(from), count: U256::from(count) }.abi_encode()
    }

    /// Calldata that sends some to one of a thousand people.
    pub fn transfer(index: usize) -> Vec<u8> {
        let to = Address::left_padding_from(&[0x77, ((index % 1_000) >> 8) as u8, (index % 1_000) as u8]);
        transferCall { to, value: U256::from(1 + index) }.abi_encode()
    }
}
