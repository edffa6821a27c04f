// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Lost state: asking the world for a snapshot
/// @notice A worker that finds the last snapshot of its contract nowhere declares it lost and puts up a bond. Whoever
/// has the snapshot posts it, chunk by chunk, each of which is paid its share of the bond. If an epoch length passes,
/// key enclaves release the contract's older state keys, so that its workers can rebuild the state from deltas; their
/// next snapshot ends the declaration, and what is left of the bond goes back.
interface ILostState {
    /// @notice A declaration was opened.
    event DeclaredLost(
        address indexed secretContract, address indexed declarer, bytes32 indexed snapshotHash, uint256 bond
    );
    /// @notice A chunk of the snapshot.
    event ChunkPosted(address indexed secretContract, bytes32 indexed snapshotHash, uint256 index, bytes chunk);
    /// @notice A declaration ended: `snapshotHash` is all posted, or a new one that a commit has folded.
    event Found(address indexed secretContract, bytes32 snapshotHash);

    /// @notice The contract has no snapshot that could be lost.
    error NoSnapshot();
    /// @notice The state is declared lost already.
    error AlreadyDeclared();
    /// @notice The bond must be at least `minimum` wei.
    error BondTooSmall(uint256 minimum);
    /// @notice Only the operator of a worker that may serve the contract in this epoch can do this.
    error NotServing();
    /// @notice No declaration is open.
    error NotLost();
    /// @notice Length and chunk hashes are not those of the last snapshot.
    error WrongManifest();
    /// @notice The chunk is not the one at this place.
    error WrongChunk();
    /// @notice The chunk is posted already.
    error ChunkAlreadyPosted();

    /// @notice Declares that the last snapshot of a secret contract cannot be found. The call's value is the bond, at
    /// least 0.1 ether. By the operator of a worker that may serve the contract in this epoch.
    function declareLost(address secretContract) external payable;

    /// @notice Posts a chunk of the lost snapshot; the sender is credited with its share of the bond. Anybody may.
    /// @param length Bytes of the whole snapshot.
    /// @param hashes keccak256 of every chunk. With `length`, what the snapshot's hash covers.
    /// @param index The chunk's place.
    function postChunk(
        address secretContract,
        uint64 length,
        bytes32[] calldata hashes,
        uint256 index,
        bytes calldata chunk
    ) external;
}
