// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {ILostState} from "./interfaces/ILostState.sol";
import {CommittedTask, Commitment, Lost, SecretContract} from "./interfaces/Types.sol";
import {CalldataBytes} from "./libraries/CalldataBytes.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {Packed} from "./libraries/Packed.sol";
import {ReceiptChecks} from "./ReceiptChecks.sol";
import {Slashing} from "./Slashing.sol";

/// @dev See ICommits.
abstract contract Commits is ReceiptChecks, Slashing {
    using CalldataBytes for bytes;

    /// @inheritdoc ICommits
    function commit(bytes[] calldata commitments) external locked {
        Commitment[] memory read = Packed.empty(commitments.length);
        bytes4 firstReason = NothingToCommit.selector;
        uint256 refused = 0;
        uint256 slashed = 0;
        for (uint256 i = 0; i < commitments.length; ++i) {
            Commitment memory commitment = read[i];
            (bytes4 reason, uint256 word) = _check(commitments[i], commitment);
            if (reason == 0) {
                slashed += _store(commitment, word);
            } else {
                commitment.signers = 0;
                if (refused++ == 0) firstReason = reason;
                emit ReceiptRefused(commitment.secretContract, reason);
            }
        }
        if (refused == commitments.length) _revertWith(firstReason);
        for (uint256 i = 0; i < commitments.length; ++i) {
            if (read[i].signers != 0) _settle(read[i]);
        }
        _burn(slashed);
        for (uint256 i = 0; i < commitments.length; ++i) {
            if (read[i].signers != 0) _makeOutbound(read[i]);
        }
    }

    /// @return slashed Wei of ENG to burn.
    function _store(Commitment memory commitment, uint256 word) private returns (uint256 slashed) {
        address account = commitment.secretContract;
        SecretContract storage record = secretContracts[account];
        bool isLost = record.isLost;
        unchecked {
            record.cursor = uint64(commitment.lastIndex + 1);
        }
        record.sealedEpoch = uint32(commitment.epoch);
        record.lastCommitBlock = uint40(block.number);
        record.pausedAt = 0;
        record.stateHead = commitment.stateHeadAfter;
        if (commitment.snapshotHash != 0) {
            record.snapshotHash = commitment.snapshotHash;
            if (isLost) _endLoss(account, commitment.snapshotHash);
        }

        uint256 stored = record.group;
        if (stored == word) return 0;
        uint256 added = Group.silentOf(word);
        if (Group.epochOf(stored) == Group.epochOf(word)) added &= ~Group.silentOf(stored);
        if (added != 0) return _passOver(account, word, added);
        record.group = word;
    }

    /// @dev A new snapshot ends the search for a lost one, whose bond goes back as far as nobody earned it.
    function _endLoss(address account, bytes32 snapshotHash) private {
        Lost storage record = lost[account];
        _credit(record.declarer, record.bond - record.paid);
        delete lost[account];
        secretContracts[account].isLost = false;
        emit ILostState.Found(account, snapshotHash);
    }

    /// @dev Moves the money of a stored receipt and publishes it.
    function _settle(Commitment memory commitment) private {
        (uint256[] memory results, uint256 commitPay, uint256 executionPay, uint256 delivered) = _payFor(commitment);
        _creditSigners(commitment.signers, commitment.signatureCount, commitPay, executionPay);
        if (delivered != 0) _deliver(commitment.secretContract, delivered);
        _announce(commitment, results);
    }

    /// @dev Reckons up the tasks of a receipt, and credits their senders: neighbours of the same sender at once.
    /// @return results As they are published.
    /// @return commitPay Wei for bringing the tasks and their outbound calls to the chain.
    /// @return executionPay Wei for executing them.
    /// @return delivered Wei of their values that go to the portal.
    function _payFor(Commitment memory commitment)
        private
        returns (uint256[] memory results, uint256 commitPay, uint256 executionPay, uint256 delivered)
    {
        CommittedTask[] memory tasks = commitment.tasks;
        uint256[] memory outbound = _outboundGas(commitment);
        results = new uint256[](tasks.length);
        uint256 base = FeeSchedule.gasOfCommit(tasks.length, 0);
        address sender;
        uint256 due = 0;
        // Nothing overflows: each task pays at most what its sender has paid in, in wei that exist.
        unchecked {
            for (uint256 i = 0; i < tasks.length; ++i) {
                CommittedTask memory task = tasks[i];
                uint256 gas = base + FeeSchedule.gasOfBytes(task.outputSize + task.deltaSize);
                if (outbound.length != 0) gas += outbound[i];
                uint256 price = FeeSchedule.price(task.tip, task.priceCap);
                gas *= price;
                commitPay += gas;
                price *= FeeSchedule.gasOfExecution(task.gasCharged);
                executionPay += price;
                uint256 pay = gas + price;
                if (task.sender != sender) {
                    _credit(sender, due);
                    (sender, due) = (task.sender, 0);
                }
                due += FeeSchedule.maxFee(task.commitGas, task.gasLimit, task.priceCap) - pay;
                if (task.status == COMPLETED) delivered += task.value;
                else due += task.value;
                uint256 result = task.status | (task.gasCharged << 8) | (pay << 72);
                assembly ("memory-safe") {
                    mstore(add(add(results, 0x20), shl(5, i)), result)
                }
            }
        }
        _credit(sender, due);
    }

    /// @dev Emits `Committed`. The bytes go from calldata to where memory is free, and from there into the log.
    function _announce(Commitment memory commitment, uint256[] memory results) private {
        bytes32 signature = Committed.selector;
        (address account, uint256 firstIndex) = (commitment.secretContract, commitment.firstIndex);
        (uint256 lastIndex, uint256 epoch) = (commitment.lastIndex, commitment.epoch);
        (bytes32 stateHead, bytes32 snapshotHash) = (commitment.stateHeadAfter, commitment.snapshotHash);
        uint256 data;
        uint256 end;
        assembly ("memory-safe") {
            // Seven words, of which the last three are the offsets of the arrays that follow. One of words lies in
            // memory as it is encoded.
            data := mload(0x40)
            mstore(data, lastIndex)
            mstore(add(data, 0x20), epoch)
            mstore(add(data, 0x40), stateHead)
            mstore(add(data, 0x60), snapshotHash)
            mstore(add(data, 0x80), 0xe0)
            let size := shl(5, add(mload(results), 1))
            end := add(data, 0xe0)
            mcopy(end, results, size)
            end := add(end, size)
            mstore(add(data, 0xa0), sub(end, data))
        }
        end = _putAll(commitment.tasks, false, end);
        assembly ("memory-safe") {
            mstore(add(data, 0xc0), sub(end, data))
        }
        end = _putAll(commitment.tasks, true, end);
        assembly ("memory-safe") {
            log3(data, sub(end, data), signature, account, firstIndex)
        }
    }

    /// @dev ABI-encodes outputs or deltas at `ptr`, beyond the free pointer: how many there are, the offset of each from
    /// behind that, the bytes.
    /// @return end Behind them.
    function _putAll(CommittedTask[] memory tasks, bool areDeltas, uint256 ptr) private pure returns (uint256 end) {
        uint256 place;
        assembly ("memory-safe") {
            mstore(ptr, mload(tasks))
            place := add(ptr, 0x20)
            end := add(place, shl(5, mload(tasks)))
        }
        unchecked {
            for (uint256 i = 0; i < tasks.length; ++i) {
                uint256 at;
                uint256 size;
                // Of the task's struct, the words `output`, `outputSize` and `deltaSize`.
                assembly ("memory-safe") {
                    mstore(add(place, shl(5, i)), sub(end, place))
                    let task := mload(add(add(tasks, 0x20), shl(5, i)))
                    at := mload(add(task, 0x120))
                    size := mload(add(task, 0x140))
                    if areDeltas {
                        at := add(at, size)
                        size := mload(add(task, 0x160))
                    }
                }
                end = CalldataBytes.slice(at, size).put(end);
            }
        }
    }

    /// @dev The first signer collects the signatures and carries the receipt, so it gets all that the commit costs;
    /// execution is shared by all that signed, and what does not divide is the first one's.
    /// Of all of it a share is parked for beacons and the committee.
    function _creditSigners(uint256 signers, uint256 count, uint256 commitPay, uint256 executionPay) private {
        uint256 share = executionPay / count;
        _creditWork(workers[uint24(signers)].operator, commitPay + executionPay - share * (count - 1));
        for (uint256 i = 1; i < count; ++i) {
            _creditWork(workers[uint24(signers >> (24 * i))].operator, share);
        }
    }

    function _deliver(address account, uint256 amount) private {
        secretContracts[account].delivered += uint128(amount);
        (bool success,) = account.call{value: amount}("");
        if (!success) revert PortalRefused();
    }

    function _revertWith(bytes4 reason) private pure {
        assembly ("memory-safe") {
            mstore(0, reason)
            revert(0, 4)
        }
    }
}
