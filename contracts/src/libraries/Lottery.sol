// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeTree} from "./StakeTree.sol";
import {Tags} from "./Tags.sol";

/// @title Lottery: the sequence of workers of a contract and epoch
/// @notice Drawn without replacement, weighted by stake. The j-th draw takes `H("draw", seed, contract, j)` modulo the
/// weight that is left and walks down the tree, leaving out what was drawn before.
library Lottery {
    uint256 private constant WEIGHTS = 0x3fffffff3fffffff3fffffff3fffffff3fffffff3fffffff3fffffff3fffffff;

    /// @dev The workers drawn so far, with their weights; `count` of the arrays' places are taken.
    struct Drawn {
        uint256 count;
        uint256[] ids;
        uint256[] weights;
    }

    /// @notice Draws up to `count` workers.
    /// @param entry The stake tree's root entry for the epoch.
    function draw(
        mapping(uint256 => uint256) storage tree,
        uint256 entry,
        bytes32 seed,
        address secretContract,
        uint256 count
    ) internal view returns (uint256[] memory ids) {
        if (count > StakeTree.SEATS) count = StakeTree.SEATS;
        ids = new uint256[](count);
        Drawn memory drawn = Drawn(0, ids, new uint256[](count));
        uint256 left = StakeTree.weightOf(entry);
        while (drawn.count < count && left != 0) {
            uint256 point = uint256(keccak256(abi.encode(Tags.DRAW, seed, secretContract, drawn.count))) % left;
            (uint256 seat, uint256 weight) = _walk(tree, StakeTree.versionOf(entry), point, drawn);
            ids[drawn.count] = seat;
            drawn.weights[drawn.count++] = weight;
            left -= weight;
        }
        count = drawn.count;
        assembly ("memory-safe") {
            mstore(ids, count)
        }
    }

    function _walk(
        mapping(uint256 => uint256) storage tree,
        uint256 version,
        uint256 point,
        Drawn memory drawn
    ) private view returns (uint256 index, uint256 weight) {
        for (uint256 above = StakeTree.LEVELS; above > 0; --above) {
            uint256 level = above - 1;
            uint256 word = tree[StakeTree.key(level, index, version)];
            // All eight lanes at once: a lane never holds less than what was drawn beneath it.
            uint256 free = (word & WEIGHTS) - _excluded(drawn, index, level);
            uint256 lane = 0;
            weight = StakeTree.laneOf(free, 0);
            while (point >= weight) {
                unchecked {
                    point -= weight;
                    ++lane;
                }
                weight = StakeTree.laneOf(free, lane);
            }
            version = StakeTree.versionOf(StakeTree.laneOf(word, lane));
            index = 8 * index + lane;
        }
    }

    /// @dev The weights drawn before beneath each lane of a node, in the lanes of a word.
    function _excluded(Drawn memory drawn, uint256 index, uint256 level) private pure returns (uint256 word) {
        for (uint256 i = 0; i < drawn.count; ++i) {
            uint256 place = drawn.ids[i] >> (3 * level);
            if (place >> 3 == index) word += drawn.weights[i] << (32 * (place & 7));
        }
    }
}
