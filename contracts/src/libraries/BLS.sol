// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HashToCurve} from "./HashToCurve.sol";

/// @title BLS: signatures in G1 under keys in G2, and the compressed form of keys
/// @notice Points come in the form of EIP-2537: 128 bytes in G1, 256 in G2. The pairing precompile refuses what is not
/// a canonical point of the subgroup, but takes infinity: callers refuse that.
library BLS {
    address private constant PAIRING = address(0x0f);

    /// Halves of (p - 1) / 2: a y above it is the larger of the two roots.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    bytes private constant G1_GENERATOR = hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";
    bytes private constant G2_GENERATOR_NEGATED = hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa"
        hex"0000000000000000000000000000000013fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed";

    /// @notice Whether `signature` is the one of `message` under `publicKey`. Reverts if a point is malformed.
    function verify(
        bytes memory message,
        bytes memory dst,
        bytes calldata publicKey,
        bytes calldata signature
    ) internal view returns (bool) {
        bytes memory point = HashToCurve.hashToG1(message, dst);
        bytes memory result =
            HashToCurve.invoke(PAIRING, bytes.concat(signature, G2_GENERATOR_NEGATED, point, publicKey), 32);
        return abi.decode(result, (uint256)) == 1;
    }

    /// @notice Reverts unless 256 bytes are a canonical point of G2's subgroup (infinity included).
    function requireInG2(bytes calldata point) internal view {
        HashToCurve.invoke(PAIRING, bytes.concat(G1_GENERATOR, point), 32);
    }

    /// @notice The 96 compressed bytes of a point of G2: x.c1, x.c0, and the sign of y in the top bits.
    /// @dev The point must be valid and not infinity.
    function compressG2(bytes calldata point) internal pure returns (bytes memory compressed) {
        compressed = bytes.concat(point[80:128], point[16:64]);
        bool larger = bytes32(point[192:224]) | bytes32(point[224:256]) == 0
            ? _isLarger(point[128:192])
            : _isLarger(point[192:256]);
        compressed[0] |= larger ? bytes1(0xa0) : bytes1(0x80);
    }

    function _isLarger(bytes calldata element) private pure returns (bool) {
        uint256 high = uint256(bytes32(element[:32]));
        return high > HALF_HIGH || (high == HALF_HIGH && uint256(bytes32(element[32:])) > HALF_LOW);
    }
}
