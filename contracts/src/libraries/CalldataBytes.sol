// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title CalldataBytes: bytes of calldata hashed and copied into logs as they lie, without a copy for each use
/// @dev Memory beyond the free pointer is nobody's; what is written there is used at once.
library CalldataBytes {
    /// @notice Element `i` of a list, where its offset points to.
    /// @dev `i` is below the list's length. That offset and length stay within the calldata is not asked: beyond its end
    /// there are zeros, so whatever they say, it is the same bytes that are hashed, measured and logged.
    function at(bytes[] calldata list, uint256 i) internal pure returns (bytes calldata element) {
        assembly ("memory-safe") {
            let start := add(list.offset, calldataload(add(list.offset, shl(5, i))))
            element.offset := add(start, 0x20)
            element.length := calldataload(start)
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

    /// @notice ABI-encodes an array of bytes at `ptr`, beyond the free pointer: the length, every element's offset from
    /// behind it, the elements.
    /// @return end Behind them.
    function putAll(bytes[] calldata list, uint256 ptr) internal pure returns (uint256 end) {
        uint256 place;
        assembly ("memory-safe") {
            mstore(ptr, list.length)
            place := add(ptr, 0x20)
            end := add(place, shl(5, list.length))
        }
        unchecked {
            for (uint256 i = 0; i < list.length; ++i) {
                assembly ("memory-safe") {
                    mstore(add(place, shl(5, i)), sub(end, place))
                }
                end = put(at(list, i), end);
            }
        }
    }
}
