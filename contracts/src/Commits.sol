// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {Commitment, Input, Receipt, SecretContract} from "./interfaces/Types.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {ReceiptChecks} from "./ReceiptChecks.sol";

/// @dev See ICommits.
abstract contract Commits is ReceiptChecks {
    /// @inheritdoc ICommits
    function commit(Commitment[] calldata commitments) external locked {
        bool[] memory landed = new bool[](commitments.length);
        bytes4 firstReason = NothingToCommit.selector;
        uint256 refused = 0;
        for (uint256 i = 0; i < commitments.length; ++i) {
            (bytes4 reason, uint256 word) = _check(commitments[i]);
            if (reason == 0) {
                landed[i] = true;
                _store(commitments[i].receipt, word);
            } else {
                if (refused++ == 0) firstReason = reason;
                emit ReceiptRefused(commitments[i].receipt.secretContract, reason);
            }
        }
        if (refused == commitments.length) _revertWith(firstReason);
        for (uint256 i = 0; i < commitments.length; ++i) {
            if (landed[i]) _settle(commitments[i]);
        }
    }

    function _store(Receipt calldata receipt, uint256 word) private {
        SecretContract storage record = secretContracts[receipt.secretContract];
        record.stateHead = receipt.stateHeadAfter;
        record.cursor = receipt.lastIndex + 1;
        record.sealedEpoch = uint40(receipt.epoch);
        record.lastCommitBlock = uint40(block.number);
        if (record.group != word) record.group = word;
    }

    /// @dev Moves the money of a stored receipt and publishes it.
    function _settle(Commitment calldata commitment) private {
        Receipt calldata receipt = commitment.receipt;
        uint256[] memory outcomes = new uint256[](commitment.inputs.length);
        uint256 commitPay = 0;
        uint256 executionPay = 0;
        uint256 delivered = 0;
        for (uint256 i = 0; i < outcomes.length; ++i) {
            (uint256 forCommit, uint256 forExecution) = _pay(commitment, i);
            commitPay += forCommit;
            executionPay += forExecution;
            delivered += _refund(commitment, i, forCommit + forExecution);
            outcomes[i] = receipt.results[i].status | (uint256(receipt.results[i].gasCharged) << 8)
                | ((forCommit + forExecution) << 72);
        }
        _creditSigners(receipt.secretContract, commitPay, executionPay);
        if (delivered != 0) _deliver(receipt.secretContract, delivered);
        emit Committed(
            receipt.secretContract,
            receipt.firstIndex,
            receipt.lastIndex,
            uint40(receipt.epoch),
            receipt.stateHeadAfter,
            receipt.snapshotHash,
            outcomes,
            commitment.outputs,
            commitment.deltas
        );
    }

    /// @dev Wei for task `i`: for bringing it to the chain, and for executing it.
    function _pay(Commitment calldata commitment, uint256 i) private view returns (uint256, uint256) {
        uint256 price = FeeSchedule.price(commitment.inputs[i]);
        uint256 gas = FeeSchedule.gasOfCommit(
            commitment.inputs.length, commitment.outputs[i].length + commitment.deltas[i].length
        );
        return (gas * price, FeeSchedule.gasOfExecution(commitment.receipt.results[i].gasCharged) * price);
    }

    /// @dev Credits the sender of task `i` with what is left of its escrow; returns the value that goes to the portal.
    function _refund(Commitment calldata commitment, uint256 i, uint256 pay) private returns (uint256 delivered) {
        Input calldata input = commitment.inputs[i];
        uint256 back = FeeSchedule.maxFee(input.commitGas, input.gasLimit, input.priceCap) - pay;
        if (commitment.receipt.results[i].status == COMPLETED) delivered = input.value;
        else back += input.value;
        _credit(input.sender, back);
    }

    /// @dev Rank 0 collects the signatures and carries the receipt, so it gets all that the commit costs; execution is
    /// shared by all that signed, and what does not divide is rank 0's.
    function _creditSigners(address account, uint256 commitPay, uint256 executionPay) private {
        SecretContract storage record = secretContracts[account];
        uint256 word = record.group;
        uint256 signers = record.signers;
        uint256 share = executionPay / signers;
        _credit(workers[Group.idAt(word, 0)].operator, commitPay + executionPay - share * (signers - 1));
        for (uint256 rank = 1; rank < signers; ++rank) {
            _credit(workers[Group.idAt(word, rank)].operator, share);
        }
    }

    function _credit(address account, uint256 amount) private {
        if (amount != 0) credits[account] += amount;
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
