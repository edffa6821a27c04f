// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commitment, Input, Receipt, SecretContract, TaskResult, Worker} from "./interfaces/Types.sol";
import {Anchor} from "./libraries/Anchor.sol";
import {EIP712} from "./libraries/EIP712.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {InputLog} from "./libraries/InputLog.sol";
import {ReceiptHash} from "./libraries/ReceiptHash.sol";
import {Signature} from "./libraries/Signature.sol";
import {Workers} from "./Workers.sol";

/// @title ReceiptChecks: why a receipt may land
/// @dev Every check returns the selector of its error, or zero, so that one bad receipt does not take the others down.
/// What the signers vouch for is checked field by field first, so that a wrong field is told from a wrong signer.
abstract contract ReceiptChecks is Workers {
    uint8 internal constant COMPLETED = 0;
    uint8 private constant VALUE_RETURNED = 1;
    uint8 private constant UNOPENED = 2;

    /// @dev The reason to refuse, or zero and the group that the contract has in this epoch.
    function _check(Commitment calldata commitment) internal view returns (bytes4 reason, uint256 word) {
        Receipt calldata receipt = commitment.receipt;
        if (receipt.network != network) return (WrongNetwork.selector, 0);
        if (receipt.ruleset != RULESET) return (WrongRuleset.selector, 0);
        // Every contract needs a signer at least; its slot is read anyway.
        if (secretContracts[receipt.secretContract].signers == 0) return (UnknownContract.selector, 0);
        if (receipt.epoch != _currentEpoch()) return (WrongEpoch.selector, 0);
        bytes32[] memory inputHashes;
        (reason, inputHashes) = _checkInputs(commitment);
        if (reason == 0) reason = _checkState(commitment, inputHashes);
        if (reason == 0) reason = _checkAnchor(commitment);
        if (reason == 0) (reason, word) = _checkSigners(commitment);
    }

    /// @dev The inputs are exactly the oldest pending ones, in the log's order.
    function _checkInputs(Commitment calldata commitment)
        private
        view
        returns (bytes4 reason, bytes32[] memory inputHashes)
    {
        Receipt calldata receipt = commitment.receipt;
        address account = receipt.secretContract;
        uint256 first = receipt.firstIndex;
        uint256 count = commitment.inputs.length;
        if (first != secretContracts[account].cursor) return (NotNextIndex.selector, inputHashes);
        if (
            count == 0 || first + count != uint256(receipt.lastIndex) + 1
                || receipt.lastIndex >= secretContracts[account].inputCount
        ) return (WrongLastIndex.selector, inputHashes);
        bool complete =
            receipt.results.length == count && commitment.outputs.length == count && commitment.deltas.length == count;
        if (!complete) return (WrongResultCount.selector, inputHashes);

        inputHashes = new bytes32[](count);
        bytes32 head;
        unchecked {
            head = heads[account][InputLog.ringPlace(receipt.firstIndex - 1)];
        }
        for (uint256 i = 0; i < count; ++i) {
            inputHashes[i] = InputLog.hashCalldata(commitment.inputs[i], account, uint64(first + i));
            head = InputLog.extend(head, inputHashes[i]);
        }
        if (head != receipt.inputHead || head != heads[account][InputLog.ringPlace(receipt.lastIndex)]) {
            reason = WrongInputHead.selector;
        }
    }

    /// @dev The results are within the inputs' terms, and lead from the chain's state head to the receipt's.
    function _checkState(
        Commitment calldata commitment,
        bytes32[] memory inputHashes
    ) private view returns (bytes4 reason) {
        Receipt calldata receipt = commitment.receipt;
        SecretContract storage record = secretContracts[receipt.secretContract];
        bytes32 head = record.stateHead;
        if (receipt.stateHeadBefore != head) return StaleStateHead.selector;
        if (record.sealedEpoch != receipt.epoch) {
            if (receipt.snapshotHash == 0) return SnapshotMissing.selector;
            head = InputLog.foldSnapshot(head, receipt.snapshotHash);
        } else if (receipt.snapshotHash != 0) {
            return SnapshotUnexpected.selector;
        }
        for (uint256 i = 0; i < inputHashes.length; ++i) {
            reason = _checkResult(commitment.inputs[i], receipt.results[i], commitment.outputs[i], commitment.deltas[i]);
            if (reason != 0) return reason;
            head = InputLog.foldTask(head, inputHashes[i], receipt.results[i].deltaHash);
        }
        if (head != receipt.stateHeadAfter) return WrongStateHeadAfter.selector;
        if (receipt.outboundHash != keccak256("")) return OutboundUnsupported.selector;
    }

    function _checkResult(
        Input calldata input,
        TaskResult calldata result,
        bytes calldata output,
        bytes calldata delta
    ) private pure returns (bytes4) {
        if (result.status > UNOPENED || (result.status == VALUE_RETURNED && input.value == 0)) {
            return InvalidStatus.selector;
        }
        if (result.gasCharged > input.gasLimit) return GasAboveLimit.selector;
        if (keccak256(output) != result.outputHash) return OutputHashMismatch.selector;
        if (keccak256(delta) != result.deltaHash) return DeltaHashMismatch.selector;
        // As if it were alone: enclaves meter a task without knowing who else is in the batch.
        if (FeeSchedule.gasOfCommit(1, output.length + delta.length) > input.commitGas) {
            return CommitGasExceeded.selector;
        }
        return 0;
    }

    /// @dev The block that the enclaves trusted is one of this chain's, recent, and saw every input.
    function _checkAnchor(Commitment calldata commitment) private view returns (bytes4) {
        Receipt calldata receipt = commitment.receipt;
        uint256 number = receipt.anchorNumber;
        if (number >= block.number) return AnchorInFuture.selector;
        if (block.number - number > Anchor.REACH) return AnchorTooOld.selector;
        if (number < commitment.inputs[commitment.inputs.length - 1].blockNumber) return AnchorBeforeInput.selector;
        bytes32 hash = Anchor.hashOf(number);
        if (hash == 0 || hash != receipt.anchorHash) return ForeignAnchor.selector;
        return 0;
    }

    /// @dev The first ranks of the group, as many as the contract asks for, have signed in their order.
    function _checkSigners(Commitment calldata commitment) private view returns (bytes4 reason, uint256 word) {
        address account = commitment.receipt.secretContract;
        uint256 signers = secretContracts[account].signers;
        word = _groupOf(account, uint40(commitment.receipt.epoch));
        if (Group.countOf(word) < signers) return (GroupTooSmall.selector, 0);
        if (commitment.signatures.length != signers) return (MissingSignature.selector, 0);
        bytes32 digest = EIP712.digest(ReceiptHash.hash(commitment.receipt));
        for (uint256 rank = 0; rank < signers; ++rank) {
            reason = _checkSigner(word, rank, Signature.recover(digest, commitment.signatures[rank]));
            if (reason != 0) return (reason, 0);
        }
    }

    function _checkSigner(uint256 word, uint256 rank, address signer) private view returns (bytes4) {
        Worker storage expected = workers[Group.idAt(word, rank)];
        if (signer == address(0) || signer != expected.signer) {
            uint256 idPlusOne = workerIds[signer];
            if (idPlusOne == 0) return WrongSigner.selector;
            return Group.contains(word, idPlusOne - 1) ? WrongRank.selector : NotInGroup.selector;
        }
        if (expected.expiry <= block.timestamp) return AdmissionExpired.selector;
        if (!measurements[expected.measurement]) return MeasurementNotAllowed.selector;
        return 0;
    }
}
