// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Descriptor} from "./Types.sol";

/// @title Beacon: the network's key, its epochs and their seeds
/// @notice Epoch 0 is the setup. `genesis` starts epoch 1, which has no lottery and no fixed length: it ends with the
/// first beacon. The beacon of e+1 can be posted once e has begun; e+1 begins at its scheduled block, or in the block
/// after the posting if that is later. Without a beacon, e goes on.
interface IBeacon {
    /// @notice The network has its key. All that a client needs to check it.
    /// @param network The hash of the network descriptor.
    /// @param publicKey S in G2, 256 bytes (EIP-2537).
    /// @param commitmentsHash keccak256 of the commitments of the key generation.
    /// @param threshold Shares that an evaluation takes.
    /// @param members Signing keys of the committee's enclaves, in the order of their shares.
    event Genesis(
        bytes32 indexed network, bytes publicKey, bytes32 commitmentsHash, uint8 threshold, address[] members
    );
    /// @notice Epoch `epoch` has its seed and begins at block `start`.
    event BeaconPosted(uint40 indexed epoch, bytes32 seed, uint40 start, bytes signature);

    /// @notice The network has its key already.
    error AlreadyStarted();
    /// @notice The network has no key yet, or no epoch with a lottery.
    error NotStarted();
    /// @notice A public key is 256 bytes, not infinity, and a point of the subgroup in canonical form.
    error InvalidPublicKey();
    /// @notice The threshold t must satisfy 1 < t and t <= n.
    error InvalidThreshold();
    /// @notice A committee has 2 to 255 members, and one signature and one operator, who is not zero, each.
    error InvalidCommittee();
    /// @notice A member is named twice.
    error DuplicateMember(address member);
    /// @notice This member has not signed this key.
    error InvalidMemberSignature(address member);
    /// @notice The beacon of another epoch is due.
    error WrongBeaconEpoch(uint40 due);
    /// @notice The beacon of the next epoch is posted already.
    error BeaconAlreadyPosted();
    /// @notice The key is not the network's.
    error WrongPublicKey();
    /// @notice A beacon is 128 bytes and not infinity.
    error InvalidSignature();
    /// @notice The beacon is not the network's signature of this epoch.
    error WrongSignature();
    /// @notice The epoch is past, or its seed not known yet.
    error NoLottery(uint40 epoch);

    /// @notice Sets the network's key and starts epoch 1. Deployer only, once.
    /// @param publicKey S in G2, 256 bytes (EIP-2537).
    /// @param commitmentsHash keccak256 of the commitments of the key generation.
    /// @param threshold Shares that an evaluation takes.
    /// @param members Signing keys of the committee's enclaves, in the order of their shares.
    /// @param operators Accounts that are paid for their seats, in the same order.
    /// @param signatures Each member's EIP-712 signature of `KeyGeneration`, in the same order.
    function genesis(
        bytes calldata publicKey,
        bytes32 commitmentsHash,
        uint8 threshold,
        address[] calldata members,
        address[] calldata operators,
        bytes[] calldata signatures
    ) external;

    /// @notice Seeds epoch `epoch`, the one after the current. Anybody may post; the signature is unique. Whoever does is
    /// credited what it costs, as far as the pool has it (IFunds).
    /// @param publicKey S in G2, 256 bytes (EIP-2537): cheaper to carry than to store.
    /// @param signature In G1, 128 bytes (EIP-2537).
    function postBeacon(uint40 epoch, bytes calldata publicKey, bytes calldata signature) external;

    /// @notice The epoch of this block.
    function currentEpoch() external view returns (uint40);

    /// @notice What `network` is the hash of.
    function descriptor() external view returns (Descriptor memory);
}
