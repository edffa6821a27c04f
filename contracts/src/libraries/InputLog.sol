// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Input} from "../interfaces/Types.sol";
import {Tags} from "./Tags.sol";

/// @title InputLog: the hash chains of inputs and of states
/// @notice The heads of the last 256 inputs of a contract lie in a ring, that of input i at i mod 256 and that of the
/// empty log at 255. With at most 255 inputs pending, the head before the oldest of them is always there.
library InputLog {
    uint256 internal constant MAX_PENDING = 255;

    /// @notice The place of input `index` in the ring; `index` may be -1 in two's complement.
    function ringPlace(uint64 index) internal pure returns (uint256) {
        return uint8(index);
    }

    /// @notice The head of the empty log.
    function genesisHead(bytes32 network, address secretContract) internal pure returns (bytes32) {
        return keccak256(abi.encode(Tags.INPUT_HEAD_GENESIS, network, secretContract));
    }

    /// @notice The head of the state before any task.
    function genesisStateHead(bytes32 network, address secretContract) internal pure returns (bytes32) {
        return keccak256(abi.encode(Tags.STATE_HEAD_GENESIS, network, secretContract));
    }

    /// @notice The head with one more input.
    function extend(bytes32 head, bytes32 inputHash) internal pure returns (bytes32 extended) {
        bytes32 tag = Tags.INPUT_HEAD;
        // What lies beyond the free pointer is nobody's: a preimage is written there and never read again.
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, tag)
            mstore(add(ptr, 0x20), head)
            mstore(add(ptr, 0x40), inputHash)
            extended := keccak256(ptr, 0x60)
        }
    }

    /// @notice The state head with a sealed snapshot folded in.
    function foldSnapshot(bytes32 stateHead, bytes32 snapshotHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(Tags.STATE_HEAD_SNAPSHOT, stateHead, snapshotHash));
    }

    /// @notice The state head with one more task folded in.
    function foldTask(bytes32 stateHead, bytes32 inputHash, bytes32 deltaHash) internal pure returns (bytes32 folded) {
        bytes32 tag = Tags.STATE_HEAD;
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, tag)
            mstore(add(ptr, 0x20), stateHead)
            mstore(add(ptr, 0x40), inputHash)
            mstore(add(ptr, 0x60), deltaHash)
            folded := keccak256(ptr, 0x80)
        }
    }

    /// @notice The hash of an input: `H("input", kind, contract, index, sender … envelopeHash)`.
    /// @dev The fields from `sender` on are 15 words in the order of the hash, so they are copied as they lie.
    function hash(Input memory input, address secretContract, uint64 index) internal pure returns (bytes32 inputHash) {
        bytes32 tag = Tags.INPUT;
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, tag)
            mstore(add(ptr, 0x20), mload(input))
            mstore(add(ptr, 0x40), secretContract)
            mstore(add(ptr, 0x60), index)
            mcopy(add(ptr, 0x80), add(input, 0x20), 0x1e0)
            inputHash := keccak256(ptr, 0x260)
        }
    }

    /// @notice The same for an input in calldata, not copied into a struct first. A word out of its type's range gives
    /// the hash of no input.
    function hashCalldata(
        Input calldata input,
        address secretContract,
        uint64 index
    ) internal pure returns (bytes32 inputHash) {
        bytes32 tag = Tags.INPUT;
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, tag)
            mstore(add(ptr, 0x20), calldataload(input))
            mstore(add(ptr, 0x40), secretContract)
            mstore(add(ptr, 0x60), index)
            calldatacopy(add(ptr, 0x80), add(input, 0x20), 0x1e0)
            inputHash := keccak256(ptr, 0x260)
        }
    }
}
