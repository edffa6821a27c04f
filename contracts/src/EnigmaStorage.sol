// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {ICredits} from "./interfaces/ICredits.sol";
import {IState} from "./interfaces/IState.sol";
import {
    Account,
    CommitteeWord,
    EpochWord,
    Lost,
    Parameters,
    Pool,
    SecretContract,
    Seat,
    Worker
} from "./interfaces/Types.sol";
import {FeeSchedule} from "./libraries/FeeSchedule.sol";

/// @title EnigmaStorage: the slots, which are part of the protocol, and the little that both halves of Enigma share
/// @dev Enclaves prove these slots: their order is docs/bytes.md's, and contracts/storage-layout.json holds it fast.
/// Enigma and Upkeep work on the same ones, so neither adds any.
abstract contract EnigmaStorage is IState {
    uint64 internal constant RULESET = 1;
    uint32 internal constant ERA = 1;
    uint256 internal constant SEEDS = 4;

    Parameters public parametersWord; // slot 0
    bytes32 public network; // slot 1
    EpochWord public epochWord; // slot 2
    bytes32 public publicKeyHash; // slot 3
    CommitteeWord public committeeWord; // slot 4
    bytes32 public commitmentsHash; // slot 5
    uint256 public treeRoot; // slot 6
    mapping(uint256 => uint256) public tree; // slot 7
    mapping(uint256 place => bytes32) public seeds; // slot 8: of epoch e at e mod SEEDS, so that no beacon pays for a new slot
    mapping(uint256 id => Worker) internal workers; // slot 9
    mapping(address signer => uint256 idPlusOne) internal workerIds; // slot 10
    mapping(bytes32 => bool) public measurements; // slot 11
    mapping(address => SecretContract) internal secretContracts; // slot 12
    mapping(address => bytes32[256]) internal heads; // slot 13
    mapping(address => Account) public ledger; // slot 14
    uint256 public workerCount; // slot 15
    bytes32 internal compressedKeyHash; // slot 16: keccak256 of S compressed, for the descriptor
    mapping(address => Lost) public lost; // slot 17
    mapping(address => mapping(uint256 number => bytes32)) public outcomes; // slot 18
    Pool public pool; // slot 19
    mapping(uint256 index => Seat) public seats; // slot 20
    mapping(bytes32 => bool) public barredPlatforms; // slot 21

    IERC20 public immutable token;
    address public immutable deployer;
    /// Of the parameters, what tasks and commits ask for: as a part of the code it costs nothing to read.
    uint256 internal immutable groupSize;
    uint256 internal immutable window;
    /// The stake that it takes to be drawn, wei of ENG.
    uint256 internal immutable minStake;

    /// 1 while money moves; a whole word, which is written without being read.
    uint256 private transient entered;

    constructor(IERC20 token_, address deployer_, Parameters memory parameters) {
        token = token_;
        deployer = deployer_;
        groupSize = parameters.groupSize;
        window = parameters.window;
        minStake = uint256(parameters.minStake) * 1 ether;
    }

    /// @dev One lock for everything that moves money out.
    modifier locked() {
        if (entered != 0) revert ICredits.Reentered();
        entered = 1;
        _;
        entered = 0;
    }

    /// @dev The epoch of this block: rolling the stored word forward is left to the next beacon.
    function _currentEpoch() internal view returns (uint40 epoch) {
        EpochWord storage word = epochWord;
        uint256 nextStart = word.nextStart;
        epoch = word.epoch;
        unchecked {
            if (nextStart != 0 && block.number >= nextStart) ++epoch;
        }
    }

    /// @dev The same, for what needs a lottery: the first is that of epoch 2.
    function _currentLottery() internal view returns (uint40 epoch) {
        epoch = _currentEpoch();
        if (epoch < 2) revert IBeacon.NotStarted();
    }

    function _credit(address account, uint256 amount) internal {
        if (amount != 0) _addTo(account, amount);
    }

    /// @dev Credits work, but for its share for beacons and the committee; what does not divide is the worker's.
    function _creditWork(address operator, uint256 pay) internal {
        unchecked {
            uint256 share = pay / FeeSchedule.UPKEEP_DIVISOR;
            if (pay != 0) _addTo(operator, (share << 128) | (pay - share));
        }
    }

    /// @dev Adds to both sums of an account's word at once. Neither leaves its bits: they are wei that exist.
    function _addTo(address account, uint256 word) private {
        Account storage record = ledger[account];
        assembly ("memory-safe") {
            sstore(record.slot, add(sload(record.slot), word))
        }
    }
}
