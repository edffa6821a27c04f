// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Group: the drawn workers of a contract and epoch, in one word
/// @notice Bits 0..39 epoch, 40..47 count, 48..55 the ranks that were passed over (bit r of them: rank r), then the ids
/// by rank, 24 bits each. Usually as many as a receipt needs signers; a whole group once a later rank of it has signed, all
/// of the sequence once a worker beyond the group has.
library Group {
    /// Workers that fit the word, and that may serve a contract in an epoch.
    uint256 internal constant CAPACITY = 8;

    uint256 private constant SILENT = 48;

    /// @notice Packs a group in which nobody was passed over. At most `CAPACITY` ids.
    function pack(uint40 epoch, uint256[] memory ids) internal pure returns (uint256 word) {
        word = epoch | (ids.length << 40);
        unchecked {
            for (uint256 rank = 0; rank < ids.length; ++rank) {
                word |= ids[rank] << (56 + 24 * rank);
            }
        }
    }

    function epochOf(uint256 word) internal pure returns (uint40) {
        return uint40(word);
    }

    function countOf(uint256 word) internal pure returns (uint256) {
        return uint8(word >> 40);
    }

    /// @notice The ranks that were passed over, a bit each.
    function silentOf(uint256 word) internal pure returns (uint256) {
        return uint8(word >> SILENT);
    }

    /// @notice The word in which the ranks of `added` were passed over too.
    function withSilent(uint256 word, uint256 added) internal pure returns (uint256) {
        return word | (added << SILENT);
    }

    /// @notice The id of the worker at a rank below the count.
    function idAt(uint256 word, uint256 rank) internal pure returns (uint256) {
        unchecked {
            return uint24(word >> (56 + 24 * rank));
        }
    }

    /// @notice The rank of a worker; the count if it has none.
    function rankOf(uint256 word, uint256 id) internal pure returns (uint256 rank) {
        uint256 count = countOf(word);
        while (rank < count && idAt(word, rank) != id) ++rank;
    }

    /// @notice The ids of the first `limit` ranks.
    function unpack(uint256 word, uint256 limit) internal pure returns (uint256[] memory ids) {
        uint256 count = countOf(word);
        ids = new uint256[](count < limit ? count : limit);
        for (uint256 rank = 0; rank < ids.length; ++rank) {
            ids[rank] = idAt(word, rank);
        }
    }
}
