// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Clock: the order in which ranks come, and how long each waits
/// @notice First the ranks that were not passed over, then those that were (`silent`, a bit each), both by rank. A
/// *position* is a place in that order, from 0. `count` is how many ranks there are.
library Clock {
    /// @notice Blocks after the clock's start from which the worker at a position may sign: none for the first
    /// `signers`, `takeover` more for each one up to the group's end, and beyond it steps that double.
    function wait(
        uint256 position,
        uint256 signers,
        uint256 groupSize,
        uint256 takeover
    ) internal pure returns (uint256) {
        if (position < signers) return 0;
        if (position < groupSize) return (position - signers + 1) * takeover;
        return (groupSize - signers) * takeover + takeover * (2 ** (position - groupSize + 2) - 2);
    }

    /// @notice Blocks that a clock has counted at block `number`: those since its start, and none of a pause.
    /// @param pausedAt The block in which it was held, and since when it stands still; zero while it runs.
    function elapsed(uint256 start, uint256 pausedAt, uint256 number) internal pure returns (uint256) {
        if (pausedAt != 0) number = pausedAt;
        return number > start ? number - start : 0;
    }

    /// @notice The block from which an input may be skipped, as long as its clock does not change: `deadline` blocks after
    /// `since`, but not before the clock has counted `whole`; four times `deadline` after it in any case.
    /// @param since The block from which it could be committed.
    function skipFrom(
        uint256 start,
        uint256 pausedAt,
        uint256 whole,
        uint256 since,
        uint256 deadline
    ) internal pure returns (uint256 from) {
        uint256 last = since + 4 * deadline;
        from = start + whole;
        if (pausedAt != 0 && pausedAt < from) return last;
        if (from < since + deadline) from = since + deadline;
        if (from > last) from = last;
    }

    /// @notice The position of a rank below `count`, which matters for a silent one only.
    function positionOf(uint256 silent, uint256 count, uint256 rank) internal pure returns (uint256) {
        if (silent == 0) return rank;
        uint256 silentBefore = _ones(silent & ((1 << rank) - 1));
        if ((silent >> rank) & 1 == 0) return rank - silentBefore;
        return count - _ones(silent & ((1 << count) - 1)) + silentBefore;
    }

    /// @notice The rank that was not passed over at a position, if there are that many; else `count`.
    function speakingAt(uint256 silent, uint256 count, uint256 position) internal pure returns (uint256 rank) {
        if (silent == 0) return position < count ? position : count;
        for (; rank < count; ++rank) {
            if ((silent >> rank) & 1 == 1) continue;
            if (position == 0) return rank;
            --position;
        }
    }

    /// @notice The ranks, not silent before, that a receipt passes over: those before the last of its signers that are
    /// not among them.
    /// @param last The rank of the signer that comes last.
    /// @param signed The signers' ranks, a bit each.
    function passedOver(uint256 silent, uint256 count, uint256 last, uint256 signed) internal pure returns (uint256) {
        bool isSilent = (silent >> last) & 1 == 1;
        uint256 before = (1 << (isSilent ? count : last)) - 1;
        return before & ~silent & ~signed;
    }

    function _ones(uint256 mask) private pure returns (uint256 count) {
        for (; mask != 0; mask &= mask - 1) {
            ++count;
        }
    }
}
