// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Task: who sent this task, and on whose behalf
/// @notice To be imported by secret contracts. `msg.sender` is who signed: the author of a relayed task.
library Task {
    /// The task precompile.
    address internal constant TASK = 0x0200000000000000000000000000000000000002;

    /// @notice Who called the Enigma contract and paid: the relayer of a relayed task, for any other `msg.sender` of the
    /// first frame. Zero in a query.
    function relayer() internal view returns (address sender) {
        (sender,) = _told();
    }

    /// @notice The word that a forwarding contract set; zero without one, and in a query.
    /// @dev Worth as much as the contract that set it: check that `relayer()` is a forwarding contract that you know.
    function onBehalfOf() internal view returns (bytes32 word) {
        (, word) = _told();
    }

    function _told() private view returns (address sender, bytes32 word) {
        (, bytes memory output) = TASK.staticcall("");
        return abi.decode(output, (address, bytes32));
    }
}
