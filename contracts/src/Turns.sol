// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {EpochWord, SecretContract} from "./interfaces/Types.sol";
import {Clock} from "./libraries/Clock.sol";
import {Group} from "./libraries/Group.sol";
import {Lottery} from "./libraries/Lottery.sol";
import {StakeTree} from "./libraries/StakeTree.sol";

/// @title Turns: who serves a contract in an epoch, and since when its clock runs
abstract contract Turns is EnigmaStorage {
    /// @dev The packed group of the current epoch: the stored one, or the one that its first commit will store. It has
    /// `count` ranks, if there are so many, or more: what nobody has asked for yet is not drawn.
    function _groupOf(address account, uint40 epoch, uint256 count) internal view returns (uint256 word) {
        word = secretContracts[account].group;
        if (Group.epochOf(word) != epoch) word = Group.pack(epoch, _draw(account, epoch, count));
        else if (Group.countOf(word) < count) word = _withRanks(account, word, count);
    }

    /// @dev The same group with `count` ranks, if there are so many.
    function _withRanks(address account, uint256 word, uint256 count) internal view returns (uint256) {
        uint40 epoch = Group.epochOf(word);
        return Group.withSilent(Group.pack(epoch, _draw(account, epoch, count)), Group.silentOf(word));
    }

    /// @dev Of the current epoch, or of another that has a lottery: neither the tree nor the ring tells of any other.
    function _draw(address account, uint40 epoch, uint256 count) internal view returns (uint256[] memory) {
        return Lottery.draw(tree, StakeTree.entry(treeRoot, epoch), seeds[epoch % SEEDS], account, count);
    }

    /// @dev The block from which the clock of a contract counts, its oldest pending input being of block `inputBlock`: before
    /// that input is as deep as the contract asks for, nobody can execute it.
    function _clockStart(address account, uint256 inputBlock) internal view returns (uint256 start) {
        SecretContract storage record = secretContracts[account];
        EpochWord memory word = epochWord;
        start = word.nextStart != 0 && block.number >= word.nextStart ? word.nextStart : word.start;
        start = _later(start, inputBlock + record.depth);
        start = _later(start, record.lastCommitBlock);
        start = _later(start, record.clockFrom);
    }

    /// @dev Blocks that the clock has counted, without those of a pause.
    function _elapsed(address account, uint256 inputBlock) internal view returns (uint256) {
        return Clock.elapsed(_clockStart(account, inputBlock), secretContracts[account].pausedAt, block.number);
    }

    function _later(uint256 one, uint256 other) internal pure returns (uint256) {
        return one > other ? one : other;
    }
}
