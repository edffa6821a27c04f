// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title StakeTree: stake-weighted sums that hold three epochs at once
/// @notice 8-ary, 5 levels, 32,768 seats. A word has 8 lanes of 32 bits: the weight beneath in the low 30, the version
/// of the child's word in the high 2. A change made in epoch e rewrites the path of e+2 in the one version that neither
/// e nor e+1 reaches, so nothing is ever applied later and a reader reads one word a level (docs/bytes.md).
library StakeTree {
    uint256 internal constant SEATS = 32_768;
    uint256 internal constant LEVELS = 5;
    uint256 internal constant MAX_WEIGHT = 0x3fffffff;

    uint256 private constant LANE = 0xffffffff;
    uint256 private constant BASE = 0xffffffffff;

    /// @notice The sum of all weights would reach 2^30.
    error StakeTooLarge();

    /// @notice Where a version of a node's word is stored.
    function key(uint256 level, uint256 index, uint256 version) internal pure returns (uint256) {
        return (level << 32) | (index << 2) | version;
    }

    /// @notice Lane `lane` of a word: version and weight.
    function laneOf(uint256 word, uint256 lane) internal pure returns (uint256) {
        unchecked {
            return (word >> (32 * lane)) & LANE;
        }
    }

    /// @notice The weight in a lane or root entry.
    function weightOf(uint256 lane) internal pure returns (uint256) {
        return lane & MAX_WEIGHT;
    }

    /// @notice The version in a lane or root entry.
    function versionOf(uint256 lane) internal pure returns (uint256) {
        return lane >> 30;
    }

    /// @notice The root's entry for an epoch: total weight and version of the top word.
    /// @dev Meaningless for epochs before the root's base.
    function entry(uint256 root, uint256 epoch) internal pure returns (uint256) {
        uint256 base = root & BASE;
        uint256 place = epoch > base ? epoch - base : 0;
        return (root >> (40 + 32 * (place > 2 ? 2 : place))) & LANE;
    }

    /// @notice Sets a seat's weight in epoch `epoch`, for all epochs from `epoch + 2` on.
    /// @return The new root.
    function set(
        mapping(uint256 => uint256) storage tree,
        uint256 root,
        uint256 epoch,
        uint256 seat,
        uint256 weight
    ) internal returns (uint256) {
        uint256[3] memory entries = [entry(root, epoch), entry(root, epoch + 1), entry(root, epoch + 2)];
        uint256[LEVELS] memory words;
        uint256[LEVELS] memory versions;
        _descend(tree, seat, entries, words, versions);

        uint256 previous = weightOf(laneOf(words[0], seat & 7));
        uint256 total = weightOf(entries[2]) - previous + weight;
        if (total > MAX_WEIGHT) revert StakeTooLarge();

        uint256 version = _ascend(tree, seat, words, versions, previous, weight);
        return epoch | (entries[0] << 40) | (entries[1] << 72) | (((version << 30) | total) << 104);
    }

    /// @dev Walks down the path of `seat`, collecting the words that hold for `epoch + 2` and the versions to rewrite
    /// them in.
    function _descend(
        mapping(uint256 => uint256) storage tree,
        uint256 seat,
        uint256[3] memory entries,
        uint256[LEVELS] memory words,
        uint256[LEVELS] memory versions
    ) private view {
        uint256 p0 = versionOf(entries[0]);
        uint256 p1 = versionOf(entries[1]);
        uint256 p2 = versionOf(entries[2]);
        for (uint256 above = LEVELS; above > 0; --above) {
            uint256 level = above - 1;
            uint256 index = seat >> (3 * level + 3);
            uint256 lane = (seat >> (3 * level)) & 7;
            uint256 word = tree[key(level, index, p2)];
            words[level] = word;
            versions[level] = _spare(p0, p1, p2);
            p0 = versionOf(laneOf(p0 == p2 ? word : tree[key(level, index, p0)], lane));
            p1 = versionOf(laneOf(p1 == p2 ? word : tree[key(level, index, p1)], lane));
            p2 = versionOf(laneOf(word, lane));
        }
    }

    /// @dev Writes the words of the path with the new sums, each in its version; returns that of the top word.
    function _ascend(
        mapping(uint256 => uint256) storage tree,
        uint256 seat,
        uint256[LEVELS] memory words,
        uint256[LEVELS] memory versions,
        uint256 previous,
        uint256 weight
    ) private returns (uint256 version) {
        for (uint256 level = 0; level < LEVELS; ++level) {
            uint256 shift = 32 * ((seat >> (3 * level)) & 7);
            uint256 word = words[level];
            uint256 sum = weightOf(word >> shift) - previous + weight;
            word = (word & ~(LANE << shift)) | (((version << 30) | sum) << shift);
            version = versions[level];
            tree[key(level, seat >> (3 * level + 3), version)] = word;
        }
    }

    /// @dev The version to write: that of e+2 if it is its own, else the smallest that e and e+1 leave free.
    function _spare(uint256 p0, uint256 p1, uint256 p2) private pure returns (uint256 version) {
        if (p2 != p0 && p2 != p1) return p2;
        while (version == p0 || version == p1) ++version;
    }
}
