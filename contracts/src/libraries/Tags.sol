// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Tags: every domain that a hash or signature of this contract belongs to
/// @notice `H("name", a, b)` of docs/bytes.md is `keccak256(abi.encode(keccak256("enigma/v1/name"), a, b))`.
library Tags {
    bytes32 internal constant NETWORK = keccak256("enigma/v1/network");
    bytes32 internal constant SEED = keccak256("enigma/v1/seed");
    bytes32 internal constant DRAW = keccak256("enigma/v1/draw");
    bytes32 internal constant PORTAL = keccak256("enigma/v1/portal");
    bytes32 internal constant INPUT = keccak256("enigma/v1/input");
    bytes32 internal constant INPUT_HEAD_GENESIS = keccak256("enigma/v1/input-head-genesis");
    bytes32 internal constant INPUT_HEAD = keccak256("enigma/v1/input-head");
    bytes32 internal constant STATE_HEAD_GENESIS = keccak256("enigma/v1/state-head-genesis");
    bytes32 internal constant STATE_HEAD = keccak256("enigma/v1/state-head");
    bytes32 internal constant STATE_HEAD_SNAPSHOT = keccak256("enigma/v1/state-head-snapshot");
    bytes32 internal constant OUTBOUND_CALL = keccak256("enigma/v1/outbound-call");
    bytes32 internal constant SNAPSHOT = keccak256("enigma/v1/snapshot");

    /// RFC 9380 domain separation tag of the beacon's hash to G1.
    bytes internal constant BEACON_DST = "ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_";
}
