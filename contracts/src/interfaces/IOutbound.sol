// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Outbound: what secret contracts do on Ethereum
/// @notice The outbound calls of the receipts that landed run after all state is stored and all fees are settled, in
/// the receipts' order, from the secret contracts' portals. Each gets exactly the gas that it asked for, or the whole
/// commit reverts. One that fails stops nothing: a transfer is credited to whom it was for, the value of a call stays
/// at the portal and comes back inside.
interface IOutbound {
    /// @notice A portal made an outbound call of input `index`.
    /// @param number Of the secret contract's calls, the key of `outcomes`; 2^256 - 1 for a transfer, which has none.
    event OutboundCalled(
        address indexed secretContract,
        uint64 indexed index,
        uint256 number,
        address target,
        uint256 value,
        bool success
    );

    /// @notice An outbound call is of no completed task of the receipt, out of order, or no call that there can be.
    error InvalidOutbound();
    /// @notice The transaction has too little gas to give an outbound call all of its own.
    error OutboundGasMissing();
}
