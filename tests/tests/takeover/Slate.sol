// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Adds up, and writes over its slots each time: its world stays small while what was changed grows.
contract Slate {
    uint256 private total;
    mapping(uint256 => bytes32) private words;

    function write(uint256 amount, uint256 count) external returns (uint256) {
        for (uint256 i = 0; i < count; ++i) {
            words[i] = keccak256(abi.encode(total, i));
        }
        return total += amount;
    }
}
