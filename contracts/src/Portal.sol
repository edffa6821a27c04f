// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Portal: a secret contract's own account on Ethereum
/// @notice Takes ETH from anybody: values of tasks that succeeded, and plain deposits. Its balance is the secret
/// contract's balance inside.
/// @dev One for each secret contract, created by the Enigma contract, at an address known beforehand.
contract Portal {
    /// The contract that created the portal, and the only one that it obeys.
    address public immutable enigma = msg.sender;

    receive() external payable {}
}
