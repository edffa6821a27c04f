// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title CalldataBytes: bytes of calldata hashed and copied into logs as they lie, without a copy for each use
/// @dev Memory beyond the free pointer is nobody's; what is written there is used at once.
library CalldataBytes {
    /// @notice The bytes of calldata from a place on.
    function slice(uint256 at, uint256 size) internal pure returns (bytes calldata data) {
        assembly ("memory-safe") {
            data.offset := at
            data.length := size
        }
    }

    /// @notice keccak256 of the bytes.
    function hash(bytes calldata data) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            calldatacopy(ptr, data.offset, data.length)
            result := keccak256(ptr, data.length)
        }
    }

    /// @notice ABI-encodes bytes at `ptr`, beyond the free pointer: the length, and the bytes, filled up with zeros to
    /// whole words.
    /// @return end Behind them.
    function put(bytes calldata data, uint256 ptr) internal pure returns (uint256 end) {
        assembly ("memory-safe") {
            let start := add(ptr, 0x20)
            end := add(start, and(add(data.length, 0x1f), not(0x1f)))
            // The last word is cleared first, for its filling. If there are no bytes, it is the length's.
            mstore(sub(end, 0x20), 0)
            mstore(ptr, data.length)
            calldatacopy(start, data.offset, data.length)
        }
    }
}
