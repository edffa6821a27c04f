// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title HashToCurve: RFC 9380 hash to G1 of BLS12-381
/// @notice Suite BLS12381G1_XMD:SHA-256_SSWU_RO_ with the precompiles of EIP-198 and EIP-2537. Reverts when one fails:
/// a `false` for want of gas would mislead whoever estimates it.
library HashToCurve {
    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    address private constant MAP_FP_TO_G1 = address(0x10);

    /// The field's modulus, in the 64 bytes of EIP-2537.
    bytes private constant MODULUS =
        hex"000000000000000000000000000000001a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";

    /// @notice A precompile refused its input or ran out of gas.
    error PrecompileFailed(address precompile);

    /// @notice Hashes a message to a point of the subgroup, 128 bytes (EIP-2537).
    /// @param dst Domain separation tag, at most 255 bytes.
    function hashToG1(bytes memory message, bytes memory dst) internal view returns (bytes memory) {
        (bytes memory u0, bytes memory u1) = _hashToField(message, dst);
        // The map clears the cofactor of each; the sum is that of the cleared sum.
        bytes memory first = invoke(MAP_FP_TO_G1, u0, 128);
        bytes memory second = invoke(MAP_FP_TO_G1, u1, 128);
        return invoke(G1_ADD, bytes.concat(first, second), 128);
    }

    /// @notice Calls a precompile whose output has `size` bytes.
    function invoke(address precompile, bytes memory input, uint256 size) internal view returns (bytes memory) {
        (bool success, bytes memory output) = precompile.staticcall(input);
        if (!success || output.length != size) revert PrecompileFailed(precompile);
        return output;
    }

    /// @dev Two field elements from expand_message_xmd's 128 bytes.
    function _hashToField(
        bytes memory message,
        bytes memory dst
    ) private view returns (bytes memory u0, bytes memory u1) {
        bytes memory suffix = abi.encodePacked(dst, uint8(dst.length));
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(128), uint8(0), suffix));
        bytes32 b1 = sha256(abi.encodePacked(b0, uint8(1), suffix));
        bytes32 b2 = sha256(abi.encodePacked(b0 ^ b1, uint8(2), suffix));
        bytes32 b3 = sha256(abi.encodePacked(b0 ^ b2, uint8(3), suffix));
        bytes32 b4 = sha256(abi.encodePacked(b0 ^ b3, uint8(4), suffix));
        return (_reduce(b1, b2), _reduce(b3, b4));
    }

    /// @dev 64 bytes modulo the field's order: a power with exponent one.
    function _reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        return invoke(MODEXP, abi.encodePacked(uint256(64), uint256(1), uint256(64), high, low, uint8(1), MODULUS), 64);
    }
}
