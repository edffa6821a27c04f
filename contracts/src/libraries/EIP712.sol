// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title EIP712: the domain of everything that enclaves sign with secp256k1
library EIP712 {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant KEY_GENERATION =
        keccak256("KeyGeneration(uint32 era,bytes32 publicKeyHash,bytes32 commitmentsHash)");
    bytes32 private constant NAME = keccak256("Enigma");
    bytes32 private constant VERSION = keccak256("1");

    /// @notice The digest to sign for a struct's hash, with this contract as the verifying one.
    function digest(bytes32 structHash) internal view returns (bytes32 hash) {
        (bytes32 domain, bytes32 name, bytes32 version) = (DOMAIN, NAME, VERSION);
        // Both preimages are written where memory is free: five words, then 0x1901 and two words.
        assembly ("memory-safe") {
            let ptr := mload(0x40)
            mstore(ptr, domain)
            mstore(add(ptr, 0x20), name)
            mstore(add(ptr, 0x40), version)
            mstore(add(ptr, 0x60), chainid())
            mstore(add(ptr, 0x80), address())
            let separator := keccak256(ptr, 0xa0)
            mstore(ptr, shl(240, 0x1901))
            mstore(add(ptr, 0x02), separator)
            mstore(add(ptr, 0x22), structHash)
            hash := keccak256(ptr, 0x42)
        }
    }

    /// @notice The hash of a key generation's result.
    function keyGeneration(
        uint32 era,
        bytes32 compressedKeyHash,
        bytes32 commitmentsHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(KEY_GENERATION, era, compressedKeyHash, commitmentsHash));
    }
}
