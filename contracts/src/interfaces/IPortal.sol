// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title Portal: a secret contract's own account on Ethereum
/// @notice Takes ETH from anybody: values of tasks that succeeded, plain deposits, unwrapped WETH. What comes in is the
/// secret contract's inside. Holds ERC-20, ERC-721 and ERC-1155 tokens, whose hooks it answers. What it does, the secret contract has asked for.
interface IPortal is IERC165 {
    /// @notice Only the Enigma contract gives orders.
    error NotEnigma();
    /// @notice It takes orders, ETH and tokens, and nothing else.
    error NoSuchFunction();
    /// @notice Too little gas is left for the call to get all of its own.
    error NotEnoughGas();

    /// @notice The contract that created the portal, and the only one that it obeys.
    function enigma() external view returns (address);

    /// @notice Calls `target` with exactly `gasLimit` gas (and what value brings), or reverts. Reverts for no other
    /// reason.
    /// @return outcome The hash of the first 1,024 bytes that came back, with the lowest bit telling of success.
    function execute(
        address target,
        uint256 value,
        uint64 gasLimit,
        bytes calldata data
    ) external returns (bytes32 outcome);

    /// @notice Sends plain ETH with exactly the stipend of the schedule (and what value brings), or reverts. What the
    /// target does not take is credited to it.
    function transfer(address target, uint256 value) external returns (bool success);
}
