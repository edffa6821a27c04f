// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Beacon} from "./Beacon.sol";
import {Commits} from "./Commits.sol";
import {Credits} from "./Credits.sol";
import {EnigmaStorage} from "./EnigmaStorage.sol";
import {Inputs} from "./Inputs.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {Descriptor, Parameters} from "./interfaces/Types.sol";

/// @dev See IEnigma. Layout: EnigmaStorage (slots), Beacon (key, epochs, seeds), Workers (admission, stake, lottery),
/// Inputs (deploy, tasks), ReceiptChecks and Commits (receipts, pay), Credits (withdrawals).
contract Enigma is Beacon, Inputs, Commits, Credits {
    constructor(
        Parameters memory parameters_,
        IERC20 token_,
        bytes32 attestationRoot_,
        uint8 verifier_,
        bytes32[] memory allowedMeasurements
    ) EnigmaStorage(parameters_, token_, attestationRoot_, verifier_, allowedMeasurements) {}

    /// @inheritdoc IEnigma
    function descriptor() external view returns (Descriptor memory) {
        return _descriptor();
    }
}
