// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lottery} from "../src/libraries/Lottery.sol";
import {StakeTree} from "../src/libraries/StakeTree.sol";

/// @title LotteryHarness: whole histories of stakes in one call
/// @notice For `tests/tests/lottery`, which compares what comes back with Rust. Called with eth_call, so that every
/// history begins with an empty tree.
contract LotteryHarness {
    using StakeTree for mapping(uint256 => uint256);

    struct Change {
        uint256 epoch;
        uint256 seat;
        uint256 weight;
    }

    /// @dev `made`: after how many changes to draw.
    struct Draw {
        uint256 made;
        uint256 epoch;
        bytes32 seed;
        address secretContract;
        uint256 count;
    }

    struct Drawn {
        uint256 root;
        uint256 total;
        uint256[] ids;
    }

    mapping(uint256 => uint256) private tree;
    uint256 private root;

    /// @notice Makes the changes and, in between, the draws, which come in the order of `made`.
    /// @return drawn What each draw gave, and the root then.
    /// @return words The tree's words at `keys`, at the end.
    /// @return last The root at the end.
    function run(
        Change[] calldata changes,
        Draw[] calldata draws,
        uint256[] calldata keys
    ) external returns (Drawn[] memory drawn, uint256[] memory words, uint256 last) {
        drawn = new Drawn[](draws.length);
        uint256 next = 0;
        for (uint256 made = 0; made <= changes.length; ++made) {
            for (; next < draws.length && draws[next].made == made; ++next) {
                drawn[next] = _draw(draws[next]);
            }
            if (made < changes.length) {
                Change calldata change = changes[made];
                root = tree.set(root, change.epoch, change.seat, change.weight);
            }
        }
        words = new uint256[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            words[i] = tree[keys[i]];
        }
        last = root;
    }

    function _draw(Draw calldata one) private view returns (Drawn memory) {
        uint256 entry = StakeTree.entry(root, one.epoch);
        uint256[] memory ids = Lottery.draw(tree, entry, one.seed, one.secretContract, one.count);
        return Drawn(root, StakeTree.weightOf(entry), ids);
    }
}
