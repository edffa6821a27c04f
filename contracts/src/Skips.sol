// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {ITurns} from "./interfaces/ITurns.sol";
import {Input, Parameters, SecretContract} from "./interfaces/Types.sol";
import {Clock} from "./libraries/Clock.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {InputLog} from "./libraries/InputLog.sol";
import {Slashing} from "./Slashing.sol";
import {Turns} from "./Turns.sol";

/// @dev See ITurns; the order and the clock are checked where receipts are (ReceiptChecks).
abstract contract Skips is ITurns, Turns, Slashing {
    /// @inheritdoc ITurns
    function holdClock(address account, Input calldata input) external {
        (uint64 index,) = _requireOldest(account, input);
        if (block.basefee <= input.priceCap) revert CapNotExceeded();
        secretContracts[account].holdBlock = uint40(block.number);
        emit ClockHeld(account, index);
    }

    /// @inheritdoc ITurns
    function skip(address account, Input calldata input) external locked {
        (uint64 index, bytes32 inputHash) = _requireOldest(account, input);
        SecretContract storage record = secretContracts[account];
        Parameters memory terms = parametersWord;
        // Neither an epoch's beginning, nor a hold, nor a skip moves the deadline: a queue of dead inputs goes at once.
        uint256 deadline = _later(uint256(input.blockNumber) + record.depth, record.lastCommitBlock);
        deadline += uint256(terms.skipEpochs) * terms.epochLength;
        if (block.number < deadline) revert TooEarlyToSkip(deadline);

        bytes32 stateHead = InputLog.foldTask(record.stateHead, inputHash, 0);
        record.stateHead = stateHead;
        record.cursor = index + 1;
        uint256 refund = FeeSchedule.maxFee(input.commitGas, input.gasLimit, input.priceCap) + input.value;
        _credit(input.sender, refund);
        emit Skipped(account, index, stateHead, input.sender, refund);
        _passOverGroup(account, input.blockNumber, terms);
    }

    /// @inheritdoc ITurns
    function turns(address account) external view returns (uint40 epoch, uint256 word, uint256[] memory ids) {
        epoch = _currentLottery();
        word = _groupOf(account, epoch, groupSize);
        ids = _draw(account, epoch, Group.CAPACITY);
    }

    /// @dev The group is to blame only if all of it had its turn: an epoch may just have begun, or a hold ended.
    function _passOverGroup(address account, uint256 inputBlock, Parameters memory terms) private {
        uint256 signers = secretContracts[account].signers;
        uint256 clock = Clock.wait(terms.groupSize - 1, signers, terms.groupSize, terms.takeover) + terms.takeover;
        if (block.number < _clockStart(account, inputBlock) + clock) return;
        uint256 word = _groupOf(account, _currentEpoch(), terms.groupSize);
        uint256 count = Group.countOf(word);
        if (count > terms.groupSize) count = terms.groupSize;
        uint256 added = ((1 << count) - 1) & ~Group.silentOf(word);
        if (added != 0) _burn(_passOver(account, Group.withSilent(word, added), added));
    }

    /// @dev The index and the hash of the oldest pending input, if it is `input`.
    function _requireOldest(
        address account,
        Input calldata input
    ) private view returns (uint64 index, bytes32 inputHash) {
        SecretContract storage record = secretContracts[account];
        if (record.signers == 0) revert IInputs.UnknownContract();
        index = record.cursor;
        if (index == record.inputCount) revert NothingPending();
        inputHash = InputLog.hashCalldata(input, account, index);
        bytes32 head;
        unchecked {
            head = heads[account][InputLog.ringPlace(index - 1)];
        }
        if (InputLog.extend(head, inputHash) != heads[account][InputLog.ringPlace(index)]) {
            revert ICommits.WrongInputHead();
        }
    }
}
