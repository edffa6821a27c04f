// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Ethereum: what a secret contract does outside its world
/// @notice To be imported by secret contracts. Plain ether needs none of it: `payable(to).transfer(amount)` pays out of the
/// portal when the task is committed.
library Ethereum {
    /// The outbound precompile.
    address internal constant OUTBOUND = 0x0200000000000000000000000000000000000001;

    /// The call could not be made from here: the data is malformed, or this is a static call.
    error OutboundRefused();

    /// @notice Has the portal call `target` once the task is committed, after everything else of the commit, with at least
    /// `gas` gas and `value` wei of this contract. What is called, and with what, becomes public then.
    /// @dev Costs 90,000 + `gas` + 45 a byte of the task's `commitGas`. If the call fails, the value comes back as a
    /// deposit with the next input.
    /// @return number Of the call: the Enigma contract keeps `outcomes(portal, number)`.
    function call(address target, uint256 value, uint64 gas, bytes memory data) internal returns (uint64 number) {
        (bool success, bytes memory output) = OUTBOUND.call{value: value}(abi.encode(target, gas, data));
        if (!success) revert OutboundRefused();
        return abi.decode(output, (uint64));
    }
}
