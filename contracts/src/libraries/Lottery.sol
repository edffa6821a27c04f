// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeTree} from "./StakeTree.sol";
import {Tags} from "./Tags.sol";

/// @title Lottery: the sequence of workers of a contract and epoch
/// @notice Drawn without replacement, weighted by stake. The j-th draw takes `H("draw", seed, contract, j)` modulo the
/// weight that is left and walks down the tree, leaving out what was drawn before.
library Lottery {
    uint256 private constant LANE = 0xffffffff;
    uint256 private constant WEIGHTS = 0x3fffffff3fffffff3fffffff3fffffff3fffffff3fffffff3fffffff3fffffff;
    /// The lowest bit of every lane, and the highest.
    uint256 private constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    uint256 private constant HIGHS = 0x8000000080000000800000008000000080000000800000008000000080000000;

    /// @notice Draws up to `count` workers.
    /// @param entry The stake tree's root entry for the epoch.
    function draw(
        mapping(uint256 => uint256) storage tree,
        uint256 entry,
        bytes32 seed,
        address secretContract,
        uint256 count
    ) internal view returns (uint256[] memory drawn) {
        if (count > StakeTree.SEATS) count = StakeTree.SEATS;
        // Seat and weight of each, 32 bits for the weight, and only the seats at last.
        drawn = new uint256[](count);
        uint256 left = StakeTree.weightOf(entry);
        // Never more is drawn than there is: a walk ends at a weight that is among what is left. The array has `count`
        // places, and its length says how many are taken.
        unchecked {
            uint256 taken = 0;
            for (; taken < count && left != 0; ++taken) {
                assembly ("memory-safe") {
                    mstore(drawn, taken)
                }
                uint256 point = _point(seed, secretContract, taken) % left;
                (uint256 seat, uint256 weight) = _walk(tree, StakeTree.versionOf(entry), point, drawn);
                assembly ("memory-safe") {
                    mstore(add(add(drawn, 0x20), shl(5, taken)), or(shl(32, seat), weight))
                }
                left -= weight;
            }
            assembly ("memory-safe") {
                mstore(drawn, taken)
            }
            for (uint256 i = 0; i < taken; ++i) {
                assembly ("memory-safe") {
                    let place := add(add(drawn, 0x20), shl(5, i))
                    mstore(place, shr(32, mload(place)))
                }
            }
        }
    }

    /// @dev `H("draw", seed, contract, j)`.
    function _point(bytes32 seed, address secretContract, uint256 j) private pure returns (uint256 point) {
        bytes32 tag = Tags.DRAW;
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, tag)
            mstore(add(ptr, 0x20), seed)
            mstore(add(ptr, 0x40), secretContract)
            mstore(add(ptr, 0x60), j)
            point := keccak256(ptr, 0x80)
        }
    }

    function _walk(
        mapping(uint256 => uint256) storage tree,
        uint256 version,
        uint256 point,
        uint256[] memory drawn
    ) private view returns (uint256 index, uint256 weight) {
        unchecked {
            for (uint256 above = StakeTree.LEVELS; above > 0; --above) {
                uint256 word = tree[StakeTree.key(above - 1, index, version)];
                // All eight lanes at once: a lane never holds less than what was drawn beneath it.
                uint256 free = word & WEIGHTS;
                if (drawn.length != 0) free -= _excluded(drawn, index, above - 1);
                uint256 lane;
                (lane, point) = _find(free, point);
                weight = StakeTree.laneOf(free, lane);
                version = StakeTree.versionOf(StakeTree.laneOf(word, lane));
                index = 8 * index + lane;
            }
        }
    }

    /// @dev The lane that a point falls into, and how far. Nothing leaves its lane, because all weights together are
    /// below 2^30.
    function _find(uint256 free, uint256 point) private pure returns (uint256 lane, uint256 rest) {
        unchecked {
            // In each lane the sum of the lanes up to it. Taken from the point, it leaves the highest bit if the point
            // lies beyond it. The last lane of a product with ONES is the sum of all: how many lanes it lies beyond.
            uint256 sums = free * ONES;
            uint256 beyond = (((point * ONES) | HIGHS) - sums) & HIGHS;
            lane = ((beyond >> 31) * ONES) >> 224;
            rest = point - StakeTree.laneOf(sums << 32, lane);
        }
    }

    /// @dev The weights drawn before beneath each lane of a node, in the lanes of a word.
    function _excluded(uint256[] memory drawn, uint256 index, uint256 level) private pure returns (uint256 word) {
        unchecked {
            for (uint256 i = 0; i < drawn.length; ++i) {
                uint256 place = drawn[i] >> (32 + 3 * level);
                if (place >> 3 == index) word += (drawn[i] & LANE) << (32 * (place & 7));
            }
        }
    }
}
