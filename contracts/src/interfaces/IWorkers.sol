// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Worker} from "./Types.sol";

/// @title Workers: admission, stake, and who may be drawn
/// @notice Stake changes, logins and logouts made in epoch e count from e+2: the set of e+1 is closed before its seed
/// can be known. A worker's weight is its stake in whole ENG while it is logged in; none while that is
/// below the network's smallest, as slashes may leave it, until its operator stakes more.
/// @dev Assumes a staking token with 18 decimals and `burn(uint256)`, without a fee on transfer, whose supply stays below
/// 2^30 whole tokens.
interface IWorkers {
    /// @notice A worker was admitted, or its admission renewed.
    event WorkerAdmitted(
        uint256 indexed id,
        address indexed signer,
        address indexed operator,
        bytes32 measurement,
        bytes32 platform,
        uint40 expiry
    );
    /// @notice Nothing that runs on this platform may serve any more.
    event PlatformBarred(bytes32 indexed platform);
    /// @notice Enclaves of this measurement may not serve any more.
    event MeasurementRevoked(bytes32 indexed measurement);
    /// @notice The admission of the worker was checked against the first `revocations` revocations, and holds.
    event WorkerChecked(uint256 indexed id, uint16 revocations);
    /// @notice The stake of a worker is now `stake` wei of ENG.
    event StakeChanged(uint256 indexed id, uint96 stake);
    /// @notice The worker may be drawn from epoch `fromEpoch` on.
    event LoggedIn(uint256 indexed id, uint40 fromEpoch);
    /// @notice The worker is drawn no more from epoch `fromEpoch` on.
    event LoggedOut(uint256 indexed id, uint40 fromEpoch);

    /// @notice Only the deployer may do this.
    error NotDeployer();
    /// @notice Only the worker's operator may do this.
    error NotOperator();
    /// @notice No worker has this id or signing key.
    error UnknownWorker();
    /// @notice Signer, operator and platform must not be zero; a renewal keeps operator and platform.
    error InvalidWorker();
    /// @notice The measurement is not on the network's list.
    error MeasurementNotAllowed();
    /// @notice The admission's expiry has passed.
    error AdmissionExpired();
    /// @notice The platform is barred.
    error BarredPlatform();
    /// @notice A platform was barred or a measurement revoked since the worker's admission was last checked: `recheck` it.
    error AdmissionUnchecked();
    /// @notice All 65,535 revocations are made.
    error NoRevocationLeft();
    /// @notice All 32,768 seats are taken.
    error NoSeatLeft();
    /// @notice Logging in takes the network's smallest stake; and nobody can take out more than there is.
    error StakeTooSmall();
    /// @notice The stakes of all workers must stay below 2^30 whole ENG.
    error StakeTooLarge();
    /// @notice The worker is logged in already, or logged out already.
    error LoginUnchanged();
    /// @notice The stake is bound until epoch `unlockEpoch` (logged in: until then unknown, zero).
    error StakeLocked(uint40 unlockEpoch);

    /// @notice Admits a worker enclave whose evidence the deployer has checked; a known signer's admission is renewed.
    /// @dev Deployer only, until key enclaves sign admissions.
    /// @param signer Address of the enclave's signing key.
    /// @param operator Account that stakes for the worker and is paid for its work.
    /// @param measurement MRENCLAVE, one of the network's list.
    /// @param platform The machine that the enclave runs on, as its evidence tells: what is barred if the enclave is broken.
    /// @param expiry Unix seconds.
    /// @return id The worker's id, which is its seat.
    function admit(
        address signer,
        address operator,
        bytes32 measurement,
        bytes32 platform,
        uint40 expiry
    ) external returns (uint256 id);

    /// @notice Takes a measurement off the network's list. Acts at once: nothing that its enclaves sign lands any more.
    /// @dev Deployer only. Every other worker has to be checked again before it signs what lands.
    function revokeMeasurement(bytes32 measurement) external;

    /// @notice Bars a platform for ever. Acts at once: nothing that enclaves on it sign lands any more.
    /// @dev Deployer only. Every other worker has to be checked again before it signs what lands.
    function barPlatform(bytes32 platform) external;

    /// @notice Checks a worker's admission anew, after a platform was barred or a measurement revoked. A worker that is
    /// logged in and may not serve any more is logged out. Anybody may call it.
    function recheck(uint256 id) external;

    /// @notice Adds `amount` wei of ENG, taken from the operator's allowance, to the stake.
    function stake(uint256 id, uint256 amount) external;

    /// @notice Lets the worker be drawn from the epoch after the next.
    function login(uint256 id) external;

    /// @notice Takes the worker out of the lottery from the epoch after the next.
    function logout(uint256 id) external;

    /// @notice Pays `amount` wei of ENG back to the operator, once the worker has been out of the lottery for an epoch:
    /// three epochs after its logout, or at any time if it never logged in.
    function unstake(uint256 id, uint256 amount) external;

    /// @notice The first `count` workers drawn for a secret contract, in order; fewer if fewer have weight.
    /// @param epoch The current one, or the next once its beacon is posted.
    function sequence(address secretContract, uint40 epoch, uint256 count) external view returns (uint256[] memory ids);

    /// @notice The group that serves a secret contract in the current epoch.
    function group(address secretContract) external view returns (uint256[] memory ids);

    /// @notice The record of a worker; all zero if there is none.
    function worker(uint256 id) external view returns (Worker memory);

    /// @notice The id of the worker with this signing key; reverts if there is none.
    function workerId(address signer) external view returns (uint256 id);
}
