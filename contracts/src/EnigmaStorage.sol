// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {BlsVerifier} from "./BlsVerifier.sol";
import {IBlsVerifier} from "./interfaces/IBlsVerifier.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {CommitteeWord, EpochWord, Parameters, SecretContract, Worker} from "./interfaces/Types.sol";
import {Group} from "./libraries/Group.sol";

/// @title EnigmaStorage: the slots, which are part of the protocol, and what the constructor fixes
/// @dev Enclaves prove these slots: their order is docs/bytes.md's, and contracts/storage-layout.json holds it fast.
abstract contract EnigmaStorage is IEnigma {
    uint64 internal constant RULESET = 1;
    uint32 internal constant ERA = 1;

    Parameters public parametersWord; // slot 0
    bytes32 public network; // slot 1
    EpochWord public epochWord; // slot 2
    bytes32 public publicKeyHash; // slot 3
    CommitteeWord public committeeWord; // slot 4
    bytes32 public commitmentsHash; // slot 5
    uint256 public treeRoot; // slot 6
    mapping(uint256 => uint256) public tree; // slot 7
    mapping(uint256 epoch => bytes32) public seeds; // slot 8
    mapping(uint256 id => Worker) internal workers; // slot 9
    mapping(address signer => uint256 idPlusOne) internal workerIds; // slot 10
    mapping(bytes32 => bool) public measurements; // slot 11
    mapping(address => SecretContract) internal secretContracts; // slot 12
    mapping(address => bytes32[256]) internal heads; // slot 13
    mapping(address => uint256) public credits; // slot 14
    uint256 public workerCount; // slot 15
    bytes32 internal compressedKeyHash; // slot 16: keccak256 of S compressed, for the descriptor

    address public immutable deployer = msg.sender;
    IERC20 public immutable token;
    IBlsVerifier internal immutable bls = new BlsVerifier();
    uint256 internal immutable checkpointNumber = block.number - 1;
    bytes32 internal immutable checkpointHash = blockhash(block.number - 1);
    uint8 internal immutable verifier;
    bytes32 internal immutable attestationRoot;

    bool private transient entered;

    constructor(
        Parameters memory parameters_,
        IERC20 token_,
        bytes32 attestationRoot_,
        uint8 verifier_,
        bytes32[] memory allowedMeasurements
    ) {
        if (
            parameters_.epochLength == 0 || parameters_.groupSize == 0 || parameters_.groupSize > Group.CAPACITY
                || (verifier_ != 1 && verifier_ != 2)
        ) revert InvalidParameters();
        parametersWord = parameters_;
        token = token_;
        attestationRoot = attestationRoot_;
        verifier = verifier_;
        for (uint256 i = 0; i < allowedMeasurements.length; ++i) {
            measurements[allowedMeasurements[i]] = true;
        }
    }

    modifier onlyDeployer() {
        if (msg.sender != deployer) revert NotDeployer();
        _;
    }

    /// @dev One lock for everything that moves money out.
    modifier locked() {
        if (entered) revert Reentered();
        entered = true;
        _;
        entered = false;
    }

    /// @dev The epoch of this block: rolling the stored word forward is left to the next beacon.
    function _currentEpoch() internal view returns (uint40) {
        EpochWord memory word = epochWord;
        return word.nextStart != 0 && block.number >= word.nextStart ? word.epoch + 1 : word.epoch;
    }

    /// @dev The same, for what needs a lottery: the first is that of epoch 2.
    function _currentLottery() internal view returns (uint40 epoch) {
        epoch = _currentEpoch();
        if (epoch < 2) revert NotStarted();
    }
}
