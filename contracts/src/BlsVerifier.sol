// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBlsVerifier} from "./interfaces/IBlsVerifier.sol";
import {BLS} from "./libraries/BLS.sol";
import {Tags} from "./libraries/Tags.sol";

/// @dev See IBlsVerifier. A contract of its own because Enigma's code has no room for it; Enigma's constructor creates
/// it, so that there is nothing to link and nothing to trust.
contract BlsVerifier is IBlsVerifier {
    /// @inheritdoc IBlsVerifier
    function isBeacon(
        bytes calldata message,
        bytes calldata publicKey,
        bytes calldata signature
    ) external view returns (bool) {
        return BLS.verify(message, Tags.BEACON_DST, publicKey, signature);
    }

    /// @inheritdoc IBlsVerifier
    function compress(bytes calldata publicKey) external view returns (bytes memory) {
        BLS.requireInG2(publicKey);
        return BLS.compressG2(publicKey);
    }
}
