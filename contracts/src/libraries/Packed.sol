// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommittedTask, Commitment, OutboundCall} from "../interfaces/Types.sol";
import {CalldataBytes} from "./CalldataBytes.sol";
import {ReceiptHash} from "./ReceiptHash.sol";
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
    uint256 private constant TASK_HEADER_SIZE = 13;
    /// In memory.
    uint256 private constant COMMITMENT_SIZE = 0x2c0;
    uint256 private constant TASK_SIZE = 0x180;
    /// In the preimages: the block of the input, and the heads so far.
    uint256 private constant INPUT_BLOCK = 0x1a0;
    uint256 private constant LAST_INPUT_HEAD = 0x280;
    uint256 private constant LAST_STATE_HEAD = 0x2e0;

    /// @notice So many to read into. Made by hand: the compiler would write every field by itself.
    function empty(uint256 count) internal pure returns (Commitment[] memory list) {
        assembly ("memory-safe") {
            list := mload(0x40)
            mstore(list, count)
            let place := add(list, 0x20)
            let next := add(place, shl(5, count))
            let end := add(next, mul(count, COMMITMENT_SIZE))
            mstore(0x40, end)
            calldatacopy(next, calldatasize(), sub(end, next))
            for {} lt(next, end) { next := add(next, COMMITMENT_SIZE) } {
                mstore(place, next)
                place := add(place, 0x20)
                // Two arrays that are empty: where memory is zero.
                mstore(add(next, 0x1e0), 0x60)
                mstore(add(next, 0x200), 0x60)
            }
        }
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
                // Otherwise there would be two ways to say that there is none.
                if (into.snapshotHash == 0) return (0, 0);
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
    /// @dev The array and its structs are allocated by hand, since all of them is written, and so are the hashes of the
    /// results. Beyond them memory is free: there are the preimages.
    function readTasks(bytes calldata packed, uint256 at, Commitment memory into) internal pure returns (uint256 next) {
        unchecked {
            uint256 count = into.lastIndex + 1 - into.firstIndex;
            uint256 end = _start(packed) + packed.length;
            (CommittedTask[] memory tasks, uint256 task, uint256 hashes) = _allocate(count);
            uint256 preimages = hashes + 0x20 * count;
            _begin(preimages, into);
            for (uint256 i = 0; i < count; ++i) {
                at = _readTask(at, end, task, preimages);
                if (at == 0) return 0;
                _fold(preimages, task, hashes + 0x20 * i);
                if (i == 0) into.firstBlock = _word(preimages + INPUT_BLOCK);
                assembly ("memory-safe") {
                    mstore(add(tasks, shl(5, add(i, 1))), task)
                }
                task += TASK_SIZE;
            }
            into.tasks = tasks;
            into.lastBlock = _word(preimages + INPUT_BLOCK);
            into.inputHead = bytes32(_word(preimages + LAST_INPUT_HEAD));
            into.stateHeadAfter = bytes32(_word(preimages + LAST_STATE_HEAD));
            assembly ("memory-safe") {
                mstore(add(into, 0x180), keccak256(hashes, shl(5, count)))
            }
            return at;
        }
    }

    /// @return tasks The array, whose places are to be set.
    /// @return first Of its structs.
    /// @return hashes Room behind them for a word a task.
    function _allocate(uint256 count)
        private
        pure
        returns (CommittedTask[] memory tasks, uint256 first, uint256 hashes)
    {
        assembly ("memory-safe") {
            tasks := mload(0x40)
            mstore(tasks, count)
            first := add(tasks, shl(5, add(count, 1)))
            hashes := add(first, mul(count, TASK_SIZE))
            mstore(0x40, add(hashes, shl(5, count)))
        }
    }

    /// @dev Four preimages, of which only what differs is written anew for each task: of an input (0x260 bytes), of the
    /// log's head (0x60), of the state's (0x80) and of a result (0xa0).
    function _begin(uint256 preimages, Commitment memory into) private pure {
        (bytes32 inputTag, bytes32 headTag, bytes32 stateTag) = (Tags.INPUT, Tags.INPUT_HEAD, Tags.STATE_HEAD);
        (bytes32 resultType, address account) = (ReceiptHash.TASK_RESULT, into.secretContract);
        (bytes32 inputHead, bytes32 stateHead, uint256 first) = (into.inputHead, into.stateHeadAfter, into.firstIndex);
        assembly ("memory-safe") {
            calldatacopy(preimages, calldatasize(), 0x260)
            mstore(preimages, inputTag)
            mstore(add(preimages, 0x40), account)
            mstore(add(preimages, 0x60), sub(first, 1))
            mstore(add(preimages, 0x260), headTag)
            mstore(add(preimages, LAST_INPUT_HEAD), inputHead)
            mstore(add(preimages, 0x2c0), stateTag)
            mstore(add(preimages, LAST_STATE_HEAD), stateHead)
            mstore(add(preimages, 0x340), resultType)
        }
    }

    /// @dev Reads a task: what of its input is another than before into the preimage, the rest into its struct.
    function _readTask(uint256 at, uint256 end, uint256 task, uint256 preimages) private pure returns (uint256 next) {
        unchecked {
            // Mask 2 bytes, kind and status 1, gas charged 4, sizes of output and delta 3 each.
            uint256 word = _load(at);
            at = _readNumbers(at + TASK_HEADER_SIZE, word >> 240, preimages + 0x240);
            uint256 outputSize = uint24(word >> 176);
            uint256 deltaSize = uint24(word >> 152);
            next = at + outputSize + deltaSize;
            if (at == 0 || next > end) return 0;
            assembly ("memory-safe") {
                mstore(add(preimages, 0x20), and(shr(236, word), 0xf))
                let index := add(preimages, 0x60)
                mstore(index, add(mload(index), 1))
                // From `sender` to `tip`, as they lie in the preimage.
                mcopy(task, add(preimages, 0x80), 0xe0)
                mstore(add(task, 0xe0), and(shr(232, word), 0xf))
                mstore(add(task, 0x100), and(shr(200, word), 0xffffffff))
                mstore(add(task, 0x120), at)
                mstore(add(task, 0x140), outputSize)
                mstore(add(task, 0x160), deltaSize)
            }
        }
    }

    /// @dev Reads those fields of an input that are another than before, by a bit each, from the last to the second: a
    /// byte that says how many bytes long it is, and the number.
    /// @param field Of the last field, where it is hashed.
    /// @return next The place behind them; zero if the bytes are no commitment.
    function _readNumbers(uint256 at, uint256 mask, uint256 field) private pure returns (uint256 next) {
        unchecked {
            if (mask >> 15 != 0) return 0;
            for (; mask != 0; mask >>= 1) {
                if (mask & 1 == 1) {
                    uint256 size = _load(at) >> 248;
                    if (size > 32) return 0;
                    assembly ("memory-safe") {
                        mstore(field, shr(sub(256, shl(3, size)), calldataload(add(at, 1))))
                    }
                    at += size + 1;
                }
                field -= 0x20;
            }
            return at;
        }
    }

    /// @dev Hashes a task that was read, and extends both heads by it.
    /// @param result Where the hash of its result goes.
    function _fold(uint256 preimages, uint256 task, uint256 result) private pure {
        assembly ("memory-safe") {
            let inputHash := keccak256(preimages, 0x260)
            mstore(add(preimages, 0x2a0), inputHash)
            mstore(add(preimages, 0x280), keccak256(add(preimages, 0x260), 0x60))
            // Status and gas.
            mcopy(add(preimages, 0x360), add(task, 0xe0), 0x40)
            let at := mload(add(task, 0x120))
            let size := mload(add(task, 0x140))
            let free := add(preimages, 0x3e0)
            calldatacopy(free, at, size)
            mstore(add(preimages, 0x3a0), keccak256(free, size))
            at := add(at, size)
            size := mload(add(task, 0x160))
            calldatacopy(free, at, size)
            let deltaHash := keccak256(free, size)
            mstore(add(preimages, 0x3c0), deltaHash)
            mstore(result, keccak256(add(preimages, 0x340), 0xa0))
            mstore(add(preimages, 0x300), inputHash)
            mstore(add(preimages, 0x320), deltaHash)
            mstore(add(preimages, 0x2e0), keccak256(add(preimages, 0x2c0), 0x80))
        }
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

    function _word(uint256 ptr) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(ptr)
        }
    }

    function _load(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(at)
        }
    }
}
