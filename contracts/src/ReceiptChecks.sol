// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommits} from "./interfaces/ICommits.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {ITurns} from "./interfaces/ITurns.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {CommittedTask, Commitment, Parameters, SecretContract, Worker} from "./interfaces/Types.sol";
import {Anchor} from "./libraries/Anchor.sol";
import {Clock} from "./libraries/Clock.sol";
import {EIP712} from "./libraries/EIP712.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Group} from "./libraries/Group.sol";
import {InputLog} from "./libraries/InputLog.sol";
import {Packed} from "./libraries/Packed.sol";
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

    /// @dev The reason to refuse; or zero, and the group of this epoch with whom the receipt passes over.
    function _check(
        bytes calldata packed,
        Commitment memory commitment
    ) internal view returns (bytes4 reason, uint256 word) {
        (uint256 at, uint256 calls) = Packed.readHeader(packed, commitment);
        if (at == 0) return (MalformedCommitment.selector, 0);
        SecretContract storage record = secretContracts[commitment.secretContract];
        // Every contract needs a signer at least; its slot is read anyway.
        uint256 needed = record.signers;
        if (needed == 0) return (IInputs.UnknownContract.selector, 0);
        if (commitment.epoch != _currentEpoch()) return (WrongEpoch.selector, 0);
        reason = _checkPlace(commitment, record);
        if (reason == 0) reason = _checkTasks(packed, at, calls, commitment, record);
        if (reason == 0) reason = _checkAnchor(commitment);
        if (reason == 0) (reason, word) = _checkSigners(commitment, needed);
    }

    /// @dev The receipt begins where the chain is, and takes what is pending.
    function _checkPlace(Commitment memory commitment, SecretContract storage record) private view returns (bytes4) {
        if (commitment.firstIndex != record.cursor) return NotNextIndex.selector;
        if (record.lastCommitBlock == block.number) return AlreadyCommitted.selector;
        unchecked {
            // The cursor never passes the count.
            uint256 count = commitment.lastIndex + 1 - commitment.firstIndex;
            if (count == 0 || count > record.inputCount - record.cursor) return WrongLastIndex.selector;
        }
        return 0;
    }

    /// @dev The inputs are exactly the oldest pending ones, in the log's order, and the results are within their terms.
    function _checkTasks(
        bytes calldata packed,
        uint256 at,
        uint256 calls,
        Commitment memory commitment,
        SecretContract storage record
    ) private view returns (bytes4 reason) {
        bytes32[256] storage ring = heads[commitment.secretContract];
        bytes32 inputHead = commitment.inputHead;
        unchecked {
            commitment.inputHead = ring[InputLog.ringPlace(uint64(commitment.firstIndex) - 1)];
        }
        bytes32 stateHead = record.stateHead;
        bool sealedBefore = record.sealedEpoch == commitment.epoch;
        bytes32 snapshotHash = commitment.snapshotHash;
        commitment.stateHeadAfter = snapshotHash == 0 ? stateHead : InputLog.foldSnapshot(stateHead, snapshotHash);
        at = Packed.readTasks(packed, at, commitment);
        if (at == 0 || !Packed.readCalls(packed, at, calls, commitment)) return MalformedCommitment.selector;

        if (commitment.inputHead != ring[InputLog.ringPlace(uint64(commitment.lastIndex))]) {
            return WrongInputHead.selector;
        }
        if (inputHead != commitment.inputHead) return WrongInputHead.selector;
        if (commitment.stateHeadBefore != stateHead) return StaleStateHead.selector;
        if (sealedBefore != (snapshotHash == 0)) {
            return sealedBefore ? SnapshotUnexpected.selector : SnapshotMissing.selector;
        }
        reason = _checkResults(commitment.tasks);
        if (reason == 0) reason = _checkOutbound(commitment);
    }

    function _checkResults(CommittedTask[] memory tasks) private pure returns (bytes4) {
        unchecked {
            for (uint256 i = 0; i < tasks.length; ++i) {
                CommittedTask memory task = tasks[i];
                uint256 status = task.status;
                if (status > UNOPENED || (status == VALUE_RETURNED && task.value == 0)) return InvalidStatus.selector;
                if (task.gasCharged > task.gasLimit) return GasAboveLimit.selector;
                // As if it were alone: enclaves meter a task without knowing who else is in the batch. The sizes have 24
                // bits each.
                if (FeeSchedule.gasOfCommit(1, task.outputSize + task.deltaSize) > task.commitGas) {
                    return CommitGasExceeded.selector;
                }
            }
        }
        return 0;
    }

    /// @dev The block that the enclaves trusted is one of this chain's, recent, and saw every input.
    function _checkAnchor(Commitment memory commitment) private view returns (bytes4) {
        uint256 number = commitment.anchorNumber;
        if (number >= block.number) return AnchorInFuture.selector;
        if (block.number - number > Anchor.REACH) return AnchorTooOld.selector;
        if (number < commitment.lastBlock) return AnchorBeforeInput.selector;
        bytes32 hash = Anchor.hashOf(number);
        if (hash == 0 || hash != commitment.anchorHash) return ForeignAnchor.selector;
        return 0;
    }

    /// @dev As many as the contract asks for have signed, in the order of their turns, and every turn has come.
    /// @return reason To refuse, or zero.
    /// @return word The group, with those who were passed over.
    function _checkSigners(
        Commitment memory commitment,
        uint256 needed
    ) private view returns (bytes4 reason, uint256 word) {
        address account = commitment.secretContract;
        word = _groupOf(account, uint40(commitment.epoch), needed);
        if (Group.countOf(word) < needed) return (GroupTooSmall.selector, 0);
        if (commitment.signatureCount != needed) return (MissingSignature.selector, 0);
        (commitment.network, commitment.ruleset) = (network, RULESET);
        bytes32 digest = EIP712.digest(ReceiptHash.hash(commitment));
        uint256 signers = 1 << 255;
        uint256 signed = 0;
        uint256 next = 0;
        uint256 rank;
        for (uint256 i = 0; i < needed; ++i) {
            address signer = Signature.recover(digest, Packed.signatureAt(commitment, i));
            (reason, word, rank) = _find(account, word, next, signer);
            if (reason != 0) return (reason, 0);
            uint256 position = Clock.positionOf(Group.silentOf(word), Group.countOf(word), rank);
            if (position < next) return (WrongSignerOrder.selector, 0);
            next = position + 1;
            signed |= 1 << rank;
            signers |= Group.idAt(word, rank) << (24 * i);
        }
        commitment.signers = signers;
        // The first ones need no clock and pass over nobody.
        if (next == needed) return (0, word);
        if (!_hasComeTo(next - 1, commitment)) return (ITurns.TurnNotCome.selector, 0);
        uint256 passed = Clock.passedOver(Group.silentOf(word), Group.countOf(word), rank, signed);
        word = Group.withSilent(word, passed);
    }

    /// @dev The rank of a signer that may serve, which is most often the next in the order; and the group, with as many
    /// ranks as were needed to tell: the whole group for one of its later ranks, else all of the sequence.
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
            if (Group.countOf(word) < groupSize) word = _withRanks(account, word, groupSize);
            rank = Group.rankOf(word, idPlusOne - 1);
            // Where a silent one stands depends on how many there are before it, drawn or not.
            if (rank == Group.countOf(word) || (silent >> rank) & 1 == 1) {
                word = _withRanks(account, word, Group.CAPACITY);
                rank = Group.rankOf(word, idPlusOne - 1);
                if (rank == Group.countOf(word)) return (NotInGroup.selector, 0, 0);
            }
        }
        Worker storage worker = workers[Group.idAt(word, rank)];
        if (worker.expiry <= block.timestamp) return (IWorkers.AdmissionExpired.selector, 0, 0);
        if (worker.checked != epochWord.revocations) return (IWorkers.AdmissionUnchecked.selector, 0, 0);
        return (0, word, rank);
    }

    /// @dev Whether the turn of a position has come, by the clock of the receipt's contract.
    function _hasComeTo(uint256 position, Commitment memory commitment) private view returns (bool) {
        address account = commitment.secretContract;
        Parameters memory terms = parametersWord;
        uint256 wait = Clock.wait(position, secretContracts[account].signers, terms.groupSize, terms.takeover);
        return _elapsed(account, commitment.firstBlock) >= wait;
    }
}
