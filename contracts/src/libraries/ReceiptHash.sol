// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commitment, Receipt, TaskResult} from "../interfaces/Types.sol";

/// @title ReceiptHash: the EIP-712 hash of a receipt
library ReceiptHash {
    bytes32 private constant RECEIPT = keccak256(
        "Receipt(bytes32 network,uint64 ruleset,address secretContract,uint64 epoch,uint64 firstIndex,uint64 lastIndex,bytes32 inputHead,bytes32 stateHeadBefore,bytes32 stateHeadAfter,uint64 anchorNumber,bytes32 anchorHash,TaskResult[] results,bytes32 snapshotHash,bytes32 outboundHash)TaskResult(uint8 status,uint64 gasCharged,bytes32 outputHash,bytes32 deltaHash)"
    );
    /// @notice EIP-712 type hash of `TaskResult`.
    bytes32 internal constant TASK_RESULT =
        keccak256("TaskResult(uint8 status,uint64 gasCharged,bytes32 outputHash,bytes32 deltaHash)");

    /// @notice The struct hash; `EIP712.digest` makes it what is signed.
    /// @dev Its preimage is what the commitment begins with.
    function hash(Commitment memory commitment) internal pure returns (bytes32 structHash) {
        commitment.typeHash = RECEIPT;
        assembly ("memory-safe") {
            structHash := keccak256(commitment, 0x1e0)
        }
    }

    /// @notice The same of a receipt in calldata.
    /// @dev Copies the words as they lie; whoever calls has read every field through its type before.
    function hash(Receipt calldata receipt) internal pure returns (bytes32 structHash) {
        bytes32 typeHash = RECEIPT;
        bytes32 resultsHash = _hashResults(receipt.results);
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, typeHash)
            // Fourteen words, of which the twelfth is the offset of the results.
            calldatacopy(add(ptr, 0x20), receipt, 0x1c0)
            mstore(add(ptr, 0x180), resultsHash)
            structHash := keccak256(ptr, 0x1e0)
        }
    }

    function _hashResults(TaskResult[] calldata results) private pure returns (bytes32 resultsHash) {
        bytes32 typeHash = TASK_RESULT;
        assembly ("memory-safe") {
            let hashes := mload(0x40)
            let size := mul(results.length, 0x20)
            let ptr := add(hashes, size)
            mstore(ptr, typeHash)
            for { let i := 0 } lt(i, size) { i := add(i, 0x20) } {
                calldatacopy(add(ptr, 0x20), add(results.offset, mul(i, 4)), 0x80)
                mstore(add(hashes, i), keccak256(ptr, 0xa0))
            }
            resultsHash := keccak256(hashes, size)
        }
    }
}
