// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommittedTask, Commitment, OutboundCall} from "../interfaces/Types.sol";
import {CalldataBytes} from "./CalldataBytes.sol";
import {Tags} from "./Tags.sol";

/// @title Packed: commitments as they lie in calldata (docs/bytes.md, "Packed commitments")
/// @notice Carried is only what the contract cannot derive or has to compare, numbers without their zeros, and of an
/// input only what differs from the one before it.
/// @dev Nothing is believed here. A field that is wrong gives the hash of no input or another digest, so all that is
/// asked of the bytes is that they are within their element and end with it.
library Packed {
    uint256 private constant HEADER_SIZE = 145;
    uint256 private constant SIGNATURE_SIZE = 65;
    uint256 private constant CALL_SIZE = 49;

    bytes32 private constant TASK_RESULT =
        keccak256("TaskResult(uint8 status,uint64 gasCharged,bytes32 outputHash,bytes32 deltaHash)");

    /// @notice The secret contract that the bytes say they are of.
    function accountOf(bytes calldata packed) internal pure returns (address) {
        return address(uint160(_load(_start(packed)) >> 96));
    }

    /// @notice Reads everything before the tasks.
    /// @return at Place of the tasks in calldata; zero if the bytes are no commitment.
    /// @return calls How many outbound calls follow them.
    function readHeader(
        bytes calldata packed,
        Commitment memory into
    ) internal pure returns (uint256 at, uint256 calls) {
        if (packed.length < HEADER_SIZE) return (0, 0);
        at = _start(packed);
        unchecked {
            // Contract 20 bytes, epoch 8, tasks 1, signatures 1, calls 2.
            uint256 word = _load(at);
            into.secretContract = address(uint160(word >> 96));
            into.epoch = uint64(word >> 32);
            uint256 tasks = uint8(word >> 24);
            into.signatureCount = uint8(word >> 16);
            calls = uint16(word);
            // First index 8 bytes, the anchor's number 8, flags 1.
            word = _load(at + 32);
            into.firstIndex = word >> 192;
            into.lastIndex = into.firstIndex + tasks - 1;
            into.anchorNumber = uint64(word >> 128);
            uint256 flags = uint8(word >> 120);
            if (flags > 1) return (0, 0);
            into.inputHead = bytes32(_load(at + 49));
            into.stateHeadBefore = bytes32(_load(at + 81));
            into.anchorHash = bytes32(_load(at + 113));
            at += HEADER_SIZE;
            if (flags == 1) {
                into.snapshotHash = bytes32(_load(at));
                at += 32;
            }
            into.signatures = at;
            at += SIGNATURE_SIZE * into.signatureCount;
        }
    }

    /// @notice Reads the tasks, and chains what follows from them: the heads and the hash of the results.
    /// @param at Their place in calldata.
    /// @param into With the heads before the first task as `inputHead` and `stateHeadAfter`, which become those after the
    /// last.
    /// @return next The place behind them; zero if the bytes are no commitment.
    function readTasks(bytes calldata packed, uint256 at, Commitment memory into) internal pure returns (uint256 next) {
        (bytes32 inputTag, bytes32 headTag, bytes32 stateTag) = (Tags.INPUT, Tags.INPUT_HEAD, Tags.STATE_HEAD);
        bytes32 resultType = TASK_RESULT;
        uint256 first = into.firstIndex;
        uint256 count;
        bytes32 inputHead = into.inputHead;
        bytes32 stateHead = into.stateHeadAfter;
        address account = into.secretContract;
        uint256 end;
        unchecked {
            count = into.lastIndex + 1 - first;
            end = _start(packed) + packed.length;
        }
        CommittedTask[] memory tasks;
        bytes32 resultsHash;
        uint256 firstBlock;
        uint256 lastBlock;
        // The array and its structs, 0x180 bytes each, are allocated by hand, since all of them is written. Beyond them,
        // where memory is free, lie the hashes of the results and four preimages of which only what differs is written
        // anew: of an input 0x260 bytes, of a head 0x60, of a state head 0x80, of a result 0xa0.
        assembly ("memory-safe") {
            tasks := mload(0x40)
            mstore(tasks, count)
            let task := add(tasks, shl(5, add(count, 1)))
            let hashes := add(task, mul(count, 0x180))
            mstore(0x40, hashes)
            let input := add(hashes, shl(5, count))
            calldatacopy(input, calldatasize(), 0x260)
            mstore(input, inputTag)
            mstore(add(input, 0x40), account)
            mstore(add(input, 0x260), headTag)
            mstore(add(input, 0x280), inputHead)
            mstore(add(input, 0x2c0), stateTag)
            mstore(add(input, 0x2e0), stateHead)
            mstore(add(input, 0x340), resultType)
            let bytesAt := add(input, 0x3e0)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                // Mask 2 bytes, kind and status 1, gas charged 4, sizes of output and delta 3 each.
                let word := calldataload(at)
                at := add(at, 13)
                let mask := shr(240, word)
                let bad := shr(15, mask)
                // From the last field to the first, those that are another than before: a byte for the size, the number.
                for { let field := add(input, 0x240) } mask { field := sub(field, 0x20) } {
                    if and(mask, 1) {
                        let size := byte(0, calldataload(at))
                        bad := or(bad, gt(size, 32))
                        mstore(field, shr(sub(256, shl(3, size)), calldataload(add(at, 1))))
                        at := add(at, add(size, 1))
                    }
                    mask := shr(1, mask)
                }
                let outputSize := and(shr(176, word), 0xffffff)
                let deltaSize := and(shr(152, word), 0xffffff)
                if or(bad, gt(add(at, add(outputSize, deltaSize)), end)) {
                    at := 0
                    break
                }
                mstore(add(input, 0x20), and(shr(236, word), 0xf))
                mstore(add(input, 0x60), add(first, i))
                mstore(add(input, 0x2a0), keccak256(input, 0x260))
                mstore(add(input, 0x280), keccak256(add(input, 0x260), 0x60))

                mstore(add(tasks, shl(5, add(i, 1))), task)
                mcopy(task, add(input, 0x80), 0xe0)
                mstore(add(task, 0xe0), and(shr(232, word), 0xf))
                mstore(add(task, 0x100), and(shr(200, word), 0xffffffff))
                mstore(add(task, 0x120), at)
                mstore(add(task, 0x140), outputSize)
                mstore(add(task, 0x160), deltaSize)

                mcopy(add(input, 0x360), add(task, 0xe0), 0x40)
                calldatacopy(bytesAt, at, outputSize)
                mstore(add(input, 0x3a0), keccak256(bytesAt, outputSize))
                at := add(at, outputSize)
                calldatacopy(bytesAt, at, deltaSize)
                mstore(add(input, 0x3c0), keccak256(bytesAt, deltaSize))
                at := add(at, deltaSize)
                mstore(add(hashes, shl(5, i)), keccak256(add(input, 0x340), 0xa0))

                mstore(add(input, 0x300), mload(add(input, 0x2a0)))
                mstore(add(input, 0x320), mload(add(input, 0x3c0)))
                mstore(add(input, 0x2e0), keccak256(add(input, 0x2c0), 0x80))
                if iszero(i) { firstBlock := mload(add(input, 0x1a0)) }
                task := add(task, 0x180)
            }
            next := at
            inputHead := mload(add(input, 0x280))
            stateHead := mload(add(input, 0x2e0))
            resultsHash := keccak256(hashes, shl(5, count))
            lastBlock := mload(add(input, 0x1a0))
        }
        (into.tasks, into.firstBlock, into.lastBlock) = (tasks, firstBlock, lastBlock);
        (into.inputHead, into.stateHeadAfter, into.resultsHash) = (inputHead, stateHead, resultsHash);
    }

    /// @notice Reads the outbound calls, and hashes them.
    /// @return complete Whether the bytes end with them; otherwise they are no commitment.
    function readCalls(
        bytes calldata packed,
        uint256 at,
        uint256 count,
        Commitment memory into
    ) internal pure returns (bool complete) {
        unchecked {
            uint256 end = _start(packed) + packed.length;
            if (count == 0) {
                into.outboundHash = keccak256("");
                return at == end;
            }
            if (at + CALL_SIZE * count > end) return false;
            OutboundCall[] memory calls = new OutboundCall[](count);
            bytes32[] memory hashes = new bytes32[](count);
            for (uint256 i = 0; i < count; ++i) {
                OutboundCall memory call = calls[i];
                // Place of the input among those of the receipt 1 byte, kind 1, target 20; value 16; gas 8, size 3.
                uint256 word = _load(at);
                call.index = into.firstIndex + (word >> 248);
                call.kind = uint8(word >> 240);
                call.target = address(uint160(word >> 80));
                call.value = _load(at + 22) >> 128;
                word = _load(at + 38);
                call.gas = word >> 192;
                uint256 size = uint24(word >> 168);
                at += CALL_SIZE;
                if (at + size > end) return false;
                call.data = CalldataBytes.slice(at, size);
                at += size;
                hashes[i] = _hash(call);
            }
            into.outbound = calls;
            into.outboundHash = keccak256(abi.encodePacked(hashes));
            return at == end;
        }
    }

    /// @notice A signature of a commitment: r, s, v.
    function signatureAt(Commitment memory commitment, uint256 i) internal pure returns (bytes calldata) {
        unchecked {
            return CalldataBytes.slice(commitment.signatures + SIGNATURE_SIZE * i, SIGNATURE_SIZE);
        }
    }

    /// @dev `H("outbound-call", index, kind, target, value, gas, keccak256(data))`.
    function _hash(OutboundCall memory call) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                Tags.OUTBOUND_CALL, call.index, call.kind, call.target, call.value, call.gas, keccak256(call.data)
            )
        );
    }

    function _start(bytes calldata packed) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := packed.offset
        }
    }

    function _load(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(at)
        }
    }
}
