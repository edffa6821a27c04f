// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlsVerifier} from "./BlsVerifier.sol";
import {Funds} from "./Funds.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IBlsVerifier} from "./interfaces/IBlsVerifier.sol";
import {IWorkers} from "./interfaces/IWorkers.sol";
import {CommitteeWord, Descriptor, EpochWord, Seat} from "./interfaces/Types.sol";
import {EIP712} from "./libraries/EIP712.sol";
import {Signature} from "./libraries/Signature.sol";
import {Tags} from "./libraries/Tags.sol";

/// @dev See IBeacon.
abstract contract Beacon is IBeacon, Funds {
    uint256 private constant KEY_SIZE = 256;
    uint256 private constant SIGNATURE_SIZE = 128;

    IBlsVerifier private immutable bls = new BlsVerifier();
    /// The parent of the block in which Enigma is created.
    uint256 private immutable checkpointNumber = block.number - 1;
    bytes32 private immutable checkpointHash = blockhash(block.number - 1);
    bytes32 private immutable attestationRoot;
    uint8 private immutable verifier;

    constructor(bytes32 attestationRoot_, uint8 verifier_) {
        attestationRoot = attestationRoot_;
        verifier = verifier_;
    }

    /// @inheritdoc IBeacon
    function genesis(
        bytes calldata publicKey,
        bytes32 commitments,
        uint8 threshold,
        address[] calldata members,
        address[] calldata operators,
        bytes[] calldata signatures
    ) external {
        if (msg.sender != deployer) revert IWorkers.NotDeployer();
        if (epochWord.epoch != 0) revert AlreadyStarted();
        if (publicKey.length != KEY_SIZE || _isInfinity(publicKey)) revert InvalidPublicKey();
        compressedKeyHash = keccak256(bls.compress(publicKey));
        _requireGeneration(commitments, threshold, members, signatures);
        _seat(operators, members.length);
        // Anything: a beacon overwrites it and never pays for a new slot.
        for (uint256 place = 0; place < SEEDS; ++place) {
            seeds[place] = bytes32(uint256(1));
        }

        publicKeyHash = keccak256(publicKey);
        commitmentsHash = commitments;
        committeeWord = CommitteeWord({generation: 1, n: uint8(members.length), t: threshold});
        EpochWord storage word = epochWord;
        (word.epoch, word.start, word.era) = (1, uint40(block.number), ERA);
        network = keccak256(abi.encode(Tags.NETWORK, _descriptor()));
        emit Genesis(network, publicKey, commitments, threshold, members);
    }

    /// @inheritdoc IBeacon
    function postBeacon(uint40 epoch, bytes calldata publicKey, bytes calldata signature) external {
        EpochWord memory word = epochWord;
        if (word.epoch == 0) revert NotStarted();
        if (word.nextStart != 0) {
            if (block.number < word.nextStart) revert BeaconAlreadyPosted();
            (word.epoch, word.start) = (word.epoch + 1, word.nextStart);
        }
        if (epoch != word.epoch + 1) revert WrongBeaconEpoch(word.epoch + 1);
        if (keccak256(publicKey) != publicKeyHash) revert WrongPublicKey();
        if (signature.length != SIGNATURE_SIZE || _isInfinity(signature)) revert InvalidSignature();
        bytes memory message = abi.encodePacked(network, uint64(word.era), uint64(epoch));
        if (!bls.isBeacon(message, publicKey, signature)) revert WrongSignature();

        // Epoch 1 has no length: the first lottery begins as soon as it can.
        uint40 scheduled = word.start + (word.epoch == 1 ? 0 : parametersWord.epochLength);
        word.nextStart = scheduled > block.number ? scheduled : uint40(block.number) + 1;
        epochWord = word;
        bytes32 seed = keccak256(abi.encode(Tags.SEED, network, word.era, epoch, keccak256(signature)));
        seeds[epoch % SEEDS] = seed;
        emit BeaconPosted(epoch, seed, word.nextStart, signature);
        _payForBeacon();
    }

    /// @inheritdoc IBeacon
    function currentEpoch() external view returns (uint40) {
        return _currentEpoch();
    }

    /// @inheritdoc IBeacon
    function descriptor() external view returns (Descriptor memory) {
        return _descriptor();
    }

    /// @dev Infinity is the only point whose bytes are all zero, and a pairing takes it for anything.
    function _isInfinity(bytes calldata point) private pure returns (bool) {
        for (uint256 offset = 0; offset < point.length; offset += 32) {
            if (bytes32(point[offset:]) != 0) return false;
        }
        return true;
    }

    function _descriptor() private view returns (Descriptor memory) {
        return Descriptor({
            chainId: block.chainid,
            enigma: address(this),
            checkpointNumber: checkpointNumber,
            checkpointHash: checkpointHash,
            verifier: verifier,
            attestationRoot: attestationRoot,
            ruleset: RULESET,
            compressedKeyHash: compressedKeyHash
        });
    }

    /// @dev The deployer vouches for who is paid, as it does for the members.
    function _seat(address[] calldata operators, uint256 n) private {
        if (operators.length != n) revert InvalidCommittee();
        for (uint256 index = 0; index < n; ++index) {
            if (operators[index] == address(0)) revert InvalidCommittee();
            seats[index] = Seat({operator: operators[index], claimed: 0});
            ledger[operators[index]].isKept = true;
        }
    }

    /// @dev Every named member, each once, must have signed the same result of the key generation.
    function _requireGeneration(
        bytes32 commitments,
        uint8 threshold,
        address[] calldata members,
        bytes[] calldata signatures
    ) private view {
        if (members.length < 2 || members.length > type(uint8).max || signatures.length != members.length) {
            revert InvalidCommittee();
        }
        if (threshold < 2 || threshold > members.length) revert InvalidThreshold();
        bytes32 digest = EIP712.digest(EIP712.keyGeneration(ERA, compressedKeyHash, commitments));
        for (uint256 i = 0; i < members.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (members[j] == members[i]) revert DuplicateMember(members[i]);
            }
            address signer = Signature.recover(digest, signatures[i]);
            if (signer == address(0) || signer != members[i]) revert InvalidMemberSignature(members[i]);
        }
    }
}
