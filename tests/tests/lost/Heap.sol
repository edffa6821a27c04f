// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Adds up, and piles up so much state that its snapshots have several chunks. The total is in slot 0.
contract Heap {
    uint256 private total;
    uint256 private count;
    mapping(uint256 => bytes32) private grains;

    function pile(uint256 amount, uint256 more) external returns (uint256) {
        for (uint256 i = count; i < count + more; ++i) {
            grains[i] = keccak256(abi.encode(i));
        }
        count += more;
        return total += amount;
    }
}
