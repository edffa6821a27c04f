// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILostState} from "./interfaces/ILostState.sol";
import {Lost} from "./interfaces/Types.sol";
import {Group} from "./libraries/Group.sol";
import {Tags} from "./libraries/Tags.sol";
import {Turns} from "./Turns.sol";

/// @dev See ILostState; the commit of a new snapshot ends a declaration (Commits).
abstract contract LostState is ILostState, Turns {
    uint256 private constant MIN_BOND = 0.1 ether;

    /// @inheritdoc ILostState
    function declareLost(address account) external payable {
        bytes32 snapshotHash = secretContracts[account].snapshotHash;
        if (snapshotHash == 0) revert NoSnapshot();
        Lost storage record = lost[account];
        if (record.since != 0) revert AlreadyDeclared();
        if (msg.value < MIN_BOND) revert BondTooSmall(MIN_BOND);
        if (!_isServing(account, msg.sender)) revert NotServing();
        record.declarer = msg.sender;
        record.since = uint40(block.number);
        record.bond = uint128(msg.value);
        secretContracts[account].isLost = true;
        emit DeclaredLost(account, msg.sender, snapshotHash, msg.value);
    }

    /// @inheritdoc ILostState
    function postChunk(
        address account,
        uint64 length,
        bytes32[] calldata hashes,
        uint256 index,
        bytes calldata chunk
    ) external {
        Lost storage record = lost[account];
        if (record.since == 0) revert NotLost();
        bytes32 snapshotHash = secretContracts[account].snapshotHash;
        if (hashes.length > type(uint8).max || _hash(length, hashes) != snapshotHash) revert WrongManifest();
        if (index >= hashes.length || keccak256(chunk) != hashes[index]) revert WrongChunk();
        uint256 posted = record.posted;
        if ((posted >> index) & 1 == 1) revert ChunkAlreadyPosted();
        posted |= 1 << index;
        emit ChunkPosted(account, snapshotHash, index, chunk);

        if (posted == (1 << hashes.length) - 1) {
            // The last one takes what does not divide.
            _credit(msg.sender, record.bond - record.paid);
            delete lost[account];
            secretContracts[account].isLost = false;
            emit Found(account, snapshotHash);
        } else {
            uint256 share = record.bond / hashes.length;
            record.chunks = uint8(hashes.length);
            record.posted = posted;
            record.paid += uint128(share);
            _credit(msg.sender, share);
        }
    }

    /// @dev Whether `operator` has a worker among those that may serve the contract in this epoch.
    function _isServing(address account, address operator) private view returns (bool) {
        uint256[] memory ids = _draw(account, _currentLottery(), Group.CAPACITY);
        for (uint256 rank = 0; rank < ids.length; ++rank) {
            if (workers[ids[rank]].operator == operator) return true;
        }
        return false;
    }

    /// @dev The hash of a snapshot of these chunks.
    function _hash(uint64 length, bytes32[] calldata hashes) private pure returns (bytes32) {
        return keccak256(abi.encode(Tags.SNAPSHOT, length, keccak256(abi.encodePacked(hashes))));
    }
}
