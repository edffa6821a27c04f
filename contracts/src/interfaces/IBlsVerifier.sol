// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BlsVerifier: the pairing work of genesis and beacons
/// @dev Points come in the form of EIP-2537. Both functions revert if a point is not a canonical one of its subgroup,
/// or if gas runs out in a precompile; both take infinity, so the caller refuses that, and other lengths.
interface IBlsVerifier {
    /// @notice Whether `signature` (G1, 128 bytes) is the beacon of `message` under `publicKey` (G2, 256 bytes).
    function isBeacon(
        bytes calldata message,
        bytes calldata publicKey,
        bytes calldata signature
    ) external view returns (bool);

    /// @notice The 96 compressed bytes of a key of 256.
    function compress(bytes calldata publicKey) external view returns (bytes memory);
}
