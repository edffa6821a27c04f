// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// Has whoever executes it work as hard for its gas as anything does.
contract Furnace {
    uint256 private constant X = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798;

    uint256 private count;

    function burn(uint256 rounds) external returns (uint256) {
        bytes32 ashes;
        for (uint256 i = 0; i < rounds; ++i) {
            ashes ^= bytes32(uint256(uint160(ecrecover(bytes32(i), 27, bytes32(X), bytes32(uint256(1))))));
        }
        return ashes == 0 ? 0 : ++count;
    }
}
