// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Beacon} from "./Beacon.sol";
import {Credits} from "./Credits.sol";
import {EnigmaStorage} from "./EnigmaStorage.sol";
import {Parameters} from "./interfaces/Types.sol";
import {LostState} from "./LostState.sol";
import {Skips} from "./Skips.sol";
import {Workers} from "./Workers.sol";

/// @title Upkeep: the half of Enigma that an ordinary task does not pass through
/// @notice Enigma hands on, by delegatecall, every call that it does not know: epochs, workers and their stakes, skips,
/// lost state, withdrawals. So this code works on Enigma's slots, balance and address, and clients see one contract.
/// @dev Called by its own address it has slots of its own, in which no measurement is allowed and nothing is owed.
contract Upkeep is Beacon, Workers, Skips, LostState, Credits {
    constructor(
        IERC20 token_,
        address deployer_,
        Parameters memory parameters_,
        bytes32 attestationRoot_,
        uint8 verifier_
    ) EnigmaStorage(token_, deployer_, parameters_) Beacon(attestationRoot_, verifier_) {}
}
