// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EnigmaStorage} from "./EnigmaStorage.sol";
import {ICommits} from "./interfaces/ICommits.sol";
import {IOutbound} from "./interfaces/IOutbound.sol";
import {IPortal} from "./interfaces/IPortal.sol";
import {Commitment, OutboundCall, Receipt, SecretContract} from "./interfaces/Types.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";
import {Tags} from "./libraries/Tags.sol";

/// @dev See IOutbound.
abstract contract Outbound is IOutbound, EnigmaStorage {
    uint8 internal constant COMPLETED = 0;
    uint8 private constant TRANSFER = 1;
    uint8 private constant CALL = 2;

    /// @dev The calls are the signed ones, each of a completed task that pays for it, in the order of the tasks.
    function _checkOutbound(Commitment calldata commitment) internal pure returns (bytes4) {
        Receipt calldata receipt = commitment.receipt;
        OutboundCall[] calldata calls = commitment.outbound;
        if (calls.length == 0) {
            return receipt.outboundHash == keccak256("") ? bytes4(0) : OutboundHashMismatch.selector;
        }
        bytes32[] memory hashes = new bytes32[](calls.length);
        uint256 index = receipt.firstIndex;
        for (uint256 i = 0; i < hashes.length; ++i) {
            OutboundCall calldata call = calls[i];
            hashes[i] = _hash(call);
            if (call.index < index || call.index > receipt.lastIndex) return InvalidOutbound.selector;
            index = call.index;
            if (receipt.results[index - receipt.firstIndex].status != COMPLETED) return InvalidOutbound.selector;
            bool possible = call.kind == CALL || (call.kind == TRANSFER && call.gas == 0 && call.data.length == 0);
            if (!possible || call.value > type(uint128).max) return InvalidOutbound.selector;
        }
        if (keccak256(abi.encodePacked(hashes)) != receipt.outboundHash) return OutboundHashMismatch.selector;
        return _checkOutboundGas(commitment);
    }

    /// @dev As if each task were alone: enclaves meter it without knowing who else is in the batch.
    function _checkOutboundGas(Commitment calldata commitment) private pure returns (bytes4) {
        uint256[] memory gas = _outboundGas(commitment);
        for (uint256 i = 0; i < gas.length; ++i) {
            uint256 size = commitment.outputs[i].length + commitment.deltas[i].length;
            if (FeeSchedule.gasOfCommit(1, size) + gas[i] > commitment.inputs[i].commitGas) {
                return ICommits.CommitGasExceeded.selector;
            }
        }
        return 0;
    }

    /// @dev The gas of every task's outbound calls, which were checked before; empty if there are none at all.
    function _outboundGas(Commitment calldata commitment) internal pure returns (uint256[] memory gas) {
        OutboundCall[] calldata calls = commitment.outbound;
        if (calls.length == 0) return gas;
        gas = new uint256[](commitment.inputs.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            OutboundCall calldata call = calls[i];
            gas[call.index - commitment.receipt.firstIndex] += _scheduleGas(call);
        }
    }

    function _scheduleGas(OutboundCall calldata call) private pure returns (uint256) {
        if (call.kind == TRANSFER) return FeeSchedule.OUTBOUND_TRANSFER_GAS;
        return FeeSchedule.gasOfOutboundCall(call.gas, call.data.length);
    }

    /// @dev Makes the calls of a receipt that landed. Whoever is called meets the state as it is: each call is booked
    /// before it is made, so the secret contract's `inflow` is right at every moment.
    function _makeOutbound(Commitment calldata commitment) internal {
        address account = commitment.receipt.secretContract;
        SecretContract storage record = secretContracts[account];
        for (uint256 i = 0; i < commitment.outbound.length; ++i) {
            OutboundCall calldata call = commitment.outbound[i];
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
            emit OutboundCalled(account, call.index, number, call.target, call.value, success);
        }
    }

    /// @dev A portal reverts for want of gas alone: nobody can land a commit that starves a call.
    function _execute(address portal, OutboundCall calldata call) private returns (bytes32) {
        try IPortal(portal).execute(call.target, call.value, call.gas, call.data) returns (bytes32 outcome) {
            return outcome;
        } catch {
            revert OutboundGasMissing();
        }
    }

    function _transfer(address portal, OutboundCall calldata call) private returns (bool) {
        try IPortal(portal).transfer(call.target, call.value) returns (bool success) {
            return success;
        } catch {
            revert OutboundGasMissing();
        }
    }

    /// @dev `H("outbound-call", index, kind, target, value, gas, keccak256(data))`.
    function _hash(OutboundCall calldata call) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                Tags.OUTBOUND_CALL, call.index, call.kind, call.target, call.value, call.gas, keccak256(call.data)
            )
        );
    }
}
