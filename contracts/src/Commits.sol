// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {ILostState} from "./interfaces/ILostState.sol";
import {Commitment, Input, Lost, Receipt, SecretContract} from "./interfaces/Types.sol";
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
            (bytes4 reason, uint256 word, uint256 signers) = _check(commitments[i]);
            if (reason == 0) {
                landed[i] = signers;
                slashed += _store(commitments[i].receipt, word);
            } else {
                if (refused++ == 0) firstReason = reason;
                emit ReceiptRefused(commitments[i].receipt.secretContract, reason);
            }
        }
        if (refused == commitments.length) _revertWith(firstReason);
        for (uint256 i = 0; i < commitments.length; ++i) {
            if (landed[i] != 0) _settle(commitments[i], landed[i]);
        }
        _burn(slashed);
    }

    /// @return slashed Wei of ENG to burn.
    function _store(Receipt calldata receipt, uint256 word) private returns (uint256 slashed) {
        SecretContract storage record = secretContracts[receipt.secretContract];
        record.stateHead = receipt.stateHeadAfter;
        record.cursor = receipt.lastIndex + 1;
        record.sealedEpoch = uint40(receipt.epoch);
        record.lastCommitBlock = uint40(block.number);
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
        _creditSigners(signers, commitment.signatures.length, commitPay, executionPay);
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
