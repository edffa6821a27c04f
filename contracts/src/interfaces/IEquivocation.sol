// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipt} from "./Types.sol";

/// @title Equivocation: an enclave that signed two outcomes of the same inputs is broken
/// @notice Execution is deterministic, and what a receipt hashes besides is fixed by its epoch, the head before, the inputs and
/// the anchor. So an honest enclave never signs two different receipts in which all of these are the same, whatever its host
/// does to it.
interface IEquivocation {
    /// @notice Worker `id` is out for good, and lost its whole stake: `amount` wei of ENG.
    event Equivocated(uint256 indexed id, address indexed secretContract, bytes32 one, bytes32 other, uint256 amount);

    /// @notice The two receipts may both be right: they are of different contracts, epochs, inputs, heads or anchors, or they are
    /// the same receipt.
    error NotEquivocal();
    /// @notice The two were not signed by one admitted worker.
    error NotOneSigner();
    /// @notice This signing key was proven to be of a broken enclave.
    error Barred();

    /// @notice Burns the stake of a worker that signed two receipts of which at most one can be right, and bars its signing
    /// key and its platform for ever: whatever runs there is out at once. Anybody may show them, committed or not.
    function proveEquivocation(
        Receipt calldata one,
        bytes calldata signatureOfOne,
        Receipt calldata other,
        bytes calldata signatureOfOther
    ) external;
}
