// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Signature: secp256k1 signatures of enclaves
library Signature {
    /// Half of the curve's order: a higher s is the other form of the same signature.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The signer of `digest`, or zero if the 65 bytes r, s, v (27 or 28, low s) are not a signature.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return address(0);
        return ecrecover(digest, v, bytes32(signature[:32]), s);
    }
}
