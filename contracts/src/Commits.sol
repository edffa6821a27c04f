// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {ILostState} from "./interfaces/ILostState.sol";
import {Commitment, Input, Lost, Receipt, SecretContract, TaskResult} from "./interfaces/Types.sol";
import {CalldataBytes} from "./libraries/CalldataBytes.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {ReceiptChecks} from "./ReceiptChecks.sol";
import {Slashing} from "./Slashing.sol";

/// @dev See ICommits.
abstract contract Commits is ReceiptChecks, Slashing {
    /// @inheritdoc ICommits
    function commit(Commitment[] calldata commitments) external locked {
        // Of each that lands, the signers.
        uint256[] memory landed = new uint256[](commitments.length);
        bytes4 firstReason = NothingToCommit.selector;
        uint256 refused = 0;
        uint256 slashed = 0;
        for (uint256 i = 0; i < commitments.length; ++i) {
            Commitment calldata commitment = commitments[i];
            (bytes4 reason, uint256 word, uint256 signers) = _check(commitment);
            if (reason == 0) {
                landed[i] = signers;
                slashed += _store(commitment.receipt, word);
            } else {
                if (refused++ == 0) firstReason = reason;
                emit ReceiptRefused(commitment.receipt.secretContract, reason);
            }
        }
        if (refused == commitments.length) _revertWith(firstReason);
        for (uint256 i = 0; i < commitments.length; ++i) {
            if (landed[i] != 0) _settle(commitments[i], landed[i]);
        }
        _burn(slashed);
        for (uint256 i = 0; i < commitments.length; ++i) {
            if (landed[i] != 0) _makeOutbound(commitments[i]);
        }
    }

    /// @return slashed Wei of ENG to burn.
    function _store(Receipt calldata receipt, uint256 word) private returns (uint256 slashed) {
        SecretContract storage record = secretContracts[receipt.secretContract];
        record.stateHead = receipt.stateHeadAfter;
        record.cursor = receipt.lastIndex + 1;
        record.sealedEpoch = uint40(receipt.epoch);
        record.lastCommitBlock = uint40(block.number);
        record.pausedAt = 0;
        if (receipt.snapshotHash != 0) _storeSnapshot(receipt.secretContract, receipt.snapshotHash);

        uint256 stored = record.group;
        if (stored == word) return 0;
        uint256 added = Group.silentOf(word);
        if (Group.epochOf(stored) == Group.epochOf(word)) added &= ~Group.silentOf(stored);
        if (added != 0) return _passOver(receipt.secretContract, word, added);
        record.group = word;
    }

    /// @dev A new snapshot ends the search for a lost one, whose bond goes back as far as nobody earned it.
    function _storeSnapshot(address account, bytes32 snapshotHash) private {
        secretContracts[account].snapshotHash = snapshotHash;
        Lost storage record = lost[account];
        if (record.since == 0) return;
        _credit(record.declarer, record.bond - record.paid);
        delete lost[account];
        emit ILostState.Found(account, snapshotHash);
    }

    /// @dev Moves the money of a stored receipt and publishes it.
    function _settle(Commitment calldata commitment, uint256 signers) private {
        Receipt calldata receipt = commitment.receipt;
        (uint256[] memory results, uint256 commitPay, uint256 executionPay, uint256 delivered) = _payFor(commitment);
        _creditSigners(signers, commitment.signatures.length, commitPay, executionPay);
        if (delivered != 0) _deliver(receipt.secretContract, delivered);
        _announce(receipt, results, commitment.outputs, commitment.deltas);
    }

    /// @dev Reckons up the tasks of a receipt, and credits their senders: neighbours of the same sender at once.
    /// @return outcomes As they are published.
    /// @return commitPay Wei for bringing the tasks and their outbound calls to the chain.
    /// @return executionPay Wei for executing them.
    /// @return delivered Wei of their values that go to the portal.
    function _payFor(Commitment calldata commitment)
        private
        returns (uint256[] memory outcomes, uint256 commitPay, uint256 executionPay, uint256 delivered)
    {
        Input[] calldata inputs = commitment.inputs;
        TaskResult[] calldata results = commitment.receipt.results;
        bytes[] calldata outputs = commitment.outputs;
        bytes[] calldata deltas = commitment.deltas;
        uint256[] memory outbound = _outboundGas(commitment);
        outcomes = new uint256[](inputs.length);
        uint256 base = FeeSchedule.gasOfCommit(outcomes.length, 0);
        address sender;
        uint256 due = 0;
        // Nothing overflows: each task pays at most what its sender has paid in, in wei that exist.
        unchecked {
            for (uint256 i = 0; i < outcomes.length; ++i) {
                uint256 gas = outbound.length == 0 ? base : base + outbound[i];
                gas += FeeSchedule.gasOfBytes(CalldataBytes.at(outputs, i).length + CalldataBytes.at(deltas, i).length);
                address next;
                uint256 status;
                uint256 gasCharged;
                uint256 value;
                uint256 fee;
                uint256 price;
                // The checks have seen that these words are within their types: of input `i`, 0x200 bytes long, all
                // that is about money, of result `i`, 0x80 bytes long, the first two.
                assembly ("memory-safe") {
                    let input := add(inputs.offset, shl(9, i))
                    next := calldataload(add(input, 0x20))
                    value := calldataload(add(input, 0x60))
                    let result := add(results.offset, shl(7, i))
                    status := calldataload(result)
                    gasCharged := calldataload(add(result, 0x20))
                }
                (price, fee) = _priceOf(inputs, i);
                gas *= price;
                commitPay += gas;
                price *= FeeSchedule.gasOfExecution(gasCharged);
                executionPay += price;
                uint256 pay = gas + price;
                if (next != sender) {
                    _credit(sender, due);
                    (sender, due) = (next, 0);
                }
                due += fee - pay;
                if (status == COMPLETED) delivered += value;
                else due += value;
                outcomes[i] = status | (gasCharged << 8) | (pay << 72);
            }
        }
        _credit(sender, due);
    }

    /// @dev The price of gas for input `i`, and the most that the task may cost, which its sender has paid.
    function _priceOf(Input[] calldata inputs, uint256 i) private view returns (uint256 price, uint256 fee) {
        uint256 gasLimit;
        uint256 commitGas;
        uint256 cap;
        uint256 tip;
        assembly ("memory-safe") {
            let input := add(inputs.offset, shl(9, i))
            gasLimit := calldataload(add(input, 0x80))
            commitGas := calldataload(add(input, 0xa0))
            cap := calldataload(add(input, 0xc0))
            tip := calldataload(add(input, 0xe0))
        }
        return (FeeSchedule.price(tip, cap), FeeSchedule.maxFee(commitGas, gasLimit, cap));
    }

    /// @dev Emits `Committed`. The bytes go from calldata to where memory is free, and from there into the log.
    function _announce(
        Receipt calldata receipt,
        uint256[] memory results,
        bytes[] calldata outputs,
        bytes[] calldata deltas
    ) private {
        bytes32 signature = Committed.selector;
        (address account, uint256 firstIndex) = (receipt.secretContract, receipt.firstIndex);
        (uint256 lastIndex, uint256 epoch) = (receipt.lastIndex, uint40(receipt.epoch));
        (bytes32 stateHead, bytes32 snapshotHash) = (receipt.stateHeadAfter, receipt.snapshotHash);
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
        end = CalldataBytes.putAll(outputs, end);
        assembly ("memory-safe") {
            mstore(add(data, 0xc0), sub(end, data))
        }
        end = CalldataBytes.putAll(deltas, end);
        assembly ("memory-safe") {
            log3(data, sub(end, data), signature, account, firstIndex)
        }
    }

    /// @dev The first signer collects the signatures and carries the receipt, so it gets all that the commit costs;
    /// execution is shared by all that signed, and what does not divide is the first one's.
    function _creditSigners(uint256 signers, uint256 count, uint256 commitPay, uint256 executionPay) private {
        uint256 share = executionPay / count;
        _credit(workers[uint24(signers)].operator, commitPay + executionPay - share * (count - 1));
        for (uint256 i = 1; i < count; ++i) {
            _credit(workers[uint24(signers >> (24 * i))].operator, share);
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
