// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Group: the drawn workers of a contract and epoch, in one word
/// @notice Bits 0..39 epoch, 40..47 count, 48..55 rank that comes first (zero: takeovers are not part of this version),
/// then the ids by rank, 24 bits each.
library Group {
    /// Workers that fit the word.
    uint256 internal constant CAPACITY = 8;

    /// @notice Packs a group whose rank 0 comes first. At most `CAPACITY` ids.
    function pack(uint40 epoch, uint256[] memory ids) internal pure returns (uint256 word) {
        word = epoch | (ids.length << 40);
        for (uint256 rank = 0; rank < ids.length; ++rank) {
            word |= ids[rank] << (56 + 24 * rank);
        }
    }

    function epochOf(uint256 word) internal pure returns (uint40) {
        return uint40(word);
    }

    function countOf(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 40);
    }

    /// @notice The id of the worker at a rank below the count.
    function idAt(uint256 word, uint256 rank) internal pure returns (uint256) {
        return uint24(word >> (56 + 24 * rank));
    }

    /// @notice Whether a worker has a rank.
    function contains(uint256 word, uint256 id) internal pure returns (bool) {
        for (uint256 rank = 0; rank < countOf(word); ++rank) {
            if (idAt(word, rank) == id) return true;
        }
        return false;
    }

    /// @notice The ids by rank.
    function unpack(uint256 word) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](countOf(word));
        for (uint256 rank = 0; rank < ids.length; ++rank) {
            ids[rank] = idAt(word, rank);
        }
    }
}
