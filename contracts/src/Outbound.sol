// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {ICommits} from "./interfaces/ICommits.sol";
import {IOutbound} from "./interfaces/IOutbound.sol";
import {IPortal} from "./interfaces/IPortal.sol";
import {CommittedTask, Commitment, OutboundCall, SecretContract} from "./interfaces/Types.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";

/// @dev See IOutbound.
abstract contract Outbound is IOutbound, EnigmaStorage {
    uint8 internal constant COMPLETED = 0;
    uint8 private constant TRANSFER = 1;
    uint8 private constant CALL = 2;

    /// @dev Each call is one of a completed task that pays for it, in the order of the tasks.
    function _checkOutbound(Commitment memory commitment) internal pure returns (bytes4) {
        OutboundCall[] memory calls = commitment.outbound;
        if (calls.length == 0) return 0;
        uint256 index = commitment.firstIndex;
        for (uint256 i = 0; i < calls.length; ++i) {
            OutboundCall memory call = calls[i];
            if (call.index < index || call.index > commitment.lastIndex) return InvalidOutbound.selector;
            index = call.index;
            if (commitment.tasks[index - commitment.firstIndex].status != COMPLETED) return InvalidOutbound.selector;
            bool possible = call.kind == CALL || (call.kind == TRANSFER && call.gas == 0 && call.data.length == 0);
            if (!possible) return InvalidOutbound.selector;
        }
        return _checkOutboundGas(commitment);
    }

    /// @dev As if each task were alone: enclaves meter it without knowing who else is in the batch.
    function _checkOutboundGas(Commitment memory commitment) private pure returns (bytes4) {
        uint256[] memory gas = _outboundGas(commitment);
        for (uint256 i = 0; i < gas.length; ++i) {
            CommittedTask memory task = commitment.tasks[i];
            if (FeeSchedule.gasOfCommit(1, task.outputSize + task.deltaSize) + gas[i] > task.commitGas) {
                return ICommits.CommitGasExceeded.selector;
            }
        }
        return 0;
    }

    /// @dev The gas of every task's outbound calls, which were checked before; empty if there are none at all.
    function _outboundGas(Commitment memory commitment) internal pure returns (uint256[] memory gas) {
        OutboundCall[] memory calls = commitment.outbound;
        if (calls.length == 0) return gas;
        gas = new uint256[](commitment.tasks.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            gas[calls[i].index - commitment.firstIndex] += _scheduleGas(calls[i]);
        }
    }

    function _scheduleGas(OutboundCall memory call) private pure returns (uint256) {
        if (call.kind == TRANSFER) return FeeSchedule.OUTBOUND_TRANSFER_GAS;
        return FeeSchedule.gasOfOutboundCall(call.gas, call.data.length);
    }

    /// @dev Makes the calls of a receipt that landed. Whoever is called meets the state as it is: each call is booked
    /// before it is made, so the secret contract's `inflow` is right at every moment.
    function _makeOutbound(Commitment memory commitment) internal {
        address account = commitment.secretContract;
        SecretContract storage record = secretContracts[account];
        for (uint256 i = 0; i < commitment.outbound.length; ++i) {
            OutboundCall memory call = commitment.outbound[i];
            record.sent += uint128(call.value);
            uint256 number = type(uint256).max;
            bool success;
            if (call.kind == TRANSFER) {
                success = _transfer(account, call);
            } else {
                number = record.outboundCalls++;
                bytes32 outcome = _execute(account, call);
                outcomes[account][number] = outcome;
                success = uint256(outcome) & 1 == 1;
            }
            emit OutboundCalled(account, uint64(call.index), number, call.target, call.value, success);
        }
    }

    /// @dev A portal reverts for want of gas alone: nobody can land a commit that starves a call.
    function _execute(address portal, OutboundCall memory call) private returns (bytes32) {
        try IPortal(portal).execute(call.target, call.value, uint64(call.gas), call.data) returns (bytes32 outcome) {
            return outcome;
        } catch {
            revert OutboundGasMissing();
        }
    }

    function _transfer(address portal, OutboundCall memory call) private returns (bool) {
        try IPortal(portal).transfer(call.target, call.value) returns (bool success) {
            return success;
        } catch {
            revert OutboundGasMissing();
        }
    }
}
