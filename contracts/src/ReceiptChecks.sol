// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {ITurns} from "./interfaces/ITurns.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {Commitment, Input, Parameters, Receipt, SecretContract, TaskResult, Worker} from "./interfaces/Types.sol";
import {Anchor} from "./libraries/Anchor.sol";
import {CalldataBytes} from "./libraries/CalldataBytes.sol";
import {Clock} from "./libraries/Clock.sol";
import {EIP712} from "./libraries/EIP712.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {InputLog} from "./libraries/InputLog.sol";
import {ReceiptHash} from "./libraries/ReceiptHash.sol";
import {Signature} from "./libraries/Signature.sol";
import {Outbound} from "./Outbound.sol";
import {Turns} from "./Turns.sol";

/// @title ReceiptChecks: why a receipt may land
/// @dev Every check returns the selector of its error, or zero, so that one bad receipt does not take the others down.
/// What the signers vouch for is checked field by field first, so that a wrong field is told from a wrong signer.
abstract contract ReceiptChecks is ICommits, Turns, Outbound {
    uint8 private constant VALUE_RETURNED = 1;
    uint8 private constant UNOPENED = 2;

    /// @dev The reason to refuse; or zero, the group of this epoch with whom the receipt passes over, and the signers.
    function _check(Commitment calldata commitment)
        internal
        view
        returns (bytes4 reason, uint256 word, uint256 signers)
    {
        Receipt calldata receipt = commitment.receipt;
        if (receipt.network != network) return (WrongNetwork.selector, 0, 0);
        if (receipt.ruleset != RULESET) return (WrongRuleset.selector, 0, 0);
        // Every contract needs a signer at least; its slot is read anyway.
        if (secretContracts[receipt.secretContract].signers == 0) return (IInputs.UnknownContract.selector, 0, 0);
        if (receipt.epoch != _currentEpoch()) return (WrongEpoch.selector, 0, 0);
        bytes32[] memory inputHashes;
        (reason, inputHashes) = _checkInputs(commitment);
        if (reason == 0) reason = _checkState(commitment, inputHashes);
        if (reason == 0) reason = _checkAnchor(commitment);
        if (reason == 0) (reason, word, signers) = _checkSigners(commitment);
    }

    /// @dev The inputs are exactly the oldest pending ones, in the log's order.
    function _checkInputs(Commitment calldata commitment)
        private
        view
        returns (bytes4 reason, bytes32[] memory inputHashes)
    {
        Receipt calldata receipt = commitment.receipt;
        address account = receipt.secretContract;
        SecretContract storage record = secretContracts[account];
        Input[] calldata inputs = commitment.inputs;
        uint64 first = receipt.firstIndex;
        uint64 last = receipt.lastIndex;
        uint256 count = inputs.length;
        if (first != record.cursor) return (NotNextIndex.selector, inputHashes);
        unchecked {
            // Indices have 64 bits, and the inputs lie in calldata.
            if (count == 0 || first + count != uint256(last) + 1 || last >= record.inputCount) {
                return (WrongLastIndex.selector, inputHashes);
            }
        }
        bool complete =
            receipt.results.length == count && commitment.outputs.length == count && commitment.deltas.length == count;
        if (!complete) return (WrongResultCount.selector, inputHashes);

        bytes32[256] storage ring = heads[account];
        bytes32 head;
        unchecked {
            head = ring[InputLog.ringPlace(first - 1)];
        }
        (inputHashes, head) = InputLog.hashAll(inputs, account, first, head);
        if (head != receipt.inputHead || head != ring[InputLog.ringPlace(last)]) {
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
        (reason, head) = _checkResults(commitment, inputHashes, head);
        if (reason != 0) return reason;
        if (head != receipt.stateHeadAfter) return WrongStateHeadAfter.selector;
        return _checkOutbound(commitment);
    }

    /// @return reason To refuse, or zero.
    /// @return head The state's head with all tasks folded into it.
    function _checkResults(
        Commitment calldata commitment,
        bytes32[] memory inputHashes,
        bytes32 head
    ) private pure returns (bytes4 reason, bytes32) {
        Input[] calldata inputs = commitment.inputs;
        TaskResult[] calldata results = commitment.receipt.results;
        bytes[] calldata outputs = commitment.outputs;
        bytes[] calldata deltas = commitment.deltas;
        // All lists are as long as that of the hashes.
        unchecked {
            for (uint256 i = 0; i < inputHashes.length; ++i) {
                bytes32 deltaHash;
                (reason, deltaHash) = _checkResult(inputs, results, outputs, deltas, i);
                if (reason != 0) return (reason, 0);
                head = InputLog.foldTask(head, inputHashes[i], deltaHash);
            }
        }
        return (0, head);
    }

    function _checkResult(
        Input[] calldata inputs,
        TaskResult[] calldata results,
        bytes[] calldata outputs,
        bytes[] calldata deltas,
        uint256 i
    ) private pure returns (bytes4, bytes32 deltaHash) {
        (uint256 value, uint256 gasLimit, uint256 commitGas) = _termsOf(inputs, i);
        uint256 status;
        uint256 gasCharged;
        bytes32 outputHash;
        // The words of result `i`, 0x80 bytes long. They are compared as words, so none is beyond its type.
        assembly ("memory-safe") {
            let result := add(results.offset, shl(7, i))
            status := calldataload(result)
            gasCharged := calldataload(add(result, 0x20))
            outputHash := calldataload(add(result, 0x40))
            deltaHash := calldataload(add(result, 0x60))
        }
        if (status > UNOPENED || (status == VALUE_RETURNED && value == 0)) return (InvalidStatus.selector, 0);
        if (gasCharged > gasLimit) return (GasAboveLimit.selector, 0);
        bytes calldata output = CalldataBytes.at(outputs, i);
        if (CalldataBytes.hash(output) != outputHash) return (OutputHashMismatch.selector, 0);
        bytes calldata delta = CalldataBytes.at(deltas, i);
        if (CalldataBytes.hash(delta) != deltaHash) return (DeltaHashMismatch.selector, 0);
        unchecked {
            // As if it were alone: enclaves meter a task without knowing who else is in the batch. No sum of lengths
            // overflows that memory has held.
            if (FeeSchedule.gasOfCommit(1, output.length + delta.length) > commitGas) {
                return (CommitGasExceeded.selector, 0);
            }
        }
        return (0, deltaHash);
    }

    /// @dev Of input `i`, 0x200 bytes long, words 3 to 5. Its hash is in the log, so no word is beyond its type.
    function _termsOf(
        Input[] calldata inputs,
        uint256 i
    ) private pure returns (uint256 value, uint256 gasLimit, uint256 commitGas) {
        assembly ("memory-safe") {
            let input := add(inputs.offset, shl(9, i))
            value := calldataload(add(input, 0x60))
            gasLimit := calldataload(add(input, 0x80))
            commitGas := calldataload(add(input, 0xa0))
        }
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

    /// @dev As many as the contract asks for have signed, in the order of their turns, and every turn has come.
    /// @return reason To refuse, or zero.
    /// @return word The group, with those who were passed over.
    /// @return signers The signers' ids in their order, 24 bits each, and the highest bit.
    function _checkSigners(Commitment calldata commitment)
        private
        view
        returns (bytes4 reason, uint256 word, uint256 signers)
    {
        address account = commitment.receipt.secretContract;
        uint256 needed = secretContracts[account].signers;
        word = _groupOf(account, uint40(commitment.receipt.epoch));
        if (Group.countOf(word) < needed) return (GroupTooSmall.selector, 0, 0);
        if (commitment.signatures.length != needed) return (MissingSignature.selector, 0, 0);
        bytes32 digest = EIP712.digest(ReceiptHash.hash(commitment.receipt));
        signers = 1 << 255;
        uint256 signed = 0;
        uint256 next = 0;
        uint256 rank;
        for (uint256 i = 0; i < needed; ++i) {
            (reason, word, rank) = _find(account, word, next, Signature.recover(digest, commitment.signatures[i]));
            if (reason != 0) return (reason, 0, 0);
            uint256 position = Clock.positionOf(Group.silentOf(word), Group.countOf(word), rank);
            if (position < next) return (WrongSignerOrder.selector, 0, 0);
            next = position + 1;
            signed |= 1 << rank;
            signers |= Group.idAt(word, rank) << (24 * i);
        }
        // The first ones need no clock and pass over nobody.
        if (next == needed) return (0, word, signers);
        if (!_hasComeTo(next - 1, commitment)) return (ITurns.TurnNotCome.selector, 0, 0);
        uint256 passed = Clock.passedOver(Group.silentOf(word), Group.countOf(word), rank, signed);
        word = Group.withSilent(word, passed);
    }

    /// @dev The rank of a signer that may serve, which is most often the next in the order; and the group, with all of
    /// the sequence if that was needed to tell.
    function _find(
        address account,
        uint256 word,
        uint256 next,
        address signer
    ) private view returns (bytes4 reason, uint256, uint256 rank) {
        uint256 silent = Group.silentOf(word);
        rank = Clock.speakingAt(silent, Group.countOf(word), next);
        if (rank == Group.countOf(word) || workers[Group.idAt(word, rank)].signer != signer) {
            uint256 idPlusOne = workerIds[signer];
            if (idPlusOne == 0) return (WrongSigner.selector, 0, 0);
            rank = Group.rankOf(word, idPlusOne - 1);
            // Where a silent one stands depends on how many there are before it, drawn or not.
            if (rank == Group.countOf(word) || (silent >> rank) & 1 == 1) {
                word = _withWholeSequence(account, word);
                rank = Group.rankOf(word, idPlusOne - 1);
                if (rank == Group.countOf(word)) return (NotInGroup.selector, 0, 0);
            }
        }
        Worker storage worker = workers[Group.idAt(word, rank)];
        if (worker.expiry <= block.timestamp) return (IWorkers.AdmissionExpired.selector, 0, 0);
        if (!measurements[worker.measurement]) return (IWorkers.MeasurementNotAllowed.selector, 0, 0);
        return (0, word, rank);
    }

    /// @dev Whether the turn of a position has come, by the clock of the receipt's contract.
    function _hasComeTo(uint256 position, Commitment calldata commitment) private view returns (bool) {
        address account = commitment.receipt.secretContract;
        Parameters memory terms = parametersWord;
        uint256 wait = Clock.wait(position, secretContracts[account].signers, terms.groupSize, terms.takeover);
        return _elapsed(account, commitment.inputs[0].blockNumber) >= wait;
    }
}
