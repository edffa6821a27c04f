// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title State: what the contract stores and what its creation fixed, as it lies
/// @notice Enclaves prove these slots (docs/bytes.md, "Storage layout").
interface IState {
    /// @notice The numbers of the network, in the order of `Parameters`.
    function parametersWord()
        external
        view
        returns (uint40 epochLength, uint8 groupSize, uint16 takeover, uint8 skipEpochs, uint8 window, uint32 minStake);

    /// @notice The hash of the descriptor; zero before genesis. It enters every signed message.
    function network() external view returns (bytes32);

    /// @notice The stored word of the epochs: `epoch + 1` is current once `nextStart` is set and reached.
    function epochWord()
        external
        view
        returns (uint40 epoch, uint40 start, uint40 nextStart, uint32 era, uint16 revocations);

    /// @notice keccak256 of the key in its 256-byte form.
    function publicKeyHash() external view returns (bytes32);

    /// @notice The sitting committee: `n` members, threshold `t`.
    function committeeWord() external view returns (uint32 generation, uint8 n, uint8 t);

    /// @notice keccak256 of the commitments of the key generation.
    function commitmentsHash() external view returns (bytes32);

    /// @notice The stake tree's root: base epoch, and totals and versions of three epochs (library StakeTree).
    function treeRoot() external view returns (uint256);

    /// @notice A stored word of the stake tree.
    function tree(uint256 key) external view returns (uint256);

    /// @notice The seed of the epoch, of the current and the next one, that is `place` modulo 4. What lies at the two
    /// other places is of no epoch that has a lottery, and the next one's is not there before its beacon.
    function seeds(uint256 place) external view returns (bytes32);

    /// @notice Whether enclaves of this measurement may serve.
    function measurements(bytes32 measurement) external view returns (bool);

    /// @notice Whether nothing that runs on this platform may serve.
    function barredPlatforms(bytes32 platform) external view returns (bool);

    /// @notice What the contract owes an account, and what it parks there for beacons and the committee, in the order of
    /// `Account`.
    function ledger(address account) external view returns (uint128 amount, uint120 upkeep, bool isKept);

    /// @notice Workers ever admitted.
    function workerCount() external view returns (uint256);

    /// @notice The open declaration that a contract's state is lost, in the order of `Lost`; all zero if there is none.
    function lost(address secretContract)
        external
        view
        returns (address declarer, uint40 since, uint8 chunks, uint128 bond, uint128 paid, uint256 posted);

    /// @notice What outbound call `number` of a secret contract came to: the hash of the first 1,024 bytes that it
    /// returned, but for the lowest bit, which tells whether it succeeded; zero if it was not made yet.
    function outcomes(address secretContract, uint256 number) external view returns (bytes32);

    /// @notice What beacons are paid from, and what every seat of the committee was given, in the order of `Pool`.
    function pool() external view returns (uint128 amount, uint128 perSeat);

    /// @notice A seat of the committee, counted from 0, in the order of `Seat`.
    function seats(uint256 index) external view returns (address operator, uint96 claimed);

    /// @notice The staking token, ENG.
    function token() external view returns (IERC20);

    /// @notice Who created the contract, admits workers and starts the network.
    function deployer() external view returns (address);
}
