// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Input, Receipt} from "../src/interfaces/Types.sol";

/// @notice What a secret contract does on Ethereum, as enclaves say it.
struct OutboundCall {
    uint64 index;
    uint8 kind;
    address target;
    uint256 value;
    uint64 gas;
    bytes data;
}

/// @notice A whole receipt with everything that belongs to it.
struct Commitment {
    Receipt receipt;
    Input[] inputs;
    bytes[] outputs;
    bytes[] deltas;
    bytes[] signatures;
    OutboundCall[] outbound;
}

/// @notice Packs commitments as docs/bytes.md has it ("Packed commitments"), on another path than who reads them.
library Packing {
    function pack(Commitment memory c) internal pure returns (bytes memory packed) {
        packed = bytes.concat(_header(c), c.receipt.snapshotHash == 0 ? bytes("") : abi.encode(c.receipt.snapshotHash));
        for (uint256 i = 0; i < c.signatures.length; ++i) {
            require(c.signatures[i].length == 65, "a signature has 65 bytes");
            packed = bytes.concat(packed, c.signatures[i]);
        }
        Input memory before;
        for (uint256 i = 0; i < c.inputs.length; ++i) {
            packed = bytes.concat(packed, _task(c, i, before));
            before = c.inputs[i];
        }
        for (uint256 i = 0; i < c.outbound.length; ++i) {
            packed = bytes.concat(packed, _call(c, i));
        }
    }

    function _header(Commitment memory c) private pure returns (bytes memory) {
        Receipt memory r = c.receipt;
        return bytes.concat(
            abi.encodePacked(r.secretContract, r.epoch, uint8(c.inputs.length), uint8(c.signatures.length)),
            abi.encodePacked(uint16(c.outbound.length), r.firstIndex, r.anchorNumber, r.snapshotHash != 0),
            abi.encodePacked(r.inputHead, r.stateHeadBefore, r.anchorHash)
        );
    }

    function _task(Commitment memory c, uint256 i, Input memory before) private pure returns (bytes memory) {
        uint256[16] memory fields = _words(c.inputs[i]);
        uint256[16] memory known = _words(before);
        uint256 mask = 0;
        bytes memory changed;
        for (uint256 field = 15; field > 0; --field) {
            if (fields[field] == known[field]) continue;
            mask |= 1 << (15 - field);
            changed = bytes.concat(changed, _number(fields[field]));
        }
        uint8 kindAndStatus = (c.inputs[i].kind << 4) | c.receipt.results[i].status;
        bytes memory sizes = abi.encodePacked(uint24(c.outputs[i].length), uint24(c.deltas[i].length));
        return bytes.concat(
            abi.encodePacked(uint16(mask), kindAndStatus, uint32(c.receipt.results[i].gasCharged)),
            sizes,
            changed,
            c.outputs[i],
            c.deltas[i]
        );
    }

    function _call(Commitment memory c, uint256 i) private pure returns (bytes memory) {
        OutboundCall memory call = c.outbound[i];
        uint8 place = uint8(call.index - c.receipt.firstIndex);
        return abi.encodePacked(
            place, call.kind, call.target, uint128(call.value), call.gas, uint24(call.data.length), call.data
        );
    }

    function _words(Input memory input) private pure returns (uint256[16] memory words) {
        bytes memory encoded = abi.encode(input);
        words = abi.decode(encoded, (uint256[16]));
    }

    function _number(uint256 word) private pure returns (bytes memory) {
        uint8 size = 0;
        while (size < 32 && word >> (8 * size) != 0) ++size;
        bytes memory number = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            number[i] = bytes1(uint8(word >> (8 * (size - 1 - i))));
        }
        return bytes.concat(bytes1(size), number);
    }
}
