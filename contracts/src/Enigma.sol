// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Commits} from "./Commits.sol";
import {EnigmaStorage} from "./EnigmaStorage.sol";
import {Inputs} from "./Inputs.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {Parameters} from "./interfaces/Types.sol";
import {Group} from "./libraries/Group.sol";
import {Upkeep} from "./Upkeep.sol";

/// @dev See IEnigma. Two halves, because one contract has no room for all of it. Here is what every task passes through:
/// Inputs (deploy, tasks), ReceiptChecks, Commits and Outbound (receipts, pay, calls). Beside it is Upkeep: Beacon (key,
/// epochs, seeds), Funds (what beacons and the committee get), Workers (admission, stake, lottery), Skips, LostState,
/// Credits (withdrawals). Shared: EnigmaStorage (slots), Turns (groups, clock), Slashing.
contract Enigma is Inputs, Commits {
    address private immutable upkeep;

    constructor(
        Parameters memory parameters_,
        IERC20 token_,
        bytes32 attestationRoot_,
        uint8 verifier_,
        bytes32[] memory allowedMeasurements
    ) EnigmaStorage(token_, msg.sender, parameters_) {
        if (
            parameters_.epochLength == 0 || parameters_.groupSize == 0 || parameters_.groupSize > Group.CAPACITY
                || parameters_.minStake == 0 || (verifier_ != 1 && verifier_ != 2) || parameters_.takeover == 0
                || parameters_.skipEpochs == 0
                || uint256(parameters_.groupSize) * parameters_.takeover >= parameters_.epochLength
        ) revert IEnigma.InvalidParameters();
        parametersWord = parameters_;
        for (uint256 i = 0; i < allowedMeasurements.length; ++i) {
            measurements[allowedMeasurements[i]] = true;
        }
        upkeep = address(new Upkeep(token_, msg.sender, parameters_, attestationRoot_, verifier_));
    }

    /// @dev Money comes with calls.
    receive() external payable {
        revert IInputs.WrongPayment(0);
    }

    /// @dev Hands the call on to the other half. Nobody can change which code that is.
    fallback() external payable {
        address target = upkeep;
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            calldatacopy(ptr, 0, calldatasize())
            let success := delegatecall(gas(), target, ptr, calldatasize(), 0, 0)
            returndatacopy(ptr, 0, returndatasize())
            if success { return(ptr, returndatasize()) }
            revert(ptr, returndatasize())
        }
    }
}
