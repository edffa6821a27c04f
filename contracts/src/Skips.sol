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
        SecretContract storage record = secretContracts[account];
        if (record.pausedAt != 0) revert ClockIsHeld();
        if (block.basefee <= input.priceCap) revert CapNotExceeded();
        record.pausedAt = uint32(block.number);
        emit ClockHeld(account, index);
    }

    /// @inheritdoc ITurns
    function resumeClock(address account, Input calldata input) external {
        (uint64 index,) = _requireOldest(account, input);
        SecretContract storage record = secretContracts[account];
        if (record.pausedAt == 0) revert ClockRuns();
        if (block.basefee > input.priceCap) revert CapExceeded();
        _startAfter(record, _elapsed(account, input.blockNumber));
        emit ClockResumed(account, index);
    }

    /// @inheritdoc ITurns
    function skip(address account, Input calldata input) external locked {
        (uint64 index, bytes32 inputHash) = _requireOldest(account, input);
        SecretContract storage record = secretContracts[account];
        bool isWhole = _requireSkippable(record, account, input.blockNumber);

        bytes32 stateHead = InputLog.foldTask(record.stateHead, inputHash, 0);
        record.stateHead = stateHead;
        record.cursor = index + 1;
        _startAfter(record, 0);
        uint256 refund = FeeSchedule.maxFee(input.commitGas, input.gasLimit, input.priceCap) + input.value;
        _credit(input.sender, refund);
        emit Skipped(account, index, stateHead, input.sender, refund);
        if (isWhole) _passOverGroup(account, record.signers);
    }

    /// @inheritdoc ITurns
    function turns(address account) external view returns (uint40 epoch, uint256 word, uint256[] memory ids) {
        epoch = _currentLottery();
        word = _groupOf(account, epoch, groupSize);
        ids = _draw(account, epoch, Group.CAPACITY);
    }

    /// @dev The clock runs, and has counted `counted` blocks.
    function _startAfter(SecretContract storage record, uint256 counted) private {
        record.clockFrom = uint40(block.number - counted);
        record.pausedAt = 0;
    }

    /// @dev The deadline and the clock of the oldest pending input, which is of block `inputBlock`. Neither an epoch's
    /// beginning nor a hold nor a skip moves the deadline, but each of them moves the clock.
    /// @return isWhole Whether all of the group had its turn, and so is to blame.
    function _requireSkippable(
        SecretContract storage record,
        address account,
        uint256 inputBlock
    ) private view returns (bool isWhole) {
        Parameters memory terms = parametersWord;
        uint256 whole = Clock.wait(terms.groupSize - 1, record.signers, terms.groupSize, terms.takeover);
        whole += terms.takeover;
        uint256 from = Clock.skipFrom(
            _clockStart(account, inputBlock),
            record.pausedAt,
            whole,
            _later(inputBlock + record.depth, record.lastCommitBlock),
            uint256(terms.skipEpochs) * terms.epochLength
        );
        if (block.number < from) revert TooEarlyToSkip(from);
        return _elapsed(account, inputBlock) >= whole;
    }

    /// @dev If there are fewer workers than the contract needs signers, nobody could have signed, and nobody is to blame.
    function _passOverGroup(address account, uint256 signers) private {
        uint256 word = _groupOf(account, _currentEpoch(), groupSize);
        uint256 count = Group.countOf(word);
        if (count > groupSize) count = groupSize;
        uint256 added = ((1 << count) - 1) & ~Group.silentOf(word);
        if (added != 0 && count >= signers) _burn(_passOver(account, Group.withSilent(word, added), added));
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
